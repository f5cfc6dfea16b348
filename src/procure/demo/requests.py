"""Requests made up from the country's statistics, as a file that an import takes.

The same seed gives the same file, byte for byte. Source: fixtures/demo/demand-statistics.yaml.
"""

import math
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from itertools import accumulate
from random import Random
from typing import Any, TypeVar

from procure.demand.rules.entries import COLUMNS
from procure.demand.rules.files import csv_text
from procure.parameters import folder, read_yaml, reference

T = TypeVar("T")

SERVICE = "TOOHARJUTUS-LAADNE"
LONG_TERM_ANCHOR = 0.28  # the share of long-term unemployed at which the bands are as listed
REDUCED = 30.0  # a draw from a larger mean is split, since exp(-mean) would be lost


class Chance:
    """Draws that depend on the seed alone: only `random()` is the same in every Python."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - made-up people, no secret

    def share(self) -> float:
        """Draw a number from 0 to 1."""
        return self._random.random()

    def one_of(self, weights: Mapping[T, float]) -> T:
        """Draw one of the keys, in proportion to its weight."""
        ends = list(accumulate(weights.values()))
        return list(weights)[bisect(ends, self.share() * ends[-1], hi=len(ends) - 1)]

    def some_of(self, weights: Mapping[T, float], count: int) -> list[T]:
        """Draw `count` different keys."""
        left = dict(weights)
        found = []
        for _ in range(count):
            found.append(self.one_of(left))
            del left[found[-1]]
        return found

    def count(self, mean: float) -> int:
        """Draw a count of Poisson's distribution."""
        drawn = 0
        while mean > REDUCED:
            drawn += self.count(REDUCED)
            mean -= REDUCED
        product, limit = self.share(), math.exp(-mean)
        while product > limit:
            drawn += 1
            product *= self.share()
        return drawn


class Statistics:
    """The fixture, as numbers that draws can use."""

    def __init__(self) -> None:
        self.facts: dict[str, Any] = read_yaml(folder() / "demo" / "demand-statistics.yaml")

    def weights(self, name: str) -> dict[Any, float]:
        """Return the weights listed under a name."""
        return {key: float(value) for key, value in self.facts[name].items()}

    @cached_property
    def bureaus(self) -> dict[str, list[dict[str, Any]]]:
        """Return the bureaus of each county."""
        found: dict[str, list[dict[str, Any]]] = {}
        for bureau in reference("bureaus"):
            found.setdefault(bureau["county"], []).append(bureau)
        return found

    def languages(self, county: Mapping[str, Any]) -> dict[str, float]:
        """Return the share of each language in a county."""
        others = self.weights("other_languages")
        russian = float(county["russian_share"])
        return {"et": max(0.0, 1 - russian - sum(others.values())), "ru": russian, **others}

    def bands(self, county: Mapping[str, Any]) -> dict[str, float]:
        """Return the bands of a county: the more long-term unemployment, the more of band C."""
        bands = self.weights("bands")
        tilt = float(county["long_term_share"]) / LONG_TERM_ANCHOR
        return {**bands, "A": bands["A"] / tilt, "C": bands["C"] * tilt}


def months(until: date, years: int) -> list[date]:
    """List the first days of the months of `years` years that end before `until`.

    >>> found = months(date(2026, 11, 1), 2)
    >>> (found[0].isoformat(), found[-1].isoformat(), len(found))
    ('2024-11-01', '2026-10-01', 24)
    """
    last = until.year * 12 + until.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(last - 12 * years, last)]


def made_up(
    *, years: int, seed: int, until: date, scale: float = 1.0
) -> Iterator[dict[str, object]]:
    """Yield requests of `years` years before the month of `until`, oldest month first.

    `scale` multiplies how many there are; each row has the columns of a request file.
    """
    statistics, chance, number = Statistics(), Chance(seed), 0
    seasonality = statistics.weights("seasonality")
    growth = 1 + float(statistics.facts["yearly_growth_share"])
    rate = float(statistics.facts["requests_per_thousand_month"]) / 1000 * scale
    for month in months(until, years):
        age = (until.year - month.year) + (until.month - month.month) / 12
        next_month = (month + timedelta(days=31)).replace(day=1)
        for county in statistics.facts["counties"]:
            people = float(county["registered_count"]) * seasonality[month.month] / growth**age
            days = sorted(
                int(chance.share() * (next_month - month).days)
                for _ in range(chance.count(people * rate))
            )
            for day in days:
                number += 1
                yield _request(
                    statistics, chance, county, month + timedelta(days=day), f"G{seed}-{number:07d}"
                )


def _request(
    statistics: Statistics,
    chance: Chance,
    county: Mapping[str, Any],
    created: date,
    reference_: str,
) -> dict[str, object]:
    open_then = [
        bureau
        for bureau in statistics.bureaus[county["county"]]
        if bureau["closed_on"] is None or created < bureau["closed_on"]
    ]
    # The department in the county's centre has more clients than each bureau beside it.
    bureau = chance.one_of({n: 3.0 if n == 0 else 1.0 for n in range(len(open_then))})
    barriers = chance.some_of(
        statistics.weights("barriers"), chance.one_of(statistics.weights("barriers_count"))
    )
    wait = chance.one_of(statistics.weights("start_after_days"))
    is_suitable = chance.share() < float(statistics.facts["suitable_share"])
    code = open_then[bureau]["code"]
    return {
        "reference": reference_,
        "created_on": created.isoformat(),
        "county": county["county"],
        "bureau": code,
        "caseworker_ref": f"CW-{county['county'][3:]}-{1 + int(chance.share() * 5)}",
        "client_ref": f"CL-{reference_}",
        "service_code": SERVICE,
        "language": chance.one_of(statistics.languages(county)),
        "risk_band": chance.one_of(statistics.bands(county)),
        "barriers": barriers,
        "needs_transport": "TRANSPORT" in barriers,
        "needs_childcare": "CHILDCARE" in barriers,
        "earliest_start_on": (created + timedelta(days=wait)).isoformat(),
        "suitability": "suitable" if is_suitable else "refer-to-municipality",
    }


def file_of(rows: Sequence[Mapping[str, object]]) -> bytes:
    """Write requests as the CSV that an import takes."""
    return csv_text(list(COLUMNS), rows).encode()
