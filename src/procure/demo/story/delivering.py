"""Step 7: a group day by day, its plans and visits, and what came of each participant."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import msgspec

from procure.demo.errors import DemoFailed
from procure.demo.story.demand import find_request
from procure.demo.story.material import only, read, table
from procure.demo.story.registering import Parties
from procure.demo.story.stage import CONSULTANT, CONTRACT_MANAGER, Json, Stage
from procure.kernel.time import at

FACILITATOR = "marko@pakkuja02.example"
CSV = "text/csv"


class _Event(msgspec.Struct, frozen=True):
    """Something that happens to the group at a moment of its life."""

    at: datetime
    play: Callable[[], None]


class Group:
    """A group of the fixtures while it is played."""

    def __init__(self, stage: Stage, contract: Json, parties: Parties) -> None:
        self.stage = stage
        self.contract = contract
        self.parties = parties
        self.fixture: dict[str, Any] = read("group-2025")
        self.id = ""
        self.participants: dict[str, str] = {}  # ids by client
        self.employers: dict[str, str] = {}
        self.outcomes: dict[tuple[str, str], str] = {}  # ids by client and definition
        self.marked_until = date.min  # attendance is in up to here, exclusive


def play(stage: Stage, contract: Json, parties: Parties) -> Group:
    """Plan the group, and play everything that happens to it in the order of the calendar."""
    group = Group(stage, contract, parties)
    _plan(group)
    for event in sorted(_events(group), key=lambda event: event.at):
        stage.clock(event.at)
        event.play()
    _count(group)
    return group


def check_register(group: Group) -> None:
    """Ask the employment register's twin about the group; it contradicts one outcome."""
    stage = group.stage
    report = stage.cast[CONTRACT_MANAGER].post(f"/groups/{group.id}/register-check")
    stage.does(
        CONTRACT_MANAGER, f"asks the employment register about {report['asked_count']} people"
    )
    contradicted = [item for item in report["items"] if item["supports"] is False]
    for item in contradicted:
        stage.progress.note(
            f"{item['client_ref']} {item['definition']}: {item['reason']['message']}"
        )
    stage.figures.check(
        "contradicted",
        ", ".join(f"{item['client_ref']} {item['definition']}" for item in contradicted),
    )


def _plan(group: Group) -> None:
    stage, fixture = group.stage, group.fixture
    stage.day(fixture["planned_on"])
    days = [day for week in fixture["training_days"] for day in week]
    planned = stage.cast[CONSULTANT].post(
        "/groups",
        {
            "contract_id": group.contract["id"],
            "venue_id": group.parties.venues[fixture["venue"]],
            "places_count": fixture["places_count"],
            "days": days,
            "facilitator_ids": [
                group.parties.facilitators[code] for code in fixture["facilitators"]
            ],
            "code": fixture["code"],
        },
    )
    group.id = planned["id"]
    stage.subjects.append(group.id)
    stage.does(
        CONSULTANT,
        f"plans {fixture['code']} in {planned['place']}: {len(days)} days from {days[0]} to "
        f"{days[-1]}",
    )
    for row in read("employers")["employers"]:
        made = stage.cast[CONSULTANT].post(
            "/employers", only(row, "name", "registry_code", "county", "sector", "code")
        )
        group.employers[row["code"]] = made["id"]
    stage.does(CONSULTANT, f"records {len(group.employers)} employers that groups may visit")


