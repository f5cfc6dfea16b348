"""Providers: the only writer of their tables. Providers are shared by all buyers of one place."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.db import connection, transaction
from procure.identity import service as identity
from procure.identity.states import OrganisationKind
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Forbidden, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.providers import queries
from procure.providers.rules import (
    Company,
    FacilitatorDraft,
    ProviderDraft,
    Taken,
    VenueDraft,
    account_findings,
    compact_iban,
    facilitator_findings,
    provider_findings,
    tidy,
    venue_findings,
)
from procure.providers.states import PROVIDER, ProviderState
from procure.providers.tables import Facilitator, Provider, Venue


class Registered(msgspec.Struct, frozen=True):
    """What a registration rested on; the register's answer is kept with it."""

    provider: ProviderDraft
    company: Company | None


class AccountChanged(msgspec.Struct, frozen=True):
    """From which account to which."""

    old_iban: str
    new_iban: str


class FacilitatorRecorded(msgspec.Struct, frozen=True):
    """A facilitator's record by its code; names stay out of the event chain."""

    code: str
    groups_led_count: int
    years_count: int
    languages: Sequence[str]


async def register_provider(
    actor: Actor, draft: ProviderDraft, now: datetime, *, company: Company | None = None
) -> UUID:
    """Register a provider as an admitted one and return its organisation.

    An organisation of that registry code whose people have accounts already becomes the provider.
    `company` is what the business register said before this transaction, if it was asked.
    Holds the registry code and the account, so that two coordinators cannot take in the same one.
    Raises Forbidden, Refused (every finding, with its field).
    """
    if not actor.may(Permission.PROVIDER_REGISTER):
        raise Forbidden(n_("Only a coordinator may register providers."))
    draft = tidy(draft)
    async with transaction():
        taken = await _hold_and_look(draft.registry_code, draft.iban)
        if findings := provider_findings(draft, queries.known(), taken, company):
            raise Refused(findings)
        org_id = taken.org_id or await identity.create_organisation(
            actor,
            kind=OrganisationKind.PROVIDER,
            registry_code=draft.registry_code,
            name=draft.name,
            now=now,
        )
        await Provider(
            org=org_id,
            legal_form=draft.legal_form,
            kind=draft.kind,
            seat_county=draft.seat_county,
            languages=list(draft.languages),
            vat_number=draft.vat_number,
            iban=draft.iban,
            iban_changed_at=now,
            iban_changed_by=actor.id,
            email=draft.email,
            is_mission_driven=draft.is_mission_driven,
            state=PROVIDER.after(ProviderState.APPLIED, "admit"),
            registered_at=now,
            registered_by=actor.id,
        ).save()
        facts = Registered(draft, company)
        await audit.record(
            "provider:registered", org_id, actor, org_id=org_id, now=now, facts=facts
        )
        await audit.record("provider:admitted", org_id, actor, org_id=org_id, now=now, facts={})
    return org_id


async def _hold_and_look(registry_code: str, iban: str) -> Taken:
    """Hold both names until the transaction ends, in one order, and say what of them is here."""
    async with connection() as c:
        for name in sorted((f"registry-code:{registry_code}", f"iban:{iban}")):
            await c.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)
        org = await c.fetchrow(
            """SELECT o.id, o.name, o.kind = 'provider' AND v.id IS NULL AS is_free
                 FROM organisation o LEFT JOIN provider v ON v.org = o.id
                WHERE o.registry_code = $1""",
            registry_code,
        )
        has_iban = await c.fetchval("SELECT EXISTS (SELECT FROM provider WHERE iban = $1)", iban)
    return Taken(
        registry_code=org is not None and not org["is_free"],
        iban=bool(has_iban),
        org_id=org["id"] if org else None,
        org_name=org["name"] if org else None,
    )


async def _hold_provider(org_id: UUID) -> Provider:
    row: Provider | None = (
        await Provider.objects().where(Provider.org == org_id).first().lock_rows()
    )
    if row is None:
        raise NotFound(n_("There is no such provider."))
    return row


async def suspend_provider(actor: Actor, org_id: UUID, reason: str, now: datetime) -> None:
    """Suspend a provider: it keeps its contracts and cannot bid until it is admitted again.

    Raises NotFound, Forbidden, Conflict, Refused (no reason).
    """
    if not actor.may(Permission.PROVIDER_REGISTER):
        raise Forbidden(n_("Only a coordinator may suspend providers."))
    async with transaction():
        row = await _hold_provider(org_id)
        row.state = PROVIDER.after(row.state, "suspend")
        row.state_reason = reason.strip()
        if not row.state_reason:
            raise Refused([Finding("missing", n_("Say why."), clause="RHS § 95", field="reason")])
        await row.save([Provider.state, Provider.state_reason])
        facts = {"reason": row.state_reason}
        await audit.record("provider:suspended", org_id, actor, org_id=org_id, now=now, facts=facts)


async def admit_provider(actor: Actor, org_id: UUID, now: datetime) -> None:
    """Admit a suspended provider again. Raises NotFound, Forbidden, Conflict."""
    if not actor.may(Permission.PROVIDER_REGISTER):
        raise Forbidden(n_("Only a coordinator may admit providers."))
    async with transaction():
        row = await _hold_provider(org_id)
        row.state, row.state_reason = PROVIDER.after(row.state, "admit"), None
        await row.save([Provider.state, Provider.state_reason])
        await audit.record("provider:admitted", org_id, actor, org_id=org_id, now=now, facts={})


