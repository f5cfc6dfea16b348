"""Providers: taken in once, seen by whom they concern, paid to the account they named."""

import asyncio
from contextvars import Context
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
import pytest

from procure.db import connection, transaction, uuid7
from procure.kernel.actors import Actor, Role
from procure.kernel.canonical import read_canonical
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.providers import queries, service
from procure.providers.queries import known
from procure.providers.rules import Company, Taken, provider_findings
from procure.providers.schemas import Confirmation
from procure.providers.service import AccountChanged, Registered
from tests.builders.guards import refused
from tests.builders.identity import NOW, an_actor, an_org, count
from tests.builders.providers import (
    COOLING,
    a_facilitator,
    a_facilitator_draft,
    a_manager,
    a_provider,
    a_provider_draft,
    a_venue,
    an_iban,
)

pytestmark = pytest.mark.usefixtures("db")
LATER = NOW + timedelta(days=1)


async def events() -> list[tuple[str, str]]:
    async with connection() as c:
        rows = await c.fetch(
            "SELECT kind, facts FROM event WHERE kind LIKE 'provider:%' OR kind LIKE 'facilit%' "
            "OR kind LIKE 'venue:%' ORDER BY seq"
        )
    return [(row["kind"], row["facts"]) for row in rows]


async def test_a_registered_provider_is_admitted_and_known_by_its_organisation() -> None:
    coordinator = await an_actor(Role.COORDINATOR)
    draft = a_provider_draft(iban="ee12 9900 0000 2210 7919", email="Info@Pakkuja.Example ")

    org_id = await service.register_provider(coordinator, draft, NOW)

    view = await queries.provider_of(org_id)
    assert (view.org_id, view.registry_code, view.name) == (
        org_id,
        draft.registry_code,
        draft.name,
    )
    assert (view.iban, view.email) == ("EE129900000022107919", "info@pakkuja.example")
    assert view.is_admitted
    assert view.actions == ["suspend"]
    assert (view.iban_changed_by, view.iban_changed_at) == (coordinator.id, NOW)
    assert view.iban_changed_by_name == coordinator.name


async def test_the_decision_can_be_taken_again_from_its_event() -> None:
    company = Company("19990011", "Kirdesild OÜ", "OU", "registered", "EE-45", "Jõhvi", [], None)
    draft = a_provider_draft(registry_code="19990011", name="Kirdesild OÜ")
    await service.register_provider(await an_actor(Role.COORDINATOR), draft, NOW, company=company)

    (kind, text), (admitted, _) = await events()

    facts = read_canonical(text, Registered)
    assert (kind, admitted) == ("provider:registered", "provider:admitted")
    assert facts.company == company
    assert provider_findings(facts.provider, known(), Taken(), facts.company) == []


async def test_an_organisation_with_accounts_becomes_the_provider() -> None:
    manager = await an_actor(Role.PROVIDER_MANAGER, kind="provider")
    async with connection() as c:
        code = await c.fetchval(
            "SELECT registry_code FROM organisation WHERE id = $1", manager.org_id
        )

    org_id = await a_provider(registry_code=code, name=manager.org_name)

    assert org_id == manager.org_id
    assert (await queries.read_provider(manager, org_id)).registry_code == code


@pytest.mark.parametrize("kind", ["buyer", "provider"])
async def test_a_registry_code_that_is_here_is_refused_by_its_field(kind: str) -> None:
    if kind == "buyer":
        org = await an_org("buyer")
    else:
        org = await a_provider()
    async with connection() as c:
        code = await c.fetchval("SELECT registry_code FROM organisation WHERE id = $1", org)

    with pytest.raises(Refused) as refusal:
        await a_provider(registry_code=code)

    assert [(f.field, f.code) for f in refusal.value.findings] == [
        ("registry_code", "registry-code-known")
    ]


