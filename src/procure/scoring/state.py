"""What is known while the steps of a rule are taken, and what each of them did.

Every step leaves a record that refers to its column, so that the trace of a thousand bids costs no
more than the columns themselves; sentences are made when somebody reads them. Pure.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.scoring.columns import Column, affine
from procure.scoring.format.file import Rule
from procure.scoring.format.steps import Step
from procure.scoring.format.words import Operand, Ref
from procure.scoring.sheet import Sheet

MOST_NAMED = 20


class Dropped(NamedTuple):
    """Why a bid is out: at which step, the value that was compared, and with what."""

    step: str
    reason: str = ""  # what somebody wrote; empty where a step decided
    value: Fraction | None = None
    limit: Fraction | None = None


class Done(NamedTuple):
    """What one step did."""

    number: int
    step: Step
    result: "Column | Fraction | None" = None
    skipped: bool = False  # a condition of `when` did not hold
    used: tuple[int, ...] | None = None  # the reference set that was taken: rows
    limit: "Column | Fraction | None" = None  # what was compared with
    compared: "Column | None" = None  # what was compared, as rounded
    out: tuple[int, ...] = ()  # rows that this step put out
    flagged: tuple[int, ...] = ()
    special: Mapping[int, str] = {}  # rows with a declared result, and which case it was


class State:
    """Columns, numbers and standing bids at one moment of the computation."""

    def __init__(
        self, rule: Rule, sheet: Sheet, weights: Mapping[str, Fraction] | None = None
    ) -> None:
        self.rule, self.sheet = rule, sheet
        self.size = len(sheet)
        left = zip(sheet.out, sheet.out_before, strict=True)
        self.standing = [not out or bool(before) for out, before in left]
        self.admitted = tuple(self.standing)
        self.all_in = all(self.standing)
        self.columns: dict[str, Column] = {}
        self.numbers: dict[str, Fraction | None] = {
            weight.name: Fraction(weight.value) for weight in rule.weights
        }
        self.numbers |= weights or {}
        for name, operand in rule.constants.items():
            self.numbers[name] = self.number(operand)
        self.dropped: dict[int, Dropped] = {
            row: Dropped("", sheet.out[row]) for row, is_in in enumerate(self.standing) if not is_in
        }
        self.trace: list[Done] = []

    def column(self, name: str) -> Column:
        """Return a column with the values of standing bids alone; KeyError: it is a number."""
        found = self.columns[name]
        return found if self.all_in else found.only(self.standing)

    def number(self, operand: Operand | None) -> Fraction | None:
        """Return what an operand is worth for the whole evaluation; KeyError: it is a column."""
        if operand is None:
            return None
        if not isinstance(operand, Ref):
            return Fraction(operand)
        factor = Fraction(operand.times) / Fraction(operand.over)
        if not operand.of:
            return factor
        found = self.numbers[operand.of]
        return None if found is None else found * factor

    def operand(self, operand: Operand | None) -> "Column | Fraction | None":
        """Return an operand as a number, or as a column where each bid has its own."""
        if isinstance(operand, Ref) and operand.of in self.columns:
            return affine(self.column(operand.of), Fraction(operand.times) / Fraction(operand.over))
        return self.number(operand)

    def drop(self, row: int, why: Dropped) -> None:
        """Put a bid out, once."""
        if self.standing[row]:
            self.standing[row] = False
            self.all_in = False
            self.dropped[row] = why

    def rows_in(self) -> list[int]:
        """Return the rows that stand."""
        return [row for row, is_in in enumerate(self.standing) if is_in]

    def require(self, number: int, step: str, column: Column) -> None:
        """Refuse a result that a standing bid lacks, naming the step and the bids."""
        if None not in column.num:
            return
        rows = [
            row
            for row, (value, is_in) in enumerate(zip(column.num, self.standing, strict=True))
            if value is None and is_in
        ]
        if rows:
            raise Refused([self.undefined(number, step, rows)])

    def undefined(self, number: int, step: str, rows: Sequence[int] = ()) -> Finding:
        """Say that a step has no result, and what to declare."""
        bids = ", ".join(self.sheet.ids[row] for row in rows[:MOST_NAMED])
        text = (
            n_(
                "{step} has no result for {bids}: something is divided by 0 or is missing. "
                "Declare `undefined`, `zero`, `one_bid` or `all_equal`, or `empty` of a reference."
            )
            if bids
            else n_("{step} has no result. Declare `undefined`, or `empty` of a reference.")
        )
        return Finding(
            "undefined", text, {"step": step, "bids": bids}, field=f"rule.steps[{number}]"
        )
