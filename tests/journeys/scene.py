"""What the journeys find beyond the demo's story: a small purchase that goes on beside it.

Twelve places bought directly (no minimum time, no standstill), so that bids are sealed and opened,
scored and signed within days of the demo's clock. Each step is done over the public API, and only
if the journey has not done it on its pages before.
"""

import itertools
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from procure.demo.story.cast import Cast
from procure.demo.story.material import read
from procure.demo.story.stage import ADMIN, CONSULTANT, CONTRACT_MANAGER, COORDINATOR, OFFICERS
from procure.kernel.time import ZONE

Json = dict[str, Any]
BIDDERS = {"manager@pakkuja01.example": "24.80", "manager@pakkuja02.example": "21.50"}
WINNER = "manager@pakkuja02.example"
FACILITATOR_CODES = {"manager@pakkuja01.example": "F01", "manager@pakkuja02.example": "F03"}
EVALUATORS = [f"evaluator{n}@fond.example" for n in (1, 2)]
TITLE = "One more group in Jõhvi"
GROUP = "G-2026-90"

_numbers = itertools.count(1)


class Scene:
    """The purchase; every method brings it to a point, from wherever it stands."""

    def __init__(self, http: httpx.Client, folder: Path) -> None:
        self.http = http
        self.cast = Cast(http)
        self.folder = folder
        self.title = f"{TITLE}, no. {next(_numbers)}"

    def now(self) -> datetime:
        """Read the demo's clock."""
        return datetime.fromisoformat(self.cast[ADMIN].get("/clock")["now"]).astimezone(ZONE)

    def move(self, to: datetime) -> None:
        """Move the demo's clock forward, so that what is due by then happens."""
        if to > self.now():
            self.cast[ADMIN].post("/clock", {"to": to})

    def key(self, email: str) -> str:
        """Return the opening key that an officer made in the story."""
        file = self.folder / f"opening-keys/{email.partition('@')[0]}.txt"
        return file.read_text().strip()

    @cached_property
    def deadline_at(self) -> datetime:
        """Tomorrow at ten: the law sets this purchase no longer time."""
        tomorrow = self.now() + timedelta(days=1)
        return tomorrow.replace(hour=10, minute=0, second=0, microsecond=0)

    @cached_property
    def tender_id(self) -> str:
        """Draft and publish the purchase, and send both bids."""
        fixture = read("tender-2026")
        coordinator = self.cast[COORDINATOR]
        officers = coordinator.get("/people", role="opening-officer")["items"]
        lot = next(lot for lot in fixture["lots"] if lot["code"] == "L03")
        today = self.deadline_at.date()
        draft = {
            "title": self.title,
            "description": fixture["description"],
            "procedure": "direct",
            "technique": "none",
            "service_code": fixture["service_code"],
            "contract_starts_on": today + timedelta(days=1),
            "contract_until": today + timedelta(days=200),
            "payment_scheme": fixture["payment_scheme"],
            "max_suppliers_count": 1,
            "deadline_at": self.deadline_at,
            "opening_quorum_count": 2,
            "lots": [lot],
            "criteria": [
                {**fixture["criteria"][0], "weight": 40},
                {**fixture["criteria"][1], "weight": 60},
            ],
            "keyholder_ids": [one["id"] for one in officers if one["email"] in OFFICERS],
            "invited_ids": [self._my(email)["provider"]["org_id"] for email in BIDDERS],
        }
        tender: Json = coordinator.post("/tenders", draft)
        coordinator.post(f"/tenders/{tender['id']}/publish")
        for email, price in BIDDERS.items():
            self._bid(email, tender, price)
        return str(tender["id"])

    @cached_property
    def lot_id(self) -> str:
        return str(self.cast[COORDINATOR].get(f"/tenders/{self.tender_id}")["lots"][0]["id"])

    def pass_deadline(self) -> None:
        """Let the time for bids end."""
        assert self.tender_id
        self.move(self.deadline_at + timedelta(minutes=5))

    def open(self) -> None:
        """Give the shares that are still missing."""
        self.pass_deadline()
        for email in OFFICERS[:2]:
            opening = self.cast[email].get(f"/tenders/{self.tender_id}/opening")
            if opening["minutes"] is None and opening["may_give"]:
                share = {"share": self.key(email)}
                self.cast[email].post(f"/tenders/{self.tender_id}/opening", share)

    def appoint(self) -> None:
        """Open the bids and put two evaluators on the panel."""
        self.open()
        people = self.cast[COORDINATOR].get("/people", role="evaluator")["items"]
        wanted = [one["id"] for one in people if one["email"] in EVALUATORS]
        if not self.cast[COORDINATOR].get(f"/lots/{self.lot_id}/panel")["members"]:
            self.cast[COORDINATOR].post(f"/lots/{self.lot_id}/panel", {"person_ids": wanted})

    def score(self) -> None:
        """Hand in whatever scores are still missing; the second bidder's method is better."""
        self.appoint()
        lot = f"/lots/{self.lot_id}"
        for email in EVALUATORS:
            one = self.cast[email]
            seen = one.get(f"{lot}/scoring")
            if not seen["member"]["declared_at"]:
                one.post(f"{lot}/declaration", {"has_conflict": False, "text": ""})
                seen = one.get(f"{lot}/scoring")
            if not seen["member"]["locked_at"]:
                scores = [
                    {"bid_id": b["bid_id"], "criterion": "K2", "points": points, "reason": reason}
                    for b in seen["bids"]
                    for points, reason in [_points(b["provider_name"])]
                ]
                one.post(f"{lot}/scores", {"scores": scores})

    @cached_property
    def award(self) -> Json:
        """Rank the bids and decide for the first."""
        self.score()
        coordinator = self.cast[COORDINATOR]
        ranking = coordinator.post(f"/lots/{self.lot_id}/ranking")
        award: Json = coordinator.post(
            f"/lots/{self.lot_id}/award",
            {
                "evaluation_version": ranking["version"],
                "winners_count": 1,
                "reasons": "The method fits the people who wait, and the price is the lower one.",
                "acknowledged_reversal": True,
            },
        )
        assert award["suppliers"][0]["provider_name"] == "Samm-Sammult Töötoad MTÜ"
        return award

    @cached_property
    def contract(self) -> Json:
        """Draft the contract, and sign it for the sides that have not."""
        award, manager = self.award, self.cast[CONTRACT_MANAGER]
        seen = [manager.get(f"/contracts/{c['id']}") for c in manager.get("/contracts")["items"]]
        there = [contract for contract in seen if contract["award_id"] == award["id"]]
        drafted = there or manager.post(f"/awards/{award['id']}/contracts")["items"]
        path = f"/contracts/{drafted[0]['id']}"
        for email in (WINNER, CONTRACT_MANAGER):
            seen = self.cast[email].get(path)
            if "sign" in seen["actions"]:
                body = {"document_sha256": seen["document_sha256"]}
                self.cast[email].post(f"{path}/sign", body)
        contract: Json = manager.get(path)
        assert contract["state"] in {"signed", "running"}
        return contract

    @cached_property
    def group(self) -> Json:
        """Plan a group, refer three people to it, and start it on its first day."""
        contract, consultant = self.contract, self.cast[CONSULTANT]
        first = datetime.fromisoformat(contract["starts_on"]).date() + timedelta(days=1)
        days = [first + timedelta(days=n) for n in range(120)]
        days = [day for day in days if day.weekday() < 4 and (day.month, day.day) not in _FREE][:60]
        venue = next(v for v in consultant.get("/venues")["items"] if v["code"] == _VENUE)
        group: Json = consultant.post(
            "/groups",
            {
                "contract_id": contract["id"],
                "venue_id": venue["id"],
                "places_count": 12,
                "days": days,
                "facilitator_ids": [self._facilitator(WINNER)],
                "code": GROUP,
            },
        )
        waiting = consultant.get("/requests", state="tendered", county="EE-45", limit=500)["items"]
        russian = [one for one in waiting if one["language"] == "ru"]
        for request in russian[:12]:
            body = {"request_id": request["id"], "joins_on": days[0]}
            consultant.post(f"/groups/{group['id']}/participants", body)
        self.move(datetime(days[0].year, days[0].month, days[0].day, 8, tzinfo=ZONE))
        consultant.post(f"/groups/{group['id']}/start")
        self.move(datetime(days[0].year, days[0].month, days[0].day, 15, tzinfo=ZONE))
        started: Json = consultant.get(f"/groups/{group['id']}")
        return started

    def _my(self, email: str) -> Json:
        found: Json = self.cast[email].get("/my-organisation")
        return found

    def _facilitator(self, email: str) -> str:
        found = self._my(email)["facilitators"]
        code = FACILITATOR_CODES[email]
        return str(next(one["id"] for one in found if one["code"] == code))

    def _bid(self, email: str, tender: Json, price: str) -> None:
        given = next(b for b in read("bids-2024")["bids"] if b["submitted_by"] == email)
        self.cast[email].post(
            f"/tenders/{tender['id']}/bids",
            {
                "lot_id": tender["lots"][0]["id"],
                "unit_price": price,
                "answers": {"K2": given["answers"]["K2"]},
                "facilitator_ids": [self._facilitator(email)],
                "promised_rates": given["promised_rates"],
                "remarks": "",
            },
        )


_FREE = {(12, 24), (12, 31), (2, 24)}
_VENUE = read("group-2025")["venue"]


def _points(provider: str) -> tuple[str, str]:
    if provider.startswith("Samm"):
        return "4.5", "Begins from the participants; each talk has a date and a person."
    return "3.5", "Sound, but nothing is said of those who come late into the group."