async def test_every_reason_against_a_provider_comes_at_once_and_nothing_is_kept() -> None:
    await a_provider(iban=an_iban(77))
    organisations, before = await count("organisation"), await count("event")

    with pytest.raises(Refused) as refusal:
        coordinator = await an_actor(Role.COORDINATOR)
        organisations, before = await count("organisation"), await count("event")
        await a_provider(
            coordinator, registry_code="19990012", iban=an_iban(77), vat_number="EE1", email="x"
        )

    assert {f.field for f in refusal.value.findings} == {
        "registry_code",
        "iban",
        "vat_number",
        "email",
    }
    assert (await count("organisation"), await count("event")) == (organisations, before)


@pytest.mark.parametrize(
    "role",
    [role for role in Role if role not in (Role.COORDINATOR, Role.FACILITATOR)],
)
async def test_only_a_coordinator_registers_suspends_and_records_venues(role: Role) -> None:
    org_id = await a_provider()
    actor = await an_actor(role)

    with pytest.raises(Forbidden):
        await a_provider(actor)
    with pytest.raises(Forbidden):
        await service.suspend_provider(actor, org_id, "a reason", NOW)
    with pytest.raises(Forbidden):
        await service.admit_provider(actor, org_id, NOW)
    with pytest.raises(Forbidden):
        await a_venue(actor)


async def test_two_coordinators_cannot_take_in_the_same_provider() -> None:
    coordinators = [await an_actor(Role.COORDINATOR) for _ in range(2)]
    draft = a_provider_draft()
    again = msgspec.structs.replace(draft, iban=an_iban(4711))
    async with transaction():  # the first has registered it, and has not committed yet
        await service.register_provider(coordinators[0], draft, NOW)
        other = asyncio.create_task(
            service.register_provider(coordinators[1], again, NOW), context=Context()
        )
        finished, _ = await asyncio.wait({other}, timeout=0.3)
        assert not finished, "the second did not wait for the first"

    with pytest.raises(Refused, match="already here"):
        await other


async def test_two_providers_cannot_take_the_same_account_at_once() -> None:
    first, second = await a_manager(), await a_manager()
    async with transaction():
        await service.change_account(first, first.org_id, an_iban(4712), NOW)
        other = asyncio.create_task(
            service.change_account(second, second.org_id, an_iban(4712), NOW), context=Context()
        )
        finished, _ = await asyncio.wait({other}, timeout=0.3)
        assert not finished, "the second did not wait for the first"

    with pytest.raises(Refused, match="already"):
        await other


# --- Standing -----------------------------------------------------------------------------------


async def test_a_suspended_provider_says_why_and_can_be_admitted_again() -> None:
    coordinator = await an_actor(Role.COORDINATOR)
    org_id = await a_provider(coordinator)

    await service.suspend_provider(coordinator, org_id, " Tax debt since May. ", NOW)
    suspended = await queries.provider_of(org_id)
    await service.admit_provider(coordinator, org_id, LATER)
    again = await queries.provider_of(org_id)

    assert (suspended.state, suspended.state_reason) == ("suspended", "Tax debt since May.")
    assert not suspended.is_admitted
    assert (again.state, again.state_reason) == ("admitted", None)
    assert [kind for kind, _ in await events()] == [
        "provider:registered",
        "provider:admitted",
        "provider:suspended",
        "provider:admitted",
    ]


async def test_suspending_needs_a_reason_and_happens_once() -> None:
    coordinator = await an_actor(Role.COORDINATOR)
    org_id = await a_provider(coordinator)

    with pytest.raises(Refused, match="Say why"):
        await service.suspend_provider(coordinator, org_id, "  ", NOW)
    await service.suspend_provider(coordinator, org_id, "Tax debt.", NOW)
    with pytest.raises(Conflict, match="Cannot suspend what is suspended"):
        await service.suspend_provider(coordinator, org_id, "Tax debt.", NOW)