def _events(group: Group) -> list[_Event]:
    """List what happens to the group; what is sorted stays in this order within a moment."""
    fixture = group.fixture
    events = [
        _Event(at(fixture["referred_on"], 9), partial(_refer, group, fixture["referred_on"])),
        _Event(at(fixture["starts_on"], 8), partial(_start, group)),
        _Event(at(fixture["starts_on"], 17), partial(_mark_by_hand, group, fixture["starts_on"])),
    ]
    for person in fixture["participants"]:
        events += _events_of(group, person)
    for kind in ("individual", "exit"):
        days = {
            p[f"{kind}_plan"]["agreed_on"] for p in fixture["participants"] if p[f"{kind}_plan"]
        }
        events += [_Event(at(day, 16), partial(_agree, group, kind, day)) for day in days]
    events += [
        _Event(at(visit["visited_on"], 18), partial(_visit, group, visit))
        for visit in fixture["visits"]
    ]
    last_days = {day.replace(day=1): day for day in _days(group)}.values()
    events += [_Event(at(day, 19), partial(_mark_until, group, day)) for day in last_days]
    events.append(_Event(at(fixture["completed_on"], 9), partial(_complete, group)))
    return events


def _events_of(group: Group, person: dict[str, Any]) -> list[_Event]:
    events: list[_Event] = []
    if person["replaces"]:
        day = person["referred_on"]
        events.append(_Event(at(day, 9), partial(_refer, group, day)))
    if leaves := person["leaves_until"]:
        events.append(_Event(at(leaves, 8), partial(_leave, group, person)))
    for outcome in person["outcomes"]:
        events.append(
            _Event(
                at(outcome["reported_on"], 10),
                partial(_report, group, person, outcome),
            )
        )
        if evidence := outcome["evidence"]:
            events.append(
                _Event(
                    at(evidence["recorded_on"], 14),
                    partial(_prove, group, person, outcome),
                )
            )
    return events


def _days(group: Group) -> list[date]:
    return [day for week in group.fixture["training_days"] for day in week]


def _refer(group: Group, day: date) -> None:
    """Refer whoever is due on that day, each by the request that asked for them."""
    people = [p for p in group.fixture["participants"] if p["referred_on"] == day]
    for person in people:
        request = find_request(group.stage, person["request"])
        body = {"request_id": request["id"], "joins_on": person["joins_on"]}
        if person["replaces"]:
            body["replaces_id"] = group.participants[person["replaces"]]
        made = group.stage.cast[CONSULTANT].post(f"/groups/{group.id}/participants", body)
        group.participants[person["client_ref"]] = made["id"]
    names = f"{len(people)} people" if len(people) > 1 else people[0]["client_ref"]
    place = f" in the place of {people[0]['replaces']}" if people[0]["replaces"] else ""
    group.stage.does(CONSULTANT, f"refers {names} to {group.fixture['code']}{place}")


def _start(group: Group) -> None:
    group.stage.cast[CONSULTANT].post(f"/groups/{group.id}/start")
    group.stage.does(CONSULTANT, f"starts {group.fixture['code']}")


def _mark_by_hand(group: Group, day: date) -> None:
    """Enter the first day as on a phone."""
    rows = [row for row in table("attendance-2025") if row["day"] == day.isoformat()]
    marks = [
        {"participant_id": group.participants[row["client_ref"]], "mark": row["mark"]}
        for row in rows
    ]
    group.stage.cast[FACILITATOR].post(f"/groups/{group.id}/attendance/{day}", {"marks": marks})
    group.stage.does(FACILITATOR, f"enters the first day: {len(marks)} marks")
    group.marked_until = day + timedelta(days=1)


def _mark_until(group: Group, day: date) -> None:
    """Send the marks of all days up to and with this one that are not in yet, as a file."""
    rows = [
        row
        for row in table("attendance-2025")
        if group.marked_until <= date.fromisoformat(row["day"]) <= day
    ]
    if not rows:
        return
    lines = ["day,client_ref,mark", *(",".join(row.values()) for row in rows)]
    group.stage.cast[FACILITATOR].upload(
        f"/groups/{group.id}/attendance/import",
        "attendance.csv",
        "\n".join(lines).encode() + b"\n",
        CSV,
    )
    group.stage.does(FACILITATOR, f"sends attendance up to {day}: {len(rows)} marks")
    group.marked_until = day + timedelta(days=1)


