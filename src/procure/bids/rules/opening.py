"""When bids may be opened, and the minutes of it. Source: RHS § 113; Annex IV(b)-(g)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.tenders.states import TenderState

IN_PROCESS_SECONDS = 60  # an on-time submission that is not done by then has failed (T-3b)


class ShareFacts(msgspec.Struct, frozen=True):
    """What decides whether a person may give a share now."""

    tender_state: TenderState
    deadline_at: datetime
    database_at: datetime  # the one clock that judges (R7)
    is_keyholder: bool
    has_given: bool


class Opener(msgspec.Struct, frozen=True):
    """Someone whose share opened the bids."""

    person_id: UUID
    name: str
    given_at: datetime


class OpenedLine(msgspec.Struct, frozen=True):
    """One opened bid, as the minutes name it."""

    bid_id: UUID
    lot_code: str
    provider_org_id: UUID
    provider_name: str
    registry_code: str
    version: int
    received_at: datetime
    ciphertext_sha256: str
    unit_price: Decimal
    promised_rates: Mapping[str, Decimal]
    groups_led_counts: Sequence[int]  # of the named facilitators


class DamagedBid(msgspec.Struct, frozen=True):
    """A bid that could not be opened: named, never silently dropped."""

    bid_id: UUID
    lot_code: str
    provider_org_id: UUID
    provider_name: str
    text: str  # a source text marked with n_
    values: Mapping[str, str] = {}


class Minutes(msgspec.Struct, frozen=True):
    """The minutes of one opening: who, when, what was found, what was not opened and why."""

    tender_id: UUID
    tender_reference: str
    tender_title: str
    buyer_name: str
    deadline_at: datetime
    opened_at: datetime
    quorum_count: int
    keyholders_count: int
    openers: Sequence[Opener]
    opened: Sequence[OpenedLine]  # by lot, then by arrival
    damaged: Sequence[DamagedBid]
    lots_without_bids: Sequence[str]
    replaced_count: int
    withdrawn_count: int
    late_count: int
    unfinished_count: int  # arrived on time, but never became a bid
    currency: str


def share_objections(facts: ShareFacts) -> list[Finding]:
    """List every reason why a share may not be given; any share before the deadline is one."""
    found = []
    if not facts.is_keyholder:
        found.append(
            Finding(
                "not-a-keyholder", n_("You hold no share of this tender's key."), {}, "RHS § 113"
            )
        )
    if facts.database_at < facts.deadline_at:
        found.append(
            Finding(
                "too-early",
                n_("Nothing is opened before the deadline; this attempt was recorded."),
                {},
                "Directive 2014/24/EU Annex IV(b)",
            )
        )
    if facts.tender_state not in (TenderState.PUBLISHED, TenderState.CLOSED):
        found.append(
            Finding("state", n_("This tender is {state}."), {"state": str(facts.tender_state)})
        )
    if facts.has_given:
        found.append(Finding("given", n_("You have given your share already.")))
    return found
