"""Visits to employers: who was there, for whom it was relevant; the employers themselves."""

from datetime import datetime
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.db import connection, transaction, uuid7
from procure.delivery import queries
from procure.delivery.rules import VisitFacts, visit_findings
from procure.delivery.schemas import EmployerDraft, VisitDraft
from procure.delivery.states import GroupState
from procure.delivery.tables import Employer, EmployerVisit, VisitParticipant
from procure.kernel.actors import Actor, Permission
from procure.kernel.codes import is_registry_code
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.parameters import codes

LONGEST_RESULT = 4000


class EmployerRecorded(msgspec.Struct, frozen=True):
    """Facts of the event that an employer was recorded."""

    code: str
    registry_code: str


class VisitRecorded(msgspec.Struct, frozen=True):
    """Facts of the event that a visit was recorded."""

    group_id: UUID
    employer_id: UUID
    is_repeat: bool
    facts: VisitFacts


async def record_employer(
    actor: Actor, draft: EmployerDraft, *, now: datetime, group_id: UUID | None = None
) -> UUID:
    """Record an employer of a buyer: the actor's own, or the buyer of a group of the provider's.

    Raises NotFound, Forbidden, Refused.
    """
    buyer_id = actor.org_id
    if group_id is not None:
        group = await queries.group_facts(group_id)
        if actor.org_id not in (group.buyer_id, group.provider_id):
            raise NotFound(n_("There is no group {id}."), {"id": str(group_id)})
        buyer_id = group.buyer_id
        is_allowed = actor.may(Permission.VISIT_RECORD, for_org=group.provider_id)
    else:
        is_allowed = actor.is_buyer and actor.may(Permission.GROUP_PLAN)
    if not is_allowed:
        raise Forbidden(n_("Only who plans groups or leads them records employers."))
    employer_id = uuid7()
    async with transaction():
        async with connection() as c:
            await c.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended('employer-code ' || $1, 0))",
                str(buyer_id),
            )
        known = await queries.employers_of(buyer_id)
        taken = {employer.code for employer in known}
        free = (f"E{n:02}" for n in range(1, len(taken) + 2) if f"E{n:02}" not in taken)
        code = draft.code or next(free)
        if found := _employer_findings(draft, is_taken=code in taken):
            raise Refused(found)
        await Employer(
            id=employer_id,
            buyer=buyer_id,
            code=code,
            name=draft.name.strip(),
            registry_code=draft.registry_code,
            county=draft.county,
            sector=draft.sector.strip(),
        ).save()
        await audit.record(
            "employer:recorded",
            employer_id,
            actor,
            org_id=buyer_id,
            now=now,
            facts=EmployerRecorded(code, draft.registry_code),
        )
    return employer_id


def _employer_findings(draft: EmployerDraft, *, is_taken: bool) -> list[Finding]:
    found = []
    for field, text, most in (("name", draft.name, 200), ("sector", draft.sector, 100)):
        if not text.strip() or len(text) > most:
            said = n_("1 to {most} characters are needed here.")
            found.append(Finding("length", said, {"most": most}, field=field))
    if draft.code is not None and not 1 <= len(draft.code.strip()) <= 20:
        said = n_("1 to {most} characters are needed here.")
        found.append(Finding("length", said, {"most": 20}, field="code"))
    if is_taken:
        said = n_("There is an employer {code} already.")
        found.append(Finding("code-taken", said, {"code": draft.code}, field="code"))
    if not is_registry_code(draft.registry_code):
        said = n_("{code} is not a registry code of eight digits with a right check digit.")
        found.append(
            Finding(
                "registry-code", said, {"code": draft.registry_code[:20]}, field="registry_code"
            )
        )
    if draft.county not in codes("counties"):
        said = n_("There is no county {code}.")
        found.append(Finding("county", said, {"code": draft.county[:20]}, field="county"))
    return found


async def record_visit(actor: Actor, group_id: UUID, draft: VisitDraft, *, now: datetime) -> UUID:
    """Record a group's visit to an employer; one to an employer visited before is flagged.

    Raises NotFound, Forbidden, Conflict (not started), Refused.
    """
    group = await queries.group_facts(group_id)
    if actor.org_id not in (group.buyer_id, group.provider_id):
        raise NotFound(n_("There is no group {id}."), {"id": str(group_id)})
    if not actor.may(Permission.VISIT_RECORD, for_org=group.provider_id):
        raise Forbidden(n_("Only the provider's people record visits."))
    visit_id = uuid7()
    async with transaction():
        group = await queries.group_facts(group_id, held=True)
        if group.state == GroupState.PLANNED:
            raise Conflict(n_("The group {code} has not started."), {"code": group.code})
        earlier = [
            visit
            for visit in await queries.visits_of(group_id)
            if visit.employer_id == draft.employer_id
        ]
        facts = VisitFacts(
            group_starts_on=group.starts_on,
            group_ends_until=group.ends_until,
            visited_on=draft.visited_on,
            today=legal_day(now),
            group_state=group.state,
            vacancies_count=draft.vacancies_count,
            stays=[stay.plain() for stay in await queries.stays_of(group_id)],
            participant_ids=list(dict.fromkeys(draft.participant_ids)),
            relevant_ids=list(dict.fromkeys(draft.relevant_ids)),
            is_recorded=any(visit.visited_on == draft.visited_on for visit in earlier),
        )
        found = visit_findings(facts)
        known = {employer.id for employer in await queries.employers_of(group.buyer_id)}
        if draft.employer_id not in known:
            text = n_("There is no such employer.")
            found.append(Finding("employer", text, field="employer_id"))
        if not draft.result.strip() or len(draft.result) > LONGEST_RESULT:
            text = n_("Say what came of it, in at most {most} characters.")
            found.append(Finding("result", text, {"most": LONGEST_RESULT}, field="result"))
        if found:
            raise Refused(found)
        await EmployerVisit(
            id=visit_id,
            group=group_id,
            employer=draft.employer_id,
            visited_on=draft.visited_on,
            vacancies_count=draft.vacancies_count,
            result=draft.result.strip(),
            recorded_at=now,
            recorded_by=actor.id,
        ).save()
        await VisitParticipant.insert(
            *(
                VisitParticipant(
                    visit=visit_id,
                    participant=participant_id,
                    is_relevant=participant_id in facts.relevant_ids,
                )
                for participant_id in facts.participant_ids
            )
        )
        await audit.record(
            "visit:recorded",
            visit_id,
            actor,
            org_id=group.buyer_id,
            now=now,
            facts=VisitRecorded(group_id, draft.employer_id, bool(earlier), facts),
        )
    return visit_id
