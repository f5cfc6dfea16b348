"""What is known of a group, told as facts of the format: what the engine computes with.

Pure. A fact keeps its id from claim to claim, so that what changed is its revision. Days by mark
are facts of a value; what they are counted from is the group's attendance.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from procure.contracts.rules.paying import START, outcome_fee
from procure.entitlement.facts import Fact
from procure.outcomes.rules import OutcomeFact
from procure.payments.rules.facts import GroupFacts, ParticipantFacts


def facts_of(group: GroupFacts, since: date, known_at: datetime | None = None) -> list[Fact]:
    """Tell what is known of a group; `since` is the first day of its contract."""
    days = Decimal(group.entered_days_count)
    found = [Fact("training-days", "training-days", since, value=days, known_at=known_at)]
    for person in group.participants:
        found += _person(person, known_at)
    return found


def _person(person: ParticipantFacts, known_at: datetime | None) -> Iterator[Fact]:
    ref = person.client_ref

    def told(what: str, on: date, **more: Any) -> Fact:  # noqa: ANN401 - fields of a fact
        return Fact(f"{what}:{ref}", what, on, ref, known_at=known_at, **more)

    yield told(START, person.joins_on, words={"band": person.risk_band})
    for what, count in (
        ("present", person.present_days),
        ("excused", person.excused_days),
        ("absent", person.absent_days),
        ("success-vacancy", person.vacated_days),
    ):
        if count:
            yield told(what, person.joins_on, value=Decimal(count))
    if person.individual_plan_on is not None:
        in_time = {"in_time": "yes" if person.is_individual_plan_in_time else "no"}
        yield told("individual-plan", person.individual_plan_on, words=in_time)
    if person.relevant_visit_on is not None:
        yield told("relevant-visit", person.relevant_visit_on)
    if person.exit_plan_on is not None:
        yield told("exit-plan", person.exit_plan_on)
    for outcome in person.outcomes:
        if outcome.is_payable and outcome.payment_factor:
            words = {
                "definition": outcome.definition,
                "family": outcome.family,
                "state": str(outcome.state),
            }
            yield Fact(
                _outcome_id(outcome, ref),
                "outcome",
                outcome.outcome_on,
                ref,
                numbers={"factor": outcome.payment_factor},
                words=words,
                source=str(outcome.source),
                known_at=known_at,
            )


def _outcome_id(outcome: OutcomeFact, client_ref: str) -> str:
    """Name the fact of an outcome: by definition first, which is the order of payment on a day."""
    return f"outcome:{outcome.definition}:{client_ref}:{outcome.outcome_id}"


def engine_key(outcome: OutcomeFact, client_ref: str) -> str:
    """Return the key that the engine gives to the obligation of an outcome."""
    return f"{outcome_fee(outcome.family)}:{client_ref}:{_outcome_id(outcome, client_ref)}"


def history(told: Iterable[tuple[datetime, GroupFacts]], since: date) -> list[Fact]:
    """Tell what was known at several instants, in their order: each change as a revision."""
    found: list[Fact] = []
    held: dict[str, Fact] = {}
    for known_at, group in told:
        now = {fact.id: fact for fact in facts_of(group, since)}
        changed: Sequence[Fact] = [
            *(fact for id_, fact in now.items() if held.get(id_) != fact),
            *(
                msgspec.structs.replace(fact, void=True)
                for id_, fact in held.items()
                if id_ not in now and not fact.void
            ),
        ]
        for fact in changed:
            held[fact.id] = fact
            found.append(msgspec.structs.replace(fact, known_at=known_at))
    return found
