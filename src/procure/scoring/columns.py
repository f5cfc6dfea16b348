"""One value for each bid, as whole numbers over denominators: fast, small, and exact.

A column has one denominator for all its rows (`den` is a number) where its values came from
decimals or from rounding, and one for each row (`den` is a list) after a division by a column.
`None` is a bid without a value here: one that is out. Pure.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import gcd, lcm

from procure.scoring.numbers import Mode, Rounding, whole

Numerators = Sequence[int | None]
BIGGEST = 2**63 - 1


class Column:
    """A value for each bid, or none."""

    __slots__ = ("den", "num")

    def __init__(self, num: Numerators, den: int | Sequence[int] = 1) -> None:
        self.num = num
        self.den = den

    def __len__(self) -> int:
        return len(self.num)

    def __getitem__(self, row: int) -> Fraction | None:
        numerator = self.num[row]
        if numerator is None:
            return None
        return Fraction(numerator, self.den if isinstance(self.den, int) else self.den[row])

    def __iter__(self) -> Iterator[Fraction | None]:
        return (self[row] for row in range(len(self.num)))

    @property
    def rows(self) -> Iterable[tuple[int | None, int]]:
        """Numerator and denominator of each row."""
        if isinstance(self.den, int):
            den = self.den
            return ((n, den) for n in self.num)
        return zip(self.num, self.den, strict=True)

    def only(self, standing: Sequence[bool]) -> "Column":
        """Return the column with values for standing bids alone."""
        kept = [n if s else None for n, s in zip(self.num, standing, strict=True)]
        return Column(kept, self.den)

    def packed(self) -> "Column":
        """Return the column in as little memory as its numbers allow."""
        if isinstance(self.num, array) or None in self.num:
            return self
        try:
            num = array("q", self.num)  # type: ignore[type-var]
            den = self.den if isinstance(self.den, int) else array("q", self.den)
        except OverflowError:
            return self
        return Column(num, den)


def of(values: Iterable[Fraction | None]) -> Column:
    """Make a column of fractions.

    >>> list(of([Fraction(1, 2), None, Fraction(2)]))
    [Fraction(1, 2), None, Fraction(2, 1)]
    """
    listed = list(values)
    return Column(
        [None if v is None else v.numerator for v in listed],
        [1 if v is None else v.denominator for v in listed],
    )


def constant(value: Fraction, standing: Sequence[bool]) -> Column:
    """Make a column with one value for each standing bid."""
    return Column([value.numerator if s else None for s in standing], value.denominator)


def affine(column: Column, factor: Fraction, plus: Fraction = Fraction(0)) -> Column:
    """Return factor × column + plus, over the same kind of denominator.

    >>> list(affine(Column([1, None, 3]), Fraction(-1, 2), Fraction(4)))
    [Fraction(7, 2), None, Fraction(5, 2)]
    """
    if isinstance(column.den, int):
        den = lcm(column.den * factor.denominator, plus.denominator)
        k = factor.numerator * (den // (column.den * factor.denominator))
        c = plus.numerator * (den // plus.denominator)
        return Column([None if n is None else n * k + c for n in column.num], den)
    k, c, d = (
        factor.numerator * plus.denominator,
        plus.numerator * factor.denominator,
        factor.denominator * plus.denominator,
    )
    return _reduced(
        [None if n is None else n * k + c * m for n, m in column.rows], [m * d for m in column.den]
    )


def inverse(column: Column, factor: Fraction) -> Column:
    """Return factor ÷ column; a bid whose value is 0 has no result.

    >>> list(inverse(Column([2, 0, None]), Fraction(3)))
    [Fraction(3, 2), None, None]
    """
    a, b = factor.numerator, factor.denominator
    num: list[int | None] = []
    den: list[int] = []
    for n, m in column.rows:
        if n:
            num.append(a * m if n > 0 else -a * m)
            den.append(b * abs(n))
        else:
            num.append(None)
            den.append(1)
    return Column(num, den)


def total(parts: Sequence[tuple[Column, Fraction]]) -> Column:
    """Return the weighted sum of columns.

    >>> list(total([(Column([1, 2]), Fraction(2)), (Column([1, None], 2), Fraction(1))]))
    [Fraction(5, 2), None]
    """
    if all(isinstance(column.den, int) for column, _ in parts):
        scaled = [affine(column, weight) if weight != 1 else column for column, weight in parts]
        den = lcm(*(column.den for column in scaled if isinstance(column.den, int)))
        nums = []
        for column in scaled:
            k = den // column.den if isinstance(column.den, int) else 1
            nums.append(
                column.num if k == 1 else [None if n is None else n * k for n in column.num]
            )
        return Column([None if None in row else sum(row) for row in zip(*nums, strict=True)], den)
    rows = zip(*(column.rows for column, _ in parts), strict=True)
    weights = [weight for _, weight in parts]
    return of(
        None
        if any(n is None for n, _ in row)
        else sum(
            (w * Fraction(n, m) for (n, m), w in zip(row, weights, strict=True) if n is not None),
            Fraction(0),
        )
        for row in rows
    )


def rounded(column: Column, rounding: Rounding | None) -> Column:
    """Round each value as declared; the result has one denominator.

    >>> list(rounded(Column([8, 1], [3, 8]), Rounding(2)))
    [Fraction(267, 100), Fraction(13, 100)]
    """
    if rounding is None:
        return column
    unit = rounding.unit
    up, down, mode = unit.denominator, unit.numerator, rounding.mode
    if mode == Mode.HALF_UP and isinstance(column.den, int):
        twice, half = 2 * column.den * down, column.den * down
        double = 2 * up
        num = [
            None
            if n is None
            else (n * double + half) // twice
            if n >= 0
            else -((half - n * double) // twice)
            for n in column.num
        ]
    else:
        num = [None if n is None else whole(n * up, m * down, mode) for n, m in column.rows]
    return Column(num if down == 1 else [None if n is None else n * down for n in num], up)


def clamped(column: Column, low: Fraction | None, high: Fraction | None) -> Column:
    """Return the column with no value below `low` nor above `high`, where these are given.

    >>> list(clamped(Column([-1, 5, 9]), Fraction(0), Fraction(13, 2)))
    [Fraction(0, 1), Fraction(5, 1), Fraction(13, 2)]
    """
    if low is None and high is None:
        return column
    if isinstance(column.den, int):
        den = lcm(column.den, *(limit.denominator for limit in (low, high) if limit is not None))
        k = den // column.den
        num: list[int | None] = [None if n is None else n * k for n in column.num]
        if low is not None:
            least = low.numerator * (den // low.denominator)
            num = [n if n is None or n >= least else least for n in num]
        if high is not None:
            most = high.numerator * (den // high.denominator)
            num = [n if n is None or n <= most else most for n in num]
        return Column(num, den)
    return of(
        None
        if value is None
        else min(max(value, low if low is not None else value), high)
        if high is not None
        else max(value, low if low is not None else value)
        for value in column
    )


def keys(column: Column) -> list[Fraction | int | None]:
    """Return what sorts and equals as the values do, as cheaply as they allow."""
    return list(column.num) if isinstance(column.den, int) else list(column)


def _reduced(num: list[int | None], den: list[int]) -> Column:
    for row, n in enumerate(num):
        if n is not None and (g := gcd(n, den[row])) > 1:
            num[row], den[row] = n // g, den[row] // g
    return Column(num, den)
