"""The life of an outcome, and the sources of evidence from best to least."""

from enum import StrEnum

from procure.kernel.states import Machine
from procure.kernel.texts import n_


class OutcomeState(StrEnum):
    """Where an outcome stands."""

    CLAIMED = "claimed"
    VERIFIED = "verified"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"  # by the provider, before anybody else had spoken


OUTCOME = Machine(
    {
        (OutcomeState.CLAIMED, "verify"): OutcomeState.VERIFIED,
        (OutcomeState.CLAIMED, "reject"): OutcomeState.REJECTED,
        (OutcomeState.CLAIMED, "withdraw"): OutcomeState.WITHDRAWN,
        (OutcomeState.VERIFIED, "reject"): OutcomeState.REJECTED,
        (OutcomeState.REJECTED, "verify"): OutcomeState.VERIFIED,
    }
)


class Source(StrEnum):
    """Where evidence comes from; the order is the rank, best first."""

    REGISTER = "register"
    CASE_SYSTEM = "case-system"
    CASEWORKER = "caseworker"
    CERTIFICATE = "certificate"
    PROVIDER = "provider"


EVENTS = {
    "outcome:reported": n_("A provider reported an outcome."),
    "outcome:evidence-added": n_("Evidence of an outcome was recorded."),
    "outcome:withdrawn": n_("A provider took back a report."),
    "outcome:verified": n_("An outcome was verified."),
    "outcome:rejected": n_("An outcome was contradicted by a higher source."),
    "outcome:register-asked": n_("A register was asked about outcomes."),
}
