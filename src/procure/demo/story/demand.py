"""Step 1: requests come in by file and one by one; the demand is analysed and kept as a basis."""

from collections import Counter
from datetime import date
from typing import Any

from procure.demo.errors import DemoFailed
from procure.demo.story.client import Answer
from procure.demo.story.material import file, read
from procure.demo.story.stage import CONSULTANT, COORDINATOR, Json, Stage
from procure.kernel.time import at

CSV = "text/csv"
SPRING = at(date(2025, 5, 26), 10)
ENDED = "TOOHARJUTUS"
ENDED_REASON = (
    "Work practice ended on 1 January 2026. Whoever still needs a group is asked for again, "
    "under the service that follows it."
)
PRESENT = at(date(2026, 11, 24), 9)


def play_2024(stage: Stage) -> str:
    """Take in the requests of autumn 2023, and analyse them for the framework."""
    _take_in(stage, "requests-2023.csv")
    return _basis(
        stage,
        {
            "name": "Demand for the framework of 2024",
            "service_code": "TOOHARJUTUS",
            "created_until": date(2024, 1, 1),
        },
    )


def play_2025(stage: Stage) -> str:
    """Take in the requests of spring 2025, and analyse those of the county of the call-off."""
    _take_in(stage, "requests-2025.csv")
    return _basis(
        stage,
        {
            "name": "Demand of spring 2025 in Ida-Viru county",
            "service_code": "TOOHARJUTUS",
            "county": "EE-45",
            "created_from_on": date(2025, 1, 1),
            "created_until": date(2025, 6, 1),
        },
    )


def play_present(stage: Stage) -> str:
    """Refuse a wrong file whole; take in the requests of autumn 2026, three of them by hand."""
    _close_ended(stage)
    name = "requests-wrong.csv"
    wrong = stage.cast[CONSULTANT].refused_upload("/requests/import", name, file(name), CSV)
    rows = wrong_rows(wrong)
    stage.does(CONSULTANT, f"sends {name}; nothing of it is taken, and every wrong row is told:")
    for row, reasons in rows.items():
        stage.progress.note(f"row {row}: {'; '.join(reasons)}")
    stage.figures.check("wrong-rows", len(rows))
    stage.figures.check("wrong-taken", _recorded_of_wrong_file(stage))
    _take_in(stage, "requests-2026.csv")
    for row in read("requests-2026-form")["requests"]:
        stage.cast[row["entered_by"]].post("/requests", _request(row))
        stage.does(
            row["entered_by"], f"enters {row['reference']}: {row['county']}, {row['language']}"
        )
    found = stage.cast[CONSULTANT].get("/demand", service_code="TOOHARJUTUS-LAADNE")
    totals = found["totals"]
    stage.does(CONSULTANT, "analyses the demand of autumn 2026")
    stage.figures.check("requests", totals["requests_count"])
    stage.figures.check("suitable", totals["suitable_count"])
    stage.figures.check("referred", totals["referred_count"])
    stage.figures.check("groups", totals["groups_count"])
    stage.figures.check("waiting", totals["waiting_count"])
    for need in found["unmet"]:
        stage.progress.note(
            f"unmet need: {', '.join(need['counties'])} in {need['language']}, "
            f"{need['waiting_count']} wait. {need['why']['message']}"
        )
    return _basis(stage, {"name": "Demand of autumn 2026", "service_code": "TOOHARJUTUS-LAADNE"})


def wrong_rows(refusal: Answer) -> dict[int, list[str]]:
    """Group the reasons against a file by row, each with its field."""
    found: dict[int, list[str]] = {}
    for finding in refusal.findings:
        if row := finding.get("row"):
            reason = f"{finding.get('field', '')}: {finding['message']}"
            found.setdefault(row, []).append(reason)
    return found


def find_request(stage: Stage, reference: str) -> Json:
    """Find a request by its reference."""
    before: dict[str, str] = {}
    while True:
        part = stage.cast[COORDINATOR].get("/requests", limit=500, **before)
        for request in part["items"]:
            if request["reference"] == reference:
                found: Json = request
                return found
        if part["next_before"] is None:
            raise DemoFailed(f"There is no request {reference}.")
        before = {"before": part["next_before"]}


def _close_ended(stage: Stage) -> None:
    """Answer whoever still waits for the service that has ended, so that nobody waits forever."""
    consultant = stage.cast[CONSULTANT]
    closed = 0
    answer = {"reason": ENDED_REASON, "acknowledge_tender": True}
    for state in ("recorded", "tendered"):
        found = consultant.get("/requests", service_code=ENDED, state=state, limit=500)["items"]
        for request in found:
            consultant.post(f"/requests/{request['id']}/refuse", answer)
        closed += len(found)
    stage.does(
        CONSULTANT, f"answers {closed} requests for a service that has ended: {ENDED_REASON}"
    )


def _recorded_of_wrong_file(stage: Stage) -> int:
    part = stage.cast[CONSULTANT].get("/requests", limit=500)
    return sum(request["reference"].startswith("REQ-W") for request in part["items"])


def _take_in(stage: Stage, name: str) -> None:
    report = stage.cast[CONSULTANT].upload("/requests/import", name, file(name), CSV)
    stage.does(CONSULTANT, f"sends {name}: {report['taken_count']} requests are taken in")


def _request(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "entered_by"}


def _basis(stage: Stage, draft: dict[str, Any]) -> str:
    basis = stage.cast[COORDINATOR].post("/bases", draft)
    totals = basis["totals"]
    states = Counter(request["verdict"] for request in basis["requests"])
    stage.does(
        COORDINATOR,
        f"keeps the analysis “{basis['name']}”: {totals['requests_count']} requests, "
        f"{states['grouped']} people in {totals['groups_count']} group(s), "
        f"{totals['waiting_count']} wait, {totals['referred_count']} go to the municipality",
    )
    return str(basis["id"])
