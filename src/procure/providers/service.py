"""Providers: the only writer of their tables. Providers are shared by all buyers of one place."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from procure.audit import service as audit
from procure.db import connection, transaction
from procure.identity import queries as people
from procure.identity import service as identity
from procure.identity.states import OrganisationKind
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.errors import Conflict, Forbidden, NotFound, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.kernel.time import legal_day
from procure.providers import queries
from procure.providers.rules import (
    Company,
    Confirming,
    FacilitatorDraft,
    ProviderDraft,
    Taken,
    VenueDraft,
    account_findings,
    compact_iban,
    confirming_findings,
    facilitator_findings,
    provider_findings,
    tidy,
    venue_findings,
)
from procure.providers.schemas import Confirmation
from procure.providers.states import PROVIDER, ProviderState
from procure.providers.tables import Facilitator, Provider, Venue
from procure.tasks import service as tasks

ANSWER_DAYS = 3  # in which the second person of a provider is to confirm an account


class Registered(msgspec.Struct, frozen=True):
    """What a registration rested on; the register's answer is kept with it."""

    provider: ProviderDraft
    company: Company | None


class AccountChanged(msgspec.Struct, frozen=True):
    """From which account to which, who named it, and how it was checked outside."""

    old_iban: str
    new_iban: str
    named_by: UUID | None = None
    note: str = ""


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
        has_iban = await c.fetchval(
            "SELECT EXISTS (SELECT FROM provider WHERE iban = $1 OR new_iban = $1)", iban
        )
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
    """Name another account for payments; only the provider itself may, and it changes nothing yet.

    A second person confirms it (`confirm_account`); until then the old one is paid to. The present
    account takes back what was named. Every buyer of this place sees it in its own history.
    Raises NotFound (another's), Forbidden, Refused.
    """
    if actor.org_id != org_id:
        raise NotFound(n_("There is no such provider."))
    if not actor.may(Permission.PROVIDER_EDIT, for_org=org_id):
        raise Forbidden(n_("Only the provider's manager may change its account."))
    account = compact_iban(iban)
    async with transaction():
        row = await _hold_provider(org_id)
        if account == row.new_iban or (row.iban == account and row.new_iban is None):
            return
        if row.iban == account:
            kind, facts = "provider:account-withdrawn", AccountChanged(row.iban, row.new_iban)
            row.new_iban, row.new_iban_at, row.new_iban_by = None, None, None
        else:
            taken = await _hold_and_look("", account)
            if findings := account_findings(account, is_taken=taken.iban):
                raise Refused(findings)
            kind, facts = "provider:account-proposed", AccountChanged(row.iban, account)
            row.new_iban, row.new_iban_at, row.new_iban_by = account, now, actor.id
        await row.save([Provider.new_iban, Provider.new_iban_at, Provider.new_iban_by])
        await _ask_the_second(row, now)
        await _tell_everyone(kind, org_id, actor, now, facts)


async def confirm_account(
    actor: Actor, org_id: UUID, sent: Confirmation, now: datetime, *, cooling_days: int
) -> None:
    """Confirm the account that was named: from now on it is paid to, after its cooling days.

    By a second manager of the provider; where there is none, by a buyer's finance officer, who then
    may not pay to it. Raises NotFound, Forbidden, Conflict (nothing is named), Refused.
    """
    is_own = actor.org_id == org_id
    if not is_own and not (actor.is_buyer and actor.may(Permission.PROVIDER_READ)):
        raise NotFound(n_("There is no such provider."))
    if not actor.may(Permission.PROVIDER_ACCOUNT):
        raise Forbidden(n_("Only a manager of the provider or a finance officer may confirm it."))
    managers = await people.people_with_role(org_id, Role.PROVIDER_MANAGER)
    async with transaction():
        row = await _hold_provider(org_id)
        if row.new_iban is None:
            raise Conflict(n_("No other account is named for this provider."))
        facts = Confirming(
            person_id=actor.id,
            is_own=is_own,
            proposed_by=row.new_iban_by,
            proposed_at=row.new_iban_at,
            new_iban=row.new_iban,
            typed_iban=sent.iban,
            other_managers_count=sum(p.id != row.new_iban_by for p in managers),
            note=sent.note,
        )
        if findings := confirming_findings(facts, now, cooling_days=cooling_days):
            raise Refused(findings)
        changed = AccountChanged(row.iban, row.new_iban, row.new_iban_by, sent.note.strip())
        row.iban = row.new_iban
        # From outside its cooling is over, and who confirms it is who may not pay to it (R9).
        row.iban_changed_at = now if is_own else row.new_iban_at
        row.iban_changed_by = row.new_iban_by if is_own else actor.id
        row.iban_confirmed_by = actor.id
        row.new_iban, row.new_iban_at, row.new_iban_by = None, None, None
        await row.save(
            [
                Provider.iban,
                Provider.iban_changed_at,
                Provider.iban_changed_by,
                Provider.iban_confirmed_by,
                Provider.new_iban,
                Provider.new_iban_at,
                Provider.new_iban_by,
            ]
        )
        await _ask_the_second(row, now)
        await _tell_everyone("provider:account-changed", org_id, actor, now, changed)


async def _ask_the_second(row: Provider, now: datetime) -> None:
    """Ask the other people of the provider to confirm what is named, and nobody where none is."""
    await tasks.drop("provider:account", row.org, now=now)
    named_by: UUID | None = row.new_iban_by
    for manager in await people.people_with_role(row.org, Role.PROVIDER_MANAGER):
        if named_by is not None and manager.id != named_by:
            await tasks.create(
                "provider:account",
                row.org,
                org_id=row.org,
                role=Role.PROVIDER_MANAGER,
                text=n_("Confirm the new account for payments, or take it back"),
                link="/my-organisation",
                clause="R9",
                due_on=legal_day(now) + timedelta(days=ANSWER_DAYS),
                now=now,
                person_id=manager.id,
            )


async def _tell_everyone(
    kind: str, org_id: UUID, actor: Actor, now: datetime, facts: AccountChanged
) -> None:
    """Record an event for the provider and for every buyer, all of whom may pay to it."""
    await audit.record_all(
        [
            audit.NewEvent(
                kind=kind, subject_id=org_id, actor=actor, org_id=one, now=now, facts=facts
            )
            for one in (org_id, *await people.buyers())
        ]
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
        await row.save(
            [
                Facilitator.code,
                Facilitator.display_name,
                Facilitator.education,
                Facilitator.profession,
                Facilitator.groups_led_count,
                Facilitator.years_count,
                Facilitator.languages,
            ]
        )
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
