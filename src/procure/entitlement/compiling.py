"""The compiler: each word of the language to its function, terms to a program."""

from collections.abc import Callable
from datetime import date

from procure.entitlement.case import Case, Pick
from procure.entitlement.conditions import CONDITIONS
from procure.entitlement.counting import COUNTS
from procure.entitlement.language import Condition, Facts, Length, Named, Value, When
from procure.entitlement.selecting import Clock, Code, Test, compile_pick, compile_spells
from procure.entitlement.spells import Spell, add_months
from procure.entitlement.terms import Terms
from procure.entitlement.timing import WHENS
from procure.entitlement.valuing import VALUES
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import after_working_days

PARTS = VALUES | COUNTS


class TermsCompiler:
    """Compiles the parts of one version of terms; a named value is compiled once."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.holidays = frozenset(terms.holidays)
        self._named: dict[str, Code] = {}
        self._open: list[str] = []  # named values being compiled: a ring of them never ends

    def value(self, node: Value) -> Code:
        """Compile a value."""
        if not isinstance(node, Named):
            return PARTS[type(node)](node, self)
        if node.name not in self._named:
            if node.name in self._open:
                ring = " → ".join([*self._open, node.name])
                raise Refused(
                    [
                        Finding(
                            "ring",
                            n_("Named values need each other in a ring: {ring}."),
                            {"ring": ring},
                            field=f"$.named.{node.name}",
                        )
                    ]
                )
            self._open.append(node.name)
            self._named[node.name] = PARTS[Named](node, self)
            self._open.pop()
        return self._named[node.name]

    def condition(self, node: Condition) -> Test:
        """Compile a condition."""
        return CONDITIONS[type(node)](node, self)

    def when(self, node: When) -> Clock:
        """Compile a day."""
        return WHENS[type(node)](node, self)

    def pick(self, node: Facts) -> Pick:
        """Compile a choice of facts by their first day."""
        return compile_pick(node, self)

    def spells(self, node: Facts, *, is_lasting: bool = False) -> Callable[[Case], list[Spell]]:
        """Compile a choice of spells, clipped to their window; open ones may be lasting."""
        return compile_spells(node, self, is_lasting=is_lasting)

    def shift(self, day: int, length: Length) -> int:
        """Return the day a length later: months first, then weeks and days, then working days."""
        if length.months:
            day = add_months(day, length.months)
        day += length.days + 7 * length.weeks
        if length.working_days:
            on = after_working_days(date.fromordinal(day), length.working_days, self.holidays)
            day = on.toordinal()
        return day
