"""Identity over HTTP, as JSON."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from procure.identity import queries, service
from procure.identity.ports import KeyMaker
from procure.identity.schemas import (
    Acceptance,
    Accounts,
    AccountView,
    Invited,
    Me,
    NewOpeningKey,
    NewPassword,
    NewPerson,
    NewRoles,
    People,
    PersonView,
    SignIn,
    Token,
    Tokens,
)
from procure.kernel.actors import Actor, Permission, Role
from procure.web.clients import client_address


class TokenApi(Controller):
    """Getting in."""

    path = "/api/v1"
    tags = ("Identity",)

    @post(
        "/tokens",
        operation_id="issueToken",
        permission=Permission.NONE,
        idempotent=True,
        status_code=HTTP_201_CREATED,
    )
    async def issue(self, data: JSONBody[SignIn], request: Request[Any, Any, Any]) -> Token:
        """Exchange an e-mail address and a password for a bearer token, shown once.

        Ask for no more than the program needs: `read_only`, some `permissions`, few `days`.
        """
        return await service.issue_token(data, source=client_address(request))

    @get("/tokens", operation_id="listTokens", permission=Permission.SIGNED_IN)
    async def tokens(self, actor: NamedDependency[Actor]) -> Tokens:
        """List your own tokens with their rights and last days; their secrets are not kept."""
        return Tokens(items=await queries.own_tokens(actor))

    @post(
        "/tokens/{token_id:uuid}/end",
        operation_id="endToken",
        permission=Permission.SIGNED_IN,
        status_code=HTTP_200_OK,
    )
    async def end_token(
        self,
        token_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Tokens:
        """End one of your own tokens at once; 404 for another's."""
        await service.end_token(actor, token_id, now=now)
        return Tokens(items=await queries.own_tokens(actor))

    @post(
        "/sign-out-everywhere",
        operation_id="signOutEverywhere",
        permission=Permission.SIGNED_IN,
        status_code=HTTP_200_OK,
    )
    async def sign_out_everywhere(
        self, actor: NamedDependency[Actor], now: NamedDependency[datetime]
    ) -> Tokens:
        """End all your sessions and all your tokens, this one too."""
        await service.sign_out_everywhere(actor, now=now)
        return Tokens(items=await queries.own_tokens(actor))

    @post(
        "/password",
        operation_id="changePassword",
        permission=Permission.SIGNED_IN,
        status_code=HTTP_200_OK,
        secret_answer=True,
    )
    async def change_password(
        self,
        data: JSONBody[NewPassword],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        request: Request[Any, Any, Any],
    ) -> Me:
        """Choose a new password; the old one is asked for, and your sessions end."""
        await service.change_password(
            actor,
            data.old_password,
            data.new_password,
            source=client_address(request),
            device=None,
            but_session=None,
            now=now,
        )
        return _me(actor)

    @get("/me", operation_id="readMe", permission=Permission.SIGNED_IN)
    async def me(self, actor: NamedDependency[Actor]) -> Me:
        """Say who the caller is, for which organisation, in which roles."""
        return _me(actor)

    @post(
        "/opening-keys",
        operation_id="makeOpeningKey",
        permission=Permission.OPENING_KEY,
        secret_answer=True,
    )
    async def opening_key(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        sealer: NamedDependency[KeyMaker],
        replace: FromQuery[bool] = False,  # noqa: FBT002 - a query parameter
    ) -> NewOpeningKey:
        """Make the caller's opening key; keep the identity safe, it is shown this once.

        409 if you have one, unless `replace=true`: what is published already stays sealed to it.
        """
        return await service.make_opening_key(actor, sealer, now=now, replace=replace)


def _me(actor: Actor) -> Me:
    return Me(
        id=actor.id,
        name=actor.name,
        org_id=actor.org_id,
        org_name=actor.org_name,
        org_kind=actor.org_kind,
        roles=sorted(actor.roles),
    )


