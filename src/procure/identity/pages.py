"""Signing in and out, the language, and an officer's opening key."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from litestar import Controller, Request, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from procure.identity import queries, service
from procure.identity.ports import KeyMaker
from procure.identity.rules import LONGEST_SESSION
from procure.identity.schemas import NewPerson
from procure.identity.sessions import HOST_COOKIE, cookie_name
from procure.kernel.actors import Actor, Permission, Role
from procure.kernel.errors import Forbidden, Refused
from procure.kernel.findings import Finding
from procure.web.forms import Form
from procure.web.languages import COOKIE, LANGUAGES
from procure.web.templates import page, see_other, term

A_YEAR = 365 * 24 * 3600


def own_path(target: str) -> str:
    """Return `target` if it is a path of this site, otherwise the first screen.

    >>> own_path("/claims?state=drafted"), own_path("//evil.example"), own_path("https://x/")
    ('/claims?state=drafted', '/', '/')
    >>> own_path("//[")
    '/'
    """
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    inside = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if inside and not parts.netloc and not parts.scheme else "/"


async def _people(
    actor: Actor, form: Form | None = None, findings: Sequence[Finding] = ()
) -> Template:
    return page(
        "identity/people.html",
        findings=findings,
        form=form,
        accounts=await queries.accounts(actor),
        options=[(org.id, org.name) for org in await queries.organisations_to_staff(actor)],
        roles=[(role, term(role)) for role in Role],
    )


class IdentityPages(Controller):
    """Getting in and out."""

    include_in_schema = False

    @get("/sign-in", permission=Permission.NONE)
    async def show_sign_in(self, next: FromQuery[str] = "/") -> Template:
        """Show the sign-in form; in a demo with one account of each role."""
        return page("identity/sign_in.html", next=own_path(next), demo=await queries.demo_people())

    @post("/sign-in", permission=Permission.NONE)
    async def sign_in(
        self, form: NamedDependency[Form], request: Request[Any, Any, Any]
    ) -> Template | Redirect:
        """Start a session, or show the form again."""
        target = own_path(form.value("next", "/"))
        try:
            token = await service.sign_in(
                form.value("email"),
                form.value("password"),
                source=request.client.host if request.client else "",
                old_token=request.cookies.get(cookie_name()),
            )
        except (Refused, Forbidden) as refusal:
            findings = (
                refusal.findings
                if isinstance(refusal, Refused)
                else [Finding("forbidden", refusal.text, refusal.values)]
            )
            return page(
                "identity/sign_in.html",
                findings=findings,
                form=form,
                next=target,
                demo=await queries.demo_people(),
            )
        answer = see_other(target)
        answer.set_cookie(
            Cookie(
                key=cookie_name(),
                value=token,
                path="/",
                httponly=True,
                secure=cookie_name() == HOST_COOKIE,
                samesite="lax",
                max_age=int(LONGEST_SESSION.total_seconds()),
            )
        )
        return answer

    @post("/sign-out", permission=Permission.NONE)
    async def sign_out(self, request: Request[Any, Any, Any]) -> Redirect:
        """End the session."""
        if token := request.cookies.get(cookie_name()):
            await service.sign_out(token)
        answer = see_other("/sign-in")
        answer.delete_cookie(cookie_name(), path="/")
        return answer

    @post("/language", permission=Permission.NONE)
    async def choose_language(
        self, form: NamedDependency[Form], actor: NamedDependency[Actor]
    ) -> Redirect:
        """Choose the language, for this browser and for the account."""
        chosen = form.value("language")
        answer = see_other(own_path(form.value("back", "/")))
        if chosen in LANGUAGES:
            answer.set_cookie(
                Cookie(key=COOKIE, value=chosen, path="/", samesite="lax", max_age=A_YEAR)
            )
            if not actor.is_anonymous:
                await service.set_language(actor, chosen)
        return answer

    @get("/people", permission=Permission.ADMIN)
    async def people(self, actor: NamedDependency[Actor]) -> Template:
        """Show the accounts, and a form for another."""
        return await _people(actor)

    @post("/people", permission=Permission.ADMIN)
    async def make_account(
        self,
        form: NamedDependency[Form],
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
    ) -> Template | Redirect:
        """Make an account, or show the form again with every finding."""
        orgs = {str(org.id): org.id for org in await queries.organisations_to_staff(actor)}
        account = NewPerson(
            email=form.text("email", max_length=254),
            name=form.text("name", max_length=200),
            password=form.text("password", max_length=200),
            roles=[Role(role) for role in form.list("roles") if role in set(Role)],
            organisation_id=orgs.get(form.choice("organisation_id", orgs), actor.org_id),
            language=form.choice("language", LANGUAGES),
        )
        try:
            form.check()
            await service.make_account(actor, account, now=now)
        except Refused as refusal:
            return await _people(actor, form, refusal.findings)
        return see_other("/people")

    @get("/opening-key", permission=Permission.OPENING_KEY)
    async def show_opening_key(self, actor: NamedDependency[Actor]) -> Template:
        """Show whether the officer has an opening key."""
        return page(
            "identity/opening_key.html", has_key=await queries.has_opening_key(actor.id), made=None
        )

    @post("/opening-key", permission=Permission.OPENING_KEY)
    async def make_opening_key(
        self,
        actor: NamedDependency[Actor],
        now: NamedDependency[datetime],
        sealer: NamedDependency[KeyMaker],
    ) -> Template:
        """Make a key and show its secret half once."""
        made = await service.make_opening_key(actor, sealer, now=now)
        return page("identity/opening_key.html", has_key=True, made=made)


CONTROLLERS: list[type[Controller]] = [IdentityPages]
