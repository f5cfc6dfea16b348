"""Each ranking as a file of the scoring engine, so that anyone computes it again."""

import logging
from collections.abc import Mapping, Sequence

import msgspec

from procure.dossier.rules import Part
from procure.evaluation.rules import LotFacts, Ranking, scoring_file
from procure.kernel.canonical import read_canonical

log = logging.getLogger(__name__)


def scored(evaluations: Sequence[Mapping[str, object]]) -> list[Part]:
    """Write a file for each ranking; one that cannot be read is left out, which the check finds."""
    parts = []
    for row in evaluations:
        try:
            facts = read_canonical(str(row["facts"]), LotFacts)
            ranking = read_canonical(str(row["result"]), Ranking)
        except msgspec.DecodeError as error:
            log.error("left out of a dossier: ranking %s: %s", row["id"], error)
            continue
        title = f"{facts.reference} {facts.lot_code}, ranking {row['version']}"
        content = scoring_file(facts, ranking, int(str(row["version"])))
        parts.append(Part(f"scoring/{row['id']}.json", content, title, "application/json"))
    return parts