async def test_what_is_no_provider_is_not_found() -> None:
    coordinator = await an_actor(Role.COORDINATOR)

    with pytest.raises(NotFound):
        await service.suspend_provider(coordinator, uuid7(), "a reason", NOW)
    with pytest.raises(NotFound):
        await queries.provider_of(coordinator.org_id)


# --- Who sees what ------------------------------------------------------------------------------


async def test_buyers_see_every_provider_and_providers_see_themselves() -> None:
    first, second = await a_provider(name="Alfa OÜ"), await a_provider(name="Beeta OÜ")
    buyer, manager = await an_actor(Role.FINANCE), await a_manager(second)

    assert [p.org_id for p in await queries.list_providers(buyer)] == [first, second]
    assert [p.org_id for p in await queries.list_providers(manager)] == [second]
    assert (await queries.read_provider(manager, second)).org_id == second
    with pytest.raises(NotFound):
        await queries.read_provider(manager, first)


async def test_a_buyers_role_without_the_right_sees_no_provider() -> None:
    org_id = await a_provider()
    evaluator = await an_actor(Role.EVALUATOR)

    assert await queries.list_providers(evaluator) == []
    with pytest.raises(NotFound):
        await queries.read_provider(evaluator, org_id)


@pytest.mark.parametrize(
    ("search", "names"),
    [
        pytest.param("", ["Alfa Õpe OÜ", "Beeta OÜ"], id="nothing searched finds all"),
        pytest.param("õpe", ["Alfa Õpe OÜ"], id="a part of a name in small letters"),
        pytest.param("19990011", ["Alfa Õpe OÜ"], id="a whole code"),
        pytest.param("1999", [], id="a part of a code finds nothing"),
        pytest.param("%", [], id="a sign of the database's own is a letter like any other"),
    ],
)
async def test_search(search: str, names: list[str]) -> None:
    await a_provider(name="Alfa Õpe OÜ", registry_code="19990011")
    await a_provider(name="Beeta OÜ")
    buyer = await an_actor(Role.COORDINATOR)

    assert [p.name for p in await queries.list_providers(buyer, search)] == names


# --- The account --------------------------------------------------------------------------------


async def test_a_changed_account_keeps_who_changed_it_and_when() -> None:
    manager = await a_manager()
    second = await a_manager(manager.org_id)
    before = await queries.provider_of(manager.org_id)

    await service.change_account(manager, manager.org_id, "EE12 9900 0000 2210 7919", NOW)
    waiting = await queries.provider_of(manager.org_id)
    assert (waiting.iban, waiting.new_iban) == (before.iban, "EE129900000022107919")
    await confirm(second, manager.org_id, "EE129900000022107919", LATER)

    after = await queries.provider_of(manager.org_id)
    assert (after.iban, after.iban_changed_at, after.iban_changed_by) == (
        "EE129900000022107919",
        LATER,
        manager.id,
    )
    kind, text = (await events())[-1]
    assert kind == "provider:account-changed"
    assert read_canonical(text, AccountChanged) == AccountChanged(
        before.iban, after.iban, manager.id
    )
    assert after.new_iban is None


async def confirm(
    actor: Actor, org_id: UUID, iban: str, now: datetime = NOW, note: str = ""
) -> None:
    await service.confirm_account(
        actor, org_id, Confirmation(iban, note), now, cooling_days=COOLING
    )


async def test_every_buyer_reads_in_its_own_history_that_another_account_was_named() -> None:
    buyers = [await an_actor(Role.COORDINATOR), await an_actor(Role.FINANCE)]
    manager = await a_manager()
    second = await a_manager(manager.org_id)
    await service.change_account(manager, manager.org_id, an_iban(4713), NOW)
    await confirm(second, manager.org_id, an_iban(4713))
    async with connection() as c:
        for org_id in (manager.org_id, *(buyer.org_id for buyer in buyers)):
            rows = await c.fetch(
                "SELECT kind FROM event WHERE org_id = $1 AND kind LIKE '%account%' ORDER BY seq",
                org_id,
            )
            assert [row["kind"] for row in rows] == [
                "provider:account-proposed",
                "provider:account-changed",
            ]


