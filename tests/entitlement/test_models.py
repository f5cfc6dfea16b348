"""What the format can say, one thing at a time, with both sides of each boundary."""

from decimal import Decimal
from typing import Any

import pytest

from tests.entitlement.models import (
    day,
    fact,
    milestone,
    owed,
    result,
    sel,
    terms,
    unit,
)

D = Decimal


def start(who: str = "P", n: int = 0, /, **words: str) -> dict[str, Any]:
    return fact(f"{who}-start", "start", n, who, words=words)


# Tariffs --------------------------------------------------------------------------------------


def test_a_tariff_by_group_and_area_is_frozen_at_the_start() -> None:
    agreed = terms(
        milestone("job", "job", {"is": "table", "name": "t"}),
        tables={
            "t": {
                "rows": [
                    {"words": {"group": ["A"], "area": ["north"]}, "value": "300"},
                    {"words": {"group": ["A"]}, "value": "200"},
                ],
                "otherwise": "50",
            }
        },
    )
    later = fact("again", "start", 9, words={"group": "B"})
    for words, amount in (
        ({"group": "A", "area": "north"}, "300"),
        ({"group": "A", "area": "south"}, "200"),
        ({"group": "B"}, "50"),
    ):
        assert owed(agreed, start(**words), later, fact("j", "job", 20)) == {"job:P": D(amount)}


@pytest.mark.parametrize(
    ("on", "amount"),
    [
        pytest.param("2026-12-31", "400", id="last day of the first year"),
        pytest.param("2027-01-01", "300", id="first day of the second"),
        pytest.param("2029-06-01", "0", id="after the third nothing"),
    ],
)
def test_a_fee_that_falls_by_contract_year(on: str, amount: str) -> None:
    agreed = terms(
        unit("attachment", "start", price={"is": "table", "name": "year"}),
        starts_on="2026-01-01",
        tables={
            "year": {
                "keys": {"year": {"is": "contract_year", "on": "start"}},
                "rows": [
                    {"bands": {"year": {"at_most": "1"}}, "value": "400"},
                    {"bands": {"year": {"at_least": "2", "below": "4"}}, "value": "300"},
                ],
                "otherwise": "0",
            }
        },
    )
    found = owed(agreed, {"id": "s", "what": "start", "who": "P", "on": on})
    assert sum(found.values()) == D(amount)


def test_three_versions_of_a_tariff_hold_each_for_those_who_began_under_it() -> None:
    rows = [
        {"from": "2026-01-01", "until": "2026-02-01", "value": "100"},
        {"from": "2026-02-01", "until": "2026-03-01", "value": "110"},
        {"from": "2026-03-01", "value": "120"},
    ]
    agreed = terms(
        unit("day", "day", price={"is": "table", "name": "t"}), tables={"t": {"rows": rows}}
    )
    by_day = terms(
        unit("day", "day", price={"is": "table", "name": "t"}),
        tables={"t": {"rows": rows, "on": "earned"}},
    )
    told = [start(), fact("d1", "day", 26), fact("d2", "day", 27), fact("d3", "day", 60)]
    assert list(owed(agreed, *told).values()) == [D(100)] * 3
    assert list(owed(by_day, *told).values()) == [D(100), D(110), D(120)]  # 31 Jan, 1 Feb, 6 Mar


def test_an_accelerator_pays_more_deeper_in_the_cohort() -> None:
    job = {"is": "first", "facts": sel("job")}
    agreed = terms(
        milestone("job", job, {"is": "table", "name": "volume"}),
        tables={
            "volume": {
                "keys": {"place": {"is": "position", "by": job}},
                "rows": [{"bands": {"place": {"at_most": "2"}}, "value": "100"}],
                "otherwise": "150",
            }
        },
    )
    rows = [f for n in (1, 2, 3) for f in (start(f"P{n}"), fact(f"j{n}", "job", 30 - n, f"P{n}"))]
    assert owed(agreed, *rows) == {"job:P1": D(150), "job:P2": D(100), "job:P3": D(100)}


