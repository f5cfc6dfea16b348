"""How bids score: facts in, ranking with every step out, and the checks before a decision.

Pure: no clock, no database. The scoring engine computes; `facts` holds what goes in, `scheme` puts
it beside the tender's rule, `transforms` and `ranking` say each step in words, `results` is what
comes out, `checks` what to know before deciding, `panel` what stands in the way. Source: RHS 85,
115, 117.
"""

from procure.evaluation.rules.charts import bars, lines
from procure.evaluation.rules.checks import (
    Deficit,
    LowPrice,
    Reversal,
    Sensitivity,
    deficits,
    fixed_price,
    labour_floor,
    low_prices,
    rank_reversal,
    reversal_exists,
    sensitivity,
    without,
)
from procure.evaluation.rules.facts import (
    POINTS_STEP,
    BidFacts,
    CriterionFacts,
    LabourFacts,
    Ladder,
    LotFacts,
    LowPriceRule,
    ScoreFacts,
    TableRow,
    needs_panel,
)
from procure.evaluation.rules.panel import (
    SHORTEST_REASON,
    MemberFacts,
    ScoreEntry,
    count_findings,
    fact_findings,
    field_of,
    panel_findings,
    points_findings,
    ranking_findings,
    score_findings,
)
from procure.evaluation.rules.ranking import rank, ranked_by
from procure.evaluation.rules.record import EvaluationFacts
from procure.evaluation.rules.results import (
    BidResult,
    BidStatus,
    Line,
    Ranking,
    Step,
    StepKind,
)
from procure.evaluation.rules.scheme import evaluation_of, rule_findings, rule_of, scoring_file

__all__ = [
    "POINTS_STEP",
    "SHORTEST_REASON",
    "BidFacts",
    "BidResult",
    "BidStatus",
    "CriterionFacts",
    "Deficit",
    "EvaluationFacts",
    "LabourFacts",
    "Ladder",
    "Line",
    "LotFacts",
    "LowPrice",
    "LowPriceRule",
    "MemberFacts",
    "Ranking",
    "Reversal",
    "ScoreEntry",
    "ScoreFacts",
    "Sensitivity",
    "Step",
    "StepKind",
    "TableRow",
    "bars",
    "count_findings",
    "deficits",
    "evaluation_of",
    "fact_findings",
    "field_of",
    "fixed_price",
    "labour_floor",
    "lines",
    "low_prices",
    "needs_panel",
    "panel_findings",
    "points_findings",
    "rank",
    "rank_reversal",
    "ranked_by",
    "ranking_findings",
    "reversal_exists",
    "rule_findings",
    "rule_of",
    "score_findings",
    "scoring_file",
    "sensitivity",
    "without",
]
