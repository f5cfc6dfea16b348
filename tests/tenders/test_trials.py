"""The simulator: invented bids scored by the draft's own rule, and nothing kept."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from procure.kernel.actors import Role
from procure.kernel.errors import Refused
from procure.tenders.rules.trials import Trial, TrialBid, proposed_trial, simulate
from procure.tenders.states import PriceFormula
from tests.builders.identity import an_actor
from tests.builders.tenders import K1, K2, K3, K4, a_drafted_tender, a_published_tender
from tests.client import client_as
from tests.tenders.test_pages import seen

CRITERIA = [K1, K2, K3, K4]
PRICE = msgspec.structs.replace(K1, weight=Decimal(50))
ABSOLUTE = msgspec.structs.replace(
    PRICE, formula=PriceFormula.ABSOLUTE, floor_price=Decimal(0), ceiling_price=Decimal(40)
)
QUALITY = msgspec.structs.replace(K2, weight=Decimal(50), minimum=None, scale_max=Decimal(50))


def bids(*given: tuple[str, str]) -> Trial:
    return Trial([TrialBid(Decimal(price), {"K2": Decimal(score)}) for price, score in given])


def test_a_trial_is_scored_as_real_bids_are() -> None:
    trial = Trial(
        [
            TrialBid(Decimal(price), dict(zip(("K2", "K3", "K4"), map(Decimal, s), strict=True)))
            for price, s in [("10", ("5", "5", "12")), ("20", ("2.5", "5", "0"))]
        ]
    )
    done = simulate(CRITERIA, trial)
    first, second = done.bids
    assert (first.total, first.rank) == (Decimal("100.00"), 1)
    assert first.points == {code: Decimal(p) for code, p in zip(
        ("K1", "K2", "K3", "K4"), ("40.00", "25.00", "20.00", "15.00"), strict=True)}  # fmt: skip
    # A mean of 2.5 is below K2's minimum of 3: out before prices are compared.
    assert (second.rank, second.total, second.below_minimum) == (None, None, "K2")
    assert first.is_low  # half of the median of the others, below six tenths
    assert not second.is_low


def test_who_wins_is_said_at_every_weight_of_price() -> None:
    done = simulate([PRICE, QUALITY], bids(("20", "50"), ("10", "30")))
    # At weight w: A gets w/2 + (100 - w), B gets w + 0.6 (100 - w): equal at w = 400/9 = 44.4…
    assert [(s.first, s.last, s.winner) for s in done.spans] == [
        (Decimal(0), Decimal(44), "A"),
        (Decimal(45), Decimal(100), "B"),
    ]
    assert [point.price_weight for point in done.at_weights] == list(range(101))
    assert [p.price_weight for p in done.at_weights if p.is_drafted] == [Decimal(50)]
    assert done.at_weights[-1].totals["B"] == Decimal(100)  # all points at weight 100


def test_a_loser_can_decide_where_prices_are_compared_with_the_lowest() -> None:
    # C is cheapest and loses. With it the lowest price is 5, and price tells A and B little apart.
    trial = bids(("20", "45"), ("10", "28"), ("5", "0"))
    done = simulate([PRICE, QUALITY], trial)
    assert done.winner == "A"
    assert done.a_loser_decides
    assert [(r.id, r.first_with, r.first_without) for r in done.reversals if r.changes_winner] == [
        ("C", "A", "B")
    ]
    # The absolute formula depends on no other bid.
    assert not simulate([ABSOLUTE, QUALITY], trial).a_loser_decides


def test_a_loser_that_moves_only_the_places_behind_does_not_decide() -> None:
    trial = bids(("8", "50"), ("20", "45"), ("10", "28"), ("5", "0"))
    done = simulate([PRICE, QUALITY], trial)
    assert [(r.id, r.changes_winner) for r in done.reversals if r.changes_order] == [("D", False)]
    assert not done.a_loser_decides


def test_a_price_of_zero_is_refused_or_computed_as_the_formula_says() -> None:
    trial = bids(("20", "50"), ("10", "30"))
    relative = simulate([PRICE, QUALITY], trial).zero_price
    assert (relative.id, relative.is_refused, relative.price) == ("B", True, Decimal("0.01"))
    assert relative.totals == {"A": Decimal("50.03"), "B": Decimal("80.00")}
    absolute = simulate([ABSOLUTE, QUALITY], trial).zero_price
    assert (absolute.is_refused, absolute.price, absolute.winner) == (False, Decimal(0), "B")
    assert absolute.totals == {"A": Decimal("75.00"), "B": Decimal("80.00")}


def test_a_bid_alone_has_the_lowest_price_and_nothing_to_be_compared_with() -> None:
    done = simulate([PRICE, QUALITY], bids(("20", "25")))
    assert [(one.id, one.total, one.is_asked) for one in done.alone] == [
        ("A", Decimal("75.00"), False)
    ]
    nothing = dict.fromkeys(("K2", "K3", "K4"), Decimal(0))
    below = simulate(CRITERIA, Trial([TrialBid(Decimal(9), nothing)]))
    assert [one.total for one in below.alone] == [None]
    assert below.winner is None


def test_where_only_price_counts_there_is_no_weight_to_vary() -> None:
    only = msgspec.structs.replace(K1, weight=Decimal(100))
    done = simulate([only], Trial([TrialBid(Decimal(9)), TrialBid(Decimal(10))]))
    assert (done.winner, list(done.at_weights), list(done.spans)) == ("A", [], [])


@pytest.mark.parametrize(
    ("trial", "fields"),
    [
        pytest.param(bids(("0.01", "0"), ("999999", "50")), [], id="the edges are in"),
        pytest.param(bids(("0", "0")), ["bids.0.price"], id="a price of zero"),
        pytest.param(bids(("1", "50.5")), ["bids.0.K2"], id="above the scale"),
        pytest.param(bids(("1", "-1"), ("NaN", "1")), ["bids.0.K2", "bids.1.price"], id="all"),
        pytest.param(Trial([]), ["bids"], id="no bid"),
        pytest.param(bids(*[("1", "1")] * 12), [], id="twelve bids"),
        pytest.param(bids(*[("1", "1")] * 13), ["bids"], id="thirteen bids"),
        pytest.param(
            Trial([TrialBid(Decimal(1), {"K2": Decimal(1), "K9": Decimal(1)})]),
            ["bids.0"],
            id="a stranger among criteria",
        ),
    ],
)
def test_what_cannot_be_scored_is_named_field_by_field(trial: Trial, fields: list[str]) -> None:
    try:
        simulate([PRICE, QUALITY], trial)
        found = []
    except Refused as refusal:
        found = [finding.field for finding in refusal.findings]
    assert found == fields


def test_the_proposal_stands_around_the_estimate_and_can_be_scored() -> None:
    trial = proposed_trial(CRITERIA, Decimal("22.00"))
    assert [bid.price for bid in trial.bids] == [Decimal("25.30"), Decimal(22), Decimal("18.70")]
    assert all(bid.rank for bid in simulate(CRITERIA, trial).bids)


@pytest.mark.usefixtures("db")
async def test_the_coordinator_tries_the_draft_on_its_page() -> None:
    tender = await a_drafted_tender()
    path = f"/tenders/{tender.id}/simulator"
    async with client_as(tender.coordinator) as client:
        assert path in (await client.get(f"/tenders/{tender.id}")).text
        shown = await client.get(path)
        assert shown.status_code == 200
        assert "<svg" in shown.text
        assert "style=" not in shown.text
        assert 'value="25.30"' in shown.text
        text = seen(shown.text)
        assert "Price weight 0 to 69: A wins" in text
        assert "no bid that loses changes who wins" in text
        assert "a bid of 0 does not come in" in text

        typed: dict[str, Any] = {
            "bids.0.price": "20,00", "bids.0.K2": "5", "bids.0.K3": "5", "bids.0.K4": "12",
            "bids.3.price": "5", "bids.3.K2": "6", "bids.3.K3": "5", "bids.3.K4": "12",
        }  # fmt: skip
        more = await client.send_form(path, {**typed, "more": "bid"})
        assert 'name="bids.4.price"' in more.text
        back = await client.send_form(path, typed)
        assert back.status_code == 422
        assert "K2 of bid B: a number from 0 to 5." in seen(back.text)
        assert 'href="#field-bids.1.K2"' in back.text
        assert (
            'id="field-bids.1.K2" name="bids.1.K2" type="text" inputmode="decimal" value="6"'
            in (back.text)
        )
        assert 'value="20,00"' in back.text
        good = await client.send_form(path, {**typed, "bids.3.K2": "4,5"})
        assert good.status_code == 200
        assert "the price asks for an explanation" in seen(good.text)


@pytest.mark.usefixtures("db")
async def test_programs_try_too_and_strangers_do_not() -> None:
    tender = await a_drafted_tender()
    path = f"/api/v1/tenders/{tender.id}"
    async with client_as(tender.coordinator) as client:
        trial = (await client.get(f"{path}/trial?lot=L05")).json()
        done = await client.send_json(f"{path}/simulate", trial)
        assert done.status_code == 200
        assert done.json()["winner"] == "A"
        assert len(done.json()["at_weights"]) == 101
    async with client_as(await an_actor(Role.COORDINATOR)) as client:  # of another authority
        assert (await client.get(f"/tenders/{tender.id}/simulator")).status_code == 404
        assert (await client.send_json(f"{path}/simulate", trial)).status_code == 404
    published = await a_published_tender()  # everyone reads it; its buyer alone tries it
    async with client_as(await an_actor(Role.COORDINATOR)) as client:
        there = f"/api/v1/tenders/{published.id}/simulate"
        assert (await client.send_json(there, trial)).status_code == 403
    async with client_as(await an_actor(Role.AUDITOR, org=tender.buyer_id)) as client:
        assert (await client.get(f"/tenders/{tender.id}/simulator")).status_code == 403