def test_an_index_by_date_multiplies_the_unit_price() -> None:
    agreed = terms(
        unit("hour", "hour", price={"is": "product", "of": ["10", {"is": "number", "name": "i"}]}),
        numbers={"i": [{"from": day(0), "value": "1"}, {"from": day(10), "value": "1.025"}]},
    )
    assert list(owed(agreed, fact("a", "hour", 9), fact("b", "hour", 10)).values()) == [
        D(10),
        D("10.25"),
    ]


# Outcomes over spells -------------------------------------------------------------------------


def run_of(days: int, **more: Any) -> dict[str, Any]:
    return {"is": "run", "facts": sel("job"), "length": {"days": days}, **more}


@pytest.mark.parametrize(
    ("when", "spells", "is_paid"),
    [
        pytest.param(run_of(28), [(0, 28)], True, id="a run of just so many days"),
        pytest.param(run_of(28), [(0, 27)], False, id="one day short"),
        pytest.param(run_of(28), [(0, 14), (14, 28)], True, id="two jobs that touch"),
        pytest.param(run_of(28), [(0, 14), (15, 29)], False, id="a gap of a day breaks it"),
        pytest.param(
            run_of(28, bridge={"days": 1}), [(0, 14), (15, 28)], True, id="a gap that is bridged"
        ),
        pytest.param(
            run_of(28, bridge={"days": 1}), [(0, 14), (16, 40)], False, id="a gap too long"
        ),
        pytest.param(
            {"is": "days", "facts": sel("job"), "length": {"days": 28}},
            [(0, 14), (50, 64)],
            True,
            id="cumulative days",
        ),
        pytest.param(
            {"is": "days", "facts": sel("job"), "length": {"days": 28}},
            [(0, 14), (10, 27)],
            False,
            id="days that overlap count once",
        ),
        pytest.param(
            {"is": "periods", "facts": sel("job"), "n": 20, "of": 30, "period": "day",
             "measure": "days"},
            [(0, 10), (20, 30)],
            True,
            id="20 of any 30 days",
        ),
        pytest.param(
            {"is": "periods", "facts": sel("job"), "n": 20, "of": 30, "period": "day",
             "measure": "days"},
            [(0, 10), (21, 31)],
            False,
            id="20 of 31 days are not",
        ),
        pytest.param(
            {"is": "elapsed", "after": {"is": "start"}, "length": {"days": 90},
             "during": sel("job")},
            [(0, 91)],
            True,
            id="still there on day 90",
        ),
        pytest.param(
            {"is": "elapsed", "after": {"is": "start"}, "length": {"days": 90},
             "during": sel("job")},
            [(0, 90)],
            False,
            id="gone on day 90",
        ),
    ],
)  # fmt: skip
def test_sustained(when: dict[str, Any], spells: list[tuple[int, int]], is_paid: bool) -> None:
    jobs = [fact(f"j{n}", "job", a, until=b) for n, (a, b) in enumerate(spells)]
    assert bool(owed(terms(milestone("m", when)), start(), *jobs)) == is_paid


@pytest.mark.parametrize(("op", "is_paid"), [(">=", True), (">", False)])
def test_reaching_is_not_exceeding(op: str, is_paid: bool) -> None:
    when = {"is": "total", "facts": sel("pay"), "op": op, "than": "100"}
    agreed = terms(milestone("m", when))
    assert bool(owed(agreed, fact("a", "pay", 0, value="99.99"))) is False
    more = [fact("a", "pay", 0, value="99.99"), fact("b", "pay", 1, value="0.01")]
    assert bool(owed(agreed, *more)) == is_paid


def test_hours_of_jobs_at_the_same_time_add_up() -> None:
    together = {"number": "hours", "op": ">", "than": "30"}
    when = {"is": "run", "facts": sel("job", together=together), "length": {"days": 10}}
    agreed = terms(milestone("m", when))
    one = fact("a", "job", 0, until=20, numbers={"hours": "20"})
    assert not owed(agreed, one, fact("b", "job", 5, until=15, numbers={"hours": "10"}))
    assert owed(agreed, one, fact("b", "job", 5, until=15, numbers={"hours": "10.5"}))
    assert not owed(agreed, one, fact("b", "job", 5, until=14, numbers={"hours": "10.5"}))


