"""Analyses that are kept: the basis of a tender."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from procure.audit import service as audit
from procure.db import connection, transaction, uuid7
from procure.demand import queries
from procure.demand.rules.entries import Known
from procure.demand.rules.groups import Area, DemandFacts, DemandPlan, plan
from procure.demand.schemas import (
    BasisDraft,
)
from procure.demand.service.held import move, require
from procure.demand.states import REQUEST, RequestState, Verdict
from procure.demand.tables import Basis, BasisRequest
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.canonical import canonical, sha256_hex
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import after_working_days, legal_day
from procure.parameters import holidays
from procure.tasks import service as tasks

LONGEST_NAME = 200
TENDER_DAYS = 10  # working days in which a tender should be made of a basis; our own


async def make_basis(actor: Actor, draft: BasisDraft, now: datetime) -> UUID:
    """Analyse the recorded requests of a service and keep the answer as the basis of a tender.

    Requests in a group become planned, those for the municipality referred out, the others stay
    recorded and wait. Holds the requests, so that no two bases plan the same one. Raises
    Forbidden, Refused (nothing to analyse, unknown county or area, a service without groups).
    """
    require(actor, Permission.DEMAND_ANALYSE)
    if findings := _draft_findings(draft, await queries.known()):
        raise Refused(findings)
    async with transaction():
        facts = await queries.demand_facts(actor, draft, today=legal_day(now), held=True)
        if not facts.requests:
            raise Refused(
                [
                    Finding(
                        "nothing",
                        n_("No recorded request of {service} fits; there is nothing to analyse."),
                        {"service": draft.service_code},
                        field="service_code",
                    )
                ]
            )
        result = plan(facts)
        if not any(said.verdict != Verdict.WAITING for said in result.verdicts):
            raise Refused(
                [
                    Finding(
                        "no-group",
                        n_("No group can start and nobody goes to the municipality: all wait."),
                        field="service_code",
                    )
                ]
            )
        return await keep_basis(actor, draft.name.strip(), facts, result, now)


async def keep_basis(
    actor: Actor, name: str, facts: DemandFacts, result: DemandPlan, now: datetime
) -> UUID:
    """Keep an analysis of requests that are held, and move those that move; return the basis.

    Called inside the deciding transaction.
    """
    basis_id = uuid7()
    facts_text, result_text = canonical(facts), canonical(result)
    await Basis(
        id=basis_id,
        buyer=actor.org_id,
        name=name,
        service_code=facts.service_code,
        made_at=now,
        made_by=actor.id,
        facts=facts_text,
        result=result_text,
    ).save()
    await _keep_verdicts(basis_id, result)
    await tasks.create(
        "basis:tender",
        basis_id,
        org_id=actor.org_id,
        role=Role.COORDINATOR,
        text=n_("Make a tender of the analysis “{name}”; its requests wait for one."),
        values={"name": name},
        link=f"/demand/{basis_id}",
        clause="",
        due_on=after_working_days(legal_day(now), TENDER_DAYS, holidays()),
        now=now,
    )
    # The facts themselves are in the basis, which cannot be changed: the hashes prove it.
    await audit.record(
        "basis:made",
        basis_id,
        actor,
        org_id=actor.org_id,
        now=now,
        facts={
            "name": name,
            "service_code": facts.service_code,
            "facts_sha256": sha256_hex(facts_text),
            "result_sha256": sha256_hex(result_text),
            "totals": result.totals,
        },
    )
    return basis_id


async def _keep_verdicts(basis_id: UUID, result: DemandPlan) -> None:
    """Keep what was said of each request, and move those that move."""
    async with connection() as c:
        await c.copy_records_to_table(
            BasisRequest._meta.tablename,
            columns=["id", "basis", "request", "area_code", "verdict", "group_no", "reason"],
            records=[
                (
                    uuid7(),
                    basis_id,
                    verdict.request_id,
                    verdict.area_code,
                    verdict.verdict,
                    verdict.group_no,
                    canonical(verdict.why),
                )
                for verdict in result.verdicts
            ],
        )
    for verdict, action in ((Verdict.GROUPED, "plan"), (Verdict.REFERRED_OUT, "refer-out")):
        ids = [said.request_id for said in result.verdicts if said.verdict == verdict]
        await move(ids, REQUEST.after(RequestState.RECORDED, action))
    waiting = [said.request_id for said in result.verdicts if said.verdict == Verdict.WAITING]
    await move(waiting, RequestState.RECORDED)


def _draft_findings(draft: BasisDraft, known: Known) -> list[Finding]:
    findings = []
    if not 1 <= len(draft.name.strip()) <= LONGEST_NAME:
        findings.append(
            Finding(
                "name",
                n_("A name has 1 to {most} characters."),
                {"most": LONGEST_NAME},
                field="name",
            )
        )
    if draft.county is not None and draft.county not in known.counties:
        findings.append(_unknown("county", draft.county))
    first, until = draft.created_from_on, draft.created_until
    if first and until and until <= first:
        findings.append(
            Finding("period", n_("The period ends before it begins."), field="created_until")
        )
    areas: Sequence[Area] = draft.areas if draft.areas is not None else []
    seen = set()
    for area in areas:
        findings += [
            _unknown("areas", county) for county in area.counties if county not in known.counties
        ]
        if area.language not in known.languages:
            findings.append(_unknown("areas", area.language))
        if not area.code.strip() or len(area.code) > 20 or area.code in seen or not area.counties:
            findings.append(
                Finding(
                    "area",
                    n_("Area {area} needs a code of its own and a county."),
                    {"area": area.code[:20]},
                    field="areas",
                )
            )
        seen.add(area.code)
    return findings


def _unknown(field: str, typed: str) -> Finding:
    return Finding("unknown", n_("{typed} is not known."), {"typed": typed[:40]}, field=field)
