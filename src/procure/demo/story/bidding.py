"""Step 3: bids arrive sealed, stay unread until the deadline, and are opened by two of three."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from procure.adapters.signing import receipt_problems
from procure.demo.errors import DemoFailed
from procure.demo.story.material import instant, read
from procure.demo.story.registering import Parties, manager_of
from procure.demo.story.stage import COORDINATOR, OFFICERS, Json, Stage

LATE = timedelta(minutes=2)


class _Event(msgspec.Struct, frozen=True):
    """A bid that is sent or withdrawn, in the order of the clock."""

    at: datetime
    bid: dict[str, Any]
    unit_price: str | None  # none: withdrawn


def play_framework(stage: Stage, tender: Json, parties: Parties) -> None:
    """Send five bids for one lot, replace one, withdraw one; look for them in vain; open four."""
    fixture = read("bids-2024")
    lot_id = lot_of(tender, fixture["lot"])
    receipts: dict[str, Json] = {}
    for event in _events(fixture["bids"]):
        stage.clock(event.at)
        manager = event.bid["submitted_by"]
        if event.unit_price is None:
            stage.cast[manager].post(f"/bids/{_id(receipts[event.bid['provider']])}/withdraw")
            stage.does(manager, "withdraws the bid; it will never be opened")
            continue
        again = event.bid["provider"] in receipts
        receipts[event.bid["provider"]] = _submit(
            stage, tender, body_of(event.bid, event.unit_price, lot_id, parties), manager
        )
        stage.does(manager, "replaces the bid by a better one" if again else "bids, sealed")
    _check_receipt(stage, receipts["P02"])
    _look_in_vain(stage, tender, receipts)
    _come_late(stage, tender, fixture, lot_id, parties)
    stage.clock(read("tender-2024")["timetable"]["opened_at"])
    opened = open_bids(stage, tender)
    minutes = opened["minutes"]
    stage.figures.check("opened-count", len(minutes["opened"]))
    stage.figures.check("replaced-count", minutes["replaced_count"])
    stage.figures.check("withdrawn-count", minutes["withdrawn_count"])
    stage.figures.check("late-count", minutes["late_count"])
    for line in minutes["opened"]:
        stage.progress.note(
            f"{line['provider_name']}: {line['unit_price']} EUR, version {line['version']}"
        )


def play_call_off(stage: Stage, tender: Json, parties: Parties) -> None:
    """Send the two bids of the mini-competition, and open them."""
    fixture = read("mini-competition-2025")
    lot_id = lot_of(tender, "L03")
    for bid in sorted(fixture["bids"], key=lambda bid: str(bid["submitted_at"])):
        stage.clock(bid["submitted_at"])
        body = body_of(bid, bid["unit_price"], lot_id, parties)
        _submit(stage, tender, body, bid["submitted_by"])
        stage.does(bid["submitted_by"], "bids in the mini-competition, sealed")
    stage.clock(fixture["timetable"]["opened_at"])
    open_bids(stage, tender)


def lot_of(tender: Json, code: str) -> str:
    """Return the id of a tender's lot by its code."""
    return next(str(lot["id"]) for lot in tender["lots"] if lot["code"] == code)


def body_of(
    bid: Mapping[str, Any], unit_price: object, lot_id: str, parties: Parties
) -> dict[str, Any]:
    """Make what the API takes of a bid in the fixtures."""
    return {
        "lot_id": lot_id,
        "unit_price": unit_price,
        "answers": bid["answers"],
        "facilitator_ids": [parties.facilitators[code] for code in bid["facilitators"]],
        "promised_rates": bid["promised_rates"],
        "remarks": bid["remarks"],
    }


def open_bids(stage: Stage, tender: Json) -> Json:
    """Give two shares; the second opens the bids."""
    for email in OFFICERS[:2]:
        opening: Json = stage.cast[email].post(
            f"/tenders/{tender['id']}/opening", {"share": _key(stage, email)}
        )
        stage.does(email, f"gives a share of the key of {tender['reference']}")
    return opening


def _events(bids: list[dict[str, Any]]) -> list[_Event]:
    events = [
        _Event(instant(version["submitted_at"]), bid, str(version["unit_price"]))
        for bid in bids
        for version in bid["versions"]
    ]
    events += [
        _Event(instant(bid["withdrawn_at"]), bid, None) for bid in bids if bid["withdrawn_at"]
    ]
    return sorted(events, key=lambda event: event.at)


