"""What is owed for a group: a pure function of the contract's terms and the facts known now.

Pure: each fact is an argument. Units: amounts in whole cents of the contract's currency, days are
training days. Rounding: the day rate is rounded to cents before it is multiplied, so that a day
more never costs anyone a cent; guaranteed days to whole days; every other line once, at its end.
Source: payment scheme HYBRID-60-20-20 as the contract carries it (domain 9.4).
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.contracts.rules import Terms, pots
from procure.kernel.findings import Finding
from procure.kernel.money import rounded
from procure.kernel.texts import n_
from procure.outcomes.rules import OutcomeFact
from procure.outcomes.states import OutcomeState
from procure.payments.states import LineKind

ZERO = Decimal(0)


class ParticipantFacts(msgspec.Struct, frozen=True):
    """One person's days by mark, plans, first relevant visit and outcomes."""

    participant_id: UUID
    client_ref: str
    risk_band: str
    joins_on: date
    present_days: int
    excused_days: int
    absent_days: int
    vacated_days: int  # the place stood empty after a success
    individual_plan_on: date | None
    is_individual_plan_in_time: bool  # by the person's own 10th training day (delivery)
    relevant_visit_on: date | None
    exit_plan_on: date | None
    outcomes: tuple[OutcomeFact, ...]


class GroupFacts(msgspec.Struct, frozen=True):
    """Everything known of a group that money depends on; stored with the claim."""

    group_id: UUID
    group_code: str
    entered_days_count: int  # training days whose attendance is entered
    participants: tuple[ParticipantFacts, ...]


class Line(msgspec.Struct, frozen=True):
    """One thing that is owed. `key` names the obligation and is the same at every recomputation."""

    key: str
    kind: LineKind
    clause: str  # its code in the contract
    quantity: Decimal
    rate: Decimal
    amount: Decimal
    trace: Finding  # how it was reckoned, in words and numbers
    client_ref: str | None = None
    participant_id: UUID | None = None
    outcome_id: UUID | None = None


class Withheld(msgspec.Struct, frozen=True):
    """One thing that is not owed (yet), what it would bring, and why not."""

    key: str
    kind: LineKind
    amount: Decimal
    reason: Finding
    client_ref: str | None = None


class Entitlement(msgspec.Struct, frozen=True):
    """What is owed in all, line by line, and what is not."""

    lines: tuple[Line, ...]
    withheld: tuple[Withheld, ...]
    attendance_amount: Decimal  # with the place guarantee
    milestone_amount: Decimal
    outcome_amount: Decimal  # after the cap
    total_amount: Decimal
    counted_days: Decimal
    guaranteed_days: Decimal


def plain(number: Decimal) -> str:
    """Write a number for a trace: no exponent, and no zeros at the end beyond cents.

    >>> plain(Decimal("13.2000")), plain(Decimal("54")), plain(Decimal("0.60") * 100)
    ('13.20', '54', '60')
    """
    text = f"{number.normalize():f}"
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals:0<2}" if decimals else whole


def money(amount: Decimal) -> str:
    """Write an amount for a trace, always with cents."""
    return f"{rounded(amount):f}"


def day_rate(terms: Terms) -> Decimal:
    """Return what one payable day brings, in whole cents."""
    return pots(terms).attendance_price


def payable_days(person: ParticipantFacts, terms: Terms) -> int:
    """Count a person's payable days: present, excused, and vacated by success up to the limit."""
    return (
        person.present_days
        + person.excused_days
        + min(person.vacated_days, terms.scheme.success_vacancy_days)
    )


def entitlements(terms: Terms, facts: GroupFacts) -> Entitlement:
    """Compute what is owed, with the steps that led to it.

    Lines come in the order attendance, guarantee, milestones, outcomes, cap, and inside a part in
    the order of the clients' references, whatever the order of the facts.
    """
    people = sorted(facts.participants, key=lambda person: person.client_ref)
    lines: list[Line] = []
    withheld: list[Withheld] = []
    for person in people:
        _attendance(terms, person, lines, withheld)
    counted = sum((Decimal(payable_days(person, terms)) for person in people), ZERO)
    guaranteed = _guarantee(terms, facts, counted, lines)
    attendance = _sum(lines)
    for person in people:
        _milestones(terms, person, lines, withheld)
    milestones = _sum(lines) - attendance
    for person in people:
        _outcomes(terms, person, lines, withheld)
    _cap(terms, _sum(lines) - attendance - milestones, lines)
    total = _sum(lines)
    return Entitlement(
        lines=tuple(lines),
        withheld=tuple(withheld),
        attendance_amount=attendance,
        milestone_amount=milestones,
        outcome_amount=total - attendance - milestones,
        total_amount=total,
        counted_days=counted,
        guaranteed_days=guaranteed,
    )


def _sum(lines: Iterable[Line]) -> Decimal:
    return sum((line.amount for line in lines), Decimal("0.00"))


