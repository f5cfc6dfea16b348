"""What stands in the way of a score, and of a ranking.

Pure. Source: RHS 117; house rule: alone before together, a reason for every score.
"""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.evaluation.rules.facts import CriterionFacts, LotFacts, needs_panel
from procure.kernel.findings import Finding
from procure.kernel.money import is_usable
from procure.kernel.texts import n_
from procure.tenders.states import CriterionKind, PriceFormula

SHORTEST_REASON = 3


class ScoreEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Points of one evaluator for one bid on one criterion, with the reason."""

    bid_id: UUID
    criterion: str  # its code
    points: Decimal
    reason: str


class MemberFacts(msgspec.Struct, frozen=True):
    """How far one evaluator has come."""

    name: str
    has_declared: bool
    has_conflict: bool
    has_locked: bool


def field_of(bid_id: UUID, criterion: str) -> str:
    """Name the form field of one score."""
    return f"points-{bid_id}-{criterion}"


def score_findings(
    criteria: Sequence[CriterionFacts],
    bid_ids: Sequence[UUID],
    entries: Sequence[ScoreEntry],
    *,
    whole: bool,
) -> list[Finding]:
    """List what is wrong with one evaluator's scores; `whole` asks one for every bid and criterion.

    The scale includes 0 and its maximum.
    """
    scored = {c.code: c for c in criteria if c.kind == CriterionKind.QUALITY}
    found: list[Finding] = []
    seen: set[tuple[UUID, str]] = set()
    for entry in entries:
        field = field_of(entry.bid_id, entry.criterion)
        if entry.bid_id not in bid_ids:
            found.append(Finding("unknown-bid", n_("This bid is not of this lot."), field=field))
            continue
        if (criterion := scored.get(entry.criterion)) is None:
            text = n_("{code} is not a criterion that evaluators score.")
            found.append(Finding("unknown-criterion", text, {"code": entry.criterion}, field=field))
            continue
        if (entry.bid_id, entry.criterion) in seen:
            text = n_("{code}: this bid is scored twice.")
            found.append(Finding("scored-twice", text, {"code": entry.criterion}, field=field))
            continue
        seen.add((entry.bid_id, entry.criterion))
        found += points_findings(criterion, entry.points, field)
        if len(entry.reason.strip()) < SHORTEST_REASON:
            text = n_("{name}: say in at least {shortest} characters why.")
            values = {"name": criterion.name, "shortest": SHORTEST_REASON}
            found.append(
                Finding("no-reason", text, values, "RHS 117", field.replace("points", "reason", 1))
            )
    if whole:
        missing = [(bid, code) for bid in bid_ids for code in scored if (bid, code) not in seen]
        found += [
            Finding(
                "not-scored",
                n_("{name}: tender {number} has no points yet."),
                {"name": scored[code].name, "number": list(bid_ids).index(bid) + 1},
                "RHS 117",
                field_of(bid, code),
            )
            for bid, code in missing
        ]
    return found


def points_findings(criterion: CriterionFacts, points: Decimal, field: str) -> list[Finding]:
    """List what is wrong with the points themselves."""
    top = criterion.scale_max or Decimal(0)
    if not is_usable(points) or not 0 <= points <= top:
        text = n_("{name}: points go from 0 to {top}.")
        values = {"name": criterion.name, "top": str(top)}
        return [Finding("off-scale", text, values, field=field)]
    if points % criterion.step:
        text = n_("{name}: points go in steps of {step}.")
        values = {"name": criterion.name, "step": str(criterion.step)}
        return [Finding("off-step", text, values, field=field)]
    return []


def fact_findings(facts: LotFacts) -> list[Finding]:
    """List why these facts cannot be ranked: a formula that is not defined for them."""
    found: list[Finding] = []
    if not facts.bids:
        found.append(Finding("no-bids", n_("There is no bid to rank.")))
    for criterion in facts.criteria:
        if criterion.formula == PriceFormula.LOWEST_RATIO:
            found += [
                Finding(
                    "price-zero",
                    n_("{name}: a price must be above 0, or its ratio means nothing."),
                    {"name": bid.provider_name},
                )
                for bid in facts.bids
                if bid.price <= 0
            ]
        if criterion.formula == PriceFormula.ABSOLUTE and not (
            criterion.ceiling_price is not None
            and criterion.floor_price is not None
            and criterion.ceiling_price > criterion.floor_price
        ):
            text = n_("{name}: the ceiling must be above the floor.")
            found.append(Finding("no-anchors", text, {"name": criterion.name}))
        if criterion.kind != CriterionKind.PRICE and not (criterion.scale_max or 0) > 0:
            text = n_("{name}: the scale has no maximum.")
            found.append(Finding("no-scale", text, {"name": criterion.name}))
    return found


def count_findings(facts: LotFacts) -> list[Finding]:
    """List the criteria on which the bids were not all scored by the same number of evaluators."""
    found: list[Finding] = []
    for criterion in facts.criteria:
        if criterion.kind == CriterionKind.QUALITY:
            compared = [bid for bid in facts.bids if not bid.excluded]
            counts = {len(bid.scores.get(criterion.code, ())) for bid in compared}
            if len(counts) > 1 or 0 in counts:
                text = n_("{name}: not every bid was scored by the same number of evaluators.")
                found.append(Finding("unequal-scores", text, {"name": criterion.name}, "RHS 117"))
    return found


def panel_findings(panel: Sequence[MemberFacts]) -> list[Finding]:
    """List who of the panel still has to do something; one with a conflict is not waited for."""
    scoring = [member for member in panel if not member.has_conflict]
    if not scoring:
        text = n_("Nobody without a conflict of interest is on the panel.")
        return [Finding("no-panel", text, clause="RHS 117")]
    found: list[Finding] = []
    for member in scoring:
        if not member.has_declared:
            text = n_("{name} has not declared on conflicts of interest yet.")
            found.append(Finding("not-declared", text, {"name": member.name}, "RHS 117"))
        elif not member.has_locked:
            text = n_("{name} has not handed in the scores yet.")
            found.append(Finding("not-locked", text, {"name": member.name}, "RHS 117"))
    return found


def ranking_findings(
    facts: LotFacts, panel: Sequence[MemberFacts], open_questions: Sequence[str]
) -> list[Finding]:
    """List why a lot cannot be ranked yet; `open_questions` are the tenderers still asked."""
    found = fact_findings(facts)
    if needs_panel(facts.criteria):
        waiting = panel_findings(panel)
        found += waiting or count_findings(facts)
    found += [
        Finding(
            "explanation-open",
            n_("The question to {name} about its price is not decided yet."),
            {"name": name},
            "RHS 115",
        )
        for name in open_questions
    ]
    return found