def test_thirteen_of_sixteen_weeks_with_seven_hours() -> None:
    when = {
        "is": "periods", "facts": sel("hours"), "n": 13, "of": 16, "period": "week", "than": "7",
    }  # fmt: skip
    agreed = terms(milestone("m", when))

    def weeks(*chosen: int) -> list[dict[str, Any]]:
        return [fact(f"w{n}", "hours", 7 * n + 2, value="7") for n in chosen]

    assert owed(agreed, start(), *weeks(*range(12), 15))
    assert not owed(agreed, start(), *weeks(*range(12), 16))


def test_blocks_sustained_without_a_break_lose_what_is_unfinished() -> None:
    def blocks(mode: str) -> list[Decimal]:
        fee = {
            "kind": "blocks", "code": "b", "facts": sel("job"), "length": {"weeks": 4},
            "prices": ["370"], "most": 26, "mode": mode,
        }  # fmt: skip
        jobs = [fact("a", "job", 0, until=27 + 28), fact("b", "job", 60, until=60 + 29)]
        return list(owed(terms(fee), *jobs).values())

    assert blocks("continuous") == [D(370)] * 2  # 55 and 29 days: one block each
    assert blocks("cumulative") == [D(370)] * 3  # 84 days in all


def test_an_earlier_employer_one_s_own_staff_and_short_contracts_are_excluded() -> None:
    job = sel(
        "job",
        not_words={"employer": ["the provider"]},
        numbers=[{"number": "agreed_days", "op": ">=", "than": "90"}],
        unless_same=[
            {
                "word": "employer",
                "facts": sel(
                    "earlier",
                    numbers=[{"number": "days", "op": ">", "than": "92"}],
                    window={"looking_back": True, "latest": {"months": 48}},
                ),
            }
        ],
    )
    agreed = terms(milestone("m", {"is": "first", "facts": job}))

    def paid(
        earlier: tuple[int, int] = (-200, -100), days: str = "90", employer: str = "X"
    ) -> bool:
        before = fact("e", "earlier", earlier[0], until=earlier[1], words={"employer": "X"})
        now = fact("j", "job", 9, words={"employer": employer}, numbers={"agreed_days": days})
        return bool(owed(agreed, start(), before, now))

    assert not paid()
    assert paid(earlier=(-192, -100))  # 92 days are not more than three months
    assert paid(earlier=(-3000, -2000))  # more than four years ago
    assert paid(employer="Y")
    assert not paid(employer="Y", days="89")
    assert not paid(employer="the provider")


def test_an_open_spell_lasts_until_it_was_made_known() -> None:
    agreed = terms(milestone("m", run_of(28)))

    def known(text: str) -> bool:
        return bool(owed(agreed, fact("j", "job", 0, known_at=f"{text}T12:00:00Z")))

    assert not known(day(26))
    assert known(day(27))  # that day included


# Service fees ---------------------------------------------------------------------------------


def service(**more: Any) -> dict[str, Any]:
    return {"kind": "instalments", "code": "s", "amount": "100", "phases": [{"periods": "3"}],
            **more}  # fmt: skip


@pytest.mark.parametrize(
    ("residual", "parts"),
    [("last", ["33.33", "33.33", "33.34"]), ("first", ["33.34", "33.33", "33.33"])],
)
def test_instalments_sum_to_the_amount(residual: str, parts: list[str]) -> None:
    found = owed(terms(service(residual=residual)), start())
    assert [str(amount) for amount in found.values()] == parts