async def test_who_named_an_account_does_not_confirm_it_and_nobody_elses_manager_does() -> None:
    manager = await a_manager()
    await service.change_account(manager, manager.org_id, an_iban(4714), NOW)
    with pytest.raises(Refused, match="You named"):
        await confirm(manager, manager.org_id, an_iban(4714))
    with pytest.raises(NotFound):
        await confirm(await a_manager(), manager.org_id, an_iban(4714))
    facilitator = await an_actor(Role.FACILITATOR, org=manager.org_id, kind="provider")
    with pytest.raises(Forbidden):
        await confirm(facilitator, manager.org_id, an_iban(4714))
    second = await a_manager(manager.org_id)
    with pytest.raises(Refused, match="not the account that was named"):
        await confirm(second, manager.org_id, an_iban(4715))
    async with connection() as c:
        with pytest.raises(asyncpg.CheckViolationError, match="two people"):
            await c.execute(
                "UPDATE provider SET iban = new_iban, iban_confirmed_by = $1,"
                " new_iban = NULL, new_iban_at = NULL, new_iban_by = NULL WHERE new_iban_by = $1",
                manager.id,
            )
    await service.change_account(
        manager, manager.org_id, (await queries.provider_of(manager.org_id)).iban, NOW
    )
    with pytest.raises(Conflict, match="No other account"):
        await confirm(second, manager.org_id, an_iban(4714))


async def test_where_there_is_no_second_manager_a_finance_officer_confirms_after_the_cooling() -> (
    None
):
    manager, finance = await a_manager(), await an_actor(Role.FINANCE)
    await service.change_account(manager, manager.org_id, an_iban(4716), NOW)
    over = NOW + timedelta(days=COOLING)
    for now, note, reason in (
        (over - timedelta(seconds=1), "called +372 5555", "from"),
        (over, " ", "outside of this system"),
    ):
        with pytest.raises(Refused, match=reason):
            await confirm(finance, manager.org_id, an_iban(4716), now, note)
    with pytest.raises(Forbidden):
        await confirm(await an_actor(Role.COORDINATOR), manager.org_id, an_iban(4716), over, "x")

    await confirm(finance, manager.org_id, an_iban(4716), over, "called +372 5555")

    after = await queries.provider_of(manager.org_id)
    assert (after.iban, after.iban_changed_at) == (an_iban(4716), NOW)
    assert after.iban_changed_by == finance.id, "so that another of them pays to it"


async def test_a_finance_officer_does_not_take_it_from_a_second_manager() -> None:
    manager, finance = await a_manager(), await an_actor(Role.FINANCE)
    await a_manager(manager.org_id)
    await service.change_account(manager, manager.org_id, an_iban(4717), NOW)
    with pytest.raises(Refused, match="Another manager"):
        await confirm(finance, manager.org_id, an_iban(4717), NOW + timedelta(days=30), "called")


async def test_the_same_account_again_changes_nothing() -> None:
    manager = await a_manager()
    before = await queries.provider_of(manager.org_id)
    seen = await count("event")

    await service.change_account(manager, manager.org_id, before.iban.lower(), LATER)

    assert await queries.provider_of(manager.org_id) == before
    assert await count("event") == seen


async def test_nobody_but_the_providers_manager_changes_its_account() -> None:
    org_id = await a_provider()
    facilitator = await an_actor(Role.FACILITATOR, org=org_id, kind="provider")

    for outsider in (await an_actor(Role.COORDINATOR), await a_manager()):
        with pytest.raises(NotFound):
            await service.change_account(outsider, org_id, an_iban(9), NOW)
    with pytest.raises(Forbidden):
        await service.change_account(facilitator, org_id, an_iban(9), NOW)


