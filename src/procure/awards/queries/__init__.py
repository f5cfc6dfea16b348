"""Reading awards: the buyer reads all of it, a tenderer its own letters, everyone the notice."""

from procure.awards.queries.decision import read_decision
from procure.awards.queries.facts import (
    award_facts,
    award_of_lot,
    award_row,
    decision_facts,
    heading,
    no_award,
    standstills_over,
    suppliers_of,
)
from procure.awards.queries.reading import (
    letters_of,
    list_awards,
    list_notices,
    own_letters,
    read_award,
    read_notice,
)

__all__ = [
    "award_facts",
    "award_of_lot",
    "award_row",
    "decision_facts",
    "heading",
    "letters_of",
    "list_awards",
    "list_notices",
    "no_award",
    "own_letters",
    "read_award",
    "read_decision",
    "read_notice",
    "standstills_over",
    "suppliers_of",
]
