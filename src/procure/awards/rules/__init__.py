"""Awards: when a lot may be decided, what each tenderer is told, when a contract may be signed.

Pure: days, rankings and parameters are arguments. Source: RHS 73, 117, 119-121.
"""

from procure.awards.rules.decision import (
    ALL_REJECTED,
    NO_TENDERS,
    SHORTEST_REASONS,
    ConclusionFacts,
    conclusion_findings,
    decision_findings,
    signing_findings,
    standstill,
    text_findings,
)
from procure.awards.rules.facts import (
    AwardFacts,
    Better,
    CriterionLine,
    DecisionFacts,
    EndLetterFacts,
    LetterFacts,
    SupplierFacts,
    WinnerLine,
)
from procure.awards.rules.letters import (
    Heading,
    advantages,
    end_letter,
    letter_kind,
    letters,
    step_facts,
)

__all__ = [
    "ALL_REJECTED",
    "NO_TENDERS",
    "SHORTEST_REASONS",
    "AwardFacts",
    "Better",
    "ConclusionFacts",
    "CriterionLine",
    "DecisionFacts",
    "EndLetterFacts",
    "Heading",
    "LetterFacts",
    "SupplierFacts",
    "WinnerLine",
    "advantages",
    "conclusion_findings",
    "decision_findings",
    "end_letter",
    "letter_kind",
    "letters",
    "signing_findings",
    "standstill",
    "step_facts",
    "text_findings",
]
