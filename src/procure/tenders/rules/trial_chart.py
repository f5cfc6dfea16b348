"""Where the lines of a trial's picture go: totals over the weight of price; a table says the same.

Pure: lengths are whole units of the picture's own grid, so that a template only writes them down.
Colours are paired with a dash and a letter: nothing is told by colour alone.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from procure.tenders.rules.trials import AtPriceWeight

COLOURS = ("#0f4c5c", "#9a5b00", "#5b6f9e", "#1b7a4b", "#8a3b6b", "#4a5a66")
DASHES = ("", "8 4", "2 3", "10 3 2 3", "4 4", "1 4")
PLOT_WIDTH, PLOT_HEIGHT = 560, 260
LEFT, TOP, RIGHT, BOTTOM = 40, 14, 60, 34
APART = 15  # labels of lines keep this distance


class TrialLine(msgspec.Struct, frozen=True):
    """One bid's totals over the weight of price."""

    name: str
    points: str  # as an SVG polyline wants them
    colour: str
    dash: str
    label_x: int
    label_y: int


class Tick(msgspec.Struct, frozen=True):
    """A mark on an axis."""

    at: int
    text: str


class TrialChart(msgspec.Struct, frozen=True):
    """Totals of each ranked bid at every weight of price, both axes from 0 to 100."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    lines: Sequence[TrialLine]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    drafted_x: int | None


def trial_chart(points: Sequence[AtPriceWeight]) -> TrialChart:
    """Lay out the totals over the weight of price."""
    bids = sorted({bid for point in points for bid in point.totals})
    last = points[-1].totals if points else {}
    labels: dict[str, int] = {}
    lowest = -APART
    for bid in sorted(bids, key=lambda bid: _y(last.get(bid, Decimal(0)))):
        lowest = labels[bid] = max(_y(last.get(bid, Decimal(0))), lowest + APART)
    drafted = next((point.price_weight for point in points if point.is_drafted), None)
    marks = range(0, 101, 20)
    return TrialChart(
        width=LEFT + PLOT_WIDTH + RIGHT,
        height=TOP + PLOT_HEIGHT + BOTTOM,
        left=LEFT,
        right=LEFT + PLOT_WIDTH,
        top=TOP,
        bottom=TOP + PLOT_HEIGHT,
        lines=[
            TrialLine(
                bid,
                " ".join(
                    f"{_x(point.price_weight)},{_y(point.totals[bid])}"
                    for point in points
                    if bid in point.totals
                ),
                COLOURS[number % len(COLOURS)],
                DASHES[number % len(DASHES)],
                LEFT + PLOT_WIDTH + 8,
                labels[bid] + 4,
            )
            for number, bid in enumerate(bids)
        ],
        x_ticks=[Tick(_x(Decimal(mark)), str(mark)) for mark in marks],
        y_ticks=[Tick(_y(Decimal(mark)), str(mark)) for mark in marks],
        drafted_x=None if drafted is None else _x(drafted),
    )


def _x(weight: Decimal) -> int:
    return LEFT + round(PLOT_WIDTH * weight / 100)


def _y(total: Decimal) -> int:
    return TOP + PLOT_HEIGHT - round(total * PLOT_HEIGHT / 100)
