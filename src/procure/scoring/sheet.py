"""The bids of an evaluation as columns, checked on the way in; every fault is named with its path.

A bid is read, put into columns and forgotten, so that a thousand bids with seven evaluators' scores
on thirty criteria take little more room than the file. Pure.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction

from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.scoring.columns import Column
from procure.scoring.format.file import Bid, Rule
from procure.scoring.format.inputs import (
    AnyInput,
    LabelInput,
    ListInput,
    NumberInput,
    ScoresInput,
)
from procure.scoring.numbers import is_sane
from procure.scoring.palette import Palette, Unfit, check

MOST_FINDINGS = 200


class Scores:
    """What all evaluators gave on one input: one row of `width` for each bid."""

    __slots__ = ("den", "num", "width")

    def __init__(self, num: Sequence[int | None], den: int, width: int) -> None:
        self.num, self.den, self.width = num, den, width

    def row(self, bid: int) -> list[Fraction | None]:
        """Return what the evaluators gave one bid."""
        part = self.num[bid * self.width : (bid + 1) * self.width]
        return [None if n is None else Fraction(n, self.den) for n in part]


class Sheet:
    """All bids, row by row, and what they carry, column by column."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.names: list[str] = []
        self.groups: list[str] = []
        self.submitted: list[datetime | None] = []
        self.out: list[str] = []
        self.out_before: list[str] = []
        self.numbers: dict[str, Column] = {}
        self.labels: dict[str, list[str | None]] = {}
        self.scores: dict[str, Scores] = {}
        self.lists: dict[str, list[tuple[Fraction, ...]]] = {}

    def __len__(self) -> int:
        return len(self.ids)


