"""Step 6: frameworks signed after the standstill, and a group called off by mini-competition."""

from datetime import date, timedelta
from typing import Any

from procure.demo.story.material import only, read
from procure.demo.story.registering import Parties, manager_of
from procure.demo.story.stage import CONTRACT_MANAGER, COORDINATOR, Json, Stage
from procure.demo.story.tendering import publish

MONTH = timedelta(days=31)


def play_standstill(stage: Stage, award: Json) -> list[Json]:
    """Draft both frameworks, and be refused a signature while the standstill runs."""
    drafted: list[Json] = stage.cast[CONTRACT_MANAGER].post(f"/awards/{award['id']}/contracts")[
        "items"
    ]
    stage.does(
        CONTRACT_MANAGER, f"drafts {' and '.join(contract['number'] for contract in drafted)}"
    )
    stage.clock(read("tender-2024")["timetable"]["signing_refused_at"])
    first = drafted[0]
    refusal = stage.cast[CONTRACT_MANAGER].refused(
        f"/contracts/{first['id']}/sign", {"document_sha256": first["document_sha256"]}
    )
    stage.does(CONTRACT_MANAGER, f"wants to sign {first['number']} at once: {refusal}")
    clauses = [finding["clause"] for finding in refusal.findings if finding["code"] == "standstill"]
    stage.figures.check("signing-refused", " ".join(clauses))
    return drafted


def play_framework(stage: Stage, drafted: list[Json], parties: Parties) -> None:
    """Sign both frameworks on the first day on which it is allowed."""
    stage.clock(read("tender-2024")["timetable"]["signed_at"])
    signed = [_sign(stage, contract, parties) for contract in drafted]
    stage.figures.check(
        "frameworks-count", sum(contract["state"] == "signed" for contract in signed)
    )


def report_duties(stage: Stage, email: str, day: date, note: str) -> None:
    """Report the duties of contracts that are due by now and are done outside the system."""
    stage.day(day)
    program = stage.cast[email]
    due = [
        task
        for task in program.get("/tasks")["items"]
        if task["kind"].startswith("contract:")
        and date.fromisoformat(task["due_on"]) <= day + MONTH
    ]
    for task in due:
        program.post(f"/tasks/{task['id']}/done", {"note": note})
    stage.does(email, f"reports {len(due)} duties as done: {note}")


def call(stage: Stage, lot_id: str, basis_id: str, parties: Parties) -> Json:
    """Invite the partners of the framework's lot to a mini-competition."""
    fixture = read("mini-competition-2025")
    stage.clock(fixture["published_at"])
    lot = fixture["lots"][0]
    draft: dict[str, Any] = {
        **only(lot, "groups_count", "places_count", "days_count", "unit_price"),
        **only(
            fixture,
            "reference",
            "title",
            "description",
            "contract_starts_on",
            "contract_until",
            "deadline_at",
            "opening_quorum_count",
        ),
        "keyholder_ids": [parties.people[email] for email in fixture["keyholders"]],
        "basis_id": basis_id,
    }
    tender: Json = stage.cast[COORDINATOR].post(f"/frameworks/{lot_id}/mini-competitions", draft)
    stage.does(
        COORDINATOR,
        f"calls off a group in lot {lot['code']}: "
        f"{' and '.join(party['name'] for party in tender['invited'])} are invited",
    )
    return publish(stage, tender["id"])


def play_call_off(stage: Stage, award: Json, parties: Parties) -> Json:
    """Draft and sign the call-off with the winner, at once."""
    winner = award["suppliers"][0]
    stage.figures.check("call-off-winner", parties.code_of(winner["provider_org_id"]))
    stage.clock(read("mini-competition-2025")["timetable"]["signed_at"])
    drafted = stage.cast[CONTRACT_MANAGER].post(f"/awards/{award['id']}/contracts")["items"]
    contract = _sign(stage, drafted[0], parties)
    stage.figures.check("call-off-price", contract["terms"]["unit_price"])
    stage.figures.check("call-off-value", contract["terms"]["full_value_amount"])
    return contract


def _sign(stage: Stage, contract: Json, parties: Parties) -> Json:
    """Sign for both sides, each under the hash of the document as it reads it."""
    stage.subjects.append(contract["id"])
    path = f"/contracts/{contract['id']}"
    manager = manager_of(parties.code_of(contract["provider_id"])) or ""
    for email in (manager, CONTRACT_MANAGER):
        document = stage.cast[email].get(path)["document_sha256"]
        contract = stage.cast[email].post(f"{path}/sign", {"document_sha256": document})
        stage.does(email, f"signs {contract['number']}")
    return contract
