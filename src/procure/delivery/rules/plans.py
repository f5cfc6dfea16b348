"""Plans agreed with people: may one be recorded, and does it speak for itself.

Pure. A plan is money (milestones M1 and M3), and the provider alone writes it down. So what comes
long after its day, or after the group's end, counts once the buyer's side says that it is so.
Source: payment scheme, milestones; parameter `delivery/entry_windows` for "long".
"""

from datetime import date

import msgspec

from procure.delivery.states import GroupState
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


class EntryWindows(msgspec.Struct, frozen=True):
    """How many days after its day a record speaks for itself: `delivery/entry_windows`."""

    plan_days: int
    mark_days: int


class PlanFacts(msgspec.Struct, frozen=True):
    """What the record of a plan rests on."""

    joins_on: date
    stays_until: date
    agreed_on: date
    today: date
    has_this_kind: bool
    group_state: str
    plan_days: int  # after which an entry is late


def plan_findings(facts: PlanFacts) -> list[Finding]:
    """List every reason why a plan cannot be recorded."""
    found = []
    if facts.has_this_kind:
        found.append(
            Finding("plan-exists", n_("This plan has been recorded already."), field="kind")
        )
    if facts.agreed_on > facts.today:
        found.append(
            Finding("plan-future", n_("A plan cannot be agreed in the future."), field="agreed_on")
        )
    if not facts.joins_on <= facts.agreed_on < facts.stays_until:
        found.append(
            Finding(
                "plan-outside",
                n_("A plan is agreed while the participant is in the group, from {first} on."),
                {"first": facts.joins_on},
                field="agreed_on",
            )
        )
    return found


def late_days(of: date, entered_on: date) -> int:
    """Return how many days after its day something was entered.

    >>> late_days(date(2025, 9, 5), date(2025, 9, 7))
    2
    """
    return max((entered_on - of).days, 0)


def needs_confirmation(facts: PlanFacts) -> bool:
    """Tell whether a plan counts only once the buyer's side confirms it.

    One entered on the last day of the window still speaks for itself.
    """
    return (
        facts.group_state == GroupState.COMPLETED
        or late_days(facts.agreed_on, facts.today) > facts.plan_days
    )


class PlanStanding(msgspec.Struct, frozen=True):
    """Where a recorded plan stands."""

    needs_confirmation: bool
    is_confirmed: bool
    is_withdrawn: bool

    @property
    def counts(self) -> bool:
        """Whether it counts for a milestone."""
        return not self.is_withdrawn and (self.is_confirmed or not self.needs_confirmation)


def confirmation_findings(plan: PlanStanding, reason: str) -> list[Finding]:
    """List every reason why the buyer's side cannot confirm a plan."""
    found = []
    if plan.is_withdrawn:
        found.append(Finding("plan-withdrawn", n_("This plan was withdrawn.")))
    elif plan.is_confirmed:
        found.append(Finding("plan-confirmed", n_("This plan was confirmed already.")))
    elif not plan.needs_confirmation:
        found.append(Finding("plan-counts", n_("This plan was entered in time and counts.")))
    return found + reason_findings(reason, "confirmation")


def withdrawal_findings(plan: PlanStanding, reason: str) -> list[Finding]:
    """List every reason why a plan cannot be withdrawn."""
    found = []
    if plan.is_withdrawn:
        found.append(Finding("plan-withdrawn", n_("This plan was withdrawn.")))
    return found + reason_findings(reason, "withdrawal")


LONGEST_REASON = 500


def reason_findings(reason: str, field: str) -> list[Finding]:
    """List what is wrong with a reason that somebody gives."""
    if 3 <= len(reason.strip()) <= LONGEST_REASON:
        return []
    return [
        Finding(
            "reason",
            n_("Say why, in 3 to {most} characters."),
            {"most": LONGEST_REASON},
            field=field,
        )
    ]
