"""What holds for any facts: their order and doubles do not matter, caps hold, parts sum."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procure.entitlement.difference import Posted, difference, posting
from procure.entitlement.engine import Program, entitlements, stream
from procure.entitlement.exact import placed
from procure.entitlement.facts import Fact
from procure.entitlement.lines import Entitlement, withheld_view
from tests.entitlement.models import DAY0, milestone, sel, terms, unit

KINDS = ("start", "present", "vacated", "job", "plan", "pay")


def model(**more: Any) -> Program:
    """Attendance, a plan, sustained work, a share of pay, caps, a hold, and two payers."""
    sustained = {"is": "run", "facts": sel("job"), "length": {"days": 30}, "bridge": {"days": 3}}
    return Program(
        terms(
            {
                "kind": "unit", "code": "day", "price": "13.21", "per": "month",
                "counts": [{"facts": sel("present")}, {"facts": sel("vacated"), "most": "3"}],
            },
            milestone("plan", "plan", "105.67"),
            milestone("work", sustained, {"is": "table", "name": "band"}),
            {
                "kind": "unit", "code": "pay", "price": "0.333",
                "counts": [{"facts": sel("pay"), "quantity": {"is": "fact"}}],
            },
            {
                "kind": "blocks", "code": "block", "facts": sel("job"), "length": {"weeks": 4},
                "prices": ["61.11", "73.37"], "most": 3,
            },
            tables={
                "band": {
                    "rows": [{"words": {"band": [b]}, "value": v}
                             for b, v in (("A", "70.07"), ("B", "100"))],
                    "otherwise": "160.01",
                }
            },
            sources=["register", "provider"],
            limits=[
                {"kind": "amount", "code": "month", "fees": ["day", "pay"], "per": "person_month",
                 "most": "99.99"},
                {"kind": "amount", "code": "person", "fees": ["work", "block"], "per": "person",
                 "most": "250"},
            ],
            holds=[{"code": "kept", "fees": ["work"], "share": "0.25",
                    "since": {"is": "first", "facts": sel("plan")}}],
            funding=[{"payers": [{"payer": "state", "share": "0.7"},
                                 {"payer": "fund", "share": "0.3"}]}],
            **more,
        )
    )  # fmt: skip


MODEL = model()
SHARED = model(rounding={"of": "person"})
AT = datetime(2026, 1, 1, tzinfo=UTC)


@st.composite
def facts(draw: st.DrawFn) -> list[Fact]:
    """Facts of a few people, some revised later by the same or a better source."""
    found = []
    for number in range(draw(st.integers(1, 14))):
        who, what = draw(st.sampled_from(("P1", "P2", "P3"))), draw(st.sampled_from(KINDS))
        for revision in range(draw(st.sampled_from((1, 1, 1, 2, 3)))):
            on = DAY0 + timedelta(days=draw(st.integers(0, 90)))
            length = draw(st.one_of(st.none(), st.integers(0, 90)))
            found.append(
                Fact(
                    id=f"{who}-{number}",
                    what=what,
                    on=on,
                    who=who,
                    until=None if length is None else on + timedelta(days=length),
                    value=draw(st.decimals(0, 2000, places=2)),
                    words={"band": draw(st.sampled_from("ABC"))},
                    source=draw(st.sampled_from(("register", "provider"))),
                    known_at=AT + timedelta(days=60 * revision + draw(st.integers(0, 50)),
                                            seconds=number),
                    void=revision > 0 and draw(st.booleans()),
                )
            )  # fmt: skip
    return found


def said(found: Entitlement) -> Any:
    """Return everything a result says."""
    return [list(found.views()), [withheld_view(one) for one in found.withheld], found.total]


@given(facts(), st.randoms(use_true_random=False))
def test_neither_the_order_nor_doubles_of_facts_matter(
    told: list[Fact], chance: random.Random
) -> None:
    mixed = told + chance.sample(told, chance.randint(0, len(told)))
    chance.shuffle(mixed)
    assert said(entitlements(MODEL, mixed)) == said(entitlements(MODEL, told))


@given(facts())
def test_caps_hold(told: list[Fact]) -> None:
    by_month: Counter[tuple[str, str]] = Counter()
    by_person: Counter[str] = Counter()
    for line in entitlements(MODEL, told).lines:
        if line.fee in {"day", "pay"}:
            by_month[line.who, f"{line.on:%Y-%m}"] += line.cents
        elif line.fee in {"work", "block"}:
            by_person[line.who] += line.cents
    assert all(cents <= 9999 for cents in by_month.values())
    assert all(cents <= 25000 for cents in by_person.values())


@given(facts())
def test_parts_sum(told: list[Fact]) -> None:
    found = entitlements(MODEL, told)
    assert sum((line.amount for line in found.lines), Decimal(0)) == found.total
    assert len({line.key for line in found.lines}) == len(found.lines)
    for line in found.lines:
        assert line.item is not None
        parts = [other.cents for other in found.lines if other.item is line.item]
        assert sum(parts) == line.item.cents


@given(facts())
def test_a_rounded_sum_is_the_exact_sum_rounded_and_its_lines_sum_to_it(told: list[Fact]) -> None:
    for case in entitlements(SHARED, told).cases.values():
        cents = [item.cents for item in case.items]
        assert all(isinstance(part, int) for part in cents)


@given(
    st.lists(st.fractions(-100, 100), min_size=1, max_size=9),
    st.sampled_from(("largest", "first", "last")),
)
def test_a_split_sums_to_its_whole(parts: list[Any], residual: Any) -> None:
    total = round(sum(parts))
    made = placed(parts, total, residual)
    assert sum(made) == total
    if residual == "largest":
        assert all(abs(part - exact) < 2 for part, exact in zip(made, parts, strict=True))


@given(facts(), st.sampled_from(("original", "recomputed")))
def test_posting_twice_posts_nothing(told: list[Fact], refunds: Any) -> None:
    """Through every moment of knowledge: each time the sum is right, and again there is nothing."""
    posted: list[Posted] = []
    for days in (20, 80, 140, 400):
        at = AT + timedelta(days=days)
        found = entitlements(MODEL, told, known_at=at)
        entries = difference(found, posted, refunds=refunds)
        posted += posting(entries, at)
        assert difference(found, posted, refunds=refunds) == []
        assert sum((one.amount for one in posted), Decimal(0)) == found.total
        assert all(entry.amount for entry in entries)


@given(facts())
def test_what_was_known_then_is_computed_again_whatever_came_later(told: list[Fact]) -> None:
    at = AT + timedelta(days=80)
    then = [fact for fact in told if fact.known_at is not None and fact.known_at <= at]
    assert said(entitlements(MODEL, told, known_at=at)) == said(entitlements(MODEL, then))


@given(facts())
def test_later_knowledge_only_adds_entries(told: list[Fact]) -> None:
    """What is posted stays; every entry that changes an old one names a fact made known since."""
    first_at, later_at = AT + timedelta(days=80), AT + timedelta(days=400)
    first = posting(difference(entitlements(MODEL, told, known_at=first_at), []), first_at)
    found = entitlements(MODEL, told, known_at=later_at)
    keys = {one.key for one in first}
    moments = {fact.ref: fact.known_at for fact in told}
    for entry in difference(found, first):
        if entry.key in keys and entry.because:
            names = [moments.get(ref) for ref in entry.because]
            assert any(at is None or at > first_at for at in names), entry


@given(facts())
def test_a_stream_computes_the_same(told: list[Fact]) -> None:
    by_person: dict[str, list[Fact]] = {}
    for fact in told:
        by_person.setdefault(fact.who, []).append(fact)
    keys: list[tuple[str, int]] = []
    done = stream(
        MODEL, sorted(by_person.items()), take=lambda line: keys.append((line.key, line.cents))
    )
    at_once = entitlements(MODEL, told)
    assert sorted(keys) == sorted((line.key, line.cents) for line in at_once.lines)
    assert done.total == at_once.total


@given(facts())
@settings(max_examples=30)
def test_facts_and_result_survive_their_json(told: list[Fact]) -> None:
    again = msgspec.json.decode(msgspec.json.encode(told), type=list[Fact])
    assert said(entitlements(MODEL, again)) == said(entitlements(MODEL, told))


@pytest.mark.parametrize("revision", ["same", "other"])
def test_two_tellings_at_one_moment_are_refused_unless_they_agree(revision: str) -> None:
    from procure.kernel.errors import Refused

    one = Fact("a", "present", date(2026, 1, 5), "P1", known_at=AT)
    other = msgspec.structs.replace(one, on=date(2026, 1, 6)) if revision == "other" else one
    agreed = Program(terms(unit("u", "present")))
    if revision == "same":
        assert entitlements(agreed, [one, other]).total == 1
    else:
        with pytest.raises(Refused, match="told in two ways"):
            entitlements(agreed, [one, other])
