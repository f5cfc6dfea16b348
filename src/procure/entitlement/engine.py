"""The engine: terms are compiled once; facts become lines, all at once or one person at a time.

For one participant: fees in the order of the terms (the contract's own last), then what lapses,
limits, holds, rounding. For all together: the contract's fees, shared limits, payers.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from procure.entitlement.case import Case, Cohort, by_kind, known
from procure.entitlement.compiling import TermsCompiler
from procure.entitlement.exact import Number, amount, decimal_of, to_whole
from procure.entitlement.facts import Fact
from procure.entitlement.items import Item, Withheld
from procure.entitlement.limiting import ApartLine, Cap, compile_limit
from procure.entitlement.lines import Entitlement, Line
from procure.entitlement.releasing import (
    compile_due,
    compile_hold,
    compile_lapse,
    compile_rounding,
)
from procure.entitlement.sharing import compile_funding
from procure.entitlement.terms import Terms
from procure.entitlement.totals import compile_fee
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


class Program:
    """Compiled terms; holds no facts and may be used again and again."""

    def __init__(self, terms: Terms) -> None:
        compiler = TermsCompiler(terms)
        self.terms = terms
        self.ranks = {source: place for place, source in enumerate(terms.sources)}
        fees = [(fee.scope, compile_fee(fee, compiler)) for fee in terms.fees]
        self.person_fees = [earner for scope, earner in fees if scope == "person"]
        self.contract_fees = [earner for scope, earner in fees if scope == "contract"]
        self.lapse = compile_lapse(compiler)
        self.caps = [compile_limit(limit, compiler) for limit in terms.limits]
        self.holds = [compile_hold(hold, compiler) for hold in terms.holds]
        self.round = compile_rounding(compiler)
        self.due = compile_due(terms)
        self.split, self.has_budgets = compile_funding(compiler)
        self.report = {name: compiler.value(terms.named[name]) for name in terms.report}
        self.has_shared_cuts = any(cap.for_all and not cap.is_apart for cap in self.caps)
        self.order = {fee.code: place for place, fee in enumerate(terms.fees)}

    def case(
        self, who: str, facts: Iterable[Fact], cohort: Cohort, known_at: datetime | None
    ) -> Case:
        """Make a case of one participant's facts, as they were known."""
        held, first = known(facts, self.ranks, known_at)
        by = by_kind(held)
        starts = by.get(self.terms.start)
        fact = starts[0] if starts else None
        start = fact.on.toordinal() if fact is not None else None
        return Case(who, by, cohort, start=start, start_fact=fact, first_known=first)

    def contract_case(
        self, facts: Iterable[Fact], cohort: Cohort, known_at: datetime | None
    ) -> None:
        """Make the case of the contract itself, and put it into the cohort."""
        case = self.case("", facts, cohort, known_at)
        if self.terms.starts_on is not None:
            case.start = self.terms.starts_on.toordinal()
        case.day = case.start or 0
        cohort.contract = case

    def earn(self, case: Case) -> None:
        """Compute a participant's fees, and what is the participant's own business of the rest."""
        for earner in self.person_fees:
            earner.run(earner, case)
        self._after_fees(case)

    def _after_fees(self, case: Case) -> None:
        if self.lapse is not None:
            self.lapse(case)
        for cap in self.caps:
            if cap.for_case is not None:
                cap.for_case(case)
        if not self.has_shared_cuts:
            self.hold(case)

    def hold(self, case: Case) -> None:
        """Hold back what is not released, round, and add up for the contract."""
        for hold in self.holds:
            hold(case)
        if self.round is not None:
            self.round(case.items)
        for cap in self.caps:
            if cap.note is not None:
                cap.note(case)
        if case.who:
            add_totals(case)

    def finish(self, cohort: Cohort) -> list[ApartLine]:
        """Compute what belongs to the contract; return what shared limits take off apart."""
        contract = cohort.contract
        if self.has_shared_cuts:
            for case in cohort.everyone():
                add_totals(case)
        for earner in self.contract_fees:
            contract.day, contract.fact = contract.start or 0, None
            earner.run(earner, contract)
        self._after_fees(contract)
        apart: list[ApartLine] = []
        cuts: list[Cap] = [cap for cap in self.caps if cap.for_all and not cap.is_apart]
        for cap in cuts:
            if cap.for_all is not None:
                cap.for_all(cohort)
        if cuts:
            cohort.totals.clear()
            for case in cohort.everyone():
                self.hold(case)
            self.hold(contract)
        for cap in self.caps:
            if cap.is_apart and cap.for_all is not None:
                apart += cap.for_all(cohort)
        return apart

    def lines(self, case: Case, left: dict[str, Number]) -> Iterator[Line]:
        """Split a case's items into lines by payer; items cut to nothing are withheld."""
        for item in case.items:
            yield from self.item_lines(item, left)

    def item_lines(self, item: Item, left: dict[str, Number]) -> Iterator[Line]:
        """Split one item into lines by payer."""
        if not item.cents:
            if item.cuts and not any(cut.code in {"held", "released"} for cut in item.cuts):
                item.case.withheld.append(_cut_away(item))
            return
        due = self.due(item)
        for payer, cents in self.split(item, left, item.case.cohort.contract):
            if cents:
                key = f"{item.key}/{payer}" if payer else item.key
                yield Line(key, item.earner.code, payer, cents, item=item, due=due)


