"""What bids look like over HTTP."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.bids.rules import (
    BidContent,
    Minutes,
    Partner,
    PriceLine,
    Receipt,
    SealedPart,
    Subcontractor,
)
from procure.kernel.findings import Finding
from procure.web.problems import Problem


class BidBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bid for one lot. `answers` by the code of a quality criterion; rates from 0 to 1."""

    lot_id: UUID
    unit_price: Decimal
    answers: Mapping[str, str] = {}
    facilitator_ids: Sequence[UUID] = ()
    promised_rates: Mapping[str, Decimal] = {}
    remarks: str = ""
    file_ids: Sequence[UUID] = ()
    consortium: Sequence[Partner] = ()
    subcontractors: Sequence[Subcontractor] = ()
    price_lines: Sequence[PriceLine] = ()


class BidCheck(msgspec.Struct, frozen=True):
    """Everything that stands in the way of a bid as it is now; nothing, if it may be submitted."""

    findings: Sequence[Finding]


class DraftBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is typed so far: fields by name, each with its values."""

    fields: Mapping[str, Sequence[str]]


class DraftView(msgspec.Struct, frozen=True):
    """What was typed and not submitted, and when it was kept."""

    fields: Mapping[str, Sequence[str]]
    saved_at: datetime


class FileBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that is going to be uploaded."""

    name: str
    length_bytes: int


class StartedFile(msgspec.Struct, frozen=True):
    """An upload that has begun. The key is shown this once: send it with each piece."""

    id: UUID
    upload_key: str
    offset_bytes: int
    length_bytes: int


class FileView(msgspec.Struct, frozen=True, kw_only=True):
    """One's own upload: how much is here, and what became of it."""

    id: UUID
    tender_id: UUID
    name: str
    length_bytes: int
    offset_bytes: int
    state: str
    media_type: str | None
    sha256: str | None  # of the file as it was sent
    sealed_sha256: str | None
    sealed_bytes: int | None
    refusal: str | None


class Files(msgspec.Struct, frozen=True):
    """One's own uploads for a tender, and how large they may be."""

    items: Sequence[FileView]
    largest_bytes: int
    most_count: int
    most_together_bytes: int
    piece_bytes: int


class LateProblem(Problem, omit_defaults=True, kw_only=True):
    """Problem details of a submission that was refused; `receipt` where that is for being late."""

    receipt: Receipt | None = None


class PackageView(msgspec.Struct, frozen=True, kw_only=True):
    """A bid that is encrypted and waits to be submitted: it is no bid until then.

    `id` becomes the bid's; `ciphertext_sha256` and `parts` stand in the receipt in the end.
    """

    id: UUID
    tender_id: UUID
    lot_id: UUID
    version: int
    ciphertext_sha256: str
    size_bytes: int
    parts: Sequence[SealedPart]
    prepared_at: datetime
    deadline_at: datetime


class Packages(msgspec.Struct, frozen=True):
    """What is prepared and not submitted, newest first."""

    items: Sequence[PackageView]


class OwnBid(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the actor's own bid; what it says is sealed even for the bidder."""

    id: UUID
    tender_id: UUID
    tender_reference: str
    tender_title: str
    tender_state: str
    lot_id: UUID
    lot_code: str
    lot_title: str
    lot_state: str
    version: int
    state: str
    received_at: datetime
    deadline_at: datetime
    ciphertext_sha256: str
    size_bytes: int
    content: BidContent | None  # once opened
    actions: Sequence[str]


class OwnBids(msgspec.Struct, frozen=True):
    """The actor's own bids, newest first."""

    items: Sequence[OwnBid]


class OpenedBid(msgspec.Struct, frozen=True):
    """An opened bid, for the stages that score it."""

    id: UUID
    provider_org_id: UUID
    provider_name: str
    content: BidContent


class OpenedBidView(msgspec.Struct, frozen=True, kw_only=True):
    """An opened bid as the actor may see it (RHS § 113).

    Everyone sees names and registry codes; tenderers also prices and numbers; the buyer all of it.
    """

    id: UUID | None
    lot_id: UUID
    lot_code: str
    provider_name: str
    registry_code: str
    unit_price: Decimal | None = None
    promised_rates: Mapping[str, Decimal] | None = None
    groups_led_counts: Sequence[int] | None = None
    received_at: datetime | None = None
    content: BidContent | None = None


class BidsView(msgspec.Struct, frozen=True, kw_only=True):
    """The bids of a tender, as the actor may see them.

    Before the opening nobody sees whose, how many or what; a bidder sees its own.
    """

    tender_id: UUID
    is_hidden_until_opening: bool
    items: Sequence[OpenedBidView]
    own: Sequence[OwnBid]
    minutes: Minutes | None  # for the buyer and the tenderers


class GivenShare(msgspec.Struct, frozen=True):
    """Who has given a share, and when."""

    person_id: UUID
    name: str
    given_at: datetime | None


class OpeningView(msgspec.Struct, frozen=True, kw_only=True):
    """How far the opening of a tender's bids has come."""

    tender_id: UUID
    state: str
    deadline_at: datetime
    is_over: bool  # the deadline
    quorum_count: int
    given_count: int
    shares: Sequence[GivenShare]
    may_give: bool  # the actor holds a share and has not given it
    minutes: Minutes | None
    paper_id: UUID | None


class ShareBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The holder's age identity (AGE-SECRET-KEY-1…), or the 33 words of the share."""

    share: str
