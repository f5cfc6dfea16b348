"""A tender's criteria as a scoring rule: data that anyone can compute (docs/formats/scoring.md).

Pure. The rule is what the documents say: points per criterion, rounded and then added, minimums
before prices are compared, the lowest price of those who are left, the ladder between equals, and
when a price asks for an explanation. Source: RHS 85, 115, 117; the tender's own criteria.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from procure.kernel.canonical import canonical
from procure.kernel.findings import Finding
from procure.scoring.checks import rule_findings
from procure.scoring.format.combining import Summand, WeightedSum
from procure.scoring.format.file import AnyStep, Check, Rule
from procure.scoring.format.filters import Effect, Flag, Level, Threshold
from procure.scoring.format.inputs import (
    AnyInput,
    ListInput,
    NumberInput,
    ScoresInput,
    Side,
    Weight,
)
from procure.scoring.format.ordering import AnyRung, ByColumn, ByLot, Key
from procure.scoring.format.steps import Linear, Ratio, Reference, Row, Table, Take
from procure.scoring.format.words import Best, Condition, Is, Ref, Set
from procure.scoring.numbers import Rounding
from procure.tenders.states import CriterionKind, PriceFormula

PRICE, QUALITY, TOTAL = "price", "quality", "total"
COUNT, OTHERS, LOW_PRICE, LOWEST = "bids", "median_of_others", "low_price", "lowest_price"
PLAIN_CODE = re.compile(r"[A-Z][A-Z0-9]{0,18}")
ALL_POINTS = Decimal(100)
DECIMALS = 2
SCORE_STEP = Decimal("0.5")  # evaluators give whole and half points


class TableRowLike(Protocol):
    """A row of an objective criterion's table."""

    @property
    def at_least(self) -> Decimal:
        """From this fact on."""

    @property
    def score(self) -> Decimal:
        """This score."""


class CriterionLike(Protocol):
    """What a rule needs of a criterion, drafted or published."""

    @property
    def code(self) -> str:
        """The criterion's code."""

    @property
    def name(self) -> str:
        """Its name, for people."""

    @property
    def kind(self) -> CriterionKind:
        """How it is scored."""

    @property
    def weight(self) -> Decimal:
        """Its weight in points."""

    @property
    def formula(self) -> PriceFormula | None:
        """Of price: how points come of it."""

    @property
    def floor_price(self) -> Decimal | None:
        """Absolute formula: all points at or below."""

    @property
    def ceiling_price(self) -> Decimal | None:
        """Absolute formula: no points at or above."""

    @property
    def scale_max(self) -> Decimal | None:
        """The top of the scale."""

    @property
    def minimum(self) -> Decimal | None:
        """Of the exact mean, inclusive."""

    @property
    def table(self) -> Sequence[TableRowLike]:
        """Of objective criteria, by rising `at_least`."""


def names_of(criteria: Sequence[CriterionLike]) -> dict[str, str]:
    """Give each criterion's code the name that the rule calls it by.

    A code in capitals and digits is its own name; any other is called by its place.
    """
    return {
        c.code: c.code if PLAIN_CODE.fullmatch(c.code) else f"c{place}"
        for place, c in enumerate(criteria, 1)
    }


def points_name(name: str) -> str:
    """Return the column of a criterion's points."""
    return f"p_{name}"


def weight_name(name: str) -> str:
    """Return the name of a criterion's weight."""
    return f"w_{name}"


def score_name(name: str) -> str:
    """Return the column of what an objective criterion's table says."""
    return f"s_{name}"


def minimum_name(name: str) -> str:
    """Return the step that checks a criterion's minimum."""
    return f"min_{name}"


def scoring_rule(
    criteria: Sequence[CriterionLike],
    *,
    below_share: Decimal,
    others_at_least: int = 1,
    score_step: Decimal | None = None,
    decimals: int = DECIMALS,
    ladder: Sequence[str] = ("quality", "lots"),
) -> Rule:
    """Make the rule of a tender.

    `below_share`: prices strictly below this share of the median of the others are asked about.
    """
    names = names_of(criteria)
    has_quality = any(c.kind != CriterionKind.PRICE for c in criteria)
    relative = any(c.formula == PriceFormula.LOWEST_RATIO for c in criteria)
    price = NumberInput(
        name=PRICE,
        above=Decimal(0) if relative else None,
        at_least=None if relative else Decimal(0),
    )
    alone = [c for c in criteria if c.kind != CriterionKind.PRICE]
    steps: list[AnyStep] = []
    for criterion in alone:
        steps += _alone(criterion, names[criterion.code], decimals)
    steps += _low_price(below_share, others_at_least)
    steps += [_minimum(c, names[c.code]) for c in alone if c.minimum is not None]
    if relative:
        steps.append(Reference(name=LOWEST, of=PRICE, take=Take.LOWEST, clause="RHS § 85"))
    steps += [
        _priced(c, names[c.code], decimals) for c in criteria if c.kind == CriterionKind.PRICE
    ]
    steps += _sums(criteria, names, has_quality=has_quality)
    rungs: dict[str, AnyRung] = {
        "quality": ByColumn(of=QUALITY, best=Best.HIGHEST, on="exact"),
        "lots": ByLot(),
    }
    return Rule(
        inputs=(price, *(_input(c, names[c.code], score_step) for c in alone)),
        weights=tuple(_weight(c, names[c.code]) for c in criteria),
        checks=(_whole(criteria, names),),
        steps=tuple(steps),
        order=(Key(of=TOTAL, best=Best.HIGHEST, on="exact"),),
        ties=tuple(rungs[rung] for rung in ladder if rung != "quality" or has_quality),
        price=PRICE,
    )


