import asyncio
from contextvars import Context
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import msgspec
import pytest

from procure.audit.tables import Event
from procure.db import transaction
from procure.demand import queries, service
from procure.demand.rules.files import csv_text
from procure.demand.rules.groups import Area, DemandFacts, DemandPlan, plan
from procure.demand.schemas import BasisDraft, RequestFilter
from procure.demand.states import Suitability
from procure.demand.tables import Basis, BasisRequest, Request
from procure.kernel.actors import Actor, Role
from procure.kernel.canonical import canonical, read_canonical, sha256_hex
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from tests.builders.demand import AREAS, SERVICE, a_basis, a_draft, a_request
from tests.builders.guards import refused
from tests.builders.identity import NOW, an_actor
from tests.demand.test_entries import GOOD

pytestmark = pytest.mark.usefixtures("db")

ROW = {**GOOD, "service_code": SERVICE}


def a_file(*changes: dict[str, object]) -> bytes:
    """Write a file of rows like the good one, each with a reference of its own."""
    rows = [
        {**ROW, "reference": f"F-{n}", "client_ref": f"CL-F{n}", **change}
        for n, change in enumerate(changes)
    ]
    return csv_text(list(ROW), rows).encode()


async def states_of(*ids: UUID) -> list[str]:
    return [(await Request.objects().get(Request.id == id_)).state for id_ in ids]  # type: ignore[union-attr]


# --- One request ------------------------------------------------------------


async def test_a_request_is_recorded_with_who_and_when(caseworker: Actor) -> None:
    request_id = await service.record_request(caseworker, a_draft(reference="R-1"), NOW)

    view = await queries.read_request(caseworker, request_id)
    assert (view.reference, view.state, view.source) == ("R-1", "recorded", "api")
    assert (view.recorded_by, view.recorded_at, view.is_mine) == (caseworker.id, NOW, True)
    assert view.why is not None
    assert view.why.message == "Waits for the next analysis of demand."


async def test_a_request_without_reference_gets_one_and_is_made_today(caseworker: Actor) -> None:
    first, second = [
        await service.record_request(
            caseworker,
            a_draft(reference=None, created_on=None, earliest_start_on=date(2026, 11, 24)),
            NOW,
        )
        for _ in range(2)
    ]
    one, two = [await queries.read_request(caseworker, id_) for id_ in (first, second)]
    assert one.reference.startswith("P-2026-")
    assert one.reference != two.reference
    assert one.created_on == date(2026, 11, 24)


async def test_a_number_that_a_file_has_used_is_passed_over(caseworker: Actor) -> None:
    await a_request(caseworker, reference="P-2026-00001")
    request_id = await service.record_request(caseworker, a_draft(reference=None), NOW)
    assert (await queries.read_request(caseworker, request_id)).reference == "P-2026-00002"


async def test_today_is_the_countrys_day(caseworker: Actor) -> None:
    late = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)  # half past midnight in Tallinn
    draft = a_draft(created_on=date(2026, 11, 25), earliest_start_on=date(2026, 11, 25))
    with pytest.raises(Refused, match="2026-11-25 is after today"):
        await service.record_request(caseworker, draft, NOW)
    assert await service.record_request(caseworker, draft, late)


async def test_a_wrong_request_is_refused_with_every_finding(caseworker: Actor) -> None:
    with pytest.raises(Refused) as caught:
        await service.record_request(caseworker, a_draft(county="EE-99", language="fr"), NOW)
    assert [finding.field for finding in caught.value.findings] == ["county", "language"]
    assert await Request.count() == 0


async def test_a_reference_is_recorded_once_for_each_buyer(caseworker: Actor) -> None:
    await a_request(caseworker, reference="R-1")
    with pytest.raises(Refused, match="A request R-1 is recorded already"):
        await a_request(caseworker, reference="R-1")
    assert await a_request(reference="R-1")  # another buyer's caseworker


