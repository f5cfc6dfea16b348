"""Where lines go in a picture of points over the weight of price; a table says the same.

Pure: lengths are whole units of the picture's own grid, so that a template only writes them down.
Colours are paired with a dash and a name or number: nothing is told by colour alone.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

import msgspec

K = TypeVar("K")

COLOURS = ("#0f4c5c", "#9a5b00", "#5b6f9e", "#1b7a4b", "#8a3b6b", "#4a5a66")
DASHES = ("", "8 4", "2 3", "10 3 2 3", "4 4", "1 4")
PLOT_WIDTH, PLOT_HEIGHT = 560, 260
LEFT, TOP, RIGHT, BOTTOM = 40, 14, 60, 34
APART = 15  # labels of lines keep this distance


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
    """Totals at every weight of price, both axes from 0 to 100."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    lines: Sequence[Line]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    marked_x: int | None  # the weight that a line across marks


def lines(
    points: Sequence[tuple[Decimal, Mapping[K, Decimal]]],
    names: Mapping[K, str],
    marked: Decimal | None,
) -> Lines:
    """Lay out totals by weight of price, in the order of the names; labels do not cover another.

    >>> whole = lines([(Decimal(0), {1: Decimal(50)}), (Decimal(100), {1: Decimal(0)})],
    ...               {1: "A"}, Decimal(50))
    >>> whole.lines[0].points, whole.marked_x
    ('40,144 600,274', 320)
    """
    drawn = sorted({key for _, totals in points for key in totals}, key=lambda key: names[key])
    last = points[-1][1] if points else {}
    places = _spread({key: _y(last.get(key, Decimal(0))) for key in drawn})
    marks = [Decimal(mark) for mark in range(0, 101, 20)]
    return Lines(
        width=LEFT + PLOT_WIDTH + RIGHT,
        height=TOP + PLOT_HEIGHT + BOTTOM,
        left=LEFT,
        right=LEFT + PLOT_WIDTH,
        top=TOP,
        bottom=TOP + PLOT_HEIGHT,
        lines=[
            Line(
                names[key],
                " ".join(
                    f"{_x(weight)},{_y(totals[key])}" for weight, totals in points if key in totals
                ),
                COLOURS[number % len(COLOURS)],
                DASHES[number % len(DASHES)],
                LEFT + PLOT_WIDTH + 8,
                places[key] + 4,
            )
            for number, key in enumerate(drawn)
        ],
        x_ticks=[Tick(_x(mark), str(mark)) for mark in marks],
        y_ticks=[Tick(_y(mark), str(mark)) for mark in marks],
        marked_x=None if marked is None else _x(marked),
    )


def _x(weight: Decimal) -> int:
    return LEFT + round(PLOT_WIDTH * weight / 100)


def _y(total: Decimal) -> int:
    return TOP + PLOT_HEIGHT - round(total * PLOT_HEIGHT / 100)


def _spread(places: Mapping[K, int]) -> dict[K, int]:
    """Move labels down until none covers the one above it."""
    found: dict[K, int] = {}
    lowest = -APART
    for key, y in sorted(places.items(), key=lambda item: item[1]):
        lowest = max(y, lowest + APART)
        found[key] = lowest
    return found
