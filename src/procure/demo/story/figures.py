"""The worked example: every figure that must come out, and the place where it is checked."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import msgspec

from procure.demo.errors import DemoFailed
from procure.demo.story.progress import Progress

Value = Decimal | int | str


class Figure(msgspec.Struct, frozen=True):
    """One expected result, and what it is in words."""

    step: int
    text: str
    expected: Value


# Points and amounts as they are published; a test holds them against the fixtures' own results.
FIGURES: Mapping[str, Figure] = {
    # 2 A tender from the demand
    "framework-value": Figure(2, "value of the ten lots, EUR", Decimal("1251360.00")),
    "framework-rules": Figure(2, "rules chosen by the first day", "RHS-to-2026-10-31"),
    # 3 Bids
    "receipt": Figure(3, "problems with a bidder's signed receipt", 0),
    "sealed-coordinator": Figure(3, "bids that the coordinator sees before the opening", 0),
    "sealed-count": Figure(3, "their number", "hidden"),
    "sealed-rival": Figure(3, "bids of others that a provider sees before the opening", 0),
    "sealed-own": Figure(3, "what a bidder's own sealed bid says", "hidden"),
    "late-verdict": Figure(3, "a bid after the deadline", "late"),
    "opened-early": Figure(3, "shares taken before the deadline", 0),
    "opened-count": Figure(3, "bids opened by two of three officers", 4),
    "replaced-count": Figure(3, "replaced versions, never opened", 1),
    "withdrawn-count": Figure(3, "withdrawn bids, never opened", 1),
    "late-count": Figure(3, "late bids, never opened", 1),
    # 4 Scores
    "scores": Figure(4, "scores, until the last evaluator has handed in", "hidden"),
    "first-P01": Figure(4, "points of Kirdesild Nõustamine OÜ", Decimal("73.47")),
    "first-P02": Figure(4, "points of Samm-Sammult Töötoad MTÜ", Decimal("73.33")),
    "first-P14": Figure(4, "points of Odavpakkuja OÜ", Decimal("64.33")),
    "first-order": Figure(4, "first ranking", "P01 P02 P14"),
    "below-minimum": Figure(4, "left out below the minimum of a criterion", "P03"),
    "low-price": Figure(4, "asked about an abnormally low price", "P14"),
    "low-share": Figure(4, "its share of the median of the others, %", Decimal("55.8")),
    "reversal": Figure(4, "leaving this bid out reverses the order of the others", "P14"),
    "second-P02": Figure(4, "points of Samm-Sammult Töötoad MTÜ without it", Decimal("89.33")),
    "second-P01": Figure(4, "points of Kirdesild Nõustamine OÜ without it", Decimal("87.34")),
    "second-order": Figure(4, "second ranking", "P02 P01"),
    # 5 Award
    "letters-count": Figure(5, "letters with reasons, one to every tenderer", 4),
    "last-blocked": Figure(5, "last day of the standstill", "2024-03-13"),
    "signing-refused": Figure(5, "signing inside it is refused under", "RHS 120-121"),
    "lots-without-bids": Figure(5, "lots that ended without tenders", 9),
    # 6 Contracts
    "frameworks-count": Figure(6, "framework agreements signed", 2),
    "call-off-winner": Figure(6, "winner of the mini-competition", "P02"),
    "call-off-price": Figure(6, "its price of a participant day, EUR", Decimal("22.00")),
    "call-off-value": Figure(6, "full value of the call-off, EUR", Decimal("15840.00")),
    # 7 Delivery
    "payable-days": Figure(7, "payable participant days", 573),
    "outcomes-count": Figure(7, "outcomes reported", 16),
    "contradicted": Figure(7, "outcomes that the register contradicts", "CL-90004 EMP_SUST_90"),
    # 8 Payment
    "attendance-amount": Figure(8, "for attendance, EUR", Decimal("7563.60")),
    "milestone-amount": Figure(8, "for milestones, EUR", Decimal("2613.60")),
    "outcome-amount": Figure(8, "for outcomes, EUR", Decimal("1795.20")),
    "first-claim": Figure(8, "the claim as first drafted, EUR", Decimal("11972.40")),
    "correction": Figure(8, "the correcting entry after the register, EUR", Decimal("-158.40")),
    "posted": Figure(8, "posted in the ledger, EUR", Decimal("11814.00")),
    "payment-file": Figure(8, "total of the payment file, EUR", Decimal("11814.00")),
    "payment-schema": Figure(8, "payment file valid against", "pain.001.001.09"),
    # 1 Requests of the present
    "wrong-rows": Figure(1, "wrong rows of the wrong file, all told at once", 8),
    "wrong-taken": Figure(1, "rows taken from it", 0),
    "requests": Figure(1, "requests of autumn 2026", 120),
    "suitable": Figure(1, "suitable", 101),
    "referred": Figure(1, "referred to the municipality", 19),
    "groups": Figure(1, "groups that can start", 6),
    "waiting": Figure(1, "people who wait", 35),
    # 2 again
    "present-rules": Figure(2, "rules in force since 1 November 2026", "RHS-from-2026-11-01"),
    "present-value": Figure(2, "value of the tender of six lots, EUR", Decimal("95040.00")),
    # 9 Audit
    "thread-back": Figure(9, "the payment line leads back to", "REQ-2025-0004"),
    "thread-forward": Figure(9, "the request leads forward to EUR", Decimal("11814.00")),
    "other-buyer": Figure(9, "what another authority sees of all this", 0),
    "verified": Figure(9, "problems in the dossier", 0),
    "damage-named": Figure(9, "file named in the copy with one byte changed", "the damaged one"),
}


class Checked(msgspec.Struct, frozen=True):
    """A figure that came out."""

    key: str
    text: str
    expected: Value
    found: Value


class Figures:
    """Compares what came out with what must; the first difference ends the demo."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._checked: dict[str, Checked] = {}

    def check(self, key: str, found: Value) -> None:
        """Hold one result against the worked example; DemoFailed if it differs."""
        figure = FIGURES[key]
        if isinstance(figure.expected, Decimal):
            found = Decimal(found)
        if found != figure.expected:
            raise DemoFailed(
                f"{figure.text} must be {figure.expected}, and came out as {found} ({key})."
            )
        self._checked[key] = Checked(key, figure.text, figure.expected, found)
        self._progress.tick(f"{figure.text}: {found}")

    def finish(self, file: Path) -> None:
        """Write down all of them; DemoFailed if one was never checked."""
        if missing := [key for key in FIGURES if key not in self._checked]:
            raise DemoFailed(f"Nothing has checked {', '.join(missing)}.")
        report = [self._checked[key] for key in FIGURES]
        file.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