async def test_two_who_record_one_reference_at_once(caseworker: Actor) -> None:
    draft = a_draft(reference="R-1")
    async with transaction():  # the first has written, and has not committed yet
        await service.record_request(caseworker, draft, NOW)
        other = asyncio.create_task(
            service.record_request(caseworker, draft, NOW), context=Context()
        )
        finished, _ = await asyncio.wait({other}, timeout=0.5)
        assert not finished, "the second did not wait for the first"
    with pytest.raises(Refused, match="A request R-1 is recorded already"):
        await other


@pytest.mark.parametrize(
    ("role", "kind"),
    [
        pytest.param(Role.AUDITOR, "buyer", id="an auditor"),
        pytest.param(Role.FACILITATOR, "provider", id="a facilitator"),
        pytest.param(Role.CASEWORKER, "provider", id="a caseworker of a provider"),
    ],
)
async def test_who_may_not_record_or_import(role: Role, kind: str) -> None:
    actor = await an_actor(role, kind=kind)
    with pytest.raises(Forbidden):
        await service.record_request(actor, a_draft(), NOW)
    with pytest.raises(Forbidden):
        await service.import_requests(actor, a_file({}), "f.csv", take_good=False, now=NOW)


async def test_another_buyer_sees_nothing(caseworker: Actor) -> None:
    request_id = await a_request(caseworker)
    stranger = await an_actor(Role.CONSULTANT)
    with pytest.raises(NotFound):
        await queries.read_request(stranger, request_id)
    assert (await queries.list_requests(stranger, RequestFilter())).items == []
    with pytest.raises(NotFound):
        await service.refuse_request(stranger, request_id, "not ours", NOW)


async def test_the_event_holds_no_client(caseworker: Actor) -> None:
    await service.record_request(caseworker, a_draft(client_ref="CL-SECRET"), NOW)
    event = await Event.objects().where(Event.kind == "request:recorded").first()
    assert event is not None
    assert "CL-SECRET" not in event.facts
    assert "ROUTINE" not in event.facts


# --- The same client twice --------------------------------------------------


async def test_a_client_who_waits_already_is_recorded_again_only_knowingly(
    caseworker: Actor, consultant: Actor
) -> None:
    first = await a_request(caseworker, reference="R-1", client_ref="CL-9")
    again = a_draft(reference="R-2", client_ref="CL-9")
    with pytest.raises(Refused, match="CL-9 waits for this service already: R-1") as refused:
        await service.record_request(caseworker, again, NOW)
    [finding] = refused.value.findings
    assert (finding.field, finding.values["request_id"]) == ("acknowledge_duplicate", str(first))
    knowing = msgspec.structs.replace(again, acknowledge_duplicate=True)
    await service.record_request(caseworker, knowing, NOW)
    for item in (await queries.list_requests(caseworker, RequestFilter())).items:
        await service.refuse_request(consultant, item.id, "Made by mistake.", NOW)
    closed = a_draft(reference="R-3", client_ref="CL-9")
    assert await service.record_request(caseworker, closed, NOW)  # nothing of the client is open
    stranger = await an_actor(Role.CASEWORKER)
    assert await service.record_request(stranger, a_draft(client_ref="CL-9"), NOW)


async def test_two_who_record_one_client_at_once(caseworker: Actor) -> None:
    async with transaction():
        await service.record_request(caseworker, a_draft(client_ref="CL-9"), NOW)
        other = asyncio.create_task(
            service.record_request(caseworker, a_draft(client_ref="CL-9"), NOW), context=Context()
        )
        finished, _ = await asyncio.wait({other}, timeout=1)
        assert not finished, "the second did not wait for the first"
    with pytest.raises(Refused, match="waits for this service already"):
        await other


async def test_rows_of_a_client_who_waits_already_are_found(caseworker: Actor) -> None:
    await a_request(caseworker, reference="R-1", client_ref="CL-9")
    content = a_file({"client_ref": "CL-9"}, {"client_ref": "CL-8"}, {"client_ref": "CL-8"}, {})
    report = await service.import_requests(caseworker, content, "f.csv", take_good=True, now=NOW)
    assert (report.taken_count, report.wrong_count) == (2, 2)
    assert [(f.row, f.code, f.values["earlier"]) for f in report.findings] == [
        (2, "double", "R-1"),
        (4, "double", 3),
    ]


