"""Lines of the engine with the names and sentences that claims have, and what is withheld and why.

Pure. No amount that is owed is decided here: each is the engine's.
"""

from collections.abc import Iterator
from decimal import Decimal

from procure.contracts.rules import Terms, pots
from procure.contracts.rules.paying import MILESTONES, outcome_fee
from procure.entitlement.exact import decimal_of
from procure.entitlement.lines import Entitlement as Owed
from procure.entitlement.lines import Line as OwedLine
from procure.entitlement.terms import Terms as PaymentTerms
from procure.kernel.findings import Finding
from procure.kernel.money import rounded
from procure.kernel.texts import n_
from procure.outcomes.rules import OutcomeFact
from procure.outcomes.states import OutcomeState
from procure.payments.rules.facts import GroupFacts, ParticipantFacts
from procure.payments.rules.lines import Line, Withheld, money, plain
from procure.payments.rules.reasons import REACHED, milestone_missed
from procure.payments.rules.telling import engine_key
from procure.payments.states import LineKind

ORDER = (
    LineKind.ATTENDANCE,
    LineKind.GUARANTEE,
    LineKind.MILESTONE,
    LineKind.OUTCOME,
    LineKind.CAP,
)


def outcome_key(definition: str, client_ref: str) -> str:
    """Name the obligation of one outcome."""
    return f"outcome:{definition}:{client_ref}"


