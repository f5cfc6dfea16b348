"""What every part of the format is written with: names, operands, comparisons, reference sets."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from procure.scoring.numbers import Rounding

Name = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}$",
        description="letters, digits and _, beginning with a letter",
    ),
]
Exactness = Literal["exact"] | Rounding


class Part(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Base of all parts: nothing is changed once it is read, and unknown fields are refused."""


class Ref(Part, frozen=True, kw_only=True):
    """A value named elsewhere, or 1 where no name is given: times × of ÷ over."""

    of: Annotated[str, Meta(description="a weight, constant, input or earlier step")] = ""
    times: Decimal = Decimal(1)
    over: Decimal = Decimal(1)


Operand = Decimal | Ref


class Best(StrEnum):
    """Which end of the values is better."""

    HIGHEST = "highest"
    LOWEST = "lowest"


class Is(StrEnum):
    """How a value is compared with a limit: inclusive or strict is always said."""

    AT_LEAST = "at-least"
    ABOVE = "above"
    AT_MOST = "at-most"
    BELOW = "below"
    EQUAL = "equal"


class Condition(Part, frozen=True, kw_only=True):
    """Something that one value of the whole evaluation (a count, a constant) has to fulfil."""

    of: Name
    compare: Is = msgspec.field(name="is")
    limit: Operand


class Among(StrEnum):
    """Which bids a reference set begins with."""

    STANDING = "standing"  # those that are still in when this step comes
    ADMITTED = "admitted"  # those that were in at the beginning
    RECEIVED = "received"  # all in the file that carry the value


class Groups(StrEnum):
    """How companies of one group count."""

    EACH = "each"
    LOWEST_ONCE = "lowest-once"  # the group's lowest value alone
    HIGHEST_ONCE = "highest-once"


class TrimEnds(StrEnum):
    """Where values are cut."""

    BOTH = "both"
    HIGHEST = "highest"
    LOWEST = "lowest"


class CutTies(StrEnum):
    """What happens to values equal to one that is cut."""

    CUT = "cut"
    KEEP = "keep"


class Trim(Part, frozen=True, kw_only=True):
    """Cut so many values at an end, by share of the set or by number, before taking a value."""

    ends: TrimEnds = TrimEnds.BOTH
    share: Decimal | None = None  # of the set, at each end, rounded up
    count: int | None = None  # at each end
    ties: CutTies


class DropFar(Part, frozen=True, kw_only=True):
    """Drop values that lie too far from the mean of the set, before taking a value (Spain)."""

    compare: Is = msgspec.field(name="is")
    times_mean: Decimal  # 1.1 for ten per cent above the mean
    only_extreme: bool = False  # at most the one extreme value
    at_least_left: int = 0  # otherwise this many of the other end are kept


class Keep(Part, frozen=True, kw_only=True):
    """Which of the set's bids count: those whose value compares so."""

    of: Name
    compare: Is = msgspec.field(name="is")
    limit: Operand


class Set(Part, frozen=True, kw_only=True):
    """A reference set: which bids, whether one's own counts, and what is cut."""

    among: Among = Among.STANDING
    includes_self: bool = True
    groups: Groups = Groups.EACH
    where: tuple[Keep, ...] = ()
    drop: DropFar | None = None
    trim: Trim | None = None
    after: tuple[Keep, ...] = ()  # like `where`, among those that the cuts have left