def test_a_fee_paid_in_advance_is_recovered_when_a_spell_has_ended_not_while_it_is_open() -> None:
    fee = service(
        amount="1300", phases=[{"periods": "1"}], every={"weeks": 13}, pays="start",
        census="first", during=sel("care"), at_end="pro_rata", pro_rata="week",
    )  # fmt: skip
    still = fact("c", "care", 0, known_at=f"{day(35)}T12:00:00Z")
    assert sum(owed(terms(fee), start(), still).values()) == 1300
    for weeks, left in ((10, 1000), (13, 1300)):
        ended = fact("c", "care", 0, until=7 * weeks)
        assert sum(owed(terms(fee), start(), ended).values()) == left
    begun = fact("c", "care", 0, until=7 * 10 + 1)  # a week that is begun counts
    assert sum(owed(terms(fee), start(), begun).values()) == 1100


def test_a_full_and_a_pro_rata_clawback() -> None:
    ended = {"is": "reached",
             "when": {"is": "end", "facts": sel("job"), "before": {"months": 6}}}  # fmt: skip
    full = milestone("full", "job", given={"is": "not", "of": ended})
    served = {
        "is": "least",
        "of": ["1", {"is": "quotient", "of": {"is": "days", "facts": sel("job")}, "by": "180"}],
    }
    part = milestone("part", "job", quantity=served)
    agreed = terms(full, part)
    assert owed(agreed, fact("j", "job", 0, until=181)) == {"full:P": D(100), "part:P": D(100)}
    assert owed(agreed, fact("j", "job", 0, until=90)) == {"part:P": D(50)}


# Limits ---------------------------------------------------------------------------------------


def capped(per: str, most: str, **more: Any) -> dict[str, Any]:
    return {"kind": "amount", "code": "cap", "fees": ["u"], "per": per, "most": most, **more}


@pytest.mark.parametrize(
    ("per", "days", "total"),
    [
        pytest.param("person", [0, 1, 2], 25, id="a person"),
        pytest.param("person_month", [0, 1, 2, 30, 31], 45, id="a person in a month"),
        pytest.param("person_year", [0, 1, 360, 361, 362, 363], 50, id="a calendar year"),
        pytest.param("year", [0, 1, 361], 30, id="all in a calendar year"),
        pytest.param("contract", [0, 1, 2, 400], 25, id="the contract"),
        pytest.param("contract_year", [0, 1, 364, 365], 35, id="a contract year"),
    ],
)
def test_a_cap_per(per: str, days: list[int], total: int) -> None:
    agreed = terms(unit("u", "day", price="10"), limits=[capped(per, "25")], starts_on=day(0))
    rows = [fact(f"d{n}", "day", n) for n in days]
    assert sum(owed(agreed, *rows).values()) == total


@pytest.mark.parametrize(("value", "paid"), [("24.99", "24.99"), ("25", "25"), ("25.01", "25")])
def test_a_cap_holds_to_the_cent(value: str, paid: str) -> None:
    agreed = terms(unit("u", "day", price={"is": "fact"}), limits=[capped("person", "25")])
    assert owed(agreed, fact("d", "day", 0, value=value)) == {"u:P:d": D(paid)}


def test_a_cap_per_cohort_is_shared_by_those_with_the_same_word() -> None:
    agreed = terms(unit("u", "day", price="10"), limits=[capped("word", "15", word="cohort")])
    rows = [
        f
        for who, cohort in (("A", "1"), ("B", "1"), ("C", "2"))
        for f in (start(who, cohort=cohort), fact(f"d{who}", "day", 3, who))
    ]
    assert owed(agreed, *rows) == {"u:A:dA": D(10), "u:B:dB": D(5), "u:C:dC": D(10)}


@pytest.mark.parametrize(("count", "over"), [(3, None), (4, D("-10.00"))])
def test_a_cap_can_be_a_line_of_its_own(count: int, over: Decimal | None) -> None:
    agreed = terms(unit("u", "day", price="10"), limits=[capped("contract", "30", cut="apart")])
    found = owed(agreed, *(fact(f"d{n}", "day", n) for n in range(count)))
    assert found.get("cap") == over
    assert sum(found.values()) == 30


