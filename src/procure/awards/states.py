"""The life of an award decision."""

from enum import StrEnum

from procure.kernel.states import Machine
from procure.kernel.texts import n_


class AwardState(StrEnum):
    """Where an award stands."""

    STANDSTILL = "standstill"  # decided and told; contracts may not be signed yet
    FINAL = "final"
    ANNULLED = "annulled"


AWARD = Machine(
    {
        (AwardState.STANDSTILL, "finish"): AwardState.FINAL,
        (AwardState.STANDSTILL, "annul"): AwardState.ANNULLED,
        (AwardState.FINAL, "annul"): AwardState.ANNULLED,
    }
)

EVENTS = {
    "award:decided": n_("The award was decided and every tenderer was told why."),
    "award:final": n_("The standstill period ended."),
    "award:annulled": n_("The award was annulled."),
}
