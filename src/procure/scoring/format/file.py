"""A whole evaluation in one file: the rule, the bids, and what is expected of them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from procure.scoring.format.combining import (
    Deduct,
    Formula,
    Quotient,
    ReducedPrice,
    RelativeCost,
    Surcharge,
    UtilityIndex,
    WeightedSum,
)
from procure.scoring.format.filters import Corridor, Flag, KeepBest, OpenEnvelope, Threshold
from procure.scoring.format.inputs import AnyInput, Weight
from procure.scoring.format.ordering import AnyRung, Key
from procure.scoring.format.steps import (
    Basket,
    Factor,
    First,
    Grade,
    Linear,
    Log,
    Piecewise,
    Power,
    Ratio,
    Rebase,
    Reference,
    Table,
    Target,
)
from procure.scoring.format.words import Is, Name, Operand, Part

FORMAT: Literal["procure-scoring/1"] = "procure-scoring/1"

AnyStep = (
    Reference
    | Basket
    | Factor
    | First
    | Grade
    | Ratio
    | Linear
    | Piecewise
    | Power
    | Log
    | Target
    | Table
    | Rebase
    | WeightedSum
    | Quotient
    | Deduct
    | Surcharge
    | ReducedPrice
    | UtilityIndex
    | RelativeCost
    | Formula
    | Threshold
    | Corridor
    | KeepBest
    | OpenEnvelope
    | Flag
)


class Check(Part, frozen=True, kw_only=True):
    """What weights and constants have to fulfil: a sum, a legal cap, a price weight of 0."""

    of: Annotated[tuple[Name, ...], Meta(min_length=1)]  # summed
    over: tuple[Name, ...] = ()  # summed; the first sum is then taken as a share of this one
    compare: Is = msgspec.field(name="is")
    limit: Operand
    clause: str = ""
    waived: str = ""  # why it need not hold here


class Rule(Part, frozen=True, kw_only=True):
    """How bids are evaluated: all of it known before the first bid comes."""

    inputs: Annotated[tuple[AnyInput, ...], Meta(min_length=1)]
    weights: tuple[Weight, ...] = ()
    constants: Mapping[str, Operand] = {}
    samples: Mapping[str, tuple[Decimal, ...]] = {}  # figures of earlier procedures
    checks: tuple[Check, ...] = ()
    steps: tuple[AnyStep, ...] = ()
    order: Annotated[tuple[Key, ...], Meta(min_length=1)]
    ties: tuple[AnyRung, ...] = ()
    price: str = ""  # the input that answers "how much cheaper"


class Bid(Part, frozen=True, kw_only=True):
    """One bid with everything that the rule's inputs ask of it."""

    id: Annotated[str, Meta(min_length=1, max_length=100)]
    name: str = ""
    group: str = ""  # companies of one group carry the same word
    submitted_at: datetime | None = None  # with its time zone
    out: str = ""  # why the bid is excluded or withdrawn; empty while it is in
    out_before: str = ""  # the step before which that takes effect; empty: from the beginning
    values: Mapping[str, Decimal] = {}
    labels: Mapping[str, str] = {}
    lists: Mapping[str, tuple[Decimal, ...]] = {}
    scores: Mapping[str, tuple[Decimal | None, ...]] = {}


class Draw(Part, frozen=True, kw_only=True):
    """Lots drawn between equal bids: the order, or a seed that gives it."""

    among: Annotated[tuple[str, ...], Meta(min_length=2)]
    order: tuple[str, ...] = ()
    seed: str = ""  # order by the SHA-256 of seed, a colon and the bid's id
    witnesses: tuple[str, ...] = ()
    drawn_at: datetime | None = None


class Expected(Part, frozen=True, kw_only=True):
    """What a published case says that comes out; `procure score --check` compares."""

    order: tuple[str, ...] | None = None  # of the bids that have a rank
    winner: str | None = None  # the empty text: nobody
    out: tuple[str, ...] | None = None
    ranks: Mapping[str, int] = {}
    columns: Mapping[str, dict[str, Operand]] = {}  # step or input, bid, value
    numbers: Mapping[str, Operand] = {}  # references and formulas of the whole evaluation
    used: Mapping[str, tuple[str, ...]] = {}  # reference, the bids that it was taken of
    flags: Mapping[str, dict[str, bool]] = {}  # flag, bid, whether it is raised
    decided_by: str | None = None  # the rung that made the winner, or `order`
    pending: str | None = None  # what the ladder waits for
    refused: tuple[str, ...] = ()  # codes of the findings for which it cannot be computed
    within: Decimal = Decimal(0)  # numbers may differ by so much


class Evaluation(Part, frozen=True, kw_only=True):
    """The file."""

    format: Literal["procure-scoring/1"]
    title: str
    source: str = ""
    version: Annotated[int, Meta(ge=1)] = 1  # 2 and on: evaluated again
    currency: str = ""
    rule: Rule
    evaluators: tuple[str, ...] = ()
    bids: tuple[Bid, ...] = ()
    draws: tuple[Draw, ...] = ()
    expected: Expected | None = None
