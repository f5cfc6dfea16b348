"""What is posted after facts changed: the difference alone, to whom, when, and because of what."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from procure.entitlement.difference import Difference, Posted, difference, posting
from tests.entitlement.models import day, fact, milestone, result, sel, terms, unit

D = Decimal
THEN = datetime(2026, 3, 1, tzinfo=UTC)
LATER = "2026-04-10T09:00:00Z"


def changed(agreed: Any, before: list[Any], after: list[Any], **more: Any) -> list[Difference]:
    """Post what is owed by earlier facts, then return what later ones add."""
    posted = posting(difference(result(agreed, *before), []), THEN)
    return difference(result(agreed, *before, *after), posted, **more)


def test_an_entry_names_the_fact_that_took_a_line_away_and_no_other() -> None:
    run = {"is": "run", "facts": sel("job"), "length": {"days": 30}}
    agreed = terms(milestone("m", run), unit("u", "day", price="10"))
    before = [fact("j", "job", 0, until=60), fact("d", "day", 1)]
    after = [
        fact("j", "job", 0, until=20, known_at=LATER),
        fact("other", "plan", 9, known_at=LATER),
    ]
    (entry,) = changed(agreed, before, after)
    assert (entry.key, entry.amount, entry.because) == (
        "m:P",
        D("-100"),
        ["j@2026-04-10T09:00:00+00:00"],
    )


def test_a_fact_that_never_was_is_named_as_void() -> None:
    agreed = terms(unit("u", "day", price="10"))
    (entry,) = changed(
        agreed, [fact("d", "day", 1)], [fact("d", "day", 1, void=True, known_at=LATER)]
    )
    assert (entry.amount, entry.because) == (D(-10), ["d (void)"])


def test_a_new_fact_makes_a_new_entry_and_leaves_the_old_one() -> None:
    agreed = terms(unit("u", "day", price="10", per="person"))
    (entry,) = changed(agreed, [fact("a", "day", 1)], [fact("b", "day", 2, known_at=LATER)])
    assert (entry.entitled, entry.posted, entry.amount) == (D(20), D(10), D(10))
    assert entry.because == ["b@2026-04-10T09:00:00+00:00"]


def test_a_refund_is_booked_in_the_month_it_became_known_and_the_lag() -> None:
    agreed = terms(unit("u", "day", price="10"), payment={"lag_months": 1})
    (entry,) = changed(
        agreed,
        [fact("d", "day", 1)],
        [fact("d", "day", 1, void=True, known_at=LATER)],
        lag_months=1,
    )
    assert entry.amount == D(-10)
    late = [fact("d", "day", 1), fact("e", "day", 2, known_at=LATER)]
    (first, second) = difference(result(agreed, *late), [])
    assert (first.due, second.due) == ("2026-02", "2026-05")


SHARES = (("0.9", "0.1"), ("0.5", "0.5"))


def shared(state: str, fund: str) -> Any:
    payers = [{"payer": "state", "share": state}, {"payer": "fund", "share": fund}]
    return terms(unit("u", "pay", price={"is": "fact"}), funding=[{"payers": payers}])


@pytest.mark.parametrize(
    ("refunds", "parts"),
    [
        pytest.param("original", {"state": D(-45), "fund": D(-5)}, id="to those who paid"),
        pytest.param("recomputed", {"state": D(-65), "fund": D(15)}, id="as it is shared now"),
    ],
)
def test_a_refund_after_the_shares_changed(refunds: Any, parts: dict[str, Decimal]) -> None:
    posted = posting(difference(result(shared(*SHARES[0]), fact("p", "pay", 0, value="100")), []))
    now = result(shared(*SHARES[1]), fact("p", "pay", 0, value="50"))
    entries = difference(now, posted, refunds=refunds)
    assert {entry.payer: entry.amount for entry in entries} == parts
    assert difference(now, posted + posting(entries), refunds=refunds) == []


def test_an_odd_cent_of_a_refund_is_given_back_once() -> None:
    payers = [{"payer": name, "share": share} for name, share in (("a", "0.5"), ("b", "0.5"))]
    agreed = terms(unit("u", "pay", price={"is": "fact"}), funding=[{"payers": payers}])
    posted = posting(difference(result(agreed, fact("p", "pay", 0, value="0.03")), []))
    assert [one.amount for one in posted] == [D("0.02"), D("0.01")]
    entries = difference(result(agreed, fact("p", "pay", 0, value="0")), posted)
    assert [entry.amount for entry in entries] == [D("-0.02"), D("-0.01")]


def test_what_was_posted_in_several_entries_is_added_up() -> None:
    agreed = terms(unit("u", "day", price="10"))
    posted = [Posted("u:P:d", D(4), "P"), Posted("u:P:d", D(5), "P"), Posted("gone", D(7), "Q")]
    entries = difference(result(agreed, fact("d", "day", 1)), posted)
    assert {entry.key: entry.amount for entry in entries} == {"u:P:d": D(1), "gone": D(-7)}


def test_nothing_owed_and_nothing_posted_is_nothing() -> None:
    assert difference(result(terms(unit("u", "day"))), []) == []
    assert day(0) == "2026-01-05"
