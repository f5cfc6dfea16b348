"""People of one's own organisation: invited, given roles, relieved of them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from procure.identity import queries, service
from procure.identity.rules import roles_of_kind
from procure.identity.schemas import Invited, NewPerson
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.web.forms import Form
from procure.web.templates import page, see_other, term


async def _people(
    actor: Actor,
    form: Form | None = None,
    findings: Sequence[Finding] = (),
    *,
    made: Invited | None = None,
    done: str = "",
) -> Template:
    providers = await queries.unstaffed_providers() if actor.may(Permission.ADMIN) else []
    return page(
        "identity/people.html",
        findings=findings,
        form=form,
        made=made,
        done=done,
        accounts=await queries.accounts(actor),
        waiting=await queries.waiting(actor),
        providers=[(org.id, org.name) for org in providers],
        roles=[(role, term(role)) for role in roles_of_kind(actor.org_kind)],
    )


async def _person(
    actor: Actor,
    person_id: UUID,
    form: Form | None = None,
    findings: Sequence[Finding] = (),
    *,
    made: Invited | None = None,
    done: str = "",
) -> Template:
    return page(
        "identity/person.html",
        findings=findings,
        form=form,
        made=made,
        done=done,
        account=await queries.read_account(actor, person_id),
        history=await queries.history_of_roles(actor, person_id),
        roles=[(role, term(role)) for role in roles_of_kind(actor.org_kind)],
    )


def _chosen_roles(form: Form) -> list[Role]:
    return [Role(role) for role in form.list("roles") if role in set(Role)]


class PeoplePages(Controller):
    """Who works here, and in which role."""

    path = "/people"
    include_in_schema = False

    @get("/", permission=Permission.STAFF)
    async def people(self, actor: NamedDependency[Actor], done: FromQuery[str] = "") -> Template:
        """Show the accounts and invitations, and a form for another."""
        return await _people(actor, done=done)

    @post("/", permission=Permission.STAFF)
    async def invite(
        self,
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template:
        """Invite a person and show the link, or show the form again with every finding."""
        account = NewPerson(
            email=form.value("email"),
            name=form.value("name"),
            roles=_chosen_roles(form),
            language=form.value("language"),
        )
        try:
            made = await service.invite(actor, account, now=now)
        except Refused as refusal:
            return await _people(actor, form, refusal.findings)
        return await _people(actor, made=made)

    @post("/first-managers", permission=Permission.ADMIN)
    async def invite_first_manager(
        self,
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template:
        """Invite the first manager of a provider, or show the form again."""
        known = {str(org.id): org.id for org in await queries.unstaffed_providers()}
        try:
            provider = form.choice("organisation_id", known)
            form.check()
            account = NewPerson(
                email=form.value("email"),
                name=form.value("name"),
                roles=[Role.PROVIDER_MANAGER],
                organisation_id=known[provider],
                language=form.value("language"),
            )
            made = await service.invite(actor, account, now=now)
        except Refused as refusal:
            return await _people(actor, form, refusal.findings)
        return await _people(actor, made=made)

    @post("/invitations/{invitation_id:uuid}/withdraw", permission=Permission.STAFF)
    async def withdraw(
        self,
        invitation_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Redirect:
        """Withdraw an invitation."""
        await service.withdraw(actor, invitation_id, now=now)
        return see_other("/people?done=withdrawn")

    @get("/{person_id:uuid}", permission=Permission.STAFF)
    async def person(
        self, person_id: FromPath[UUID], actor: NamedDependency[Actor], done: FromQuery[str] = ""
    ) -> Template:
        """Show one account and what can be done about it."""
        return await _person(actor, person_id, done=done)

    @post("/{person_id:uuid}/roles", permission=Permission.STAFF)
    async def change_roles(
        self,
        person_id: FromPath[UUID],
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Change the roles, or show the page again with what is against it."""
        try:
            await service.change_roles(actor, person_id, _chosen_roles(form), now=now)
        except Refused as refusal:
            return await _person(actor, person_id, form, refusal.findings)
        return see_other(f"/people/{person_id}?done=roles")

    @post("/{person_id:uuid}/deactivate", permission=Permission.STAFF)
    async def deactivate(
        self,
        person_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Close the account, or say why not."""
        try:
            await service.deactivate(actor, person_id, now=now)
        except Refused as refusal:
            return await _person(actor, person_id, None, refusal.findings)
        return see_other(f"/people/{person_id}?done=closed")

    @post("/{person_id:uuid}/reactivate", permission=Permission.STAFF)
    async def reactivate(
        self,
        person_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Redirect:
        """Open the account again."""
        await service.reactivate(actor, person_id, now=now)
        return see_other(f"/people/{person_id}?done=opened")

    @post("/{person_id:uuid}/reset", permission=Permission.STAFF)
    async def reset(
        self,
        person_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template:
        """Make a link to a new password and show it once, or say why not."""
        try:
            made = await service.offer_reset(actor, person_id, now=now)
        except Refused as refusal:
            return await _person(actor, person_id, None, refusal.findings)
        return await _person(actor, person_id, made=made)
