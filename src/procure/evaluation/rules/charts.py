"""Where the lines and bars of a ranking's pictures go; each picture has a table that says the same.

Pure: lengths are whole units of the picture's own grid, so that a template only writes them down.
Colours are paired with a dash or a label: nothing is told by colour alone.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.evaluation.rules.checks import Sensitivity
from procure.evaluation.rules.results import Ranking

COLOURS = ("#0f4c5c", "#9a5b00", "#5b6f9e", "#1b7a4b", "#8a3b6b", "#4a5a66")
DASHES = ("", "8 4", "2 3", "10 3 2 3", "4 4", "1 4")

BAR_WIDTH = 700  # for 100 points
BAR_HEIGHT = 26
BAR_STEP = 46
LABEL_LEAST = 64  # a narrower part carries no number
PLOT_WIDTH, PLOT_HEIGHT = 560, 260
LEFT, TOP, RIGHT, BOTTOM = 40, 14, 150, 34
APART = 15  # labels of lines keep this distance


class BarPart(msgspec.Struct, frozen=True):
    """One criterion's points in a bar."""

    code: str
    points: Decimal
    x: int
    width: int
    label_x: int
    has_label: bool
    colour: str


class Bar(msgspec.Struct, frozen=True):
    """One bid's bar."""

    name: str
    total: Decimal
    y: int
    text_y: int
    end_x: int
    parts: Sequence[BarPart]


class Bars(msgspec.Struct, frozen=True):
    """Total points of each ranked bid, stacked by criterion."""

    width: int
    height: int
    bar_height: int
    bars: Sequence[Bar]
    colours: Mapping[str, str]  # by criterion


class Line(msgspec.Struct, frozen=True):
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


class Lines(msgspec.Struct, frozen=True):
    """Totals of each ranked bid at every weight of price."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    lines: Sequence[Line]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    published_x: int | None


def bars(ranking: Ranking) -> Bars:
    """Lay out the ranked bids' points, best first, 100 points over the whole width."""
    codes = [line.code for result in ranking.results[:1] for line in result.lines]
    colours = {code: COLOURS[number % len(COLOURS)] for number, code in enumerate(codes)}
    rows = []
    for number, result in enumerate(ranking.ranked):
        x, parts = 0, []
        for line in result.lines:
            width = round((line.points or Decimal(0)) * BAR_WIDTH / 100)
            parts.append(
                BarPart(
                    line.code,
                    line.points or Decimal(0),
                    x,
                    width,
                    x + width // 2,
                    width >= LABEL_LEAST,
                    colours[line.code],
                )
            )
            x += width
        y = number * BAR_STEP
        total = result.total or Decimal(0)
        rows.append(Bar(result.provider_name, total, y, y + 18, x + 8, parts))
    height = len(rows) * BAR_STEP + 2 * 8
    return Bars(BAR_WIDTH + 70 + 2 * 12, height, BAR_HEIGHT, rows, colours)


def lines(points: Sequence[Sensitivity], names: Mapping[UUID, str]) -> Lines:
    """Lay out the totals over the weight of price, the axes from 0 to 100."""
    bids = sorted({bid for point in points for bid in point.totals}, key=lambda bid: names[bid])
    last = {bid: points[-1].totals.get(bid, Decimal(0)) for bid in bids} if points else {}
    places = _spread({bid: _y(total) for bid, total in last.items()})
    published = next((point.price_weight for point in points if point.is_published), None)
    return Lines(
        width=LEFT + PLOT_WIDTH + RIGHT,
        height=TOP + PLOT_HEIGHT + BOTTOM,
        left=LEFT,
        right=LEFT + PLOT_WIDTH,
        top=TOP,
        bottom=TOP + PLOT_HEIGHT,
        lines=[
            Line(
                names[bid],
                " ".join(
                    f"{_x(point.price_weight)},{_y(point.totals[bid])}"
                    for point in points
                    if bid in point.totals
                ),
                COLOURS[number % len(COLOURS)],
                DASHES[number % len(DASHES)],
                LEFT + PLOT_WIDTH + 8,
                places[bid] + 4,
            )
            for number, bid in enumerate(bids)
        ],
        x_ticks=[Tick(_x(weight), str(weight)) for weight in range(0, 101, 20)],
        y_ticks=[Tick(_y(Decimal(total)), str(total)) for total in range(0, 101, 20)],
        published_x=None if published is None else _x(published),
    )


def _x(weight: int) -> int:
    return LEFT + PLOT_WIDTH * weight // 100


def _y(total: Decimal) -> int:
    return TOP + PLOT_HEIGHT - round(total * PLOT_HEIGHT / 100)


def _spread(places: Mapping[UUID, int]) -> dict[UUID, int]:
    """Move labels down until none covers the one above it."""
    found: dict[UUID, int] = {}
    lowest = -APART
    for bid, y in sorted(places.items(), key=lambda item: item[1]):
        lowest = max(y, lowest + APART)
        found[bid] = lowest
    return found
