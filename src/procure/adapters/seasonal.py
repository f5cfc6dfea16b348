"""Forecasts by statsmodels: one shape of the year and one trend for all, a level for each series.

Most counties ask for a few requests a month, too few to tell a season from chance. The shape comes
from the sum of all series by a Poisson regression on months and harmonics of the year; each series
has its own level; what is left over says how wide the intervals are (negative binomial, with the
doubt about shape and level in them).
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from procure.demand.rules.forecasting import EVERYWHERE, Expected, History

METHOD = "Poisson regression with a shared season, statsmodels"
INTERVAL_PERMILLE = 800
MONTHS_FOR_SHAPE = 6  # fewer say nothing of how much they vary
MONTHS_FOR_SEASON = 12
MONTHS_FOR_TREND = 18


class SeasonalForecaster:
    """Forecasts months of counts, with intervals that hold `interval_permille` of what comes."""

    method = METHOD

    def __init__(self, *, interval_permille: int = INTERVAL_PERMILLE) -> None:
        """Say how much of what comes the intervals shall hold."""
        self.interval_permille = interval_permille

    def __call__(self, history: History, months: int) -> list[list[Expected]]:
        """Forecast so many months of each series."""
        import numpy as np
        from scipy import stats

        known = history.months_count
        counts = np.array([one.counts for one in history.series], dtype=float)
        parts = np.array([one.county != EVERYWHERE for one in history.series])
        shape, doubt = self._shape(history, counts[parts].sum(axis=0), months)
        before, ahead = shape[:known], shape[known:]
        totals = counts.sum(axis=1)
        levels = (totals + 0.25) / before.sum()
        fitted = np.outer(levels, before)
        left = ((counts - fitted) ** 2 / fitted)[parts]
        freedom = max(left.size - parts.sum() - 5, 1)
        spread = max(1.0, float(left.sum() / freedom))
        tail = (1000 - self.interval_permille) / 2000
        means = np.outer(levels, ahead)
        variances = spread * means + means**2 * (
            (spread / (totals + 0.25))[:, None] + (doubt**2)[None, :]
        )
        variances = np.maximum(variances, means * 1.0001)
        share = means / variances
        size = means * share / (1 - share)
        low, high = (stats.nbinom.ppf(q, size, share) for q in (tail, 1 - tail))
        return [
            [
                Expected(Decimal(f"{means[s, n]:.1f}"), int(low[s, n]), int(high[s, n]))
                for n in range(months)
            ]
            for s in range(len(history.series))
        ]

    @staticmethod
    def _shape(history: History, total: Any, months: int) -> tuple[Any, Any]:  # noqa: ANN401
        """Return the shape of known and coming months, and the doubt about the coming ones."""
        import numpy as np
        from statsmodels.genmod.families import Poisson
        from statsmodels.genmod.generalized_linear_model import GLM

        known = history.months_count
        if known < MONTHS_FOR_SHAPE or not total.any():
            return np.full(known + months, total.mean() + 0.01), np.full(months, 0.5)
        design = np.array(_columns(history, known + months))
        fit = GLM(total + 0.01, design[:known], family=Poisson()).fit(scale="X2")
        coming = fit.get_prediction(design[known:])
        shape = np.concatenate([fit.fittedvalues, coming.predicted_mean])
        doubt = np.minimum(coming.se_mean / np.maximum(coming.predicted_mean, 1e-9), 1.0)
        return shape, doubt


def _columns(history: History, months: int) -> Sequence[Sequence[float]]:
    """Describe each month: one, the trend, and two harmonics of the year, as history allows."""
    import math

    known, rows = history.months_count, []
    for n in range(months):
        row = [1.0]
        if known >= MONTHS_FOR_TREND:
            row.append((n - known) / 12)
        if known >= MONTHS_FOR_SEASON:
            turn = 2 * math.pi * (history.first_month.month - 1 + n) / 12
            row += [math.sin(turn), math.cos(turn)]
            if known >= 2 * MONTHS_FOR_SEASON:
                row += [math.sin(2 * turn), math.cos(2 * turn)]
        rows.append(row)
    return rows