# --- A file -----------------------------------------------------------------


async def test_a_good_file_is_recorded_whole(caseworker: Actor) -> None:
    content = a_file({}, {"suitability": "refer-to-municipality"})
    report = await service.import_requests(
        caseworker, content, "requests.csv", take_good=False, now=NOW
    )
    assert (report.kind, report.rows_count, report.taken_count) == ("csv", 2, 2)
    assert report.file_sha256 == sha256_hex(content)
    items = (await queries.list_requests(caseworker, RequestFilter())).items
    assert [item.reference for item in items] == ["F-1", "F-0"]
    assert items[0].suitability == Suitability.MUNICIPALITY
    assert {item.source for item in items} == {"file"}


async def test_a_wrong_row_stops_the_file(caseworker: Actor) -> None:
    report = await service.import_requests(
        caseworker,
        a_file({}, {"county": "EE-99", "language": "fr"}, {}),
        "f.csv",
        take_good=False,
        now=NOW,
    )
    assert (report.rows_count, report.taken_count, report.wrong_count) == (3, 0, 1)
    assert [(f.row, f.field) for f in report.findings] == [(3, "county"), (3, "language")]
    assert await Request.count() == 0
    assert not await Event.exists().where(Event.kind == "requests:imported")


async def test_the_good_rows_are_taken_when_that_is_asked_for(caseworker: Actor) -> None:
    report = await service.import_requests(
        caseworker, a_file({}, {"county": "EE-99"}, {}), "f.csv", take_good=True, now=NOW
    )
    assert (report.taken_count, report.wrong_count) == (2, 1)
    assert await Request.count() == 2
    event = await Event.objects().where(Event.kind == "requests:imported").first()
    assert event is not None
    assert msgspec.json.decode(event.facts)["taken_count"] == 2


async def test_a_file_sent_twice_is_taken_once(caseworker: Actor) -> None:
    content = a_file({}, {})
    await service.import_requests(caseworker, content, "f.csv", take_good=False, now=NOW)
    report = await service.import_requests(caseworker, content, "f.csv", take_good=True, now=NOW)
    assert report.taken_count == 0
    assert [(f.row, f.field, f.code) for f in report.findings] == [
        (2, "reference", "recorded"),
        (3, "reference", "recorded"),
    ]
    assert await Request.count() == 2


async def test_two_who_import_one_file_at_once(caseworker: Actor) -> None:
    content = a_file({}, {})
    async with transaction():
        await service.import_requests(caseworker, content, "f.csv", take_good=False, now=NOW)
        other = asyncio.create_task(
            service.import_requests(caseworker, content, "f.csv", take_good=False, now=NOW),
            context=Context(),
        )
        finished, _ = await asyncio.wait({other}, timeout=1)
        assert not finished, "the second did not wait for the first"
    report = await other
    assert (report.taken_count, report.wrong_count) == (0, 2)
    assert await Request.count() == 2


# --- An analysis ------------------------------------------------------------


async def test_a_basis_moves_what_it_decides(consultant: Actor) -> None:
    grouped = [await a_request(consultant) for _ in range(8)]
    referred = await a_request(consultant, suitability=Suitability.MUNICIPALITY)
    waiting = await a_request(consultant, language="ru")
    basis_id = await service.make_basis(consultant, BasisDraft("Autumn", SERVICE, areas=AREAS), NOW)

    assert set(await states_of(*grouped)) == {"planned"}
    assert await states_of(referred, waiting) == ["referred-out", "recorded"]
    view = await queries.read_basis(consultant, basis_id)
    assert (view.totals.groups_count, view.planned_count, view.is_tendered) == (1, 8, False)
    assert [area.code for area in view.areas if area.groups_count] == ["L05"]
    request = await queries.read_request(consultant, waiting)
    assert request.why is not None
    assert request.why.message == (
        "Area L05 has no groups in this language. Waiting: 1; a group needs 8."
    )
    assert [step.message for step in request.life] == [
        "Recorded by the case system.",
        "Analysis “Autumn” left it waiting.",
    ]
    assert request.life[-1].why == request.why


