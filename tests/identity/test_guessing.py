"""Guessing is slowed down for who guesses, and for nobody else (W-5, W-6)."""

import asyncio
from contextvars import Context

import pytest

from procure.db import connection, transaction
from procure.identity import service
from procure.identity.rules import (
    FAILURES,
    FAILURES_OF_ADDRESS,
    FAILURES_OF_DAY,
    Tries,
    try_findings,
    wait_after,
)
from procure.identity.service.guessing import _count_try
from procure.identity.sessions import PLAIN_COOKIE, PLAIN_DEVICE
from procure.kernel.actors import Role
from procure.kernel.errors import Refused
from tests.builders.identity import PASSWORD, a_person, count
from tests.client import client_as

pytestmark = pytest.mark.usefixtures("db")

OFFICE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


async def guess(email: str, source: str = OFFICE, times: int = FAILURES) -> None:
    for _ in range(times):
        with pytest.raises(Refused, match="do not belong together"):
            await service.sign_in(email, "wrong", source=source, old_token=None)


@pytest.mark.parametrize(
    ("tries", "codes"),
    [
        pytest.param(Tries(FAILURES - 1, 0), [], id="nine failures are forgiven"),
        pytest.param(Tries(FAILURES, 0), ["wait"], id="after the tenth one waits"),
        pytest.param(Tries(FAILURES, 5), [], id="five seconds, and no longer"),
        pytest.param(Tries(FAILURES + 1, 9.9), ["wait"], id="the wait doubles"),
        pytest.param(Tries(0, 0, of_day=FAILURES_OF_DAY), ["wait-day"], id="a day's end"),
        pytest.param(Tries(0, 0, of_day=FAILURES_OF_DAY - 1), [], id="the day's last"),
        pytest.param(
            Tries(0, 0, of_address=FAILURES_OF_ADDRESS), ["wait-address"], id="an address's end"
        ),
        pytest.param(
            Tries(0, 0, of_address=10**6, of_day=10**6, is_known_device=True),
            [],
            id="a known device is asked for its own failures alone",
        ),
        pytest.param(
            Tries(FAILURES, 0, is_known_device=True), ["wait"], id="but it is asked for those"
        ),
    ],
)
def test_who_waits(tries: Tries, codes: list[str]) -> None:
    assert [finding.code for finding in try_findings(tries)] == codes


def test_a_wait_never_grows_past_the_window() -> None:
    assert wait_after(10**6).total_seconds() == 900


async def test_after_ten_failures_the_account_waits_at_that_address_and_no_other() -> None:
    victim, _ = await a_person(Role.COORDINATOR)
    colleague, _ = await a_person(Role.COORDINATOR)
    await guess(victim)
    with pytest.raises(Refused, match="Wait 5 seconds"):
        await service.sign_in(victim, PASSWORD, source=OFFICE, old_token=None)
    assert await service.sign_in(colleague, PASSWORD, source=OFFICE, old_token=None)
    assert await service.sign_in(victim, PASSWORD, source=ELSEWHERE, old_token=None)


async def test_a_known_device_is_not_shut_out_by_what_strangers_try() -> None:
    victim, _ = await a_person(Role.COORDINATOR)
    known = (await service.sign_in(victim, PASSWORD, source=OFFICE, old_token=None)).device
    await guess(victim)
    async with connection() as c:  # and a day of guessing from everywhere
        await c.execute(
            "INSERT INTO login_failure (id, bucket, failed_at) SELECT gen_random_uuid(), $1,"
            " clock_timestamp() FROM generate_series(1, $2)",
            f"day:{victim}",
            FAILURES_OF_DAY,
        )
    with pytest.raises(Refused, match="today"):
        await service.sign_in(victim, PASSWORD, source=ELSEWHERE, old_token=None)
    entered = await service.sign_in(victim, PASSWORD, source=OFFICE, old_token=None, device=known)
    assert entered.token


async def test_another_persons_device_is_a_strangers() -> None:
    victim, _ = await a_person(Role.COORDINATOR)
    attacker, _ = await a_person(Role.COORDINATOR)
    theirs = (await service.sign_in(attacker, PASSWORD, source=OFFICE, old_token=None)).device
    await guess(victim)
    for device in (theirs, theirs[:-2] + "AA", "", "x", "\u00e4", None):
        with pytest.raises(Refused, match="Too many"):
            await service.sign_in(victim, PASSWORD, source=OFFICE, old_token=None, device=device)


async def test_of_sixty_tries_at_once_no_more_are_looked_at_than_one_after_another() -> None:
    victim, _ = await a_person(Role.COORDINATOR)

    async def one() -> str:
        try:
            await service.sign_in(victim, "wrong", source=OFFICE, old_token=None)
        except Refused as refusal:
            return refusal.findings[0].code
        return "in"

    said = await asyncio.gather(*(asyncio.create_task(one(), context=Context()) for _ in range(60)))
    assert said.count("sign-in") == FAILURES
    assert said.count("wait") == 60 - FAILURES


async def test_a_try_waits_until_the_one_before_it_is_counted() -> None:
    victim, _ = await a_person(Role.COORDINATOR)
    await guess(victim, times=FAILURES - 1)
    async with transaction():  # the tenth try has been counted, and has not committed yet
        await _count_try(victim, OFFICE, f"here:{victim} {OFFICE}", is_known_device=False)
        other = asyncio.create_task(
            service.sign_in(victim, PASSWORD, source=OFFICE, old_token=None), context=Context()
        )
        finished, _ = await asyncio.wait({other}, timeout=0.5)
        assert not finished, "the eleventh try did not wait for the tenth"
    with pytest.raises(Refused, match="Too many tries"):
        await other


async def test_a_right_password_leaves_no_failure_and_old_ones_are_swept_away() -> None:
    email, _ = await a_person(Role.COORDINATOR)
    await guess(email, times=3)
    async with connection() as c:
        await c.execute("UPDATE login_failure SET failed_at = failed_at - interval '25 hours'")
    assert await count("login_failure") == 9
    await service.sign_in(email, PASSWORD, source=OFFICE, old_token=None)
    assert await count("login_failure") == 0


async def test_a_forwarded_address_is_believed_of_no_stranger() -> None:
    email, _ = await a_person(Role.COORDINATOR)
    async with client_as(None) as browser:
        said = []
        for n in range(FAILURES + 1):
            answer = await browser.post(
                "/sign-in",
                data={"email": email, "password": "wrong"},
                headers={"x-forwarded-for": f"203.0.113.{n}"},
            )
            said.append("Too many tries" in answer.text)
    assert said == [False] * FAILURES + [True]


async def test_a_browser_that_was_in_keeps_what_makes_it_known() -> None:
    email, _ = await a_person(Role.COORDINATOR)
    async with client_as(None) as browser:
        await browser.post("/sign-in", data={"email": email, "password": PASSWORD})
        assert browser.cookies[PLAIN_DEVICE]
        for _ in range(FAILURES):
            async with client_as(None) as other:
                await other.post("/sign-in", data={"email": email, "password": "wrong"})
        browser.cookies.delete(PLAIN_COOKIE)  # the session is over, the device is the same
        again = await browser.post("/sign-in", data={"email": email, "password": PASSWORD})
    assert again.status_code == 303