class Words:
    """What the sentences about one group are made of."""

    def __init__(self, terms: Terms, agreed: PaymentTerms, facts: GroupFacts, owed: Owed) -> None:
        self.terms, self.facts, self.owed = terms, facts, owed
        self.fees = {fee.code for fee in agreed.fees}
        self.rate = pots(terms).attendance_price
        self.people = {person.client_ref: person for person in facts.participants}
        self.outcomes = {
            engine_key(outcome, person.client_ref): outcome
            for person in facts.participants
            for outcome in person.outcomes
        }
        self.counted = sum(
            (_quantity(line) for line in owed.lines if line.fee == "attendance"), Decimal(0)
        )

    def lines(self, guaranteed: Decimal) -> list[Line]:
        """Word the engine's lines, in the order of claims."""
        found = []
        for line in self.owed.lines:
            if line.fee == "attendance":
                found.append(self._attendance(line))
            elif line.fee == "guarantee":
                found.append(self._guarantee(line, guaranteed))
            elif line.fee in MILESTONES:
                found.append(self._milestone(line))
            elif line.fee == "cap":
                found.append(self._cap(line))
            else:
                found.append(self._outcome(line))
        return sorted(found, key=lambda line: ORDER.index(line.kind))

    def _attendance(self, line: OwedLine) -> Line:
        person, days = self.people[line.who], _quantity(line)
        return Line(
            line.key,
            LineKind.ATTENDANCE,
            "ATTENDANCE",
            days,
            _rate(line),
            line.amount,
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
                    "limit": self.terms.scheme.success_vacancy_days,
                    "days": plain(days),
                    "rate": money(_rate(line)),
                    "amount": money(line.amount),
                    "share": plain(self.terms.scheme.attendance_share * 100),
                    "unit": plain(self.terms.unit_price),
                },
                "ATTENDANCE",
            ),
            person.client_ref,
            person.participant_id,
        )

    def _guarantee(self, line: OwedLine, guaranteed: Decimal) -> Line:
        scheme, missing = self.terms.scheme, _quantity(line)
        return Line(
            "guarantee",
            LineKind.GUARANTEE,
            "GUARANTEE",
            missing,
            _rate(line),
            line.amount,
            Finding(
                "guarantee",
                n_(
                    "{share} % × {places} places × {days} days are {guaranteed} guaranteed "
                    "days; {counted} were counted: {missing} × {rate} € = {amount} €."
                ),
                {
                    "share": plain(scheme.guarantee_share * 100),
                    "places": self.terms.places_count,
                    "days": min(self.facts.entered_days_count, self.terms.days_count),
                    "guaranteed": plain(guaranteed),
                    "counted": plain(self.counted),
                    "missing": plain(missing),
                    "rate": money(_rate(line)),
                    "amount": money(line.amount),
                },
                "GUARANTEE",
            ),
        )

    def _milestone(self, line: OwedLine) -> Line:
        person, code = self.people[line.who], line.fee
        on = {
            "M1": person.individual_plan_on,
            "M2": person.relevant_visit_on,
            "M3": person.exit_plan_on,
        }
        return Line(
            f"milestone:{code}:{line.who}",
            LineKind.MILESTONE,
            "MILESTONE",
            _quantity(line),
            _rate(line),
            line.amount,
            Finding(
                code,
                REACHED[code],
                {
                    "on": on[code],
                    "weight": plain(self.terms.scheme.milestones[code] * 100),
                    "share": plain(self.terms.scheme.milestone_share * 100),
                    "full": money(self.terms.full_value_amount),
                    "places": self.terms.places_count,
                    "amount": money(line.amount),
                },
                "MILESTONE",
            ),
            person.client_ref,
            person.participant_id,
        )

    def _outcome(self, line: OwedLine) -> Line:
        person, outcome, factor = self.people[line.who], self.outcomes[line.key], _quantity(line)
        return Line(
            outcome_key(outcome.definition, line.who),
            LineKind.OUTCOME,
            "OUTCOME",
            factor,
            _rate(line),
            line.amount,
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
                    "share": plain(self.terms.scheme.outcome_share * 100),
                    "full": money(self.terms.full_value_amount),
                    "places": self.terms.places_count,
                    "multiplier": plain(self.terms.scheme.band_multipliers[person.risk_band]),
                    "band": person.risk_band,
                    "factor": plain(factor),
                    "amount": money(line.amount),
                },
                "OUTCOME",
            ),
            person.client_ref,
            person.participant_id,
            outcome.outcome_id,
        )

    def _cap(self, line: OwedLine) -> Line:
        parts = pots(self.terms)
        return Line(
            "cap",
            LineKind.CAP,
            "CAP",
            Decimal(1),
            line.amount,
            line.amount,
            Finding(
                "cap",
                n_(
                    "Outcomes come to {outcomes} €; at most {share} % × {pot} € are paid, "
                    "which is {cap} €."
                ),
                {
                    "outcomes": money(parts.outcome_cap_amount - line.amount),
                    "share": plain(self.terms.scheme.outcome_cap_share * 100),
                    "pot": money(parts.outcome_amount),
                    "cap": money(parts.outcome_cap_amount),
                },
                "CAP",
            ),
        )

    def withheld(self) -> Iterator[Withheld]:
        """Say what is not owed (yet), what it would bring, and why not."""
        people = [self.people[ref] for ref in sorted(self.people)]
        for person in people:
            yield from self._days_withheld(person)
        for one in self.owed.withheld:
            missed = (
                milestone_missed(one.source, self.people[one.who])
                if one.source in MILESTONES
                else None
            )
            if missed is not None:
                yield Withheld(
                    f"milestone:{one.source}:{one.who}",
                    LineKind.MILESTONE,
                    rounded(decimal_of(one.cents).scaleb(-2)),
                    missed,
                    one.who,
                )
        for person in people:
            for outcome in sorted(person.outcomes, key=lambda o: (o.outcome_on, o.definition)):
                if outcome.is_payable and outcome.payment_factor:
                    yield from self._unpaid(person, outcome)
        for one in self.owed.withheld:
            if one.source == "one-family":
                outcome = self.outcomes[one.key]
                yield Withheld(
                    outcome_key(outcome.definition, one.who),
                    LineKind.OUTCOME,
                    rounded(decimal_of(one.cents).scaleb(-2)),
                    Finding(
                        "one-family",
                        n_("One family of outcomes is paid for each person: {paid}, not {other}."),
                        one.say().values,
                        "OUTCOME",
                    ),
                    one.who,
                )

    def _days_withheld(self, person: ParticipantFacts) -> Iterator[Withheld]:
        key, limit = f"attendance:{person.client_ref}", self.terms.scheme.success_vacancy_days
        if person.absent_days:
            yield Withheld(
                f"{key}:absent",
                LineKind.ATTENDANCE,
                person.absent_days * self.rate,
                Finding(
                    "absent",
                    n_("Days absent without excuse, which are not payable: {days}."),
                    {"days": person.absent_days},
                    "ATTENDANCE",
                ),
                person.client_ref,
            )
        if (over := person.vacated_days - limit) > 0:
            yield Withheld(
                f"{key}:vacated",
                LineKind.ATTENDANCE,
                over * self.rate,
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

    def _unpaid(self, person: ParticipantFacts, outcome: OutcomeFact) -> Iterator[Withheld]:
        if outcome.state is OutcomeState.REJECTED:
            reason = outcome.reason
        elif outcome.state is not OutcomeState.VERIFIED:
            text = n_(
                "{definition} is reported and waits for evidence from another than the provider."
            )
            reason = Finding("not-verified", text, {"definition": outcome.definition}, "OUTCOME")
        elif outcome_fee(outcome.family) not in self.fees:
            text = n_("The contract pays nothing for outcomes of the family {family}.")
            reason = Finding("not-agreed", text, {"family": outcome.family}, "OUTCOME")
        else:
            return
        terms, multiplier = self.terms, self.terms.scheme.band_multipliers[person.risk_band]
        whole = terms.full_value_amount * terms.scheme.outcome_share * multiplier
        yield Withheld(
            outcome_key(outcome.definition, person.client_ref),
            LineKind.OUTCOME,
            rounded(whole * outcome.payment_factor / terms.places_count),
            reason,
            person.client_ref,
        )


def _quantity(line: OwedLine) -> Decimal:
    return decimal_of(line.item.quantity) if line.item is not None else Decimal(1)


def _rate(line: OwedLine) -> Decimal:
    return rounded(decimal_of(line.item.price)) if line.item is not None else line.amount