async def test_the_analysis_can_be_made_again_from_what_was_kept(consultant: Actor) -> None:
    basis_id = await a_basis(consultant, requests=9)
    basis = await Basis.objects().get(Basis.id == basis_id)
    event = await Event.objects().where(Event.kind == "basis:made").first()
    assert basis is not None
    assert event is not None
    assert canonical(plan(read_canonical(basis.facts, DemandFacts))) == basis.result
    facts = msgspec.json.decode(event.facts)
    assert facts["facts_sha256"] == sha256_hex(basis.facts)
    assert facts["result_sha256"] == sha256_hex(basis.result)
    assert read_canonical(basis.result, DemandPlan).totals.groups_count == 1


@pytest.mark.parametrize("table", [Basis, BasisRequest], ids=lambda table: table.__name__)
async def test_a_basis_is_never_changed(consultant: Actor, table: type[Basis]) -> None:
    await a_basis(consultant)
    for statement in (f"DELETE FROM {table._meta.tablename}",
                      f"UPDATE {table._meta.tablename} SET id = id"):  # fmt: skip
        assert "never changed" in await refused(statement)


async def test_who_waits_counts_again_in_the_next_analysis(consultant: Actor) -> None:
    await a_request(consultant, suitability=Suitability.MUNICIPALITY)
    await a_basis(consultant, requests=7)
    elsewhere = BasisDraft("x", SERVICE, county="EE-45", areas=AREAS)
    with pytest.raises(Refused, match="nothing to analyse"):
        await service.make_basis(consultant, elsewhere, NOW)
    second = await a_basis(consultant, requests=1)
    view = await queries.read_basis(consultant, second)
    assert (view.totals.requests_count, view.totals.groups_count) == (8, 1)


async def test_two_who_analyse_at_once_never_plan_the_same(consultant: Actor) -> None:
    for _ in range(8):
        await a_request(consultant)
    draft = BasisDraft("One", SERVICE, areas=AREAS)
    async with transaction():
        await service.make_basis(consultant, draft, NOW)
        other = asyncio.create_task(service.make_basis(consultant, draft, NOW), context=Context())
        finished, _ = await asyncio.wait({other}, timeout=0.5)
        assert not finished, "the second did not wait for the first"
    with pytest.raises(Refused, match="nothing to analyse"):
        await other


@pytest.mark.parametrize(
    ("draft", "fields"),
    [
        pytest.param(BasisDraft(" ", SERVICE), ["name"], id="without a name"),
        pytest.param(BasisDraft("x", SERVICE, county="EE-99"), ["county"], id="no such county"),
        pytest.param(
            BasisDraft("x", SERVICE, areas=[Area("A", ["EE-99"], "fr")]),
            ["areas", "areas"],
            id="an area of nowhere",
        ),
        pytest.param(
            BasisDraft("x", SERVICE, areas=[Area("A", ["EE-45"], "et")] * 2),
            ["areas"],
            id="two areas of one name",
        ),
        pytest.param(
            BasisDraft(
                "x",
                SERVICE,
                created_from_on=date(2026, 11, 1),
                created_until=date(2026, 11, 1),
            ),
            ["created_until"],
            id="an empty period",
        ),
        pytest.param(BasisDraft("x", "NONE"), ["service_code"], id="no such service"),
        pytest.param(BasisDraft("x", "TOOHARJUTUS"), ["service_code"], id="a service that ended"),
        pytest.param(BasisDraft("x", "VOLANOUSTAMINE"), ["service_code"], id="not in groups"),
        pytest.param(BasisDraft("x", SERVICE), ["service_code"], id="no requests"),
    ],
)
async def test_a_basis_that_cannot_be(
    consultant: Actor, draft: BasisDraft, fields: list[str]
) -> None:
    with pytest.raises(Refused) as caught:
        await service.make_basis(consultant, draft, NOW)
    assert [finding.field for finding in caught.value.findings] == fields


