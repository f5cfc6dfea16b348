"""Awards over HTTP, as JSON."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from procure.awards import queries, service
from procure.awards.schemas import (
    Annulment,
    AwardBody,
    AwardDraft,
    AwardList,
    AwardNotice,
    AwardView,
    Conclusion,
    DecisionView,
    LetterList,
    LotEnd,
)
from procure.evaluation import queries as evaluation
from procure.kernel.actors import Actor, Permission
from procure.tenders import queries as tenders

TAGS = ("Awards",)


class LotAwardApi(Controller):
    """The decision on one lot."""

    path = "/api/v1/lots/{lot_id:uuid}"
    tags = TAGS

    @get("/award", operation_id="readDecision", permission=Permission.AWARD_DECIDE)
    async def before(
        self,
        lot_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> DecisionView:
        """Read what to look at before the lot is decided, and each letter as it would be sent.

        `reversal_names` are the bids without which another would be first among the rest.
        `award_id` is set once the lot is decided.
        """
        return await queries.read_decision(actor, lot_id, now=now)

    @post("/award", operation_id="decideAward", permission=Permission.AWARD_DECIDE)
    async def decide(
        self,
        lot_id: FromPath[UUID],
        data: JSONBody[AwardBody],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> AwardView:
        """Decide the lot: the first `winners_count` bids of ranking `evaluation_version` win.

        Every tenderer gets a letter with reasons, the standstill begins, and nothing of it is
        changed afterwards. 422 with every reason against it: an older ranking, facts that changed
        since, an open question about a price, equal bids, too many winners, no reasons, or a
        reversal that was not acknowledged. 409 if the lot is not ranked or is decided.
        """
        draft = AwardDraft(lot_id=lot_id, **msgspec.structs.asdict(data))
        award_id = await service.decide(actor, draft, now=now)
        return await queries.read_award(actor, award_id)

    @post(
        "/conclusion",
        operation_id="endWithoutAward",
        permission=Permission.AWARD_DECIDE,
        status_code=HTTP_200_OK,
    )
    async def conclude(
        self,
        lot_id: FromPath[UUID],
        data: JSONBody[Conclusion],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> LotEnd:
        """End the lot without award, on a ground of eForms non-award-justification.

        A ground that is not true is refused, and every ground but `no-rece` needs reasons; every
        tenderer is told. A lot without bids has ended by itself at the opening.
        """
        await service.conclude_without_award(
            actor, lot_id, data.ground, reasons=data.reasons, now=now
        )
        head = await evaluation.lot_for(actor, lot_id)
        lot = await tenders.lot_facts(lot_id)
        return LotEnd(lot_id, head.lot_state, lot.ground)


class AwardApi(Controller):
    """Awards, letters and notices."""

    path = "/api/v1/awards"
    tags = TAGS

    @get("/", operation_id="listAwards", permission=Permission.AWARD_READ)
    async def own(self, actor: NamedDependency[Actor]) -> AwardList:
        """List the awards of the caller's organisation, newest first; 403 for a provider."""
        return AwardList(await queries.list_awards(actor))

    @get("/letters", operation_id="listLetters", permission=Permission.AWARD_READ)
    async def letters(self, actor: NamedDependency[Actor]) -> LetterList:
        """List the letters to the caller's organisation, newest first."""
        return LetterList(await queries.own_letters(actor))

    @get("/{award_id:uuid}", operation_id="readAward", permission=Permission.AWARD_READ)
    async def read(self, award_id: FromPath[UUID], actor: NamedDependency[Actor]) -> AwardView:
        """Read an award: whole for its buyer, with the own letters alone for a tenderer."""
        return await queries.read_award(actor, award_id)

    @get("/{award_id:uuid}/notice", operation_id="readAwardNotice", permission=Permission.NONE)
    async def notice(self, award_id: FromPath[UUID]) -> AwardNotice:
        """Read what everyone may know of an award; nothing of those who did not win."""
        return await queries.read_notice(award_id)

    @post(
        "/{award_id:uuid}/annul",
        operation_id="annulAward",
        permission=Permission.AWARD_DECIDE,
        status_code=HTTP_200_OK,
    )
    async def annul(
        self,
        award_id: FromPath[UUID],
        data: JSONBody[Annulment],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> AwardView:
        """Annul an award: its lot is open again and every tenderer is told why.

        409 if it is annulled already, 422 once a contract of it was signed.
        """
        await service.annul(actor, award_id, data.reason, now=now)
        return await queries.read_award(actor, award_id)


CONTROLLERS: list[type[Controller]] = [LotAwardApi, AwardApi]
