"""Why a milestone is reached, or is not."""

from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.payments.rules.facts import GroupFacts, ParticipantFacts
from procure.payments.rules.lines import Withheld


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


PLAN_DAYS = 10  # by whose end the individual plan must be agreed
OPEN_REASONS = {"no-plan", "no-visit", "no-exit-plan"}


def may_come(withheld: Withheld, facts: GroupFacts, *, is_running: bool) -> bool:
    """Tell whether what is not owed can still be earned: a milestone ahead, evidence to come.

    An individual plan can be agreed in time up to the person's 10th training day.
    """
    if withheld.reason.code == "not-verified":
        return True
    if not is_running or withheld.reason.code not in OPEN_REASONS:
        return False
    if withheld.reason.code != "no-plan":
        return True
    person = next(p for p in facts.participants if p.client_ref == withheld.client_ref)
    days = person.present_days + person.excused_days + person.absent_days + person.vacated_days
    return days < PLAN_DAYS


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
