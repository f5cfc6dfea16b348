"""Publishing a tender: under the rules of the day, with a key that nobody holds alone."""

import asyncio
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.db import connection, transaction
from procure.demand import service as demand
from procure.documents import service as documents
from procure.identity import queries as identity
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.errors import Conflict
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.parameters import holidays, reference
from procure.tasks import service as tasks
from procure.tenders import queries
from procure.tenders.ports import Sealer
from procure.tenders.rules import (
    CalendarFacts,
    DraftContext,
    Need,
    TenderDraft,
    TenderFacts,
    draft_rule,
    legal_calendar,
    periods_ahead,
)
from procure.tenders.rules.scoring import rule_text
from procure.tenders.service.drafting import checked, columns, need_of
from procure.tenders.service.holding import _hold, ours
from procure.tenders.states import TENDER
from procure.tenders.tables import Keyholder


class PublishedEvent(msgspec.Struct, frozen=True):
    """What a publication rested on, and the public half of the key that bids are sealed to."""

    draft: TenderDraft
    context: DraftContext
    need: Need | None
    recipient: str


async def publish(actor: Actor, tender_id: UUID, *, sealer: Sealer, now: datetime) -> None:
    """Publish a draft under the rules of this very day, with a key that nobody holds alone.

    The key is made, split, sealed to the keyholders and forgotten before the transaction. Holds
    the basis' requests, then the tender. Raises NotFound, Forbidden, Conflict (no draft, or edited
    meanwhile), Refused (every finding; every keyholder who has made no opening key).
    """
    before = await ours(actor, tender_id, Permission.TENDER_PUBLISH)
    TENDER.after(before.state, "publish")
    draft = queries.draft_of(before)
    context = await checked(draft, before.buyer_id, now)
    recipients = await identity.opening_recipients(before.keyholder_ids)
    key = await asyncio.to_thread(
        sealer.make_key,
        draft.opening_quorum_count,
        [recipients[person] for person in before.keyholder_ids],
    )
    async with transaction():
        if draft.basis_id is not None:
            await demand.mark_tendered(draft.basis_id, now, actor=actor)
        tender = await _hold(tender_id)
        state = TENDER.after(tender.state, "publish")
        if queries.draft_of(await queries.tender_facts(tender_id)) != draft:
            raise Conflict(n_("This draft was edited meanwhile. Read it again, then publish."))
        for person_id, share in zip(before.keyholder_ids, key.shares, strict=True):
            await Keyholder.update(
                {Keyholder.sealed_share: share.sealed, Keyholder.share_sha256: share.sha256}
            ).where(Keyholder.tender == tender_id, Keyholder.person == person_id)
        for column, value in columns(draft, context).items():
            setattr(tender, column, value)
        tender.state, tender.published_at, tender.recipient = state, now, key.recipient
        tender.scoring_rule = rule_text(draft_rule(draft, context))
        tender.paper_id = await documents.order_paper(
            kind="tender-notice",
            template="tenders/papers/notice.html",
            title=f"{before.reference} {before.title}"[:200],
            subject_id=tender_id,
            buyer_id=before.buyer_id,
            facts=_notice(before, context, key.recipient, now),
            now=now,
        )
        await tender.save()
        await _tasks_of_publication(before, now)
        await audit.record(
            "tender:published",
            tender_id,
            actor,
            org_id=before.buyer_id,
            now=now,
            facts=PublishedEvent(draft, context, need_of(draft, context), key.recipient),
        )


def _notice(
    facts: TenderFacts, context: DraftContext, recipient: str, now: datetime
) -> dict[str, object]:
    """Gather what the printed notice says; no names of keyholders."""
    rules = context.rule_set
    procedure = rules.procedure(facts.procedure)
    named = _names("counties")
    calendar = CalendarFacts(
        facts.procedure, context.started_on, facts.deadline_at, facts.contract_starts_on
    )
    return {
        "reference": facts.reference,
        "title": facts.title,
        "description": facts.description,
        "buyer_name": facts.buyer_name,
        "procedure_name": procedure.name if procedure else {},
        "clause": procedure.clause if procedure else "",
        "rule_set_name": rules.name,
        "service_code": facts.service_code,
        "cpv": facts.cpv,
        "technique_name": _names("framework_techniques")[facts.technique],
        "published_at": now,
        "deadline_at": facts.deadline_at,
        "contract_starts_on": facts.contract_starts_on,
        "contract_until": facts.contract_until,
        "payment_scheme": facts.payment_scheme,
        "max_suppliers_count": facts.max_suppliers_count,
        "is_price_fixed": facts.is_price_fixed,
        "currency": facts.currency,
        "total_amount": sum((lot.value_amount for lot in facts.lots), Decimal(0)),
        "lots": facts.lots,
        "county_names": {code: named[code] for lot in facts.lots for code in lot.counties},
        "criteria": facts.criteria,
        "quorum_count": facts.opening_quorum_count,
        "keyholders_count": len(facts.keyholder_ids),
        "recipient": recipient,
        "calendar": legal_calendar(calendar, rules, holidays()),
        "periods_ahead": periods_ahead(facts.procedure, rules),
    }


def _names(kind: str) -> dict[str, dict[str, str]]:
    """Return what the codes of a list are called in every language, for a paper to keep."""
    return {item["code"]: item["name"] for item in reference(kind)}


async def _tasks_of_publication(facts: TenderFacts, now: datetime) -> None:
    """Make the duties that follow from the calendar: the deadline, the opening, the invitation."""
    values = {"reference": facts.reference, "title": facts.title}
    deadline_on = legal_day(facts.deadline_at)
    await tasks.create(
        "tender:deadline",
        facts.id,
        org_id=facts.buyer_id,
        role=Role.COORDINATOR,
        text=n_("Tenders for {reference} come in until the deadline."),
        values=values,
        link=f"/tenders/{facts.id}",
        clause="RHS § 93",
        due_on=deadline_on,
        now=now,
    )
    homes = await _homes(facts)
    for person_id in facts.keyholder_ids:
        await tasks.create(
            "tender:open",
            facts.id,
            org_id=homes.get(person_id, facts.buyer_id),
            role=Role.OFFICER,
            person_id=person_id,
            text=n_("Give your share to open the bids of {reference}, once the deadline is over."),
            values=values,
            link=f"/tenders/{facts.id}/opening",
            clause="RHS § 113",
            due_on=deadline_on,
            now=now,
        )
    for org_id in facts.invited_ids:
        await tasks.create(
            "tender:invitation",
            facts.id,
            org_id=org_id,
            role=Role.PROVIDER_MANAGER,
            text=n_("You are invited to bid for {reference}: {title}."),
            values=values,
            link=f"/tenders/{facts.id}",
            clause="RHS § 30",
            due_on=deadline_on,
            now=now,
        )


async def _homes(facts: TenderFacts) -> dict[UUID, UUID]:
    """Find the organisation in which each keyholder is an opening officer; the buyer's first."""
    async with connection() as c:
        rows = await c.fetch(
            """SELECT DISTINCT ON (m.person) m.person, m.org FROM membership m
                WHERE m.person = ANY($1) AND m.role = $2
                ORDER BY m.person, m.org = $3 DESC, m.from_on""",
            list(facts.keyholder_ids),
            str(Role.OFFICER),
            facts.buyer_id,
        )
    return {row["person"]: row["org"] for row in rows}
