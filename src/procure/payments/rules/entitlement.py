"""What is owed for a group: the engine's result under the contract's terms, worded for people.

Pure: each fact is an argument. The contract's payment terms are data (contracts.rules.paying), what
is known of the group is told as facts (payments.rules.telling), `procure.entitlement` computes;
here its lines get the names and sentences that claims have. Amounts are whole cents of the
contract's currency, days are training days. Source: payment scheme HYBRID-60-20-20 (domain 9.4).
"""

from collections.abc import Iterable
from decimal import Decimal

from procure.contracts.rules import Terms, payment_terms, pots
from procure.contracts.rules.paying import GUARANTEED
from procure.entitlement import engine
from procure.entitlement.terms import Terms as PaymentTerms
from procure.payments.rules.facts import GroupFacts, ParticipantFacts
from procure.payments.rules.lines import Entitlement, Line
from procure.payments.rules.telling import facts_of
from procure.payments.rules.wording import Words
from procure.payments.states import LineKind


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


def terms_of_payment(terms: Terms, facts: GroupFacts) -> PaymentTerms:
    """Return the payment terms that a contract carries, or writes for the outcomes there are."""
    if terms.payment is not None:
        return terms.payment
    found = {
        outcome.family
        for person in facts.participants
        for outcome in person.outcomes
        if outcome.is_payable and outcome.payment_factor
    }
    return payment_terms(terms, sorted(found))


def entitlements(terms: Terms, facts: GroupFacts) -> Entitlement:
    """Compute what is owed, with the steps that led to it.

    Lines come in the order attendance, guarantee, milestones, outcomes, cap, and inside a part in
    the order of the clients' references, whatever the order of the facts.
    """
    agreed = terms_of_payment(terms, facts)
    owed = engine.entitlements(agreed, facts_of(facts, terms.starts_on))
    guaranteed = owed.measures[GUARANTEED]
    words = Words(terms, agreed, facts, owed)
    lines = words.lines(guaranteed)
    total = _sum(lines)

    def of(*kinds: LineKind) -> Decimal:
        return _sum(line for line in lines if line.kind in kinds)

    return Entitlement(
        lines=tuple(lines),
        withheld=tuple(words.withheld()),
        attendance_amount=of(LineKind.ATTENDANCE, LineKind.GUARANTEE),
        milestone_amount=of(LineKind.MILESTONE),
        outcome_amount=of(LineKind.OUTCOME, LineKind.CAP),
        total_amount=total,
        counted_days=words.counted,
        guaranteed_days=guaranteed,
    )


def _sum(lines: Iterable[Line]) -> Decimal:
    return sum((line.amount for line in lines), Decimal("0.00"))
