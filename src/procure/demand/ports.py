"""What demand asks of those who forecast; who plans groups is a `rules.grouping.model.Solve`."""

from typing import Protocol

from procure.demand.rules.forecasting import Expected, History


class Forecasting(Protocol):
    """Forecasts series of counts by a named method."""

    method: str
    interval_permille: int

    def __call__(self, history: History, months: int) -> list[list[Expected]]:
        """Forecast so many months of each series, in their order."""
        ...
