"""What the events of awards keep. Pure."""

from datetime import date
from uuid import UUID

import msgspec

from procure.awards.rules.decision import ConclusionFacts
from procure.awards.rules.facts import DecisionFacts


class Decided(msgspec.Struct, frozen=True):
    """A decision with everything it rests on, and who was told."""

    award_id: UUID
    facts: DecisionFacts
    letters: dict[UUID, str]  # paper by bid


class Finished(msgspec.Struct, frozen=True):
    """That a standstill was over, or that there was none."""

    lot_id: UUID
    last_blocked_on: date | None


class Annulled(msgspec.Struct, frozen=True):
    """Why an award was annulled, and who was told."""

    lot_id: UUID
    reason: str
    letters: dict[UUID, str]


class Concluded(msgspec.Struct, frozen=True):
    """Why a lot ended without award, and who was told."""

    lot_id: UUID
    facts: ConclusionFacts
    letters: dict[UUID, str]
