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
from procure.kernel import charts
from procure.kernel.charts import COLOURS, Lines

BAR_WIDTH = 700  # for 100 points
BAR_HEIGHT = 26
BAR_STEP = 46
LABEL_LEAST = 64  # a narrower part carries no number


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
    """Lay out the totals over the weight of price; the published weight is marked."""
    published = next((point.price_weight for point in points if point.is_published), None)
    return charts.lines(
        [(Decimal(point.price_weight), point.totals) for point in points],
        names,
        None if published is None else Decimal(published),
    )