async def test_the_period_has_its_first_day_and_not_its_end(consultant: Actor) -> None:
    for day in (1, 2, 3):
        await a_request(
            consultant, created_on=date(2026, 11, day), suitability=Suitability.MUNICIPALITY
        )
    draft = BasisDraft("x", SERVICE, created_from_on=date(2026, 11, 2),
                       created_until=date(2026, 11, 3))  # fmt: skip
    basis = await queries.read_basis(consultant, await service.make_basis(consultant, draft, NOW))
    assert basis.totals.requests_count == 1


async def test_a_caseworker_may_not_analyse_nor_refuse(caseworker: Actor) -> None:
    request_id = await a_request(caseworker)
    with pytest.raises(Forbidden):
        await service.make_basis(caseworker, BasisDraft("x", SERVICE), NOW)
    with pytest.raises(Forbidden):
        await service.refuse_request(caseworker, request_id, "because", NOW)


async def test_another_buyers_basis_is_not_there(consultant: Actor) -> None:
    basis_id = await a_basis(consultant)
    stranger = await an_actor(Role.CONSULTANT)
    with pytest.raises(NotFound):
        await queries.read_basis(stranger, basis_id)
    with pytest.raises(NotFound):
        await service.give_back(stranger, basis_id, NOW)
    assert await queries.list_bases(stranger) == []


# --- What later stages do ---------------------------------------------------


async def test_a_basis_goes_out_to_tender(consultant: Actor) -> None:
    basis_id = await a_basis(consultant, requests=13)
    assert await service.mark_tendered(basis_id, NOW) == 12
    assert await service.mark_tendered(basis_id, NOW) == 0
    view = await queries.read_basis(consultant, basis_id)
    assert (view.is_tendered, view.planned_count) == (True, 0)
    assert [r.state for r in view.requests].count("tendered") == 12


async def test_the_requests_of_a_failed_lot_come_back_and_say_why(consultant: Actor) -> None:
    for _ in range(8):
        await a_request(consultant, county="EE-45", bureau="B-45-1", language="ru")
    basis_id = await a_basis(consultant, requests=8)
    await service.mark_tendered(basis_id, NOW)
    assert await service.release_requests(basis_id, NOW, area_codes=["L03"]) == 8
    view = await queries.read_basis(consultant, basis_id)
    back = [r for r in view.requests if r.state == "recorded"]
    assert {r.area_code for r in back} == {"L03"}
    request = await queries.read_request(consultant, back[0].id)
    assert request.why is not None
    assert request.why.message.startswith("Its lot got no contract.")
    again = await service.make_basis(consultant, BasisDraft("Again", SERVICE, areas=AREAS), NOW)
    assert (await queries.read_basis(consultant, again)).totals.requests_count == 8
    request = await queries.read_request(consultant, back[0].id)
    assert request.why is not None
    assert request.why.code == "grouped"


async def test_an_analysis_set_aside_gives_its_requests_back(consultant: Actor) -> None:
    basis_id = await a_basis(consultant)
    assert await service.give_back(consultant, basis_id, NOW) == 8
    view = await queries.read_basis(consultant, basis_id)
    assert ({r.state for r in view.requests}, view.planned_count) == ({"recorded"}, 0)


async def test_a_tendered_request_is_not_given_back(consultant: Actor) -> None:
    basis_id = await a_basis(consultant)
    await service.mark_tendered(basis_id, NOW)
    assert await service.give_back(consultant, basis_id, NOW) == 0


@pytest.mark.parametrize("is_tendered", [pytest.param(False, id="recorded"),
                                         pytest.param(True, id="tendered")])  # fmt: skip
async def test_a_request_gets_its_place_once(consultant: Actor, *, is_tendered: bool) -> None:
    if is_tendered:
        basis_id = await a_basis(consultant)
        await service.mark_tendered(basis_id, NOW)
        request_id = (await queries.requests_of_basis(basis_id))[0].id
    else:
        request_id = await a_request(consultant)
    placed = await service.place_request(request_id, NOW)
    assert (placed.risk_band, placed.language, placed.county) == ("B", "et", "EE-79")
    with pytest.raises(Conflict, match="Cannot place what is placed"):
        await service.place_request(request_id, NOW)