def test_a_short_budget_serves_the_fees_it_puts_first() -> None:
    agreed = terms(
        unit("u", "day", price="10"),
        unit("v", "visit", price="10"),
        limits=[capped("contract", "15") | {"fees": ["u", "v"], "priority": ["v"]}],
    )
    assert owed(agreed, fact("d", "day", 0), fact("w", "visit", 9)) == {
        "u:P:d": D(5),
        "v:P:w": D(10),
    }


def test_what_was_spent_of_a_cap_elsewhere_counts() -> None:
    used = {"is": "total", "facts": sel("spent", whose="contract")}
    agreed = terms(unit("u", "day", price="10"), limits=[capped("contract", "25", used=used)])
    spent = {"id": "x", "what": "spent", "on": day(0), "value": "20"}
    assert owed(agreed, spent, fact("d", "day", 0)) == {"u:P:d": D(5)}


# Conditions on release ------------------------------------------------------------------------


def test_a_holdback_is_released_on_its_day() -> None:
    agreed = terms(
        unit("u", "day", price="10"),
        holds=[{"code": "fifth", "fees": ["u"], "share": "0.2",
                "since": {"is": "first", "facts": sel("report")}}],
    )  # fmt: skip
    assert owed(agreed, fact("d", "day", 0)) == {"u:P:d": D(8)}
    found = result(agreed, fact("d", "day", 0), fact("r", "report", 40))
    assert {line.key: (line.amount, str(line.on)) for line in found.lines} == {
        "u:P:d": (D(8), day(0)),
        "u:P:d:fifth": (D(2), day(40)),
    }


@pytest.mark.parametrize(("people", "is_paid"), [(17, False), (18, True)])
def test_a_performance_gate_with_a_minimum_sample(people: int, is_paid: bool) -> None:
    reached = {"is": "reached", "when": {"is": "first", "facts": sel("job")}}
    count = {"is": "people"}
    rate = {"is": "quotient", "of": {"is": "people", "when": reached}, "by": count, "if_zero": "0"}
    gate = {
        "is": "all",
        "of": [
            {"is": "compare", "left": count, "op": ">=", "right": "18"},
            {"is": "compare", "left": rate, "op": ">=", "right": "0.2"},
        ],
    }
    agreed = terms(
        unit("u", "start", price="10"), holds=[{"code": "gate", "fees": ["u"], "until": gate}]
    )
    rows = [start(f"P{n:02d}") for n in range(people)]
    rows += [fact(f"j{n}", "job", 9, f"P{n:02d}") for n in range(4)]
    found = result(agreed, *rows)
    assert bool(found.lines) == is_paid
    assert bool(found.withheld) == (not is_paid)


def test_a_bonus_and_a_malus_on_what_was_earned() -> None:
    measure = {"is": "quotient", "of": {"is": "total", "facts": sel("points", whose="contract")},
               "by": "10"}  # fmt: skip
    steps = [{"at_least": "0.9", "value": "0.1"}, {"above": "0.5", "value": "0"}]
    factor = {"is": "steps", "of": measure, "otherwise": "-0.1", "steps": steps}
    agreed = terms(
        unit("u", "day", price="200"),
        {"kind": "uplift", "code": "steer", "scope": "contract", "on": ["u"], "factor": factor},
    )

    def steered(points: str) -> Decimal:
        return owed(
            agreed,
            fact("d", "day", 0),
            {"id": "p", "what": "points", "on": day(1), "value": points},
        ).get("steer:", D(0))

    assert [steered(p) for p in ("9", "8.99", "5.01", "5")] == [D(20), D(0), D(0), D(-20)]


# Time -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "is_paid"),
    [
        pytest.param("2026-01-26", True, id="fifteen working days later"),
        pytest.param("2026-01-27", False, id="sixteen"),
    ],
)
def test_a_late_claim_lapses(known: str, is_paid: bool) -> None:
    agreed = terms(
        milestone("m", "job"), payment={"lapse": {"working_days": 15}}, holidays=["2026-01-06"]
    )  # fmt: skip
    rows = [fact("j", "job", -1, known_at=f"{known}T12:00:00Z")]
    found = result(agreed, *rows)
    assert bool(found.lines) == is_paid
    assert [w.say().code for w in found.withheld] == ([] if is_paid else ["late"])


