"""Decimals of a file as whole numbers over one denominator; each is checked once. Pure."""

from decimal import Decimal
from fractions import Fraction

from procure.kernel.texts import n_
from procure.scoring.format.inputs import ListInput, NumberInput, ScoresInput
from procure.scoring.numbers import is_sane


class Unfit(Exception):
    """A value that the rule does not admit: code, source text and the values in it."""

    def __init__(self, code: str, text: str, **values: object) -> None:
        self.code, self.text, self.values = code, text, values


class Palette(dict[Decimal | None, int | None]):
    """Turns decimals into whole numbers over one denominator; each distinct one is checked once."""

    def __init__(self, given: NumberInput | ScoresInput) -> None:
        self.given = given
        self.scale = 1
        self.flat: list[int | None] = []

    def __missing__(self, value: Decimal | None) -> int | None:
        if value is None:
            if isinstance(self.given, ScoresInput) and not self.given.absent:
                raise Unfit("score-missing", n_("an evaluator's score is missing"))
            return None
        check(value, self.given)
        exact = Fraction(value)
        if self.scale % exact.denominator:
            self._finer(exact.denominator)
        number = exact.numerator * (self.scale // exact.denominator)
        self[value] = number
        return number

    def _finer(self, denominator: int) -> None:
        """Express everything so far over a denominator that the new value fits."""
        factor = Fraction(denominator, self.scale).numerator
        self.scale *= factor
        self.flat[:] = [None if n is None else n * factor for n in self.flat]
        self.clear()


def check(value: Decimal, given: NumberInput | ScoresInput | ListInput) -> None:
    """Raise Unfit for a value that an input does not admit."""
    if not is_sane(value):
        raise Unfit(
            "number-unusable", n_("{value} is not a number that can be computed with"), value=value
        )
    if isinstance(given, NumberInput) and given.above is not None and value <= given.above:
        raise Unfit(
            "out-of-range",
            n_("{value} is not above {limit}"),
            value=value,
            limit=given.above,
        )
    if given.at_least is not None and value < given.at_least:
        raise Unfit(
            "out-of-range", n_("{value} is below {limit}"), value=value, limit=given.at_least
        )
    if given.at_most is not None and value > given.at_most:
        raise Unfit(
            "out-of-range", n_("{value} is above {limit}"), value=value, limit=given.at_most
        )
    if isinstance(given, ScoresInput) and given.step is not None:
        many = (Fraction(value) - Fraction(given.at_least)) / Fraction(given.step)
        if many.denominator != 1:
            raise Unfit(
                "off-step",
                n_("{value} is not a step of {step} from {limit}"),
                value=value,
                step=given.step,
                limit=given.at_least,
            )