def _agree(group: Group, kind: str, day: date) -> None:
    """Record the plans that were agreed on that day."""
    plans = {
        person["client_ref"]: person[f"{kind}_plan"]
        for person in group.fixture["participants"]
        if person[f"{kind}_plan"] and person[f"{kind}_plan"]["agreed_on"] == day
    }
    for client, plan in plans.items():
        group.stage.cast[FACILITATOR].post(
            f"/groups/{group.id}/participants/{group.participants[client]}/plans",
            {"kind": kind, "agreed_on": day, "goal": plan["goal"]},
        )
    group.stage.does(FACILITATOR, f"agrees the {kind} plan with {', '.join(plans)}")


def _leave(group: Group, person: dict[str, Any]) -> None:
    client, leaves = person["client_ref"], person["leaves_until"]
    _mark_until(group, leaves - timedelta(days=1))
    group.stage.cast[CONSULTANT].post(
        f"/groups/{group.id}/participants/{group.participants[client]}/leave",
        {"leaves_until": leaves, "reason": person["exit_reason"]},
    )
    group.stage.does(CONSULTANT, f"records that {client} leaves: {person['exit_reason']}")


def _visit(group: Group, visit: dict[str, Any]) -> None:
    made = group.stage.cast[FACILITATOR].post(
        f"/groups/{group.id}/visits",
        {
            "employer_id": group.employers[visit["employer"]],
            "visited_on": visit["visited_on"],
            "vacancies_count": visit["vacancies_count"],
            "participant_ids": [group.participants[client] for client in visit["participants"]],
            "relevant_ids": [group.participants[client] for client in visit["relevant_for"]],
            "result": visit["result"],
        },
    )
    again = " again" if made["is_repeat"] else ""
    group.stage.does(
        FACILITATOR,
        f"visits {visit['employer']}{again} with {len(visit['participants'])}, relevant for "
        f"{len(visit['relevant_for'])}. {visit['result']}",
    )


def _report(group: Group, person: dict[str, Any], outcome: dict[str, Any]) -> None:
    client = person["client_ref"]
    made = group.stage.cast[FACILITATOR].post(
        f"/groups/{group.id}/outcomes",
        {
            "client_ref": client,
            "definition": outcome["definition"],
            "outcome_on": outcome["outcome_on"],
            "note": outcome["note"],
        },
    )
    group.outcomes[client, outcome["definition"]] = made["id"]
    group.stage.does(FACILITATOR, f"reports {outcome['definition']} of {client}")


def _prove(group: Group, person: dict[str, Any], outcome: dict[str, Any]) -> None:
    client, evidence = person["client_ref"], outcome["evidence"]
    group.stage.cast[CONTRACT_MANAGER].post(
        f"/outcomes/{group.outcomes[client, outcome['definition']]}/evidence",
        {"source": evidence["source"], "supports": True, "note": evidence["note"]},
    )
    group.stage.does(
        CONTRACT_MANAGER,
        f"records evidence of {client} by {evidence['source']}: {evidence['note']}",
    )


def _complete(group: Group) -> None:
    _mark_until(group, _days(group)[-1])
    group.stage.cast[CONSULTANT].post(f"/groups/{group.id}/complete")
    group.stage.does(CONSULTANT, f"completes {group.fixture['code']}")


def _count(group: Group) -> None:
    """Hold the days counted by the system against those of the fixture, person by person."""
    seen = group.stage.cast[CONSULTANT].get(f"/groups/{group.id}")
    for person in group.fixture["participants"]:
        found = next(p for p in seen["participants"] if p["client_ref"] == person["client_ref"])
        counted = {
            "present": found["present_count"],
            "excused": found["excused_count"],
            "absent": found["absent_count"],
            "success-vacancy": found["success_vacancy_count"],
        }
        if counted != person["days"]:
            raise DemoFailed(f"{person['client_ref']} has {counted} instead of {person['days']}.")
    group.stage.figures.check(
        "payable-days", sum(person["payable_days_count"] for person in seen["participants"])
    )
    group.stage.figures.check("outcomes-count", len(group.outcomes))
