"""Why a milestone is reached, or is not."""

from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.payments.rules.facts import ParticipantFacts


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
