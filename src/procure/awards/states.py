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
    },
    born={AwardState.FINAL},  # where the law asks no standstill
)


class LetterKind(StrEnum):
    """What a letter tells a tenderer."""

    WINNER = "winner"
    RANKED = "ranked"  # in the order, and not among the winners
    EXCLUDED = "excluded"  # not in the order: below a minimum, or rejected
    NO_AWARD = "no-award"  # the lot ended without award
    ANNULLED = "annulled"  # the award that an earlier letter told of was annulled


EVENTS = {
    "award:decided": n_("The award was decided and every tenderer was told why."),
    "award:final": n_("The standstill period ended."),
    "award:annulled": n_("The award was annulled."),
    "lot:concluded": n_("Why a lot ended without award was recorded, and its tenderers told."),
}