class SheetReader:
    """Takes bids one after the other; `done` gives the sheet, `findings` what is wrong."""

    def __init__(self, rule: Rule, evaluators: Sequence[str]) -> None:
        self.findings: list[Finding] = []
        self.sheet = Sheet()
        self.width = len(evaluators)
        self.steps = {step.name for step in rule.steps}
        self.inputs: dict[str, AnyInput] = {given.name: given for given in rule.inputs}
        self.numbers = {
            g.name: Palette(g) for g in rule.inputs if isinstance(g, NumberInput | ScoresInput)
        }
        self.stated = [g for g in rule.inputs if isinstance(g, ListInput)]
        self.plain = [
            (g.name, self.numbers[g.name], g.optional)
            for g in rule.inputs
            if isinstance(g, NumberInput)
        ]
        self.people = [
            (g.name, Palette(g), self.numbers[g.name])
            for g in rule.inputs
            if isinstance(g, ScoresInput)
        ]
        self.words = [
            (g.name, frozenset(g.one_of)) for g in rule.inputs if isinstance(g, LabelInput)
        ]
        self.score_names = {name for name, _, _ in self.people}
        self.label_names = {name for name, _ in self.words}
        self.list_names = {given.name for given in self.stated}
        for name in self.list_names:
            self.sheet.lists[name] = []
        for name in self.label_names:
            self.sheet.labels[name] = []
        self.seen: set[str] = set()

    def wrong(self, bid: int, where: str, code: str, text: str, **values: object) -> None:
        """Name a fault of one bid."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(code, text, values, field=f"bids[{bid}]{where}", row=bid))

    def take(self, bids: Iterable[Bid]) -> None:
        """Read bids into the columns."""
        for bid in bids:
            self._take(bid)

    def _take(self, bid: Bid) -> None:
        sheet, at = self.sheet, len(self.sheet.ids)
        if bid.id in self.seen:
            self.wrong(at, ".id", "bid-twice", n_("{id} is the id of an earlier bid"), id=bid.id)
        self.seen.add(bid.id)
        sheet.ids.append(bid.id)
        sheet.names.append(bid.name or bid.id)
        sheet.groups.append(bid.group)
        sheet.out.append(bid.out)
        sheet.out_before.append(bid.out_before)
        sheet.submitted.append(bid.submitted_at)
        if bid.submitted_at is not None and bid.submitted_at.tzinfo is None:
            self.wrong(at, ".submitted_at", "no-time-zone", n_("the time zone is missing"))
        if bid.out_before and (not bid.out or bid.out_before not in self.steps):
            self.wrong(
                at,
                ".out_before",
                "out-before-what",
                n_("{step} is not a step before which a bid with a reason in `out` drops out"),
                step=bid.out_before,
            )
        self._strangers(bid, at)
        may_lack = bool(bid.out)
        self._take_numbers(bid, at, may_lack=may_lack)
        self._take_scores(bid, at, may_lack=may_lack)
        self._take_lists(bid, at, may_lack=may_lack)
        for name, known in self.words:
            label = bid.labels.get(name)
            if label is None and not may_lack:
                self._missing(at, f".labels.{name}")
            elif label is not None and label not in known:
                self.wrong(
                    at,
                    f".labels.{name}",
                    "label-unknown",
                    n_("{label} is none of {known}"),
                    label=label,
                    known=", ".join(sorted(known)),
                )
            sheet.labels[name].append(label)

    def _take_numbers(self, bid: Bid, at: int, *, may_lack: bool) -> None:
        values = bid.values
        for name, palette, optional in self.plain:
            value = values.get(name)
            if value is None:
                palette.flat.append(None)
                if not (optional or may_lack):
                    self._missing(at, f".values.{name}")
                continue
            try:
                palette.flat.append(palette[value])
            except (Unfit, TypeError) as error:
                palette.flat.append(None)
                self._unfit(at, f".values.{name}", error)
        for name, _, agreed in self.people:
            value = values.get(name)
            try:
                agreed.flat.append(None if value is None else agreed[value])
            except (Unfit, TypeError) as error:
                agreed.flat.append(None)
                self._unfit(at, f".values.{name}", error)

    def _take_scores(self, bid: Bid, at: int, *, may_lack: bool) -> None:
        width, scores = self.width, bid.scores
        for name, palette, _ in self.people:
            row = scores.get(name)
            if row is None or len(row) != width:
                palette.flat.extend([None] * width)
                if row is None and (may_lack or self._is_agreed(bid, name)):
                    continue
                if row is None:
                    self._missing(at, f".scores.{name}")
                else:
                    self.wrong(
                        at,
                        f".scores.{name}",
                        "scores-count",
                        n_("there are {found} scores and {wanted} evaluators"),
                        found=len(row),
                        wanted=width,
                    )
                continue
            try:
                scale = palette.scale
                found = [palette[value] for value in row]
                if palette.scale != scale:  # a value of this row needed a finer denominator
                    found = [palette[value] for value in row]
                palette.flat.extend(found)
            except (Unfit, TypeError) as error:
                palette.flat.extend([None] * width)
                self._unfit(at, f".scores.{name}", error)

    def _take_lists(self, bid: Bid, at: int, *, may_lack: bool) -> None:
        for given in self.stated:
            name = given.name
            row = bid.lists.get(name)
            if row is None or not row:
                self.sheet.lists[name].append(())
                if not may_lack and (row is None or given.empty is None):
                    self._missing(at, f".lists.{name}")
                continue
            for place, value in enumerate(row):
                try:
                    check(value, given)
                except Unfit as error:
                    self._unfit(at, f".lists.{name}[{place}]", error)
            sane = [value for value in row if is_sane(value)]
            self.sheet.lists[name].append(tuple(map(Fraction, sane)))

    def _is_agreed(self, bid: Bid, name: str) -> bool:
        given = self.inputs[name]
        return (
            isinstance(given, ScoresInput) and given.aggregate == "consensus" and name in bid.values
        )

    def _unfit(self, at: int, where: str, error: Unfit | TypeError) -> None:
        if isinstance(error, TypeError):  # a signalling NaN cannot even be looked up
            error = Unfit("number-unusable", n_("it is not a number that can be computed with"))
        self.wrong(at, where, error.code, error.text, **error.values)

    def _missing(self, at: int, where: str) -> None:
        self.wrong(at, where, "value-missing", n_("the rule asks for it and the bid lacks it"))

    def _strangers(self, bid: Bid, at: int) -> None:
        for part, given, known in (
            ("values", bid.values, self.numbers),
            ("labels", bid.labels, self.label_names),
            ("scores", bid.scores, self.score_names),
            ("lists", bid.lists, self.list_names),
        ):
            for name in given:
                if name not in known:
                    self.wrong(
                        at,
                        f".{part}.{name}",
                        "input-unknown",
                        n_("the rule has no input of this name and kind"),
                    )

    def done(self) -> Sheet:
        """Return the sheet; look at `findings` first."""
        for name, palette, _ in self.plain:
            self.sheet.numbers[name] = Column(palette.flat, palette.scale).packed()
        for name, palette, agreed in self.people:
            self.sheet.scores[name] = Scores(palette.flat, palette.scale, self.width)
            self.sheet.numbers[name] = Column(agreed.flat, agreed.scale)
        return self.sheet