def _attendance(
    terms: Terms, person: ParticipantFacts, lines: list[Line], withheld: list[Withheld]
) -> None:
    rate, limit = day_rate(terms), terms.scheme.success_vacancy_days
    days = payable_days(person, terms)
    key = f"attendance:{person.client_ref}"
    if days:
        lines.append(
            Line(
                key,
                LineKind.ATTENDANCE,
                "ATTENDANCE",
                Decimal(days),
                rate,
                days * rate,
                Finding(
                    "attendance",
                    n_(
                        "{present} days present, {excused} excused and {vacated} vacated by "
                        "success (at most {limit} count): {days} × {rate} € = {amount} €; the "
                        "rate is {share} % × {unit} €."
                    ),
                    {
                        "present": person.present_days,
                        "excused": person.excused_days,
                        "vacated": person.vacated_days,
                        "limit": limit,
                        "days": days,
                        "rate": money(rate),
                        "amount": money(days * rate),
                        "share": plain(terms.scheme.attendance_share * 100),
                        "unit": plain(terms.unit_price),
                    },
                    "ATTENDANCE",
                ),
                person.client_ref,
                person.participant_id,
            )
        )
    if person.absent_days:
        withheld.append(
            Withheld(
                f"{key}:absent",
                LineKind.ATTENDANCE,
                person.absent_days * rate,
                Finding(
                    "absent",
                    n_("Days absent without excuse, which are not payable: {days}."),
                    {"days": person.absent_days},
                    "ATTENDANCE",
                ),
                person.client_ref,
            )
        )
    if (over := person.vacated_days - limit) > 0:
        withheld.append(
            Withheld(
                f"{key}:vacated",
                LineKind.ATTENDANCE,
                over * rate,
                Finding(
                    "vacated-too-long",
                    n_(
                        "{over} of {vacated} days vacated by success are over the limit of {limit}."
                    ),
                    {"over": over, "vacated": person.vacated_days, "limit": limit},
                    "ATTENDANCE",
                ),
                person.client_ref,
            )
        )


def _guarantee(terms: Terms, facts: GroupFacts, counted: Decimal, lines: list[Line]) -> Decimal:
    """Add what is missing to the guaranteed days, over the days entered so far; return those."""
    days = min(facts.entered_days_count, terms.days_count)
    guaranteed = rounded(terms.scheme.guarantee_share * terms.places_count * days, Decimal(1))
    if counted < guaranteed:
        missing, rate = guaranteed - counted, day_rate(terms)
        lines.append(
            Line(
                "guarantee",
                LineKind.GUARANTEE,
                "GUARANTEE",
                missing,
                rate,
                rounded(missing * rate),
                Finding(
                    "guarantee",
                    n_(
                        "{share} % × {places} places × {days} days are {guaranteed} guaranteed "
                        "days; {counted} were counted: {missing} × {rate} € = {amount} €."
                    ),
                    {
                        "share": plain(terms.scheme.guarantee_share * 100),
                        "places": terms.places_count,
                        "days": days,
                        "guaranteed": plain(guaranteed),
                        "counted": plain(counted),
                        "missing": plain(missing),
                        "rate": money(rate),
                        "amount": money(missing * rate),
                    },
                    "GUARANTEE",
                ),
            )
        )
    return guaranteed


def milestone_missed(code: str, person: ParticipantFacts) -> Finding | None:
    """Say why a milestone is not reached; None if it is."""
    if code == "M1":
        if person.individual_plan_on is None:
            return Finding("no-plan", n_("No individual plan was agreed."), {}, "MILESTONE")
        if not person.is_individual_plan_in_time:
            return Finding(
                "plan-late",
                n_("The individual plan was agreed on {on}, after the person's 10th training day."),
                {"on": person.individual_plan_on},
                "MILESTONE",
            )
        return None
    if code == "M2":
        if person.relevant_visit_on is None:
            return Finding(
                "no-visit", n_("No employer visit was relevant for this person."), {}, "MILESTONE"
            )
        return None
    if code == "M3":
        if person.exit_plan_on is None:
            return Finding(
                "no-exit-plan",
                n_("No exit plan was agreed with the caseworker."),
                {},
                "MILESTONE",
            )
        return None
    raise ValueError(f"the scheme has milestone {code}, which nobody knows how to check")


REACHED = {
    "M1": n_(
        "The individual plan was agreed on {on}: {weight} % × {share} % × {full} € ÷ {places} = "
        "{amount} €."
    ),
    "M2": n_(
        "A relevant employer visit was on {on}: {weight} % × {share} % × {full} € ÷ {places} = "
        "{amount} €."
    ),
    "M3": n_(
        "The exit plan was agreed with the caseworker on {on}: {weight} % × {share} % × {full} € "
        "÷ {places} = {amount} €."
    ),
}