class PeopleApi(Controller):
    """People, their roles, and how they come and go."""

    path = "/api/v1"
    tags = ("Identity",)

    @get("/people", operation_id="listPeople", permission=Permission.SIGNED_IN)
    async def people(self, actor: NamedDependency[Actor], role: FromQuery[Role]) -> People:
        """List the people of the caller's own organisation who hold a role."""
        return People(items=await queries.people_with_role(actor.org_id, role))

    @get("/accounts", operation_id="listAccounts", permission=Permission.STAFF)
    async def accounts(self, actor: NamedDependency[Actor]) -> Accounts:
        """List the accounts of your organisation, and the invitations that wait."""
        return Accounts(
            items=await queries.accounts(actor), invitations=await queries.waiting(actor)
        )

    @post("/people", operation_id="invitePerson", permission=Permission.STAFF, secret_answer=True)
    async def invite(
        self,
        data: JSONBody[NewPerson],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Invited:
        """Invite a person into your organisation; the link is shown once, hand it to them.

        422 with every finding. Of another organisation only a provider in which nobody has an
        account can be named, for its first manager, and by an administrator (`/provider-managers`).
        """
        return await service.invite(actor, data, now=now)

    @post(
        "/provider-managers",
        operation_id="inviteFirstManager",
        permission=Permission.ADMIN,
        secret_answer=True,
    )
    async def invite_first_manager(
        self,
        data: JSONBody[NewPerson],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Invited:
        """Invite the first manager of a provider; whoever comes later is invited by that person."""
        return await service.invite(actor, data, now=now)

    @post(
        "/invitations/accept",
        operation_id="acceptInvitation",
        permission=Permission.NONE,
        idempotent=True,
        status_code=HTTP_201_CREATED,
    )
    async def accept(
        self, data: JSONBody[Acceptance], now: NamedDependency[datetime]
    ) -> PersonView:
        """Use a link once: to make your account, or to choose a new password."""
        link = await queries.read_invitation(data.secret)
        person_id = await service.accept(data, now=now)
        return PersonView(id=person_id, name=link.name, email=link.email)

    @post(
        "/invitations/{invitation_id:uuid}/withdraw",
        operation_id="withdrawInvitation",
        permission=Permission.STAFF,
        status_code=HTTP_200_OK,
    )
    async def withdraw(
        self,
        invitation_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Accounts:
        """Withdraw an invitation; its link is good for nothing any more."""
        await service.withdraw(actor, invitation_id, now=now)
        return Accounts(
            items=await queries.accounts(actor), invitations=await queries.waiting(actor)
        )

    @post(
        "/people/{person_id:uuid}/roles",
        operation_id="changeRoles",
        permission=Permission.STAFF,
        status_code=HTTP_200_OK,
    )
    async def change_roles(
        self,
        person_id: FromPath[UUID],
        data: JSONBody[NewRoles],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> AccountView:
        """Say which roles a person of your organisation holds from now on; the others end."""
        await service.change_roles(actor, person_id, data.roles, now=now)
        return await queries.read_account(actor, person_id)

    @post(
        "/people/{person_id:uuid}/deactivate",
        operation_id="closeAccount",
        permission=Permission.STAFF,
        status_code=HTTP_200_OK,
    )
    async def deactivate(
        self,
        person_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> AccountView:
        """Close an account: its sessions and tokens end at once, what it did stays."""
        await service.deactivate(actor, person_id, now=now)
        return await queries.read_account(actor, person_id)

    @post(
        "/people/{person_id:uuid}/reactivate",
        operation_id="reopenAccount",
        permission=Permission.STAFF,
        status_code=HTTP_200_OK,
    )
    async def reactivate(
        self,
        person_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> AccountView:
        """Open a closed account again, with the roles it had."""
        await service.reactivate(actor, person_id, now=now)
        return await queries.read_account(actor, person_id)

    @post(
        "/people/{person_id:uuid}/reset",
        operation_id="offerReset",
        permission=Permission.STAFF,
        secret_answer=True,
    )
    async def reset(
        self,
        person_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Invited:
        """Make a link to a new password, good once and for a day; shown this once."""
        return await service.offer_reset(actor, person_id, now=now)


CONTROLLERS: list[type[Controller]] = [TokenApi, PeopleApi]
