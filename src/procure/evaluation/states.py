"""The life of an abnormally-low question; the events of evaluation."""

from enum import StrEnum

from procure.kernel.states import Machine
from procure.kernel.texts import n_


class ExplanationState(StrEnum):
    """Where the question about a low price stands."""

    ASKED = "asked"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


EXPLANATION = Machine(
    {
        (ExplanationState.ASKED, "answer"): ExplanationState.ANSWERED,
        (ExplanationState.ASKED, "reject"): ExplanationState.REJECTED,  # silence past the due day
        (ExplanationState.ANSWERED, "accept"): ExplanationState.ACCEPTED,
        (ExplanationState.ANSWERED, "reject"): ExplanationState.REJECTED,
    }
)

EVENTS = {
    "panel:appointed": n_("An evaluator was appointed."),
    "panel:declared": n_("An evaluator declared on conflicts of interest."),
    "panel:released": n_("An evaluator was released before scoring."),
    "score:locked": n_("An evaluator's scores were handed in."),
    "lot:drawn": n_("Lots were drawn between equal bids."),
    "lot:ranked": n_("The bids of a lot were ranked."),
    "explanation:asked": n_("A tenderer was asked to explain a low price."),
    "explanation:answered": n_("A tenderer explained a low price."),
    "explanation:accepted": n_("The explanation of a low price was accepted."),
    "explanation:rejected": n_("The explanation of a low price was rejected."),
}
