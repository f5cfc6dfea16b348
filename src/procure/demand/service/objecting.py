"""Objections and appeals of a risk band, each with an answer; and who looked at a request."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.db import fetch_as, transaction, uuid7
from procure.demand import queries
from procure.demand.schemas import Answer, ObjectionDraft, RequestView
from procure.demand.service.held import hold, require
from procure.demand.states import (
    OBJECTION,
    ObjectionKind,
    ObjectionState,
    ReadReason,
    RequestState,
)
from procure.demand.tables import Objection, Request, RequestRead
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.tasks import service as tasks

LONGEST = 1000
ANSWER_DAYS = timedelta(days=14)  # assumed: no law names a time
FROZEN = frozenset({RequestState.PLACED, RequestState.REFUSED, RequestState.REFERRED_OUT})


class _Held(msgspec.Struct):
    id: UUID
    request: UUID
    kind: str
    wanted_band: str | None
    made_by: UUID
    state: str


async def read_for(actor: Actor, request_id: UUID, now: datetime) -> RequestView:
    """Load one request and note who looked at it and why. Raises NotFound."""
    view = await queries.read_request(actor, request_id)
    reason = ReadReason.OWN if view.is_mine else _reason(actor)
    await RequestRead(
        id=uuid7(), request=request_id, read_at=now, read_by=actor.id, reason=reason
    ).save()
    return view


def _reason(actor: Actor) -> ReadReason:
    if Role.AUDITOR in actor.roles:
        return ReadReason.CONTROL
    return ReadReason.CASEWORK if Role.CASEWORKER in actor.roles else ReadReason.PLANNING


async def object_to(actor: Actor, request_id: UUID, draft: ObjectionDraft, now: datetime) -> UUID:
    """Object to what became of a request, or appeal its risk band; a consultant must answer.

    Holds the request. Raises NotFound, Forbidden, Conflict (one of the kind is open), Refused (no
    reason, an unknown band or the one it has, a band that is frozen).
    """
    require(actor, Permission.REQUEST_RECORD)
    reason = _words(draft.reason, "reason")
    async with transaction():
        request = await hold(request_id, buyer_id=actor.org_id)
        kind = ObjectionKind.BAND if draft.wanted_band else ObjectionKind.OTHER
        if kind == ObjectionKind.BAND:
            _check_band(draft.wanted_band, request.risk_band, request.state)
        if await Objection.exists().where(
            Objection.request == request_id,
            Objection.kind == kind,
            Objection.state == ObjectionState.OPEN,
        ):
            raise Conflict(n_("Such an objection waits for its answer already."))
        objection_id = uuid7()
        await Objection(
            id=objection_id,
            request=request_id,
            kind=kind,
            wanted_band=draft.wanted_band or None,
            reason=reason,
            made_at=now,
            made_by=actor.id,
            state=ObjectionState.OPEN,
        ).save()
        await tasks.create(
            "objection",
            objection_id,
            org_id=actor.org_id,
            role=Role.CONSULTANT,
            text=n_("Answer the objection about request {reference}."),
            values={"reference": request.reference},
            link="/requests/objections",
            clause="GDPR 22(3)",
            due_on=legal_day(now) + ANSWER_DAYS,
            now=now,
        )
        # The words stay with the request: they may say more of a person than an event should.
        await audit.record(
            "objection:made",
            objection_id,
            actor,
            org_id=actor.org_id,
            now=now,
            facts={"reference": request.reference, "kind": kind, "wanted": draft.wanted_band},
        )
    return objection_id


async def answer_objection(actor: Actor, objection_id: UUID, answer: Answer, now: datetime) -> None:
    """Answer an objection; an appeal that is upheld changes the band, unless it is frozen.

    Holds the request, then the objection. Raises NotFound, Forbidden (one's own), Conflict
    (answered already), Refused (no reply, a band that is frozen by now).
    """
    require(actor, Permission.DEMAND_ANALYSE)
    reply = _words(answer.reply, "reply")
    async with transaction():
        rows = await fetch_as(
            _Held,
            "SELECT id, request, kind, wanted_band, made_by, state FROM objection WHERE id = $1",
            objection_id,
        )
        if not rows:
            raise NotFound(n_("There is no such objection."))
        request = await hold(rows[0].request, buyer_id=actor.org_id)
        objection = (
            await fetch_as(
                _Held,
                "SELECT id, request, kind, wanted_band, made_by, state FROM objection"
                " WHERE id = $1 FOR UPDATE",
                objection_id,
            )
        )[0]
        state = OBJECTION.after(objection.state, "answer")
        if objection.made_by == actor.id:
            raise Forbidden(n_("Somebody else must answer your objection."))
        if answer.is_upheld and objection.wanted_band:
            _check_band(objection.wanted_band, None, request.state)
            await Request.update({Request.risk_band: objection.wanted_band}).where(
                Request.id == request.id
            )
        await Objection.update(
            {
                Objection.state: state,
                Objection.is_upheld: answer.is_upheld,
                Objection.reply: reply,
                Objection.answered_at: now,
                Objection.answered_by: actor.id,
            }
        ).where(Objection.id == objection_id)
        await tasks.finish("objection", objection_id, now=now)
        await audit.record(
            "objection:answered",
            objection_id,
            actor,
            org_id=actor.org_id,
            now=now,
            facts={
                "reference": request.reference,
                "is_upheld": answer.is_upheld,
                "band": [request.risk_band, objection.wanted_band],
            },
        )


def _words(typed: str, field: str) -> str:
    words = " ".join(typed.split())
    if not 3 <= len(words) <= LONGEST:
        raise Refused(
            [
                Finding(
                    "length",
                    n_("Write 3 to {most} characters."),
                    {"most": LONGEST},
                    field=field,
                )
            ]
        )
    return words


def _check_band(wanted: str | None, has: str | None, state: str) -> None:
    if wanted not in {"A", "B", "C"} or wanted == has:
        raise Refused(
            [Finding("band", n_("Ask for another band: A, B or C."), field="wanted_band")]
        )
    if state in FROZEN:
        raise Refused(
            [
                Finding(
                    "frozen",
                    n_("The band is frozen: the client was referred, or the request is decided."),
                    field="wanted_band",
                )
            ]
        )
