"""People in a group: referred by the buyer, until they leave."""

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from procure.audit import service as audit
from procure.db import transaction, uuid7
from procure.delivery import queries
from procure.delivery.rules import (
    LeaveFacts,
    ReferralFacts,
    leave_findings,
    referral_findings,
)
from procure.delivery.schemas import LeaveDraft, ReferralDraft
from procure.delivery.service.duties import settle_referrals
from procure.delivery.states import PARTICIPANT, Mark, ParticipantState
from procure.delivery.tables import Participant
from procure.demand import queries as demand
from procure.demand.service import place_request
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Forbidden, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_


class Referred(msgspec.Struct, frozen=True):
    """Facts of the event that a participant was referred."""

    group_id: UUID
    request_id: UUID
    risk_band: str
    facts: ReferralFacts


class Left(msgspec.Struct, frozen=True):
    """Facts of the event that a participant left."""

    group_id: UUID
    facts: LeaveFacts


async def refer(actor: Actor, group_id: UUID, draft: ReferralDraft, *, now: datetime) -> UUID:
    """Refer the person of a request to a group; the risk band is frozen with it.

    Only the buyer refers (the provider has no say in it). Holds the group, so that two people
    cannot both take the last place. Raises NotFound, Forbidden, Conflict (the request is placed or
    refused), Refused with every finding.
    """
    group = await queries.group_facts(group_id)
    if actor.org_id not in (group.buyer_id, group.provider_id):
        raise NotFound(n_("There is no group {id}."), {"id": str(group_id)})
    if not actor.may(Permission.PARTICIPANT_REFER, for_org=group.buyer_id):
        raise Forbidden(n_("Only the buyer's caseworkers and consultants refer people."))
    request = await demand.read_request(actor, draft.request_id)
    participant_id = uuid7()
    try:
        async with transaction():
            group = await queries.group_facts(group_id, held=True)
            facts = await _referral_facts(group, draft, request.client_ref)
            found = referral_findings(facts)
            stay = (draft.joins_on, max(group.ends_until, draft.joins_on))
            if await queries.is_in_another_group(
                group.buyer_id, request.client_ref, stay, group_id
            ):
                found.append(_in_another_group(request.client_ref))
            if found:
                raise Refused(found)
            placed = await place_request(
                draft.request_id, now, buyer_id=group.buyer_id, actor=actor
            )
            await Participant(
                id=participant_id,
                buyer=group.buyer_id,
                group=group_id,
                request=placed.id,
                client_ref=placed.client_ref,
                risk_band=placed.risk_band,
                referred_at=now,
                referred_by=actor.id,
                joins_on=draft.joins_on,
                stays_until=group.ends_until,
                replaces_id=draft.replaces_id,
                state=ParticipantState.REFERRED,
            ).save()
            await settle_referrals(now, group_id)
            await audit.record(
                "participant:referred",
                participant_id,
                actor,
                org_id=group.buyer_id,
                now=now,
                facts=Referred(group_id, placed.id, placed.risk_band, facts),
            )
    except asyncpg.ExclusionViolationError:  # another referral of the same person was quicker
        raise Refused([_in_another_group(request.client_ref)]) from None
    return participant_id


async def _referral_facts(
    group: queries.GroupFacts, draft: ReferralDraft, client_ref: str
) -> ReferralFacts:
    days = [day.held_on for day in await queries.training_days(group.id)]
    marks = await queries.marks_of(group.id) if draft.replaces_id else []
    return ReferralFacts(
        group_state=group.state,
        places_count=group.places_count,
        training_days=days,
        last_joining_day=await queries.last_joining_day(group.id) or days[-1],
        vacancy_limit_days=await queries.vacancy_limit(group.contract_id),
        stays=[stay.plain() for stay in await queries.stays_of(group.id)],
        client_ref=client_ref,
        joins_on=draft.joins_on,
        replaces_id=draft.replaces_id,
        vacancy_marks=[
            mark.held_on
            for mark in marks
            if mark.participant_id == draft.replaces_id and mark.mark == Mark.SUCCESS_VACANCY
        ],
    )


def _in_another_group(client_ref: str) -> Finding:
    return Finding(
        "in-another-group",
        n_("{client} is in another group at that time."),
        {"client": client_ref},
        field="request_id",
    )


async def leave(actor: Actor, participant_id: UUID, draft: LeaveDraft, *, now: datetime) -> None:
    """Record that a participant leaves: the first day not in the group, and why.

    The buyer who refers and the provider who marks may both. Holds the group.
    Raises NotFound, Forbidden, Conflict (left already), Refused.
    """
    who = await visible_participant(actor, participant_id)
    if not queries.may_record_leaving(actor, who.buyer_id, who.provider_id):
        raise Forbidden(n_("Only who refers or who leads the group records that someone leaves."))
    async with transaction():
        group = await queries.group_facts(who.group_id, held=True)
        who = await queries.participant_of(participant_id)
        state = PARTICIPANT.after(who.state, "leave")
        facts = LeaveFacts(
            client_ref=who.client_ref,
            joins_on=who.joins_on,
            group_ends_until=group.ends_until,
            leaves_until=draft.leaves_until,
            reason=draft.reason,
            marked_days=[
                mark.held_on
                for mark in await queries.marks_of(who.group_id)
                if mark.participant_id == participant_id
            ],
        )
        if found := leave_findings(facts):
            raise Refused(found)
        await Participant.update(
            {
                Participant.state: state,
                Participant.leaves_until: draft.leaves_until,
                Participant.stays_until: draft.leaves_until,
                Participant.exit_reason: draft.reason,
            }
        ).where(Participant.id == participant_id)
        await audit.record(
            "participant:left",
            participant_id,
            actor,
            org_id=who.buyer_id,
            now=now,
            facts=Left(who.group_id, facts),
        )


async def visible_participant(actor: Actor, participant_id: UUID) -> queries.ParticipantRef:
    """Return a participant that the actor may see; NotFound otherwise."""
    who = await queries.participant_of(participant_id)
    is_party = actor.org_id in (who.buyer_id, who.provider_id)
    if not is_party or participant_id not in await queries.seen_participants(actor, who.group_id):
        raise NotFound(n_("There is no such participant."))
    return who
