"""Made-up requests: the same for the same seed, good enough to import, and shaped like the year."""

from collections import Counter
from datetime import date

from procure.demand import queries
from procure.demand.rules.entries import check_rows
from procure.demand.rules.files import read_sheet
from procure.demo.requests import Chance, file_of, made_up, months
from tests.builders.catalogue import a_catalogue

UNTIL = date(2026, 11, 1)


def test_the_same_seed_gives_the_same_file_and_another_seed_another() -> None:
    first, again, other = (
        file_of(list(made_up(years=1, seed=seed, until=UNTIL, scale=0.1))) for seed in (1, 1, 2)
    )
    assert first == again != other


def test_two_years_of_fifteen_counties_have_the_shape_of_the_year() -> None:
    rows = list(made_up(years=2, seed=1, until=UNTIL))
    by_month = Counter(str(row["created_on"])[:7] for row in rows)
    assert len(by_month) == 24
    assert len({row["county"] for row in rows}) == 15
    winter, summer = (
        sum(count for month, count in by_month.items() if month[5:] in wanted)
        for wanted in ({"01", "02"}, {"05", "06"})
    )
    assert winter > summer
    assert len({row["reference"] for row in rows}) == len(rows)


async def test_what_is_made_up_can_be_imported(db: object) -> None:
    await a_catalogue()
    rows = list(made_up(years=2, seed=3, until=UNTIL))
    entries, findings = check_rows(
        read_sheet(file_of(rows)).rows, await queries.known(), today=date(2026, 11, 24)
    )
    assert (len(entries), findings) == (len(rows), [])


def test_months_end_before_the_day_that_no_longer_counts() -> None:
    assert months(date(2026, 11, 24), 1)[-1] == date(2026, 10, 1)


def test_a_count_of_a_large_mean_is_near_it() -> None:
    drawn = [Chance(seed).count(900) for seed in range(50)]
    assert 880 < sum(drawn) / len(drawn) < 920
