"""CHECK constraints that many tables need.

A constraint is named by the attribute that holds it. A changed condition under an old name is not
seen by Piccolo's auto migrations, so once a release is out, a changed CHECK gets a new name.
Strings, because `Check(column.is_in(...))` emits broken SQL in Piccolo 1.38.
"""

from enum import StrEnum

from piccolo.constraints import Check


def is_one_of(column: str, values: type[StrEnum]) -> Check:
    """CHECK that a text column holds a member of `values`; Piccolo's `choices` does not."""
    allowed = ", ".join(f"'{value}'" for value in values)
    return Check(f"{column} IN ({allowed})")


def is_money(column: str) -> Check:
    """CHECK that a NUMERIC is money: finite, not negative, at most two decimals.

    NUMERIC(14, 2) would round a third decimal away in silence; this refuses it.
    """
    return Check(f"{column} >= 0 AND {column} < 1000000000000 AND scale({column}) <= 2")


def is_share(column: str) -> Check:
    """CHECK that a NUMERIC is a part of a whole: from 0 to 1, both included.

    NaN counts as greater than every number in PostgreSQL, so the upper bound refuses it.
    """
    return Check(f"{column} >= 0 AND {column} <= 1")


def is_sha256(column: str) -> Check:
    """CHECK that a text column holds a SHA-256 as people read it: 64 lower-case hex digits."""
    return Check(f"{column} ~ '^[0-9a-f]{{64}}$'")


def is_period(start: str, until: str) -> Check:
    """CHECK that a half-open period is not empty; an end still unknown is allowed."""
    return Check(f"{until} > {start}")
