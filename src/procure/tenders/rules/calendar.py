"""The legal calendar of a tender: last days, blocked days, what follows what.

Source: RHS §§ 83, 93, 113, 115, 120, 125, 126, 189. A period runs from the day after its act; the
law does not move a standstill that ends on a holiday, so the cautious day is shown beside it.
"""

from collections.abc import Set
from datetime import date, datetime, timedelta

import msgspec

from procure.kernel.texts import n_
from procure.kernel.time import after_days, is_working_day, legal_day, next_working_day
from procure.tenders.rules.law import RuleSet

COMPLAINTS = {
    "simplified": "complaint_simplified",
    "mini-competition": "complaint_call_off",
}


class Signing(msgspec.Struct, frozen=True):
    """When a contract may be signed."""

    last_blocked_on: date | None  # None: the law asks no standstill
    earliest_on: date
    cautious_on: date  # the first working day from `earliest_on` on


class LegalDate(msgspec.Struct, frozen=True):
    """One date of a tender's calendar."""

    code: str
    text: str
    on: date
    clause: str
    at: datetime | None = None  # where the hour counts, too


class PeriodAhead(msgspec.Struct, frozen=True):
    """A period that will run from an act whose day is not known yet."""

    code: str
    text: str
    days: int
    unit: str
    clause: str


class CalendarFacts(msgspec.Struct, frozen=True):
    """What the calendar of a tender is computed from."""

    procedure: str
    started_on: date
    deadline_at: datetime
    contract_starts_on: date


class TimeLeft(msgspec.Struct, frozen=True):
    """Time until a deadline, in whole minutes, rounded down; all zero once it has passed."""

    days: int
    hours: int
    minutes: int


def earliest_deadline(started_on: date, procedure: str, rule_set: RuleSet) -> date:
    """Return the first day that a deadline for tenders may fall on."""
    found = rule_set.procedure(procedure)
    minimum = rule_set.periods.get(found.minimum) if found and found.minimum else None
    return after_days(started_on, minimum.value if minimum else 0)


def last_blocked_day(
    sent_on: date, procedure: str, rule_set: RuleSet, holidays: Set[date]
) -> date | None:
    """Return the last day of the standstill after a decision was sent; None if there is none."""
    found = rule_set.procedure(procedure)
    period = rule_set.periods.get(found.standstill) if found and found.standstill else None
    return period.last_day(sent_on, holidays) if period else None


def earliest_signing(
    sent_on: date, procedure: str, rule_set: RuleSet, holidays: Set[date]
) -> Signing:
    """Tell when a contract may be signed after a decision was sent (RHS §§ 120-121)."""
    blocked = last_blocked_day(sent_on, procedure, rule_set, holidays)
    earliest = blocked + timedelta(days=1) if blocked else sent_on
    return Signing(blocked, earliest, next_working_day(earliest, holidays))


def complaint_last_day(
    sent_on: date, procedure: str, rule_set: RuleSet, holidays: Set[date]
) -> date:
    """Return the last day to complain about a decision (RHS § 189)."""
    return due_day(COMPLAINTS.get(procedure, "complaint"), sent_on, rule_set, holidays)


def complaint_on_documents_last_day(
    deadline_on: date, rule_set: RuleSet, holidays: Set[date]
) -> date | None:
    """Return the last day to complain about the documents, counted back from the deadline's day."""
    period = rule_set.periods.get("complaint_on_documents_before_deadline")
    if period is None:
        return None
    day, left = deadline_on, period.value
    while left:
        day -= timedelta(days=1)
        left -= period.unit == "days" or is_working_day(day, holidays)
    return day


def due_day(period: str, act_on: date, rule_set: RuleSet, holidays: Set[date]) -> date:
    """Return the last day of a named period after an act, such as `award_notice`.

    Raises KeyError for a period that the rule set does not have: a defect, not a refusal.
    """
    found = rule_set.periods[period]
    if found is None:
        raise KeyError(period)
    return found.last_day(act_on, holidays)


def legal_calendar(facts: CalendarFacts, rule_set: RuleSet, holidays: Set[date]) -> list[LegalDate]:
    """List the dates of a tender that are known before its opening, in order."""
    deadline_on = legal_day(facts.deadline_at)
    found = rule_set.procedure(facts.procedure)
    clause = found.clause if found else ""
    dates = [
        LegalDate("published", n_("The procedure starts"), facts.started_on, clause),
        LegalDate("deadline", n_("Deadline for tenders"), deadline_on, clause, facts.deadline_at),
        LegalDate("opening", n_("Tenders are opened"), deadline_on, "RHS § 113"),
        LegalDate("contract", n_("The contract begins"), facts.contract_starts_on, "RHS § 120"),
    ]
    last = complaint_on_documents_last_day(deadline_on, rule_set, holidays)
    if last is not None and last >= facts.started_on:
        dates.append(
            LegalDate(
                "complaints-on-documents",
                n_("Last day to complain about the documents"),
                last,
                "RHS § 189",
            )
        )
    return sorted(dates, key=lambda found: found.on)


def periods_ahead(procedure: str, rule_set: RuleSet) -> list[PeriodAhead]:
    """List the periods that will run from acts still to come."""
    found = rule_set.procedure(procedure)
    named = [
        ("abnormally_low_answer", n_("To explain an abnormally low price, from the question")),
        (COMPLAINTS.get(procedure, "complaint"), n_("To complain, from the day of the decision")),
        (found.standstill if found else None, n_("Standstill, from the day the decision is sent")),
        ("award_notice", n_("To publish the award, from the day of the contract")),
    ]
    return [
        PeriodAhead(name, text, period.value, period.unit, period.clause)
        for name, text in named
        if name and (period := rule_set.periods.get(name))
    ]


def time_left(now: datetime, deadline_at: datetime) -> TimeLeft:
    """Return how long bids may still come in.

    >>> from datetime import UTC
    >>> time_left(datetime(2024, 2, 6, 6, 58, 30, tzinfo=UTC), datetime(2024, 2, 8, 8, tzinfo=UTC))
    TimeLeft(days=2, hours=1, minutes=1)
    """
    left = max(deadline_at - now, timedelta(0))
    hours, seconds = divmod(left.seconds, 3600)
    return TimeLeft(left.days, hours, seconds // 60)