async def test_two_who_place_one_request_at_once(consultant: Actor) -> None:
    request_id = await a_request(consultant)
    async with transaction():
        await service.place_request(request_id, NOW)
        other = asyncio.create_task(service.place_request(request_id, NOW), context=Context())
        finished, _ = await asyncio.wait({other}, timeout=0.5)
        assert not finished, "the second did not wait for the first"
    with pytest.raises(Conflict):
        await other


async def test_only_the_buyers_own_request_is_placed(consultant: Actor) -> None:
    request_id = await a_request(consultant)
    with pytest.raises(NotFound):
        await service.place_request(request_id, NOW, buyer_id=uuid4())
    with pytest.raises(NotFound):
        await service.place_request(uuid4(), NOW)


async def test_a_refused_request_says_why_and_stays_refused(consultant: Actor) -> None:
    request_id = await a_request(consultant)
    with pytest.raises(Refused, match="Give the reason"):
        await service.refuse_request(consultant, request_id, " x ", NOW)
    await service.refuse_request(consultant, request_id, "Moved to Latvia.", NOW)
    view = await queries.read_request(consultant, request_id)
    assert view.why is not None
    assert (view.state, view.why.message) == ("refused", "Refused: Moved to Latvia.")
    with pytest.raises(Conflict):
        await service.place_request(request_id, NOW)


# --- Reading ----------------------------------------------------------------


async def test_the_list_is_filtered_counted_and_read_in_parts(caseworker: Actor) -> None:
    other = await an_actor(Role.CASEWORKER, org=caseworker.org_id)
    mine = [await a_request(caseworker) for _ in range(3)]
    theirs = await a_request(other, county="EE-45", bureau="B-45-1")

    first = await queries.list_requests(caseworker, RequestFilter(limit=2))
    assert [item.id for item in first.items] == [theirs, mine[2]]
    rest = await queries.list_requests(caseworker, RequestFilter(before=first.next_before))
    assert ([item.id for item in rest.items], rest.next_before) == ([mine[1], mine[0]], None)
    own = await queries.list_requests(caseworker, RequestFilter(is_mine=True))
    assert [item.id for item in own.items] == mine[::-1]
    by_county = await queries.list_requests(caseworker, RequestFilter(county="EE-45"))
    assert [item.id for item in by_county.items] == [theirs]
    await service.place_request(theirs, NOW)
    assert await queries.count_requests(caseworker, RequestFilter(state="placed")) == {
        "recorded": 3,
        "placed": 1,
    }
    last = await queries.last_request(other)
    assert last is not None
    assert last.id == theirs


async def test_demand_is_shown_without_keeping_it(consultant: Actor) -> None:
    for _ in range(9):
        await a_request(consultant)
    view = await queries.read_demand(consultant, SERVICE, today=NOW.date())
    assert (view.totals.groups_count, view.group_min, view.group_max) == (1, 8, 12)
    assert await Basis.count() == 0
    assert (await queries.count_requests(consultant, RequestFilter())) == {"recorded": 9}


async def test_an_analysis_that_moves_nobody_is_not_kept(consultant: Actor) -> None:
    await a_request(consultant)
    with pytest.raises(Refused, match="No group can start"):
        await service.make_basis(consultant, BasisDraft("Nobody", SERVICE, areas=AREAS), NOW)
    assert await queries.list_bases(consultant) == []
    await a_request(consultant, suitability=Suitability.MUNICIPALITY)
    assert await service.make_basis(consultant, BasisDraft("One", SERVICE, areas=AREAS), NOW)


async def test_what_went_out_to_tender_is_refused_only_knowingly(consultant: Actor) -> None:
    basis_id = await a_basis(consultant)
    await service.mark_tendered(basis_id, NOW)
    request = (await queries.list_requests(consultant, RequestFilter())).items[0]
    with pytest.raises(Refused, match="went out to tender"):
        await service.refuse_request(consultant, request.id, "Moved abroad.", NOW)
    await service.refuse_request(
        consultant, request.id, "Moved abroad.", NOW, acknowledge_tender=True
    )
    life = (await queries.read_request(consultant, request.id)).life
    assert (life[-1].at, life[-1].message.startswith("Refused by ")) == (NOW, True)
