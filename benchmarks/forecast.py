"""Back-test of the forecast on two years of made-up requests: its error ÷ that of the floor.

`python -m benchmarks.forecast [years] [seed]`. The floor expects what came a year before.
"""

import sys
import time
from collections import Counter
from datetime import date

from procure.adapters.seasonal import SeasonalForecaster
from procure.demand.rules.forecasting import history_of, make_forecast
from procure.demo.requests import made_up, months

UNTIL = date(2026, 11, 1)


def main() -> None:
    """Forecast half a year, test it, and print."""
    years = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    counts: Counter[tuple[str, str, date]] = Counter()
    for row in made_up(years=years, seed=seed, until=UNTIL):
        month = date.fromisoformat(str(row["created_on"])).replace(day=1)
        counts[str(row["county"]), str(row["language"]), month] += 1
    history = history_of(counts, months(UNTIL, years)[0], years * 12)
    forecaster = SeasonalForecaster()
    started = time.perf_counter()
    found = make_forecast(
        history,
        forecaster,
        months=6,
        method=forecaster.method,
        interval_permille=forecaster.interval_permille,
    )
    took = time.perf_counter() - started
    test = found.back_test
    assert test is not None
    print(f"{len(history.series) - 1} series of {years * 12} months; {test.origins_count} origins")
    for error in [*test.by_distance, test.together]:
        name = f"{error.months_ahead} months ahead" if error.months_ahead else "together"
        print(
            f"{name}: error {error.error_permille / 10:.1f} %, floor "
            f"{error.naive_permille / 10:.1f} %, ratio {error.ratio_permille / 1000:.2f}; "
            f"{error.covered_permille / 10:.1f} % inside the interval of "
            f"{found.interval_permille / 10:.0f} %"
        )
    print(f"{took:.1f} s, back-test included")


if __name__ == "__main__":
    main()
