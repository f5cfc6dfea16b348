"""When a lot may be decided, when a lot may end without award, when a contract may be signed.

Pure. Source: RHS 73, 117, 119-121; eForms non-award-justification.
"""

from datetime import date, timedelta

import msgspec

from procure.awards.rules.facts import AwardFacts, DecisionFacts
from procure.awards.states import AwardState
from procure.kernel.findings import Finding
from procure.kernel.texts import n_

SHORTEST_REASONS = 20
LONGEST_TEXT = 10_000

NO_TENDERS = "no-rece"
ALL_REJECTED = "all-rej"
ONE_ADMISSIBLE = "one-admis"


class ConclusionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What ending a lot without award rests on; stored with it."""

    ground: str  # eForms non-award-justification
    reasons: str
    tenderers_count: int  # whose bids were opened
    ranked_count: int | None  # bids left in the newest ranking; none: not ranked
    is_current: bool
    open_questions: tuple[str, ...] = ()


def decision_findings(facts: DecisionFacts) -> list[Finding]:
    """List every reason why a lot cannot be decided like this; empty: it may."""
    found: list[Finding] = []
    if facts.chosen_version != facts.evaluation_version:
        found.append(
            Finding(
                "old-ranking",
                n_("Ranking {chosen} was read, and {newest} is the newest: read that one first."),
                {"chosen": facts.chosen_version, "newest": facts.evaluation_version},
                "RHS 117",
                "evaluation_version",
            )
        )
    if not facts.is_current:
        text = n_("What the ranking rests on has changed since: rank the bids again.")
        found.append(Finding("stale-ranking", text, {}, "RHS 117"))
    for name in facts.open_questions:
        text = n_("The question to {name} about its price is not decided yet.")
        found.append(Finding("explanation-open", text, {"name": name}, "RHS 115"))
    found += _winner_findings(facts)
    if any(r.changes_winner for r in facts.reversals) and not facts.acknowledged_reversal:
        names = ", ".join(r.without_name for r in facts.reversals if r.changes_winner)
        found.append(
            Finding(
                "reversal",
                n_(
                    "Without {names} another bid would be first among the rest. "
                    "Confirm that you have seen this."
                ),
                {"names": names},
                "RHS 117",
                "acknowledged_reversal",
            )
        )
    found += text_findings("reasons", facts.reasons)
    if len(facts.characteristics) > LONGEST_TEXT:
        found += text_findings("characteristics", facts.characteristics)
    return found


def _winner_findings(facts: DecisionFacts) -> list[Finding]:
    ranked = facts.ranking.ranked
    if not ranked:
        text = n_("No bid is left that could win; end the lot without award.")
        return [Finding("nobody", text, {}, "RHS 73")]
    most = min(facts.max_suppliers_count, len(ranked))
    if not 1 <= facts.winners_count <= most:
        text = n_("Choose from 1 to {most} winners: so many the documents and the bids allow.")
        return [Finding("winners", text, {"most": most}, "RHS 29", "winners_count")]
    if any(set(facts.winner_ids) & set(group) for group in facts.ranking.undecided):
        text = n_("Bids are equal: lots have to be drawn before a winner can be named.")
        return [Finding("tie", text, {}, "RHS 117")]
    return []


def text_findings(field: str, text: str) -> list[Finding]:
    """List what is wrong with reasons that every tenderer reads."""
    if len(text.strip()) < SHORTEST_REASONS:
        said = n_("Say why in at least {least} characters: every tenderer reads it.")
        return [Finding("no-reasons", said, {"least": SHORTEST_REASONS}, "RHS 117", field)]
    if len(text) > LONGEST_TEXT:
        said = n_("At most {most} characters; these are {length}.")
        return [Finding("too-long", said, {"most": LONGEST_TEXT, "length": len(text)}, "", field)]
    return []


def conclusion_findings(facts: ConclusionFacts, grounds: frozenset[str]) -> list[Finding]:
    """List every reason why a lot cannot end without award on this ground.

    Source: Ministry of Finance letter 12.2-1/5542-2 (a lot does not end because few came, if no
    least number was set): "one admissible" is no ground by itself, so it needs words.
    """
    if facts.ground not in grounds:
        return [Finding("ground", n_("Choose a ground of the list."), field="ground")]
    found: list[Finding] = []
    if facts.ground == NO_TENDERS and facts.tenderers_count:
        text = n_("{count} bids were opened for this lot, so tenders were received.")
        found.append(
            Finding("not-empty", text, {"count": facts.tenderers_count}, "RHS 73", "ground")
        )
    if facts.ground != NO_TENDERS and not facts.tenderers_count:
        text = n_("No bid came for this lot: that is the ground.")
        found.append(Finding("empty", text, {}, "RHS 73", "ground"))
    if facts.ground == ALL_REJECTED and facts.tenderers_count:
        if facts.ranked_count is None or not facts.is_current:
            text = n_("Rank the bids first, so that it is known that none is left.")
            found.append(Finding("not-ranked", text, {}, "RHS 117", "ground"))
        elif facts.ranked_count:
            text = n_("{count} bids are left in the ranking.")
            found.append(Finding("left", text, {"count": facts.ranked_count}, "RHS 117", "ground"))
    if facts.ground != NO_TENDERS:
        found += text_findings("reasons", facts.reasons)
    return found


def signing_findings(award: AwardFacts, day: date) -> list[Finding]:
    """List why no contract of an award may be signed on `day`; the last blocked day is blocked."""
    if award.state == AwardState.ANNULLED:
        return [Finding("annulled", n_("The award was annulled."), {}, "RHS 120")]
    if award.last_blocked_on is not None and day <= award.last_blocked_on:
        return [
            Finding(
                "standstill",
                n_("The standstill lasts to {last}; a contract can be signed from {first}."),
                {"last": award.last_blocked_on, "first": award.last_blocked_on + timedelta(days=1)},
                "RHS 120-121",
            )
        ]
    return []


def standstill(tenderers_count: int, last_blocked_on: date | None) -> date | None:
    """Return the last blocked day; none where a single tenderer came, as the law allows."""
    return last_blocked_on if tenderers_count > 1 else None
