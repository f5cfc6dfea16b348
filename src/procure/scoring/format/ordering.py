"""How bids are ordered, and the ladder between equals."""

from typing import Annotated

from msgspec import Meta

from procure.scoring.format.words import Best, Exactness, Name, Part


class Key(Part, frozen=True, kw_only=True):
    """A column to order by; several keys are compared one after the other."""

    of: Name
    best: Best
    on: Exactness


class Rung(Part, tag_field="tie", frozen=True, kw_only=True):
    """Base of the rungs of the ladder, taken in order until nobody is equal."""

    clause: str = ""


class ByColumn(Rung, tag="by", frozen=True, kw_only=True):
    """The better value of a column comes first."""

    of: Name
    best: Best
    on: Exactness


class ByHeaviest(Rung, tag="heaviest", frozen=True, kw_only=True):
    """The better points of the criterion with the highest weight; equal weights in this order."""

    points: Annotated[dict[str, str], Meta(description="weight name to points column")]
    on: Exactness


class ByTime(Rung, tag="earliest", frozen=True, kw_only=True):
    """The earlier `submitted_at` comes first."""


class ByRebid(Rung, tag="rebid", frozen=True, kw_only=True):
    """An additional offer, as an optional input; the ladder waits until each equal bid has one."""

    of: Name
    best: Best
    not_worse_than: Name  # the input that it may improve


class ByLot(Rung, tag="lot", frozen=True, kw_only=True):
    """A drawing recorded in `draws`; the ladder waits until there is one of all equal bids."""

    witnesses: int = 0  # how many have to be named at least


class Annul(Rung, tag="annul", frozen=True, kw_only=True):
    """Nobody is chosen: the procedure is annulled."""


AnyRung = ByColumn | ByHeaviest | ByTime | ByRebid | ByLot | Annul
