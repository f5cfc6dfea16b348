"""The catalogue from its files: what they say, and that published versions stay."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from procure.catalogue import queries, service
from procure.catalogue.rules import SchemeTerms
from procure.catalogue.service import Catalogue, read_files
from procure.db import connection
from procure.kernel.errors import NotFound, Refused
from procure.parameters import BadParameter
from tests.builders.catalogue import LISTED_AT, a_catalogue
from tests.builders.guards import refused

pytestmark = pytest.mark.usefixtures("db")


def changed(kind: str, code: str, **change: object) -> Catalogue:
    files = read_files()
    entries = [
        msgspec.structs.replace(entry, **change) if entry.code == code else entry
        for entry in getattr(files, kind)
    ]
    return msgspec.structs.replace(files, **{kind: entries})


async def count(table: str) -> int:
    async with connection() as c:
        found: int = await c.fetchval(f"SELECT count(*) FROM {table}")
    return found


async def test_loading_twice_changes_nothing() -> None:
    first = await a_catalogue()
    events = await count("event")
    second = await a_catalogue()

    assert len(first.added) == 12 + 11 + 2
    assert (second.added, second.changed) == ([], [])
    assert await count("event") == events == 25


async def test_work_practice_ended_and_names_what_follows() -> None:
    await a_catalogue()

    last_day = await queries.service_on("TOOHARJUTUS", date(2025, 12, 31))
    assert last_day.valid_until == date(2026, 1, 1)
    with pytest.raises(
        Refused,
        match=r"ended on 2026-01-01\. What may follow it: "
        "TOOHARJUTUS-LAADNE, TOETATUD_TOOLERAKENDAMINE, TOOANDJATE_KYLASTUS",
    ):
        await queries.service_on("TOOHARJUTUS", date(2026, 1, 1))


async def test_its_successor_begins_the_day_it_ends_in_the_same_sizes() -> None:
    await a_catalogue()

    old = await queries.service_on("TOOHARJUTUS", date(2025, 12, 31))
    new = await queries.service_on("TOOHARJUTUS-LAADNE", date(2026, 1, 1))

    assert new.sizes is not None
    assert new.sizes == old.sizes
    assert (new.sizes.group_size_min, new.sizes.group_size_max) == (8, 12)
    assert (new.sizes.training_days_count, new.cpv) == (60, "85320000")
    assert [new.sizes.phase_of(day) for day in (10, 11, 45, 46, 60)] == [1, 2, 2, 3, 3]
    assert sum(phase.days_count for phase in new.sizes.phases) == 60


async def test_a_service_without_groups_has_no_sizes() -> None:
    await a_catalogue()

    counselling = await queries.service_on("PSYHH_NOUSTAMINE", date(2026, 1, 1))

    assert counselling.sizes is None
    assert counselling.params["rate_max_with_vat_amount"].value == 70
    assert counselling.params["rate_max_with_vat_amount"].source == "THP § 32(4)"


async def test_a_service_that_nobody_knows_is_not_found() -> None:
    await a_catalogue()

    with pytest.raises(NotFound, match="no service WORK_PRACTICE"):
        await queries.service_on("WORK_PRACTICE", date(2026, 1, 1))


async def test_services_of_a_day_leave_out_what_ended_and_what_has_not_begun() -> None:
    await a_catalogue()

    before = {view.code for view in await queries.services_on(date(2025, 12, 31))}
    after = {view.code for view in await queries.services_on(date(2026, 1, 1))}

    assert before - after == {"TOOHARJUTUS", "TOOKLUBI", "SOLTUVUSNOUSTAMINE"}
    assert after - before == {"TOOHARJUTUS-LAADNE", "TOOANDJATE_KYLASTUS"}


async def test_definitions_carry_their_window_and_their_part() -> None:
    await a_catalogue()

    found = await queries.definition("EMP_SUST_90", date(2026, 1, 5))

    assert (found.version, found.family) == (1, "employment")
    assert (found.claim_window_days, found.sustain_days) == (180, 90)
    assert (found.payment_factor, found.is_payable) == (Decimal("0.6"), True)
    assert found.evidence_sources == ["employment-register"]


async def test_a_definition_does_not_hold_before_it_was_published() -> None:
    await a_catalogue()

    with pytest.raises(NotFound, match="EMP_START on 2023-12-31"):
        await queries.definition("EMP_START", date(2023, 12, 31))


async def test_a_new_version_of_a_definition_holds_from_its_day_and_not_before() -> None:
    await a_catalogue()
    files = read_files()
    (start,) = (entry for entry in files.definitions if entry.code == "EMP_START")
    newer = msgspec.structs.replace(
        start, version=2, payment_factor=Decimal("0.5"), valid_from=date(2027, 1, 1)
    )
    files = msgspec.structs.replace(files, definitions=[*files.definitions, newer])
    await service.load(LISTED_AT, files=files)

    versions = [
        (await queries.definition("EMP_START", day)).version
        for day in (date(2026, 12, 31), date(2027, 1, 1))
    ]

    assert versions == [1, 2]
    on_the_day = await queries.definitions_on(date(2027, 1, 1))
    assert len(on_the_day) == 11
    assert next(view.version for view in on_the_day if view.code == "EMP_START") == 2


async def test_the_scheme_comes_back_as_it_was_written() -> None:
    await a_catalogue()
    (written,) = (entry for entry in read_files().schemes if entry.code == "HYBRID-60-20-20")

    terms = (await queries.scheme("HYBRID-60-20-20")).terms

    assert terms == written.full_terms()
    assert isinstance(terms, SchemeTerms)
    assert terms.unit_price * 12 * 60 == Decimal("15840.00")


@pytest.mark.parametrize(
    ("kind", "code", "change"),
    [
        pytest.param("definitions", "EMP_START", {"payment_factor": Decimal("0.5")}, id="a factor"),
        pytest.param("definitions", "EMP_START", {"claim_window_days": 91}, id="a window"),
        pytest.param("services", "TOOHARJUTUS", {"unit": "hour"}, id="a unit"),
        pytest.param("services", "TOOHARJUTUS", {"params": {}}, id="sizes"),
    ],
)
async def test_a_published_version_cannot_be_edited_by_its_file(
    kind: str, code: str, change: dict[str, Any]
) -> None:
    await a_catalogue()

    with pytest.raises(Refused, match=f"{code} is published as .* make a new version"):
        await service.load(LISTED_AT, files=changed(kind, code, **change))


async def test_every_edited_version_is_named_at_once_and_nothing_else_is_loaded() -> None:
    await a_catalogue()
    files = changed("definitions", "EMP_START", sustain_days=1)
    services = [
        msgspec.structs.replace(entry, unit="hour") if entry.code == "TOOHARJUTUS" else entry
        for entry in files.services
    ]
    extra = msgspec.structs.replace(files.services[-1], code="NEW", successors=[])
    files = msgspec.structs.replace(files, services=[*services, extra])

    with pytest.raises(Refused) as refusal:
        await service.load(LISTED_AT, files=files)

    assert [finding.field for finding in refusal.value.findings] == ["TOOHARJUTUS", "EMP_START"]
    assert await count("service") == 12


async def test_a_scheme_cannot_be_edited_by_its_file() -> None:
    await a_catalogue()
    files = read_files()
    first, second = files.schemes
    edited = msgspec.structs.replace(first, terms=first.terms | {"success_vacancy_days": 9})

    with pytest.raises(Refused, match="HYBRID-60-20-20 is published as 1"):
        await service.load(
            LISTED_AT, files=msgspec.structs.replace(files, schemes=[edited, second])
        )


async def test_a_service_can_be_ended_and_the_event_says_so() -> None:
    await a_catalogue()
    files = changed("services", "TOOPRAKTIKA", valid_until=date(2027, 1, 1))

    report = await service.load(LISTED_AT, files=files)

    assert report.changed == ["TOOPRAKTIKA"]
    with pytest.raises(Refused, match="nothing is named to follow it"):
        await queries.service_on("TOOPRAKTIKA", date(2027, 1, 1))
    async with connection() as c:
        kinds = await c.fetch("SELECT kind FROM event ORDER BY seq DESC LIMIT 1")
    assert [row["kind"] for row in kinds] == ["service:ended"]


async def test_a_name_can_be_corrected() -> None:
    await a_catalogue()
    files = changed(
        "services", "TOOPRAKTIKA", name=msgspec.convert(dict(en="a", et="b", ru="c"), service.Names)
    )

    await service.load(LISTED_AT, files=files)

    assert (await queries.service_on("TOOPRAKTIKA", date(2026, 1, 1))).name.et == "b"


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("UPDATE outcome_definition SET payment_factor = 1", id="a definition's part"),
        pytest.param("UPDATE payment_scheme SET terms = '{}'", id="a scheme's terms"),
        pytest.param("UPDATE service SET cpv = '79634000'", id="what a service is"),
        pytest.param("DELETE FROM outcome_definition", id="a definition taken away"),
        pytest.param("DELETE FROM payment_scheme", id="a scheme taken away"),
        pytest.param("DELETE FROM service", id="a service taken away"),
    ],
)
async def test_the_database_itself_keeps_what_is_published(sql: str) -> None:
    await a_catalogue()

    await refused(sql)


@pytest.mark.parametrize(
    ("kind", "code", "change", "fault"),
    [
        pytest.param("services", "TOOPRAKTIKA", {"cpv": "85000000"}, "list cpv", id="an odd CPV"),
        pytest.param("services", "TOOPRAKTIKA", {"unit": "week"}, "list units", id="an odd unit"),
        pytest.param(
            "services", "TOOPRAKTIKA", {"successors": ["X"]}, "are no services", id="odd successors"
        ),
        pytest.param(
            "definitions", "EMP_START", {"evidence_sources": ["hearsay"]}, "unknown", id="hearsay"
        ),
    ],
)
def test_files_that_cannot_be_are_refused_before_anything_is_written(
    kind: str, code: str, change: dict[str, Any], fault: str
) -> None:
    with pytest.raises(BadParameter, match=fault):
        service.check(changed(kind, code, **change))


def test_two_versions_of_a_service_on_one_day_are_refused() -> None:
    files = read_files()
    (practice,) = (entry for entry in files.services if entry.code == "TOOPRAKTIKA")
    twice = msgspec.structs.replace(practice, valid_from=date(2026, 1, 1))

    with pytest.raises(BadParameter, match="TOOPRAKTIKA: two versions hold on 2026-01-01"):
        service.check(msgspec.structs.replace(files, services=[*files.services, twice]))
