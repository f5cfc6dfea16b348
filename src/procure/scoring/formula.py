"""Formulas as text: a small, closed language over exact numbers; nothing of Python is reachable.

`+ - * / **` (whole exponents up to 64), brackets, names, decimals, comparisons inside `when`, and
`min max abs round floor ceiling digit when`. `round(x, d)` rounds half up; `digit(x, n)` is the
n-th digit behind the point; `when(a <= b, x, y)` is x where it holds and y elsewhere, and only the
one that is chosen is computed. Pure.
"""

import ast
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor

from procure.scoring.numbers import Mode, is_sane, whole

Values = Mapping[str, Fraction]
Compiled = Callable[[Values], Fraction]
DEEPEST = 40
LARGEST_EXPONENT = 64
LARGEST_BITS = 100_000


class BadFormula(ValueError):
    """The text is not a formula; the message says where and why."""


class Formula:
    """A formula that was read: the names it needs, and what it gives for their values."""

    __slots__ = ("compute", "names", "text")

    def __init__(self, text: str, names: frozenset[str], compute: Compiled) -> None:
        self.text, self.names, self.compute = text, names, compute


@lru_cache(maxsize=1024)
def read(text: str) -> Formula:
    """Read a formula; BadFormula says what cannot be read.

    >>> read("price * (1 - 0.1)").compute({"price": Fraction(50)})
    Fraction(45, 1)
    >>> read("when(r <= 0.15, 1.2 * m, m + d)").compute({k: Fraction(1) for k in "rmd"})
    Fraction(2, 1)
    >>> read("__import__('os')")
    Traceback (most recent call last):
    procure.scoring.formula.BadFormula: '__import__' is not a function here
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadFormula(f"cannot be read: {getattr(error, 'msg', error)}") from None
    names: set[str] = set()
    compute = _compiled(tree.body, text.strip(), names, 0)
    return Formula(text, frozenset(names), compute)


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or abs(exponent) > LARGEST_EXPONENT:
        raise BadFormula("an exponent is a whole number up to 64; `power` takes others")
    size = base.numerator.bit_length() + base.denominator.bit_length()
    if size * abs(exponent) > LARGEST_BITS:
        raise BadFormula("the numbers become too large")
    return Fraction(base ** int(exponent))


OPERATORS: dict[type, Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: _power,
}
COMPARISONS: dict[type, Callable[[Fraction, Fraction], bool]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
}


def _round(value: Fraction, places: Fraction) -> Fraction:
    if places.denominator != 1 or not 0 <= places <= 12:
        raise BadFormula("round takes 0 to 12 places")
    scale = 10 ** int(places)
    return Fraction(whole(value.numerator * scale, value.denominator, Mode.HALF_UP), scale)


def _digit(value: Fraction, place: Fraction) -> Fraction:
    if place.denominator != 1 or not 1 <= place <= 12:
        raise BadFormula("digit takes 1 to 12")
    return Fraction(floor(abs(value) * 10 ** int(place)) % 10)


FUNCTIONS: dict[str, tuple[int, int, Callable[..., Fraction]]] = {  # least, most arguments
    "min": (1, 20, lambda *v: min(v)),
    "max": (1, 20, lambda *v: max(v)),
    "abs": (1, 1, abs),
    "floor": (1, 1, lambda v: Fraction(floor(v))),
    "ceiling": (1, 1, lambda v: Fraction(ceil(v))),
    "round": (2, 2, _round),
    "digit": (2, 2, _digit),
}


def _compiled(node: ast.expr, text: str, names: set[str], depth: int) -> Compiled:
    if depth > DEEPEST:
        raise BadFormula("is nested too deeply; split it into several steps")
    if isinstance(node, ast.Name):
        names.add(node.id)
        key = node.id
        return lambda values: values[key]
    if isinstance(node, ast.Constant):
        return _constant(node, text)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner = _compiled(node.operand, text, names, depth + 1)
        return (lambda v: -inner(v)) if isinstance(node.op, ast.USub) else inner
    if isinstance(node, ast.BinOp) and (do := OPERATORS.get(type(node.op))):
        left = _compiled(node.left, text, names, depth + 1)
        right = _compiled(node.right, text, names, depth + 1)
        return lambda v: do(left(v), right(v))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return _call(node, node.func.id, text, names, depth)
    raise BadFormula(f"`{ast.get_source_segment(text, node) or text}` is not part of the language")


def _constant(node: ast.Constant, text: str) -> Compiled:
    written = ast.get_source_segment(text, node) or ""
    if isinstance(node.value, int | float) and not isinstance(node.value, bool):
        try:
            number = Decimal(written)  # as written: the float is never used
        except ArithmeticError:
            raise BadFormula(f"{written!r} is not a decimal number") from None
        if is_sane(number):
            value = Fraction(number)
            return lambda _: value
    raise BadFormula(f"{written!r} is not a number that can be computed with")


def _call(node: ast.Call, name: str, text: str, names: set[str], depth: int) -> Compiled:
    if name == "when":
        return _when(node, text, names, depth)
    if name not in FUNCTIONS:
        raise BadFormula(f"{name!r} is not a function here")
    least, most, do = FUNCTIONS[name]
    if not least <= len(node.args) <= most:
        raise BadFormula(f"{name} takes {least}" + ("" if least == most else f" to {most}"))
    given = [_compiled(each, text, names, depth + 1) for each in node.args]
    return lambda v: do(*(each(v) for each in given))


def _when(node: ast.Call, text: str, names: set[str], depth: int) -> Compiled:
    if len(node.args) != 3 or not isinstance(node.args[0], ast.Compare):
        raise BadFormula("when takes a comparison and two values")
    test = node.args[0]
    compare = COMPARISONS.get(type(test.ops[0]))
    if len(test.ops) != 1 or compare is None:
        raise BadFormula("when takes one comparison: < <= > >= == !=")
    left, right, yes, no = (
        _compiled(each, text, names, depth + 1)
        for each in (test.left, test.comparators[0], *node.args[1:])
    )
    return lambda v: yes(v) if compare(left(v), right(v)) else no(v)