def _milestones(
    terms: Terms, person: ParticipantFacts, lines: list[Line], withheld: list[Withheld]
) -> None:
    on = {
        "M1": person.individual_plan_on,
        "M2": person.relevant_visit_on,
        "M3": person.exit_plan_on,
    }
    for code, amount in sorted(pots(terms).milestone_amounts.items()):
        key = f"milestone:{code}:{person.client_ref}"
        if (why_not := milestone_missed(code, person)) is not None:
            withheld.append(Withheld(key, LineKind.MILESTONE, amount, why_not, person.client_ref))
            continue
        lines.append(
            Line(
                key,
                LineKind.MILESTONE,
                "MILESTONE",
                Decimal(1),
                amount,
                amount,
                Finding(
                    code,
                    REACHED[code],
                    {
                        "on": on[code],
                        "weight": plain(terms.scheme.milestones[code] * 100),
                        "share": plain(terms.scheme.milestone_share * 100),
                        "full": money(terms.full_value_amount),
                        "places": terms.places_count,
                        "amount": money(amount),
                    },
                    "MILESTONE",
                ),
                person.client_ref,
                person.participant_id,
            )
        )


def _outcomes(
    terms: Terms, person: ParticipantFacts, lines: list[Line], withheld: list[Withheld]
) -> None:
    """Pay the verified outcomes of the one family that brings the most."""
    families: dict[str, list[Line]] = {}
    for outcome in sorted(person.outcomes, key=lambda o: (o.outcome_on, o.definition)):
        if not outcome.is_payable or not outcome.payment_factor:
            continue
        if outcome.state is not OutcomeState.VERIFIED:
            withheld.append(_unverified(terms, person, outcome))
            continue
        family = families.setdefault(outcome.family, [])
        # What a family brings is at most one whole outcome, however many definitions it has.
        left = 1 - sum((line.quantity for line in family), ZERO)
        if (factor := min(outcome.payment_factor, left)) > 0:
            family.append(_outcome_line(terms, person, outcome, factor))
    order = sorted(families, key=lambda name: (-_sum(families[name]), name))
    for position, name in enumerate(order):
        if position == 0 or not terms.scheme.one_family_per_participant:
            lines.extend(families[name])
            continue
        for line in families[name]:
            withheld.append(
                Withheld(
                    line.key,
                    LineKind.OUTCOME,
                    line.amount,
                    Finding(
                        "one-family",
                        n_("One family of outcomes is paid for each person: {paid}, not {other}."),
                        {"paid": order[0], "other": name},
                        "OUTCOME",
                    ),
                    person.client_ref,
                )
            )


def outcome_key(definition: str, client_ref: str) -> str:
    """Name the obligation of one outcome."""
    return f"outcome:{definition}:{client_ref}"


def _outcome_amount(terms: Terms, band: str, factor: Decimal) -> Decimal:
    pot = terms.full_value_amount * terms.scheme.outcome_share
    return rounded(pot * terms.scheme.band_multipliers[band] * factor / terms.places_count)


def _outcome_line(
    terms: Terms, person: ParticipantFacts, outcome: OutcomeFact, factor: Decimal
) -> Line:
    multiplier = terms.scheme.band_multipliers[person.risk_band]
    amount = _outcome_amount(terms, person.risk_band, factor)
    return Line(
        outcome_key(outcome.definition, person.client_ref),
        LineKind.OUTCOME,
        "OUTCOME",
        factor,
        _outcome_amount(terms, person.risk_band, Decimal(1)),
        amount,
        Finding(
            outcome.definition,
            n_(
                "{definition} on {on}, verified by {source}: {share} % × {full} € ÷ {places} × "
                "{multiplier} (band {band}) × {factor} = {amount} €."
            ),
            {
                "definition": outcome.definition,
                "on": outcome.outcome_on,
                "source": str(outcome.source),
                "share": plain(terms.scheme.outcome_share * 100),
                "full": money(terms.full_value_amount),
                "places": terms.places_count,
                "multiplier": plain(multiplier),
                "band": person.risk_band,
                "factor": plain(factor),
                "amount": money(amount),
            },
            "OUTCOME",
        ),
        person.client_ref,
        person.participant_id,
        outcome.outcome_id,
    )


def _unverified(terms: Terms, person: ParticipantFacts, outcome: OutcomeFact) -> Withheld:
    if outcome.state is OutcomeState.REJECTED:
        reason = outcome.reason
    else:
        reason = Finding(
            "not-verified",
            n_("{definition} is reported and waits for evidence from another than the provider."),
            {"definition": outcome.definition},
            "OUTCOME",
        )
    return Withheld(
        outcome_key(outcome.definition, person.client_ref),
        LineKind.OUTCOME,
        _outcome_amount(terms, person.risk_band, outcome.payment_factor),
        reason,
        person.client_ref,
    )


def _cap(terms: Terms, outcomes: Decimal, lines: list[Line]) -> None:
    parts = pots(terms)
    pot, cap = parts.outcome_amount, parts.outcome_cap_amount
    if outcomes > cap:
        lines.append(
            Line(
                "cap",
                LineKind.CAP,
                "CAP",
                Decimal(1),
                cap - outcomes,
                cap - outcomes,
                Finding(
                    "cap",
                    n_(
                        "Outcomes come to {outcomes} €; at most {share} % × {pot} € are paid, "
                        "which is {cap} €."
                    ),
                    {
                        "outcomes": money(outcomes),
                        "share": plain(terms.scheme.outcome_cap_share * 100),
                        "pot": money(pot),
                        "cap": money(cap),
                    },
                    "CAP",
                ),
            )
        )
