"""Dated reference values and tariffs, compiled: the row that fits a participant on a day."""

from procure.entitlement.case import Case, number_of
from procure.entitlement.exact import Number, exact, plain
from procure.entitlement.items import day_text
from procure.entitlement.language import FromTable, Reference
from procure.entitlement.selecting import Code, Compiler
from procure.entitlement.terms import Band, Row
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


def compile_reference(node: Reference, c: Compiler) -> Code:
    """Compile a dated number: the newest value that began by the day."""
    entries = sorted(
        ((entry.since.toordinal(), exact(entry.value)) for entry in c.terms.numbers[node.name]),
        reverse=True,
    )
    by_start = node.on == "start"
    if len(entries) == 1 and entries[0][0] <= 1:
        only = entries[0][1]
        return Code(lambda _: only, lambda _: f"{node.name} {plain(only)}", constant=only)

    def get(case: Case) -> Number:
        day = (case.start or 0) if by_start else case.day
        for since, number in entries:
            if since <= day:
                return number
        raise Refused(
            [
                Finding(
                    "no-value",
                    n_(
                        "{name} has no value on {on}: its first is from {first}. Add one that "
                        "covers the day."
                    ),
                    {
                        "name": node.name,
                        "on": day_text(day) if day else "-",
                        "first": day_text(entries[-1][0]) if entries else "-",
                    },
                    field=f"$.numbers.{node.name}",
                )
            ]
        )

    return Code(get, lambda case: f"{node.name} {plain(get(case))}", varies=not by_start)


def compile_table(node: FromTable, c: Compiler) -> Code:
    """Compile a tariff: the first row whose words, bands and days fit."""
    table = c.terms.tables[node.name]
    rows = [(row, c.value(row.value)) for row in table.rows]
    keys = {name: c.value(value) for name, value in table.keys.items()}
    spare = c.value(table.otherwise) if table.otherwise is not None else None
    names = sorted({word for row in table.rows for word in row.words})
    numbers = sorted({band for row in table.rows for band in row.bands})
    is_dated = any(row.since or row.until for row in table.rows)
    by_start = table.on == "start"

    def number(case: Case, name: str) -> Number | None:
        if name in keys:
            return keys[name].get(case)
        return None if case.start_fact is None else number_of(case.start_fact, name)

    def chosen(case: Case) -> Code:
        day = (case.start or 0) if by_start else case.day
        for row, value in rows:
            if (
                (not is_dated or _dated(row, day))
                and all(case.word(word) in among for word, among in row.words.items())
                and all(_within(number(case, key), band) for key, band in row.bands.items())
            ):
                return value
        if spare is not None:
            return spare
        raise Refused(
            [
                Finding(
                    "no-row",
                    n_("No row of table {name} fits {who} ({which}): add one, or say otherwise."),
                    {"name": node.name, "who": case.who or "the contract", "which": which(case)},
                    field=f"$.tables.{node.name}",
                )
            ]
        )

    def which(case: Case) -> str:
        said = [f"{word} {case.word(word) or '-'}" for word in names]
        for name in numbers:
            found = number(case, name)
            said.append(f"{name} {'-' if found is None else plain(found)}")
        day = (case.start or 0) if by_start else case.day
        if is_dated and day:
            said.append(day_text(day))
        return ", ".join(said)

    codes = [*keys.values(), *(value for _, value in rows)]
    varies = any(code.varies for code in codes) or (is_dated and not by_start)
    simple = not numbers and not is_dated and all(v.constant is not None for _, v in rows)
    memo: dict[tuple[str | None, ...], Number] = {}

    def quick(case: Case) -> Number:
        key = tuple(case.word(name) for name in names)
        if (found := memo.get(key)) is None:
            found = memo[key] = chosen(case).get(case)
        return found

    def say(case: Case) -> str:
        return f"{plain(chosen(case).get(case))} ({node.name}: {which(case)})"

    return Code(quick if simple else lambda case: chosen(case).get(case), say, varies=varies)


def _dated(row: Row, day: int) -> bool:
    return (row.since is None or row.since.toordinal() <= day) and (
        row.until is None or day < row.until.toordinal()
    )


def _within(number: Number | None, band: Band) -> bool:
    return (
        number is not None
        and (band.at_least is None or number >= exact(band.at_least))
        and (band.at_most is None or number <= exact(band.at_most))
        and (band.below is None or number < exact(band.below))
    )
