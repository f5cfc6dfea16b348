"""The life of a provider in the installation."""

from enum import StrEnum

from procure.kernel.states import Machine
from procure.kernel.texts import n_


class ProviderState(StrEnum):
    """Where a provider stands."""

    APPLIED = "applied"
    ADMITTED = "admitted"
    SUSPENDED = "suspended"


PROVIDER = Machine(
    {
        (ProviderState.APPLIED, "admit"): ProviderState.ADMITTED,
        (ProviderState.ADMITTED, "suspend"): ProviderState.SUSPENDED,
        (ProviderState.SUSPENDED, "admit"): ProviderState.ADMITTED,
    },
    born={ProviderState.ADMITTED},  # a coordinator who registers one admits it
)

EVENTS = {
    "provider:registered": n_("A provider was registered."),
    "provider:admitted": n_("A provider was admitted."),
    "provider:suspended": n_("A provider was suspended."),
    "facilitator:recorded": n_("A facilitator was recorded."),
    "facilitator:changed": n_("The record of a facilitator was changed."),
    "venue:recorded": n_("A venue was recorded."),
    "provider:account-proposed": n_("Another bank account was named for a provider."),
    "provider:account-withdrawn": n_("Another bank account for a provider was withdrawn."),
    "provider:account-changed": n_("A provider's bank account was changed."),
}
