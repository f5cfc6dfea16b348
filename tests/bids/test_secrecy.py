"""T-8: before the opening nobody reads anything of a bid by any road, not even that it is there."""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest
from litestar.handlers import HTTPRouteHandler

from procure.db import connection
from procure.kernel.actors import Actor, Role
from procure.tenders import queries as tenders
from tests.builders.bids import IN_TIME, Bidder, a_bid_draft, a_bidder, open_tender
from tests.builders.identity import an_actor, set_clock
from tests.builders.tenders import Draft, a_published_tender
from tests.client import Client, application, client_as

pytestmark = pytest.mark.usefixtures("db")

BUYERS = [role for role in Role if role not in (Role.PROVIDER_MANAGER, Role.FACILITATOR)]
# As many roles as one person may hold; others exclude each other.
BUYING = (
    Role.CASEWORKER, Role.CONSULTANT, Role.COORDINATOR, Role.EVALUATOR, Role.CONTRACT_MANAGER,
)  # fmt: skip
PAYING = (Role.CASEWORKER, Role.CONSULTANT, Role.OFFICER, Role.EVALUATOR, Role.FINANCE)
SECRETS = ("987.6543", "987,6543", "CANARYANSWER", "CANARYREMARK", "0.8765")
NAMES = ("Kanaarilind OÜ", "Papagoi MTÜ")
# Where providers are named whether they bid or not.
NAMED_ANYWAY = ("/providers", "/api/v1/providers", "/people", "/api/v1/people", "/demo", "/sign-in")


def roads() -> list[str]:
    """List every address that can be read, with its parameters in braces."""
    found = set()
    for route in application().routes:
        for handler in getattr(route, "route_handlers", []):
            if isinstance(handler, HTTPRouteHandler) and "GET" in handler.http_methods:
                found.add(route.path)
    ticks = ("/api/v1/clock", "/health")  # these say what time it is
    return sorted(p for p in found if not p.startswith(("/static", "/api/v1/openapi", *ticks)))


def filled(path: str, ids: Mapping[str, UUID]) -> str:
    """Fill each parameter of an address: by its name, otherwise with the first id."""
    for parameter in re.findall(r"\{[^}]+\}", path):
        name, _, kind = parameter.strip("{}").partition(":")
        value = "tender" if kind == "str" else ids.get(name, next(iter(ids.values())))
        path = path.replace(parameter, str(value), 1)
    return path


async def walk(actor: Actor | None, ids: Mapping[str, UUID]) -> dict[str, str]:
    """Read every address there is as one person; return what came back."""
    async with client_as(actor) as client:
        return await read_all(client, ids)


async def read_all(client: Client, ids: Mapping[str, UUID]) -> dict[str, str]:
    """Read every address there is with one sign-in; return what came back."""
    found = {}
    for address in [filled(road, ids) for road in roads()]:
        answer = await client.get(address)
        assert answer.status_code != 500, f"{address}: {answer.text[:300]}"
        # Each page has a form token of its own session.
        text = re.sub(r'name="_csrf" value="[^"]*"', "", answer.text)
        found[address] = f"{answer.status_code} {text}"
    return found


async def submit(tender: Draft, bidder: Bidder) -> UUID:
    """Submit a bid full of canaries, as a program does: over the API."""
    draft = await a_bid_draft(tender.id, bidder)
    async with client_as(bidder.actor) as client:
        answer = await client.send_json(
            f"/api/v1/tenders/{tender.id}/bids",
            {
                "lot_id": str(draft.lot_id),
                "unit_price": "987.6543",
                "answers": {"K2": "CANARYANSWER", "K3": "CANARYANSWER"},
                "facilitator_ids": [str(one) for one in draft.facilitator_ids],
                "promised_rates": {"employment": "0.8765"},
                "remarks": "CANARYREMARK",
            },
        )
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["receipt"]["bid_id"])


async def some(tender: Draft) -> dict[str, Actor | None]:
    """Gather those who might learn something, and who are not bidders."""
    return {
        "coordinator": tender.coordinator,
        "auditor": await an_actor(Role.AUDITOR, org=tender.buyer_id),
        "who buys": await an_actor(*BUYING, org=tender.buyer_id),
        "who opens and pays": await an_actor(*PAYING, org=tender.buyer_id),
        "another authority": await an_actor(*BUYING),
        "another provider": (await a_bidder()).actor,
        "public": None,
    }


