"""One's own account: the password, the tokens, and where one is signed in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from procure.identity import queries, service
from procure.identity.pages.entering import AGAIN
from procure.identity.sessions import cookie_name, device_cookie_name
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.web.clients import client_address
from procure.web.forms import Form
from procure.web.templates import page, see_other


async def _account(
    actor: Actor, form: Form | None = None, findings: Sequence[Finding] = (), done: str = ""
) -> Template:
    return page(
        "identity/account.html",
        findings=findings,
        form=form,
        done=done,
        email=await queries.email_of(actor.id),
        tokens=await queries.own_tokens(actor),
        sessions=await queries.sessions_since(actor),
    )


class AccountPages(Controller):
    """What a person does about their own ways in."""

    path = "/my-account"
    include_in_schema = False

    @get("/", permission=Permission.SIGNED_IN)
    async def show(self, actor: NamedDependency[Actor], done: FromQuery[str] = "") -> Template:
        """Show the own account."""
        return await _account(actor, done=done)

    @post("/password", permission=Permission.SIGNED_IN)
    async def change_password(
        self,
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        request: Request[Any, Any, Any],
    ) -> Template | Redirect:
        """Choose a new password, or show the page again with what is wrong with it."""
        try:
            if form.value("new_password") != form.value("again"):
                form.find("again", "differs", AGAIN)
            form.check()
            await service.change_password(
                actor,
                form.value("old_password"),
                form.value("new_password"),
                source=client_address(request),
                device=request.cookies.get(device_cookie_name()),
                but_session=request.cookies.get(cookie_name()),
                now=now,
            )
        except Refused as refusal:
            return await _account(actor, form, refusal.findings)
        return see_other("/my-account?done=password")

    @post("/tokens/{token_id:uuid}/end", permission=Permission.SIGNED_IN)
    async def end_token(
        self,
        token_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Redirect:
        """End a token."""
        await service.end_token(actor, token_id, now=now)
        return see_other("/my-account?done=token")

    @post("/sign-out-everywhere", permission=Permission.SIGNED_IN)
    async def sign_out_everywhere(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        request: Request[Any, Any, Any],
    ) -> Redirect:
        """End every other session, and all tokens."""
        await service.sign_out_everywhere(
            actor, now=now, but_session=request.cookies.get(cookie_name())
        )
        return see_other("/my-account?done=everywhere")