def test_a_later_revision_does_not_make_a_claim_late() -> None:
    agreed = terms(milestone("m", "job"), payment={"lapse": {"days": 10}})
    first = fact("j", "job", 0, known_at=f"{day(10)}T12:00:00Z")
    revised = first | {"words": {"employer": "X"}, "known_at": f"{day(99)}T12:00:00Z"}
    assert owed(agreed, first, revised)


# Places ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("vacated", "counted"), [(9, 9), (10, 10), (11, 10)])
def test_days_vacated_by_success_count_up_to_ten(vacated: int, counted: int) -> None:
    counts = [{"facts": sel("present")}, {"facts": sel("vacated"), "most": "10"}]
    fee = {"kind": "unit", "code": "u", "price": "13.20", "per": "person", "counts": counts}
    rows = [fact(f"v{n}", "vacated", n) for n in range(vacated)]
    assert owed(terms(fee), *rows) == {"u:P": counted * D("13.20")}


@pytest.mark.parametrize(("days", "missing"), [(6, None), (5, D("13.20")), (0, D("79.20"))])
def test_a_place_guarantee(days: int, missing: Decimal | None) -> None:
    agreed = terms(
        unit("u", "present", price="13.20", per="person"),
        {"kind": "minimum", "code": "g", "scope": "contract", "of": ["u"], "price": "13.20",
         "at_least": {"is": "product", "of": ["0.75", "8"]}},
    )  # fmt: skip
    found = owed(agreed, start(), *(fact(f"d{n}", "present", n) for n in range(days)))
    assert found.get("g:") == missing


# Payers ---------------------------------------------------------------------------------------


def test_a_waterfall_uses_a_budget_up_in_the_order_of_days() -> None:
    agreed = terms(
        unit("u", "day", price="100"),
        funding=[
            {
                "payers": [
                    {"payer": "levy", "budget": {"is": "total", "facts": sel("levy",
                                                                            whose="contract")}},
                    {"payer": "state", "share": "0.95"},
                    {"payer": "employer", "share": "0.05"},
                ]
            }
        ],
    )  # fmt: skip
    levy = {"id": "l", "what": "levy", "on": day(0), "value": "150"}
    found = owed(agreed, levy, fact("b", "day", 2, "B"), fact("a", "day", 9, "A"))
    assert found == {
        "u:B:b/levy": D(100),
        "u:A:a/levy": D(50),
        "u:A:a/state": D("47.50"),
        "u:A:a/employer": D("2.50"),
    }


@pytest.mark.parametrize(
    ("residual", "parts"),
    [
        ("largest", ["33.34", "33.33", "33.33"]),
        ("first", ["33.34", "33.33", "33.33"]),
        ("last", ["33.33", "33.33", "33.34"]),
    ],
)
def test_the_odd_cent_is_placed_where_the_terms_say(residual: str, parts: list[str]) -> None:
    third = {"is": "quotient", "of": "100", "by": "3"}
    agreed = terms(unit("u", "day", price=third), rounding={"of": "person", "residual": residual})
    found = owed(agreed, *(fact(f"d{n}", "day", n) for n in range(3)))
    assert [str(amount) for amount in found.values()] == parts
    by_line = terms(unit("u", "day", price=third))
    assert sum(owed(by_line, *(fact(f"d{n}", "day", n) for n in range(3))).values()) == D("99.99")


def test_a_guarantee_of_a_contract_without_days_is_of_no_day() -> None:
    least = {"kind": "minimum", "code": "g", "scope": "contract", "of": ["u"], "price": "1",
             "at_least": "3"}  # fmt: skip
    agreed = terms(unit("u", "day"), least, payment={"lag_months": 1})
    (line,) = result(agreed).lines
    assert (line.on, line.due, line.amount) == (None, "", D(3))
    assert "3 are guaranteed" in line.trace[0].message
    _, line = result(agreed, fact("d", "day", 30)).lines
    assert (str(line.on), line.due) == (day(30), "2026-03")
