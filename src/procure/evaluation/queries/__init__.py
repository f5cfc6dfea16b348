"""Reading evaluation. Whoever declared a conflict of interest in a lot reads nothing of it (Z-7).

An evaluator reads assigned lots alone, and nothing of them but who bids before declaring; nobody
reads what another evaluator gave before everyone has handed in.
"""

from procure.evaluation.queries.explanations import (
    own_explanations,
    read_explanation,
    read_explanations,
)
from procure.evaluation.queries.facts import (
    explanation_row,
    explanation_rows,
    facts_now,
    latest_ranking,
    no_explanation,
    open_questions,
    ranking_by_id,
)
from procure.evaluation.queries.ranking import (
    ranking_view,
    read_evaluation,
    read_panel,
    read_ranking,
    read_scores,
)
from procure.evaluation.queries.scoring import (
    lots_to_evaluate,
    own_scores,
    read_scoring,
    tenderers,
)
from procure.evaluation.queries.sight import (
    OPENED,
    admitted,
    has_handed_in,
    head,
    lot_for,
    lots_without_panel,
    member_facts,
    members,
    no_lot,
    own_member,
    sees_whole_lots,
)

__all__ = [
    "OPENED",
    "admitted",
    "explanation_row",
    "explanation_rows",
    "facts_now",
    "has_handed_in",
    "head",
    "latest_ranking",
    "lot_for",
    "lots_to_evaluate",
    "lots_without_panel",
    "member_facts",
    "members",
    "no_explanation",
    "no_lot",
    "open_questions",
    "own_explanations",
    "own_member",
    "own_scores",
    "ranking_by_id",
    "ranking_view",
    "read_evaluation",
    "read_explanation",
    "read_explanations",
    "read_panel",
    "read_ranking",
    "read_scores",
    "read_scoring",
    "sees_whole_lots",
    "tenderers",
]
