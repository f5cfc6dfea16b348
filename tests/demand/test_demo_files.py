"""The project's own demo files give the numbers of the worked example."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from procure.demand import queries, service
from procure.demand.schemas import BasisDraft, RequestDraft
from procure.kernel.actors import Actor, Role
from procure.parameters import folder, read_yaml
from tests.builders.identity import NOW, an_actor

DEMO = folder() / "demo"
TODAY = "TOOHARJUTUS-LAADNE"


async def import_file(actor: Actor, name: str, now: datetime) -> Any:
    return await service.import_requests(
        actor, (DEMO / name).read_bytes(), name, take_good=False, now=now
    )


async def test_the_requests_of_2026(consultant: Actor) -> None:
    report = await import_file(consultant, "requests-2026.csv", NOW)
    assert (report.taken_count, report.findings) == (117, [])
    for item in read_yaml(DEMO / "requests-2026-form.yaml")["requests"]:
        caseworker = await an_actor(Role.CASEWORKER, org=consultant.org_id)
        fields = {name: value for name, value in item.items() if name != "entered_by"}
        await service.record_request(caseworker, RequestDraft(**fields), NOW)
    basis_id = await service.make_basis(consultant, BasisDraft("Autumn 2026", TODAY), NOW)

    view = await queries.read_basis(consultant, basis_id)
    totals = view.totals
    assert (totals.requests_count, totals.suitable_count, totals.referred_count) == (120, 101, 19)
    assert (totals.groups_count, totals.county_groups_count, totals.waiting_count) == (6, 5, 35)
    assert [(n.area_code, n.language, n.waiting_count) for n in view.unmet] == [
        ("L04", "et", 1),
        ("L05", "ru", 3),
        ("L06", "ru", 1),
        ("L07", "ru", 1),
        ("L08", "et", 6),
        ("L09", "et", 3),
        ("L10", "et", 6),
    ]
    assert [(g.area_code, g.language, g.size_count) for g in view.groups] == [
        ("L01", "et", 12),
        ("L02", "ru", 12),
        ("L03", "ru", 12),
        ("L05", "et", 8),
        ("L06", "et", 10),
        ("L07", "et", 12),
    ]
    assert view.planned_count == 66


@pytest.mark.parametrize(
    ("name", "day"),
    [
        pytest.param("requests-2023.csv", date(2024, 1, 8), id="of the framework of 2024"),
        pytest.param("requests-2025.csv", date(2025, 5, 5), id="of the group of 2025"),
    ],
)
async def test_the_requests_of_earlier_years(consultant: Actor, name: str, day: date) -> None:
    now = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
    report = await import_file(consultant, name, now)
    assert report.findings == []
    basis_id = await service.make_basis(consultant, BasisDraft("Basis", "TOOHARJUTUS"), now)
    view = await queries.read_basis(consultant, basis_id)
    assert "L03" in {group.area_code for group in view.groups}


async def test_the_wrong_file_is_wrong_in_every_way_it_says(consultant: Actor) -> None:
    report = await import_file(consultant, "requests-wrong.csv", NOW)
    assert report.taken_count == 0
    assert [(f.row, f.field, f.code) for f in report.findings] == [
        (3, "county", "unknown"),
        (4, "bureau", "other-county"),
        (5, "risk_band", "unknown"),
        (6, "created_on", "date"),
        (7, "earliest_start_on", "before-creation"),
        (8, "barriers", "unknown"),
        (9, "service_code", "service-ended"),
        (10, "client_ref", "personal-code"),
    ]