@pytest.mark.parametrize("iban", ["EE129900000022107918", "", "GB00", "🏦"])
async def test_an_account_that_is_none_is_refused(iban: str) -> None:
    manager = await a_manager()

    with pytest.raises(Refused) as refusal:
        await service.change_account(manager, manager.org_id, iban, NOW)

    assert [(f.field, f.code) for f in refusal.value.findings] == [("iban", "iban")]


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("UPDATE provider SET iban = 'ee12 9900'", id="an account with spaces"),
        pytest.param("UPDATE provider SET state = 'suspended'", id="suspended without a reason"),
        pytest.param("UPDATE provider SET state = 'friend'", id="a state that is none"),
    ],
)
async def test_the_database_itself_refuses(sql: str) -> None:
    await a_provider()

    await refused(sql)


# --- Facilitators and venues --------------------------------------------------------------------


async def test_a_facilitator_is_recorded_and_its_record_grows() -> None:
    manager = await a_manager()
    draft = a_facilitator_draft(code="F03", groups_led_count=11, languages=["ru", "et", "ru"])
    facilitator_id = await service.record_facilitator(manager, draft, NOW)

    await service.change_facilitator(
        manager, facilitator_id, msgspec.structs.replace(draft, groups_led_count=12), LATER
    )

    (view,) = await queries.facilitators_of(manager.org_id)
    assert (view.id, view.code, view.groups_led_count) == (facilitator_id, "F03", 12)
    assert view.languages == ["ru", "et"]
    assert (await queries.provider_of(manager.org_id)).facilitators_count == 1
    assert [kind for kind, _ in await events()][-2:] == [
        "facilitator:recorded",
        "facilitator:changed",
    ]


async def test_names_of_people_stay_out_of_the_events() -> None:
    manager = await a_manager()
    await a_facilitator(manager, display_name="Marko L.")

    assert "Marko" not in "".join(facts for _, facts in await events())


async def test_a_code_is_given_once_for_each_provider() -> None:
    first, second = await a_manager(), await a_manager()
    await a_facilitator(first, code="F01")
    await a_facilitator(second, code="F01")
    other = await a_facilitator(first, code="F02")

    with pytest.raises(Refused, match="already"):
        await a_facilitator(first, code="F01")
    with pytest.raises(Refused, match="already"):
        await service.change_facilitator(first, other, a_facilitator_draft(code="F01"), NOW)


async def test_anothers_facilitator_is_not_found() -> None:
    facilitator_id = await a_facilitator()
    stranger = await a_manager()

    with pytest.raises(NotFound):
        await queries.read_facilitator(stranger, facilitator_id)
    with pytest.raises(NotFound):
        await service.change_facilitator(stranger, facilitator_id, a_facilitator_draft(), NOW)
    coordinator = await an_actor(Role.COORDINATOR)
    assert (await queries.read_facilitator(coordinator, facilitator_id)).id == facilitator_id


@pytest.mark.parametrize("role", [Role.FACILITATOR, Role.COORDINATOR])
async def test_only_the_manager_records_facilitators(role: Role) -> None:
    org_id = await a_provider()
    kind = "provider" if role is Role.FACILITATOR else "buyer"
    actor = await an_actor(role, org=org_id if kind == "provider" else None, kind=kind)

    with pytest.raises(Forbidden):
        await a_facilitator(actor)


async def test_venues_are_listed_by_county() -> None:
    tartu = await a_venue(code="V07", county="EE-79", place="Tartu")
    johvi = await a_venue(code="V02", county="EE-45", place="Jõhvi")

    assert [venue.id for venue in await queries.venues()] == [johvi, tartu]
    assert [venue.id for venue in await queries.venues("EE-79")] == [tartu]
    assert (await queries.venue(johvi)).place == "Jõhvi"
    with pytest.raises(NotFound):
        await queries.venue(uuid7())


async def test_a_venue_code_is_given_once() -> None:
    await a_venue(code="V01")

    with pytest.raises(Refused, match="V01 is here already"):
        await a_venue(code="V01")
