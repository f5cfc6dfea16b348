"""Evaluation: the only writer of its tables. One function, one transaction, one event."""

from procure.evaluation.service.explanations import (
    answer_explanation,
    ask_explanation,
    decide_explanation,
)
from procure.evaluation.service.panel import appoint, declare, release
from procure.evaluation.service.ranking import draw_lots, rank
from procure.evaluation.service.scores import hand_in_scores, save_scores

__all__ = [
    "answer_explanation",
    "appoint",
    "ask_explanation",
    "decide_explanation",
    "declare",
    "draw_lots",
    "hand_in_scores",
    "rank",
    "release",
    "save_scores",
]
