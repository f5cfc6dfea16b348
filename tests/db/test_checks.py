"""The checks refuse in the database what the code should never send."""

from collections.abc import AsyncIterator
from enum import StrEnum

import asyncpg
import pytest
import pytest_asyncio

from procure.db import is_money, is_one_of, is_period, is_sha256, is_share
from procure.db.engine import AppConnection


class Colour(StrEnum):
    """A vocabulary."""

    RED = "red"
    BLUE = "blue"


@pytest_asyncio.fixture
async def table(owner: AppConnection) -> AsyncIterator[AppConnection]:
    """Make a table with one column for each check, for this connection alone."""
    await owner.execute(
        "CREATE TEMPORARY TABLE checked (amount numeric, share numeric, colour text, digest text, "
        "start_on date, end_until date, "
        + ", ".join(
            check.ddl
            for check in (
                is_money("amount"), is_share("share"), is_one_of("colour", Colour),
                is_sha256("digest"), is_period("start_on", "end_until"),
            )
        )
        + ")"
    )  # fmt: skip
    yield owner


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        pytest.param("amount", "0", "-0.01", id="money is not negative"),
        pytest.param("amount", "1.05", "1.005", id="money has two decimals"),
        pytest.param("amount", "999999999999.99", "1000000000000", id="money is below a billion"),
        pytest.param("amount", "1", "NaN", id="money is a number"),
        pytest.param("amount", "1", "Infinity", id="money is finite"),
        pytest.param("share", "0", "-0.0001", id="no share is below nothing"),
        pytest.param("share", "1", "1.0001", id="no share is above the whole"),
        pytest.param("share", "0.3333", "NaN", id="a share is a number"),
        pytest.param("colour", "red", "green", id="only known words"),
        pytest.param("colour", "blue", "", id="the empty word is not known"),
        pytest.param("digest", "0a" * 32, "0A" * 32, id="lower case"),
        pytest.param("digest", "0" * 64, "0" * 63, id="64 digits"),
        pytest.param("digest", "f" * 64, "f" * 64 + "\n", id="and nothing after them"),
    ],
)
async def test_the_boundary(table: AppConnection, column: str, good: str, bad: str) -> None:
    kind = {"amount": "numeric", "share": "numeric"}.get(column, "text")
    insert = f"INSERT INTO checked ({column}) VALUES ($1::text::{kind})"
    await table.execute(insert, good)
    with pytest.raises(asyncpg.CheckViolationError):
        await table.execute(insert, bad)


@pytest.mark.parametrize(
    ("until", "refused"),
    [
        pytest.param("'2026-01-02'", False, id="one day"),
        pytest.param("'2026-01-01'", True, id="no day, as the end is not included"),
        pytest.param("NULL", False, id="an end not known yet"),
    ],
)
async def test_a_period_holds_at_least_a_day(
    table: AppConnection, until: str, refused: bool
) -> None:
    insert = f"INSERT INTO checked (start_on, end_until) VALUES ('2026-01-01', {until})"
    if refused:
        with pytest.raises(asyncpg.CheckViolationError):
            await table.execute(insert)
    else:
        await table.execute(insert)
