"""Whatever a bidder does in whatever order: the last version submitted in time counts (T-7)."""

import random
from datetime import timedelta

import msgspec
import pytest

from procure.bids import queries, service
from procure.bids.schemas import PackageView
from procure.kernel.errors import Conflict, Refused
from tests.builders.bids import Bidder, a_bid_draft, a_bidder, open_tender, signer
from tests.builders.identity import set_clock
from tests.builders.tenders import DEADLINE_AT, SEALER, Draft, a_published_tender

pytestmark = pytest.mark.usefixtures("db")

HOUR = timedelta(hours=1)


class Walk:
    """One bidder's way, and beside it what must come of it."""

    def __init__(self, tender: Draft, bidder: Bidder, seed: int) -> None:
        self.tender, self.bidder, self.chance = tender, bidder, random.Random(seed)
        self.now = DEADLINE_AT - 6 * HOUR
        self.prepared: list[tuple[PackageView, str]] = []
        self.live: tuple[str, str] | None = None  # bid id and price
        self.dead: set[str] = set()

    @property
    def is_in_time(self) -> bool:
        return self.now < DEADLINE_AT - timedelta(minutes=1)

    async def step(self) -> None:
        doing = self.chance.choice(
            [self.prepare, self.submit, self.again, self.withdraw, self.wait]
        )
        await doing()

    async def wait(self) -> None:
        self.now += self.chance.choice([HOUR / 2, HOUR])
        await set_clock(self.now)

    async def prepare(self) -> None:
        price = f"{self.chance.randint(10, 30)}.{self.chance.randint(10, 99)}"
        draft = await a_bid_draft(self.tender.id, self.bidder, price)
        made = await service.prepare_bid(self.bidder.actor, draft, sealer=SEALER, at=self.now)
        self.prepared.append((made, price))

    async def submit(self) -> None:
        if not self.prepared:
            return
        package, price = self.prepared.pop(self.chance.randrange(len(self.prepared)))
        receipt = await service.submit_prepared(
            self.bidder.actor, self.tender.id, package.id, signer=signer()
        )
        assert receipt.receipt.verdict == ("on-time" if self.is_in_time else "late")
        if not self.is_in_time:
            self.dead.add(str(package.id))
            return
        if self.live:
            self.dead.add(self.live[0])
        self.live = (str(package.id), price)

    async def again(self) -> None:
        """Submit once more what was submitted: nothing comes of it."""
        if self.live:
            before = await self.states()
            await service.submit_prepared(
                self.bidder.actor,
                self.tender.id,
                msgspec.convert(self.live[0], type(self.tender.id)),
                signer=signer(),
            )
            assert await self.states() == before

    async def withdraw(self) -> None:
        own = await queries.own_bids(self.bidder.actor, self.tender.id)
        if not own:
            return
        bid = self.chance.choice(own)
        is_live = self.live is not None and str(bid.id) == self.live[0]
        if is_live and self.is_in_time:
            await service.withdraw_bid(self.bidder.actor, bid.id, now=self.now)
            self.dead.add(str(bid.id))
            self.live = None
            return
        with pytest.raises((Conflict, Refused)):
            await service.withdraw_bid(self.bidder.actor, bid.id, now=self.now)

    async def states(self) -> dict[str, str]:
        own = await queries.own_bids(self.bidder.actor, self.tender.id)
        return {str(bid.id): bid.state for bid in own}


async def walk(seed: int, steps: int) -> None:
    tender = await a_published_tender()
    walks = [Walk(tender, await a_bidder(), seed * 10 + n) for n in range(2)]
    await set_clock(walks[0].now)
    for _ in range(steps):
        one = walks[0].chance.choice(walks)
        one.now = max(other.now for other in walks)
        await one.step()
    await open_tender(tender, now=max(DEADLINE_AT, *(one.now for one in walks)) + 2 * HOUR)
    for one in walks:
        states = await one.states()
        opened = {bid for bid, state in states.items() if state == "opened"}
        assert opened == ({one.live[0]} if one.live else set())
        assert opened.isdisjoint(one.dead)
        for bid in await queries.own_bids(one.bidder.actor, tender.id):
            assert (bid.content is not None) == (str(bid.id) in opened)
            if bid.content is not None and one.live:
                assert str(bid.content.unit_price) == one.live[1]


@pytest.mark.parametrize("seed", range(2))
async def test_the_last_version_in_time_counts_whatever_was_done(seed: int) -> None:
    await walk(seed, 15)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 150))
async def test_the_last_version_in_time_counts_on_many_ways(seed: int) -> None:
    await walk(seed, 40)
