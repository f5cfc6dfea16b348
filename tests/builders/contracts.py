"""Awards, contracts and the framework of 2024 with its call-off of 2025, for tests.

The award and what comes before it are rows written as the owner, triggers off: what they were
decided from is other packages' to test. From the contract on, everything is made by services.
"""

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from stdnum.iban import calc_check_digits

from procure.bids.rules import BidContent
from procure.bids.rules.content import FacilitatorRef
from procure.contracts import queries, service
from procure.db import DB, fetch_as, uuid7
from procure.evaluation.rules import rank as ranked
from procure.kernel.actors import Actor, Role
from procure.kernel.canonical import canonical, sha256_hex
from procure.kernel.codes import is_registry_code
from procure.kernel.time import at
from procure.providers import service as providers
from procure.providers.rules import FacilitatorDraft, ProviderDraft
from tests.builders.identity import an_actor, set_clock
from tests.builders.lot_l03 import FACTS
from tests.builders.tenders import L03, a_drafted_tender

AT = datetime(2024, 2, 28, 10, tzinfo=UTC)  # the decision
LAST_BLOCKED_ON = date(2024, 3, 13)
SIGNED_AT = datetime(2024, 3, 14, 8, tzinfo=UTC)
STARTED_AT = datetime(2024, 4, 1, 6, tzinfo=UTC)
CALLED_OFF_AT = datetime(2025, 7, 1, 8, tzinfo=UTC)
CALL_OFF_STARTED_AT = at(date(2025, 9, 1), 7).astimezone(UTC)
RATES = {"employment": Decimal("0.45"), "education": Decimal("0.10")}

_codes = (code for n in itertools.count(1) if is_registry_code(code := f"{8099_0000 + n:08d}"))
_accounts = itertools.count(1)


class Partner(msgspec.Struct, frozen=True):
    """A provider with the person who manages it, and its facilitators."""

    manager: Actor
    facilitator_ids: tuple[UUID, ...]

    @property
    def id(self) -> UUID:
        """The organisation."""
        return self.manager.org_id


class Awarded(msgspec.Struct, frozen=True):
    """An award of a lot, with everyone who has a part in its contracts."""

    id: UUID
    lot_id: UUID
    tender_id: UUID
    coordinator: Actor
    contract_manager: Actor
    partners: tuple[Partner, ...]
    supplier_ids: tuple[UUID, ...]
    bid_ids: tuple[UUID, ...]

    @property
    def buyer_id(self) -> UUID:
        """The organisation that buys."""
        return self.coordinator.org_id


async def a_partner(coordinator: Actor, *, facilitators: int = 2) -> Partner:
    """Register a provider with a manager and facilitators."""
    code, account = next(_codes), f"{9900000000000000 + next(_accounts):016d}"
    org_id = await providers.register_provider(
        coordinator,
        ProviderDraft(
            registry_code=code,
            name=f"Provider {code}",
            legal_form="MTY",
            kind="non-profit",
            seat_county="EE-45",
            languages=["ru", "et"],
            iban=f"EE{calc_check_digits('EE00' + account)}{account}",
            email=f"info@{code}.example",
        ),
        AT,
    )
    manager = await an_actor(Role.PROVIDER_MANAGER, org=org_id, kind="provider")
    ids = [
        await providers.record_facilitator(
            manager,
            FacilitatorDraft(
                code=f"F{number:02}",
                display_name=f"Leader {number}",
                education="higher",
                profession="social work",
                groups_led_count=9,
                years_count=6,
                languages=["et", "ru"],
            ),
            AT,
        )
        for number in range(1, facilitators + 1)
    ]
    return Partner(manager, tuple(ids))