def _cut_away(item: Item) -> Withheld:
    cuts = item.cuts or []
    return Withheld(
        item.earner.code,
        item.case.who,
        item.key,
        item.quantity * item.price * 100 if item.quantity else item.price * 100,
        lambda: cuts[-1],
    )


def add_totals(case: Case) -> None:
    """Add a participant's items to what the contract's fees may ask of everyone."""
    totals = case.cohort.totals
    for item in case.items:
        total = totals.get(item.earner.code)
        if total is None:
            totals[item.earner.code] = [item.cents, item.quantity, 1, item.on]
        else:
            total[0] += item.cents
            total[1] += item.quantity
            total[2] += 1
            total[3] = max(total[3], item.on)


def grouped(facts: Iterable[Fact]) -> dict[str, list[Fact]]:
    """Group facts by participant; Refused where a fact is told of two."""
    found: dict[str, list[Fact]] = {}
    owner: dict[str, str] = {}
    for fact in facts:
        if owner.setdefault(fact.id, fact.who) != fact.who:
            raise Refused(
                [
                    Finding(
                        "moved-fact",
                        n_(
                            "Fact {id} is told of two participants, {one} and {other}: give each "
                            "its own id."
                        ),
                        {"id": fact.id, "one": owner[fact.id] or "-", "other": fact.who or "-"},
                    )
                ]
            )
        found.setdefault(fact.who, []).append(fact)
    return found


def entitlements(
    terms: Terms | Program, facts: Iterable[Fact], *, known_at: datetime | None = None
) -> Entitlement:
    """Compute what is owed under terms, by the facts known at an instant (all, unless said).

    Lines come in the order of participants, then of the terms' fees and days; the contract's own
    last. Raises Refused where facts or terms lack something that is needed.
    """
    program = terms if isinstance(terms, Program) else Program(terms)
    groups = grouped(facts)
    cohort = Cohort()
    program.contract_case(groups.pop("", ()), cohort, known_at)
    cases = {who: program.case(who, groups[who], cohort, known_at) for who in sorted(groups)}
    cohort.cases = list(cases.values())
    cohort.count = len(cases)
    for case in cohort.cases:
        program.earn(case)
    apart = program.finish(cohort)
    lines = _all_lines(program, cohort, apart)
    withheld = [w for case in [*cohort.cases, cohort.contract] for w in case.withheld]
    measures = {
        name: decimal_of(code.get(cohort.contract)) for name, code in program.report.items()
    }
    return Entitlement(
        program.terms.currency, lines, withheld, measures, {**cases, "": cohort.contract}
    )


def _all_lines(program: Program, cohort: Cohort, apart: list[ApartLine]) -> list[Line]:
    """Put the lines in order; budgets are used up in the order of days."""
    left: dict[str, Number] = {}
    everyone = [*cohort.everyone(), cohort.contract]
    order = program.order
    items = [
        item
        for case in everyone
        for item in sorted(case.items, key=lambda i: (order[i.earner.code], i.on, i.key))
    ]
    if not program.has_budgets:
        lines = [line for item in items for line in program.item_lines(item, left)]
    else:
        place = {id(item): number for number, item in enumerate(items)}
        by_day = sorted(items, key=lambda i: (i.on, i.case.who, order[i.earner.code], i.key))
        split = {id(item): list(program.item_lines(item, left)) for item in by_day}
        lines = [line for item in sorted(items, key=lambda i: place[id(i)])
                 for line in split[id(item)]]  # fmt: skip
    return lines + [apart_line(one) for one in apart]


def apart_line(one: ApartLine) -> Line:
    """Make a line of what a limit takes off."""
    bucket = "" if one.bucket == "the contract" else f":{one.bucket}"
    return Line(
        f"{one.cap.code}{bucket}", one.cap.code, "", to_whole(one.cents), findings=[one.finding]
    )


class Streamed:
    """What a stream comes to at its end."""

    def __init__(self) -> None:
        self.cents = 0
        self.people = 0
        self.lines = 0

    @property
    def total(self) -> Decimal:
        """The sum of all lines."""
        return amount(self.cents)


def stream(
    terms: Terms | Program,
    groups: Iterable[tuple[str, Iterable[Fact]]],
    *,
    known_at: datetime | None = None,
    contract_facts: Iterable[Fact] = (),
    take: Callable[[Line], None] | None = None,
) -> Streamed:
    """Compute participant by participant, in memory for one; `take` is given each line.

    `groups` are participants with all their facts. Raises Refused where the terms ask about
    everyone (positions, shared limits that cut items, budgets of payers).
    """
    program = terms if isinstance(terms, Program) else Program(terms)
    cohort, done, left = Cohort(), Streamed(), dict[str, Number]()
    if program.has_budgets or program.has_shared_cuts:
        cohort.everyone()  # refuses, and says why
    program.contract_case(contract_facts, cohort, known_at)
    for who, facts in groups:
        case = program.case(who, facts, cohort, known_at)
        cohort.count += 1
        program.earn(case)
        done.people += 1
        for line in program.lines(case, left):
            done.cents += line.cents
            done.lines += 1
            if take is not None:
                take(line)
    apart = program.finish(cohort)
    for line in [*program.lines(cohort.contract, left), *map(apart_line, apart)]:
        done.cents += line.cents
        done.lines += 1
        if take is not None:
            take(line)
    return done
