"""The lives of a tender and of a lot."""

from enum import StrEnum

from procure.kernel.states import Machine
from procure.kernel.texts import n_


class TenderState(StrEnum):
    """Where a tender stands. Closed is reached by the clock alone."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CLOSED = "closed"
    OPENED = "opened"
    EVALUATED = "evaluated"
    CONCLUDED = "concluded"
    CANCELLED = "cancelled"


TENDER = Machine(
    {
        (TenderState.DRAFT, "redraft"): TenderState.DRAFT,
        (TenderState.DRAFT, "publish"): TenderState.PUBLISHED,
        (TenderState.DRAFT, "cancel"): TenderState.CANCELLED,
        (TenderState.PUBLISHED, "close"): TenderState.CLOSED,
        (TenderState.PUBLISHED, "cancel"): TenderState.CANCELLED,
        (TenderState.CLOSED, "open"): TenderState.OPENED,
        (TenderState.CLOSED, "cancel"): TenderState.CANCELLED,
        (TenderState.OPENED, "evaluate"): TenderState.EVALUATED,
        (TenderState.OPENED, "conclude"): TenderState.CONCLUDED,
        (TenderState.OPENED, "cancel"): TenderState.CANCELLED,
        (TenderState.EVALUATED, "evaluate"): TenderState.EVALUATED,
        (TenderState.EVALUATED, "conclude"): TenderState.CONCLUDED,
        (TenderState.EVALUATED, "cancel"): TenderState.CANCELLED,
        (TenderState.CONCLUDED, "reopen"): TenderState.EVALUATED,  # an award was annulled
    }
)


class LotState(StrEnum):
    """Where a lot stands; each lot has a life of its own once bids are opened."""

    OPEN = "open"
    AWARDED = "awarded"
    UNSUCCESSFUL = "unsuccessful"
    CANCELLED = "cancelled"


LOT = Machine(
    {
        (LotState.OPEN, "award"): LotState.AWARDED,
        (LotState.OPEN, "fail"): LotState.UNSUCCESSFUL,
        (LotState.OPEN, "cancel"): LotState.CANCELLED,
        (LotState.AWARDED, "annul"): LotState.OPEN,
    }
)


class CriterionKind(StrEnum):
    """How a criterion gets its points."""

    PRICE = "price"
    QUALITY = "quality"  # evaluators score on a scale
    OBJECTIVE = "objective"  # a table scores a stated fact


class PriceFormula(StrEnum):
    """How price becomes points."""

    LOWEST_RATIO = "lowest-ratio"  # weight x lowest / price
    ABSOLUTE = "absolute"  # weight x clamp((ceiling - price) / (ceiling - floor))


EVENTS = {
    "tender:drafted": n_("A tender was drafted."),
    "tender:redrafted": n_("A draft of a tender was replaced."),
    "tender:published": n_("A tender was published."),
    "tender:closed": n_("The deadline for tenders passed."),
    "tender:cancelled": n_("A tender was cancelled."),
    "tender:concluded": n_("A tender was concluded."),
    "tender:reopened": n_("A tender was taken up again, because an award was annulled."),
    "lot:awarded": n_("A lot was awarded."),
    "lot:reopened": n_("A lot is open again, because its award was annulled."),
    "lot:failed": n_("A lot ended without award."),
}
