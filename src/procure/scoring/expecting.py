"""Compares what came out with what a file expects: every difference is one line. Pure."""

from collections.abc import Iterator
from fractions import Fraction

from procure.scoring.format.file import Expected
from procure.scoring.format.words import Operand, Ref
from procure.scoring.numbers import shown
from procure.scoring.outcome import Outcome


def differences(outcome: Outcome, expected: Expected) -> list[str]:
    """Say each difference in one line; none where all of it comes out."""
    return [*_order(outcome, expected), *_columns(outcome, expected), *_sets(outcome, expected)]


def _order(outcome: Outcome, expected: Expected) -> Iterator[str]:
    if expected.order is not None and expected.order != outcome.order:
        yield f"order: {_list(outcome.order)} instead of {_list(expected.order)}"
    if expected.winner is not None and expected.winner != (outcome.winner or ""):
        yield f"winner: {outcome.winner or 'nobody'} instead of {expected.winner or 'nobody'}"
    if expected.out is not None and set(expected.out) != set(outcome.out):
        yield f"out: {_list(sorted(outcome.out))} instead of {_list(sorted(expected.out))}"
    for bid, rank in expected.ranks.items():
        if outcome.ranks.get(bid) != rank:
            yield f"rank of {bid}: {outcome.ranks.get(bid, 'none')} instead of {rank}"
    for what in ("decided_by", "pending"):
        wanted, found = getattr(expected, what), getattr(outcome, what)
        if wanted is not None and wanted != found:
            yield f"{what}: {found or 'nothing'} instead of {wanted or 'nothing'}"


def _columns(outcome: Outcome, expected: Expected) -> Iterator[str]:
    within = Fraction(expected.within)
    for name, wanted in expected.columns.items():
        if name not in outcome.state.columns:
            yield f"{name}: there is no such column"
            continue
        found = outcome.column(name)
        for bid, operand in wanted.items():
            value = found.get(bid)
            if value is None or abs(value - plain(operand)) > within:
                yield f"{name} of {bid}: {_shown(value)} instead of {shown(plain(operand))}"
    for name, operand in expected.numbers.items():
        value = outcome.state.numbers.get(name)
        if value is None or abs(value - plain(operand)) > within:
            yield f"{name}: {_shown(value)} instead of {shown(plain(operand))}"


def _sets(outcome: Outcome, expected: Expected) -> Iterator[str]:
    for name, wanted in expected.flags.items():
        found = outcome.flags.get(name, ())
        for bid, is_raised in wanted.items():
            if (bid in found) != is_raised:
                yield f"flag {name}: {'not ' if is_raised else ''}raised for {bid}"
    for name, bids in expected.used.items():
        try:
            used = outcome.used(name)
        except KeyError:
            yield f"{name}: there is no such reference"
            continue
        if set(used) != set(bids):
            yield f"{name} was taken of {_list(used)} instead of {_list(bids)}"


def plain(operand: Operand) -> Fraction:
    """Return an expected number; a fraction is written as times and over.

    >>> from decimal import Decimal
    >>> plain(Ref(times=Decimal(767), over=Decimal(9)))
    Fraction(767, 9)
    """
    if isinstance(operand, Ref):
        return Fraction(operand.times) / Fraction(operand.over)
    return Fraction(operand)


def _list(bids: object) -> str:
    return ", ".join(bids) or "nobody" if isinstance(bids, list | tuple) else str(bids)


def _shown(value: Fraction | None) -> str:
    return "nothing" if value is None else shown(value)