async def an_award(
    *,
    coordinator: Actor | None = None,
    partners: Sequence[Partner] = (),
    prices: Sequence[str] = ("21.50", "24.80"),
    last_blocked_on: date | None = LAST_BLOCKED_ON,
    state: str = "standstill",
    rates: dict[str, Decimal] | None = None,
    decided_at: datetime = AT,
    **tender: Any,
) -> Awarded:
    """Make the award of a lot to providers in order of rank, one for each price."""
    tender = {"lots": [L03], **tender}
    drafted = await a_drafted_tender(coordinator, **tender)
    coordinator = drafted.coordinator
    chosen = list(partners) or [await a_partner(coordinator) for _ in prices]
    (lot,) = await fetch_as(_Id, "SELECT id FROM lot WHERE tender = $1", drafted.id)
    ids = _Ids(uuid7(), tuple(uuid7() for _ in prices), tuple(uuid7() for _ in prices))
    owner = await DB.connect_as_owner()
    try:
        async with owner.transaction():
            await owner.execute("SET LOCAL session_replication_role = replica")
            await owner.execute(
                """UPDATE tender SET state = 'concluded', published_at = $2, recipient = 'age1test'
                    WHERE id = $1""",
                drafted.id,
                decided_at,
            )
            await owner.execute("UPDATE lot SET state = 'awarded' WHERE id = $1", lot.id)
            evaluation_id = uuid7()
            await owner.execute(
                """INSERT INTO evaluation (id, lot, version, made_at, made_by, facts, result)
                   VALUES ($1, $2, 1, $3, $4, $5, $6)""",
                evaluation_id,
                lot.id,
                decided_at,
                coordinator.id,
                canonical(FACTS),
                canonical(ranked(FACTS)),
            )
            await owner.execute(
                """INSERT INTO award (id, lot, evaluation, decided_at, decided_by, reasons,
                                      last_blocked_on, facts, state)
                   VALUES ($1, $2, $3, $4, $5, 'The best of the bids.', $6, '{}', $7)""",
                ids.award,
                lot.id,
                evaluation_id,
                decided_at,
                coordinator.id,
                last_blocked_on,
                state,
            )
            for rank, (partner, price) in enumerate(zip(chosen, prices, strict=True), start=1):
                content = BidContent(
                    tender_id=drafted.id,
                    lot_id=lot.id,
                    provider_org_id=partner.id,
                    provider_name=partner.manager.org_name,
                    version=1,
                    unit_price=Decimal(price),
                    answers={"K2": "We begin with what people can do."},
                    facilitators=[
                        FacilitatorRef(who, f"F{n:02}", 9)
                        for n, who in enumerate(partner.facilitator_ids, start=1)
                    ],
                    promised_rates=RATES if rates is None else rates,
                    remarks="",
                )
                bid_id, supplier_id = ids.bids[rank - 1], ids.suppliers[rank - 1]
                await owner.execute(
                    """INSERT INTO bid (id, tender, lot, provider_org, arrival, version, ciphertext,
                            ciphertext_sha256, parts, received_at, submitted_by, receipt, state,
                            content, opened_at)
                       VALUES ($1, $2, $3, $4, $1, 1, 'x', $5, '[]', $6, $7, '{}', 'opened', $8,
                               $6)""",
                    bid_id,
                    drafted.id,
                    lot.id,
                    partner.id,
                    sha256_hex("x"),
                    decided_at,
                    partner.manager.id,
                    canonical(content),
                )
                await owner.execute(
                    """INSERT INTO award_supplier (id, award, bid, provider_org, rank, total)
                       VALUES ($1, $2, $3, $4, $5, 80)""",
                    supplier_id,
                    ids.award,
                    bid_id,
                    partner.id,
                    rank,
                )
    finally:
        await owner.close()
    # The database's clock stands past the standstill, so that its own guard lets signing pass.
    await set_clock(max(SIGNED_AT, decided_at))
    return Awarded(
        id=ids.award,
        lot_id=lot.id,
        tender_id=drafted.id,
        coordinator=coordinator,
        contract_manager=await an_actor(Role.CONTRACT_MANAGER, org=drafted.buyer_id),
        partners=tuple(chosen),
        supplier_ids=ids.suppliers,
        bid_ids=ids.bids,
    )


async def sign_both(
    contract_id: UUID, buyer: Actor, provider: Actor, *, now: datetime = SIGNED_AT
) -> None:
    """Sign a contract for both sides."""
    view = await queries.read_contract(buyer, contract_id)
    for actor in (buyer, provider):
        await service.sign(actor, contract_id, view.document_sha256, now=now)


class Framework(msgspec.Struct, frozen=True):
    """Running frameworks of one lot, one for each partner in order of rank."""

    award: Awarded
    contract_ids: tuple[UUID, ...]


async def a_framework(**overrides: Any) -> Framework:
    """Make running frameworks of a lot: awarded, drafted, signed by all and started."""
    award = await an_award(**overrides)
    ids = await service.draft_from_award(award.contract_manager, award.id, now=AT)
    for contract_id, partner in zip(ids, award.partners, strict=True):
        await sign_both(contract_id, award.contract_manager, partner.manager)
    await service.start_due(STARTED_AT)
    return Framework(award, tuple(ids))


class CallOff(msgspec.Struct, frozen=True):
    """A call-off with everyone who has a part in it."""

    contract_id: UUID
    framework: Framework
    award: Awarded  # of its mini-competition
    partner: Partner

    @property
    def buyer_id(self) -> UUID:
        """The organisation that buys."""
        return self.award.buyer_id

    @property
    def contract_manager(self) -> Actor:
        """Who manages the contract for the buyer."""
        return self.framework.award.contract_manager


async def a_call_off_award(
    framework: Framework, *, price: str = "22.00", days: int = 60, **overrides: Any
) -> Awarded:
    """Award a mini-competition of a framework's lot to its first partner."""
    groups = overrides.pop("groups", 1)
    return await an_award(
        **{
            "coordinator": framework.award.coordinator,
            "partners": framework.award.partners[:1],
            "prices": (price,),
            "last_blocked_on": None,
            "state": "final",
            "rates": {},
            "decided_at": CALLED_OFF_AT,
            "now": CALLED_OFF_AT,
            "procedure": "mini-competition",
            "technique": "none",
            "parent_lot_id": framework.award.lot_id,
            "invited_ids": [partner.id for partner in framework.award.partners],
            "contract_starts_on": date(2025, 9, 1),
            "contract_until": date(2025, 12, 20),
            "max_suppliers_count": 1,
            "deadline_at": datetime(2025, 7, 10, 7, tzinfo=UTC),
            "lots": [msgspec.structs.replace(L03, groups_count=groups, days_count=days)],
            "criteria": [_price_only()],
            **overrides,
        }
    )


async def a_contract(*, framework: Framework | None = None, **overrides: Any) -> CallOff:
    """Make a running call-off: 12 places, 60 days, 22.00 a participant day, from 1.9.2025."""
    framework = framework or await a_framework()
    award = await a_call_off_award(framework, **overrides)
    manager = framework.award.contract_manager
    (contract_id,) = await service.draft_from_award(manager, award.id, now=CALLED_OFF_AT)
    await sign_both(contract_id, manager, award.partners[0].manager, now=CALLED_OFF_AT)
    await service.start_due(CALL_OFF_STARTED_AT)
    return CallOff(contract_id, framework, award, award.partners[0])


def _price_only() -> Any:
    from tests.builders.tenders import K1

    return msgspec.structs.replace(K1, weight=Decimal(100))


class _Id(msgspec.Struct):
    id: UUID


class _Ids(msgspec.Struct):
    award: UUID
    bids: tuple[UUID, ...]
    suppliers: tuple[UUID, ...]