def price_rule(*, below_share: Decimal, others_at_least: int = 1) -> Rule:
    """Make the part of a tender's rule that looks at prices alone, before anybody has scored."""
    return Rule(
        inputs=(NumberInput(name=PRICE, at_least=Decimal(0)),),
        steps=tuple(_low_price(below_share, others_at_least)),
        order=(Key(of=PRICE, best=Best.LOWEST, on="exact"),),
        price=PRICE,
    )


def scoring_findings(rule: Rule) -> list[Finding]:
    """Say what cannot be valid in a rule, as findings of a draft's criteria."""
    return [
        Finding(f"scoring-{f.code}", f.text, f.values, f.clause, field="criteria")
        for f in rule_findings(rule)
    ]


def rule_text(rule: Rule) -> str:
    """Write a rule as it is stored and published: canonical JSON."""
    return canonical(rule)


def _whole(criteria: Sequence[CriterionLike], names: dict[str, str]) -> Check:
    weights = tuple(weight_name(names[c.code]) for c in criteria)
    return Check(of=weights, compare=Is.EQUAL, limit=ALL_POINTS, clause="RHS § 85")


def _weight(criterion: CriterionLike, name: str) -> Weight:
    side = Side.PRICE if criterion.kind == CriterionKind.PRICE else Side.QUALITY
    return Weight(name=weight_name(name), value=criterion.weight, side=side, label=criterion.name)


def _input(criterion: CriterionLike, name: str, step: Decimal | None) -> AnyInput:
    if criterion.kind == CriterionKind.OBJECTIVE:
        return ListInput(name=name, label=criterion.name, empty=Decimal(0))
    return ScoresInput(
        name=name,
        label=criterion.name,
        at_most=criterion.scale_max or Decimal(1),
        step=step,
        absent=True,  # an evaluator who was released has no score
    )


def _alone(criterion: CriterionLike, name: str, decimals: int) -> list[AnyStep]:
    """Points that do not depend on other bids."""
    scored, steps = name, []
    if criterion.kind == CriterionKind.OBJECTIVE:
        scored = score_name(name)
        rows = tuple(Row(at_least=row.at_least, value=row.score) for row in criterion.table)
        steps.append(Table(name=scored, of=name, rows=rows, undefined=Decimal(0)))
    points = Linear(
        name=points_name(name),
        label=criterion.name,
        of=scored,
        times=Ref(of=weight_name(name)),
        full_at=criterion.scale_max or Decimal(1),
        none_at=Decimal(0),
        round=Rounding(decimals),
    )
    return [*steps, points]


def _low_price(below_share: Decimal, others_at_least: int) -> list[AnyStep]:
    enough = Condition(of=COUNT, compare=Is.AT_LEAST, limit=Decimal(others_at_least + 1))
    return [
        Reference(name=COUNT, of=PRICE, take=Take.COUNT),
        Reference(name=OTHERS, of=PRICE, take=Take.MEDIAN, set=Set(includes_self=False)),
        Flag(
            name=LOW_PRICE,
            clause="RHS § 115",
            when=(enough,),
            of=PRICE,
            compare=Is.BELOW,
            limit=Ref(of=OTHERS, times=below_share),
            on="exact",
            effect=Effect.ASK,
        ),
    ]


def _minimum(criterion: CriterionLike, name: str) -> Threshold:
    return Threshold(
        name=minimum_name(name),
        label=criterion.name,
        of=name if criterion.kind == CriterionKind.QUALITY else score_name(name),
        compare=Is.AT_LEAST,
        limit=criterion.minimum or Decimal(0),
        on="exact",
        level=Level.CRITERION,
    )


def _priced(criterion: CriterionLike, name: str, decimals: int) -> Ratio | Linear:
    weight = Ref(of=weight_name(name))
    if criterion.formula == PriceFormula.ABSOLUTE:
        return Linear(
            name=points_name(name),
            label=criterion.name,
            of=PRICE,
            times=weight,
            full_at=criterion.floor_price or Decimal(0),
            none_at=criterion.ceiling_price or Decimal(0),
            floor=Decimal(0),
            cap=weight,
            round=Rounding(decimals),
        )
    return Ratio(
        name=points_name(name),
        label=criterion.name,
        of=PRICE,
        times=weight,
        best=Best.LOWEST,
        reference=Ref(of=LOWEST),
        round=Rounding(decimals),
    )


def _sums(
    criteria: Sequence[CriterionLike], names: dict[str, str], *, has_quality: bool
) -> list[AnyStep]:
    price = [c for c in criteria if c.kind == CriterionKind.PRICE]
    parts = [Summand(of=points_name(names[c.code])) for c in price]
    if not has_quality:
        return [WeightedSum(name=TOTAL, parts=tuple(parts))]
    quality = [
        Summand(of=points_name(names[c.code])) for c in criteria if c.kind != CriterionKind.PRICE
    ]
    return [
        WeightedSum(name=QUALITY, parts=tuple(quality)),
        WeightedSum(name=TOTAL, parts=(*parts, Summand(of=QUALITY))),
    ]