async def everyone(tender: Draft) -> dict[str, Actor | None]:
    """Gather one person of each role besides those."""
    return {
        **await some(tender),
        **{str(role): await an_actor(role, org=tender.buyer_id) for role in BUYERS},
        "keyholder": tender.officers[0].actor,
        "facilitator": await an_actor(Role.FACILITATOR, kind="provider"),
    }


async def rows() -> dict[str, str]:
    """Return every row of every table as text, bytes included."""
    found = {}
    async with connection() as c:
        names = await c.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (name,) in names:
            texts = await c.fetch(f'SELECT to_jsonb(t)::text AS row FROM "{name}" t')
            text = "\n".join(row["row"] for row in texts)
            plain = [
                bytes.fromhex(hexed).decode("latin-1")
                for hexed in re.findall(r'"\\\\x([0-9a-f]*)"', text)
            ]
            found[name] = "\n".join([text, *plain])
    return found


@pytest.mark.parametrize(
    "gather", [some, pytest.param(everyone, marks=pytest.mark.long)], ids=["some", "everyone"]
)
async def test_nobody_learns_of_a_bid_before_the_opening(
    gather: Callable[[Draft], Awaitable[dict[str, Actor | None]]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    tender = await a_published_tender()
    facts = await tenders.tender_facts(tender.id)
    people = await gather(tender)
    bidders = [await a_bidder(NAMES[0]), await a_bidder(NAMES[1])]
    ids = {"tender_id": tender.id, "lot_id": facts.lots[0].id}

    await set_clock(IN_TIME)
    async with AsyncExitStack() as stack:
        # All sign in before the first look and stay so: accounts show who has been here.
        readers = {
            who: await stack.enter_async_context(client_as(actor)) for who, actor in people.items()
        }
        before = {who: await read_all(reader, ids) for who, reader in readers.items()}
        bid_ids = [await submit(tender, bidder) for bidder in bidders]
        bid_ids.append(await submit(tender, bidders[0]))  # a second version
        await set_clock(IN_TIME)
        after = {who: await read_all(reader, ids) for who, reader in readers.items()}

    # Not one byte of any answer depends on there being bids.
    told = {
        (who, address)
        for who, answers in after.items()
        for address, text in answers.items()
        if text != before[who][address]
    }
    assert told == set()

    # Nor can a bid be read by whoever knows its id.
    for who, actor in people.items():
        for address, text in (await walk(actor, {"bid_id": bid_ids[-1]})).items():
            named = address.startswith(NAMED_ANYWAY)
            for secret in (*SECRETS, *(() if named else NAMES)):
                assert secret not in text, f"{who} reads {secret} at {address}"

    for table, text in (await rows()).items():
        for secret in SECRETS:
            assert secret not in text, f"table {table} holds {secret}"
    for secret in (*SECRETS, *NAMES):
        assert secret not in caplog.text, f"the log holds {secret}"

    # The net has holes neither: after the opening the buyer reads it all, and so does the test.
    await open_tender(tender)
    opened = " ".join((await walk(people["coordinator"], ids)).values())
    assert [secret for secret in (SECRETS[0], SECRETS[2], *NAMES) if secret not in opened] == []
    held = " ".join((await rows()).values())
    assert "CANARYREMARK" in held


async def test_a_bidder_reads_its_own_bid_as_sealed_and_nobody_elses() -> None:
    tender = await a_published_tender()
    await set_clock(IN_TIME)
    first, second = await a_bidder(NAMES[0]), await a_bidder(NAMES[1])
    await submit(tender, first)
    theirs = await submit(tender, second)
    facts = await tenders.tender_facts(tender.id)
    answers: dict[str, Any] = await walk(
        first.actor, {"bid_id": theirs, "tender_id": tender.id, "lot_id": facts.lots[0].id}
    )
    for address, text in answers.items():
        for secret in (*SECRETS, *(() if address.startswith(NAMED_ANYWAY) else NAMES[1:])):
            assert secret not in text, address
        if text.startswith("200"):  # a refusal repeats the id that was asked for
            assert str(theirs) not in text, address
