"""`procure create-admin` and `procure reset-password`, as the operator runs them."""

import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from procure import cli
from procure.identity import queries
from procure.kernel.actors import Role
from procure.kernel.errors import Refused
from procure.settings import settings
from tests.builders.identity import a_person, an_org


def arguments(*more: str) -> list[str]:
    return ["create-admin", "a@fond.example", "Anne", "--organisation", "Fond", *more]


@pytest.mark.parametrize(("again", "code"), [("another one entirely", 1), (None, 0)])
def test_a_password_is_asked_twice(
    again: str | None,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = []

    async def make(_: object, password: str) -> None:
        made.append(password)

    typed = iter(["plough velvet orbit", again or "plough velvet orbit"])
    monkeypatch.setattr(getpass, "getpass", lambda _: next(typed))
    monkeypatch.setattr(cli, "_create_admin", make)
    parsed = cli.parser().parse_args(arguments("--registry-code", "74990018"))
    assert cli.create_admin(parsed) == code
    said = capsys.readouterr()
    assert made == ([] if code else ["plough velvet orbit"])
    assert ("differ" in said.err) is bool(code)
    assert ("Now run: procure serve" in said.out) is not bool(code)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands use the test's own database, which is installed."""

    @asynccontextmanager
    async def database(**_: object) -> AsyncIterator[None]:
        yield

    async def install(**_: object) -> None:
        return None

    monkeypatch.setattr(cli, "database", database)
    monkeypatch.setattr(cli, "_install", install)


@pytest.mark.usefixtures("db", "opened")
async def test_another_name_under_a_known_code_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    org = await queries.organisation(await an_org(name="Other Fond"))
    parsed = cli.parser().parse_args(arguments("--registry-code", org.registry_code))
    await cli._create_admin(parsed, "plough velvet orbit")
    assert "is here already, as Other Fond" in capsys.readouterr().err
    assert len(await queries.people_with_role(org.id, Role.ADMIN)) == 1


@pytest.mark.usefixtures("db", "opened")
async def test_an_easy_password_and_a_false_code_are_refused() -> None:
    org = await queries.organisation(await an_org(name="Fond"))
    parsed = cli.parser().parse_args(
        arguments("--registry-code", org.registry_code, "--personal-code", "1234")
    )
    with pytest.raises(Refused) as refusal:
        await cli._create_admin(parsed, "password1234")
    assert [f.field for f in refusal.value.findings] == ["password", "personal_code"]


@pytest.mark.usefixtures("db", "opened")
async def test_the_operator_lets_in_who_has_nobody_to_ask() -> None:
    email, _ = await a_person(Role.PROVIDER_MANAGER, kind="provider")
    link = await cli._reset_password(email)
    assert link.startswith(f"{settings().public_url}/join?code=")
    assert (await queries.read_invitation(link.partition("=")[2])).is_reset