def _submit(stage: Stage, tender: Json, body: dict[str, Any], manager: str) -> Json:
    bidder = stage.cast[manager]
    receipt: Json = bidder.post(f"/tenders/{tender['id']}/bids", body)
    facts = receipt["receipt"]
    name = f"{tender['reference']}-{facts['lot_code']}-{manager.partition('@')[2]}"
    # As it was signed, byte for byte: a receipt that is written anew proves nothing.
    signed = bidder.read(f"/bids/{_id(receipt)}/receipt")
    stage.keep(f"receipts/{name.removesuffix('.example')}-v{facts['version']}.json", signed)
    return receipt


def _id(receipt: Json) -> str:
    return str(receipt["receipt"]["bid_id"])


def _key(stage: Stage, email: str) -> str:
    return (stage.folder / f"opening-keys/{email.partition('@')[0]}.txt").read_text().strip()


def _check_receipt(stage: Stage, receipt: Json) -> None:
    """Hold a bidder's receipt against the sealed bid and the public key, without the system."""
    bidder = stage.cast[manager_of("P02") or ""]
    key = bidder.read("/bids/receipt-key")
    stage.keep("receipts/public-key.pem", key)
    sealed = bidder.read(f"/bids/{_id(receipt)}/sealed")
    stage.keep("receipts/sealed-bid.age", sealed)
    original = bidder.read(f"/bids/{_id(receipt)}/receipt")
    stage.figures.check("receipt", len(receipt_problems(original, key.decode(), sealed)))


def _look_in_vain(stage: Stage, tender: Json, receipts: Mapping[str, Json]) -> None:
    """Ask for the bids as everyone might, a day before they are opened."""
    path = f"/tenders/{tender['id']}/bids"
    seen = stage.cast[COORDINATOR].get(path)
    stage.figures.check("sealed-coordinator", len(seen["items"]) + len(seen["own"]))
    prices = [
        str(version["unit_price"])
        for bid in read("bids-2024")["bids"]
        for version in bid["versions"]
    ]
    told = msgspec.json.encode([seen, stage.cast[COORDINATOR].get(f"/tenders/{tender['id']}")])
    if any(f'"{price}"'.encode() in told for price in prices):
        raise DemoFailed("The coordinator reads a price before the opening.")
    counts = [name for name in seen if name.endswith("_count")]
    hidden = seen["is_hidden_until_opening"] and not counts
    stage.figures.check("sealed-count", "hidden" if hidden else "shown")
    rival = manager_of("P01") or ""
    others = stage.cast[rival].get(path)
    strangers = [bid for bid in others["own"] if bid["id"] != _id(receipts["P01"])]
    stage.figures.check("sealed-rival", len(others["items"]) + len(strangers))
    stage.cast[rival].refused_read(f"/bids/{_id(receipts['P02'])}", status=404)
    contents = {bid["content"] is None for bid in others["own"]}
    stage.figures.check("sealed-own", "hidden" if contents == {True} else "shown")
    early = stage.cast[OFFICERS[0]].refused(
        f"/tenders/{tender['id']}/opening", {"share": _key(stage, OFFICERS[0])}
    )
    stage.does(OFFICERS[0], f"tries to open the bids a day early: {early}")
    stage.figures.check(
        "opened-early",
        stage.cast[COORDINATOR].get(f"/tenders/{tender['id']}/opening")["given_count"],
    )


def _come_late(
    stage: Stage, tender: Json, fixture: dict[str, Any], lot_id: str, parties: Parties
) -> None:
    """Send a better bid two minutes after the deadline."""
    stage.clock(instant(read("tender-2024")["deadline_at"]) + LATE)
    bid = next(bid for bid in fixture["bids"] if bid["provider"] == "P03")
    body = body_of(bid, "20.90", lot_id, parties)
    bidder = stage.cast[bid["submitted_by"]]
    refusal = bidder.refused(f"/tenders/{tender['id']}/bids", body)
    stage.does(
        bid["submitted_by"], f"sends a cheaper bid two minutes after the deadline: {refusal}"
    )
    own = bidder.get(f"/tenders/{tender['id']}/bids")["own"]
    late = next(found for found in own if found["state"] == "late")
    signed = bidder.read(f"/bids/{late['id']}/receipt")
    receipt = msgspec.json.decode(signed)
    name = f"{tender['reference']}-{late['lot_code']}-{bid['submitted_by'].partition('@')[2]}"
    stage.keep(f"receipts/{name.removesuffix('.example')}-v{late['version']}.json", signed)
    stage.figures.check("late-verdict", receipt["receipt"]["verdict"])
