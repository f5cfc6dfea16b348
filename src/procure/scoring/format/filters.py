"""The steps of a rule that ask or exclude: thresholds, stages, envelopes, abnormally low prices."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from procure.scoring.format.steps import Step
from procure.scoring.format.words import Best, Exactness, Is, Name, Operand


class Level(StrEnum):
    """What a threshold is on."""

    TOTAL = "total"
    CRITERION = "criterion"
    SUB_CRITERION = "sub-criterion"
    PRICE = "price"


class Threshold(Step, tag="threshold", frozen=True, kw_only=True):
    """A bid whose value does not compare so is out."""

    of: Name
    compare: Is = msgspec.field(name="is")
    limit: Operand
    on: Exactness  # what is compared: the exact value, or one rounded so
    level: Level = Level.CRITERION


class Corridor(Step, tag="corridor", frozen=True, kw_only=True):
    """Bids further than `width` (a share) from the best are out; the next key decides inside."""

    of: Name
    best: Best
    width: Decimal
    compare: Is = msgspec.field(name="is", default=Is.AT_LEAST)
    on: Exactness


class CutTie(StrEnum):
    """What happens to bids equal to the last that goes on."""

    INCLUDE = "include"
    EXCLUDE = "exclude"  # all of them, where there is not room for all


class KeepBest(Step, tag="keep-best", frozen=True, kw_only=True):
    """The best so many go on to the next stage; the others are out."""

    of: Name
    best: Best
    count: Annotated[int, Meta(ge=1)]
    ties: CutTie
    on: Exactness


class OpenEnvelope(Step, tag="open", frozen=True, kw_only=True):
    """An envelope's inputs are read from here on, and of standing bids alone."""

    envelope: str


class Effect(StrEnum):
    """What follows from a flag."""

    ASK = "ask"
    EXCLUDE = "exclude"


class Flag(Step, tag="flag", frozen=True, kw_only=True):
    """A bid whose value compares so is asked for an explanation, or is out."""

    of: Name
    compare: Is = msgspec.field(name="is")
    limit: Operand
    on: Exactness
    effect: Effect
    whole_group: bool = False  # what befalls one company befalls its group