async def change_account(actor: Actor, org_id: UUID, iban: str, now: datetime) -> None:
    """Change the account that payments go to; only the provider itself may.

    Who did it and when is kept: that person may not approve payment to it, and no payment goes
    there for some days. The same account again changes nothing.
    Raises NotFound (another's), Forbidden, Refused.
    """
    if actor.org_id != org_id:
        raise NotFound(n_("There is no such provider."))
    if not actor.may(Permission.PROVIDER_EDIT, for_org=org_id):
        raise Forbidden(n_("Only the provider's manager may change its account."))
    account = compact_iban(iban)
    async with transaction():
        row = await _hold_provider(org_id)
        if row.iban == account:
            return
        taken = await _hold_and_look("", account)
        if findings := account_findings(account, is_taken=taken.iban):
            raise Refused(findings)
        facts = AccountChanged(row.iban, account)
        row.iban, row.iban_changed_at, row.iban_changed_by = account, now, actor.id
        await row.save([Provider.iban, Provider.iban_changed_at, Provider.iban_changed_by])
        await audit.record(
            "provider:account-changed", org_id, actor, org_id=org_id, now=now, facts=facts
        )


async def record_facilitator(actor: Actor, draft: FacilitatorDraft, now: datetime) -> UUID:
    """Record a facilitator of the actor's own provider; Refused with every finding.

    Holds the provider, so that one code is not given twice at once.
    """
    org = actor.org_id
    if not actor.may(Permission.PROVIDER_EDIT, for_org=org):
        raise Forbidden(n_("Only the provider's manager may record its facilitators."))
    async with transaction():
        await _hold_provider(org)
        is_taken = await Facilitator.exists().where(
            Facilitator.provider_org == org, Facilitator.code == draft.code
        )
        if findings := facilitator_findings(draft, queries.known(), is_code_taken=is_taken):
            raise Refused(findings)
        row = Facilitator(
            provider_org=org,
            code=draft.code,
            display_name=draft.display_name.strip(),
            education=draft.education.strip(),
            profession=draft.profession.strip(),
            groups_led_count=draft.groups_led_count,
            years_count=draft.years_count,
            languages=list(dict.fromkeys(draft.languages)),
            recorded_at=now,
        )
        await row.save()
        await audit.record(
            "facilitator:recorded", row.id, actor, org_id=org, now=now, facts=_facts(draft)
        )
    return row.id


async def change_facilitator(
    actor: Actor, facilitator_id: UUID, draft: FacilitatorDraft, now: datetime
) -> None:
    """Change a facilitator's record: it grows with every group. Sealed bids keep what they said.

    Raises NotFound (another provider's, too), Forbidden, Refused.
    """
    if not actor.may(Permission.PROVIDER_EDIT):
        raise Forbidden(n_("Only the provider's manager may record its facilitators."))
    async with transaction():
        await _hold_provider(actor.org_id)
        row = (
            await Facilitator.objects()
            .where(Facilitator.id == facilitator_id, Facilitator.provider_org == actor.org_id)
            .first()
            .lock_rows()
        )
        if row is None:
            raise NotFound(n_("There is no such facilitator."))
        is_taken = await Facilitator.exists().where(
            Facilitator.provider_org == actor.org_id,
            Facilitator.code == draft.code,
            Facilitator.id != facilitator_id,
        )
        if findings := facilitator_findings(draft, queries.known(), is_code_taken=is_taken):
            raise Refused(findings)
        row.code, row.display_name = draft.code, draft.display_name.strip()
        row.education, row.profession = draft.education.strip(), draft.profession.strip()
        row.groups_led_count, row.years_count = draft.groups_led_count, draft.years_count
        row.languages = list(dict.fromkeys(draft.languages))
        await row.save()
        await audit.record(
            "facilitator:changed", row.id, actor, org_id=actor.org_id, now=now, facts=_facts(draft)
        )


def _facts(draft: FacilitatorDraft) -> FacilitatorRecorded:
    return FacilitatorRecorded(
        draft.code, draft.groups_led_count, draft.years_count, list(draft.languages)
    )


async def record_venue(actor: Actor, draft: VenueDraft, now: datetime) -> UUID:
    """Record a place where groups can meet, for all buyers; Refused with every finding."""
    if not actor.may(Permission.PROVIDER_REGISTER):
        raise Forbidden(n_("Only a coordinator may record venues."))
    async with transaction():
        async with connection() as c:
            await c.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"venue:{draft.code}"
            )
        is_taken = await Venue.exists().where(Venue.code == draft.code)
        if findings := venue_findings(draft, queries.known(), is_code_taken=is_taken):
            raise Refused(findings)
        fields = msgspec.structs.asdict(draft)
        row = Venue(
            code=draft.code,
            county=draft.county,
            place=draft.place.strip(),
            kind=draft.kind,
            owner=draft.owner,
            seats_count=draft.seats_count,
            is_accessible=draft.is_accessible,
            has_public_transport=draft.has_public_transport,
            rent_amount=draft.rent_amount,
        )
        await row.save()
        await audit.record(
            "venue:recorded", row.id, actor, org_id=actor.org_id, now=now, facts=fields
        )
    return row.id
