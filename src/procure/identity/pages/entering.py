"""Signing in and out, the language, and the link that an invited person got."""

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
from procure.identity.rules import DEVICE_LIFE, LONGEST_SESSION
from procure.identity.schemas import Acceptance
from procure.identity.sessions import cookie_name, device_cookie_name, is_secure
from procure.kernel.actors import Actor, Permission
from procure.kernel.errors import Conflict, Forbidden, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.web.clients import client_address
from procure.web.forms import Form
from procure.web.languages import LANGUAGES, language_cookie
from procure.web.templates import page, see_other

AGAIN = n_("The two passwords differ.")
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


def kept(name: str, value: str, seconds: int) -> Cookie:
    """Make a cookie that only our own pages get, and no script (W-2)."""
    return Cookie(
        key=name,
        value=value,
        path="/",
        httponly=True,
        secure=is_secure(),
        samesite="lax",
        max_age=seconds,
    )


async def _sign_in_page(
    target: str, form: Form | None = None, findings: Sequence[Finding] = (), note: str = ""
) -> Template:
    return page(
        "identity/sign_in.html",
        findings=findings,
        form=form,
        next=target,
        note=note,
        demo=await queries.demo_people(),
    )


async def _join_page(
    secret: str, form: Form | None = None, findings: Sequence[Finding] = ()
) -> Template:
    """Show what a link is good for, or that it is good for nothing any more."""
    try:
        link = await queries.read_invitation(secret)
    except Refused as refusal:
        return page("identity/join.html", findings=refusal.findings, link=None, secret="")
    return page("identity/join.html", findings=findings, form=form, link=link, secret=secret)


class EnteringPages(Controller):
    """Getting in and out."""

    include_in_schema = False

    @get("/sign-in", permission=Permission.NONE)
    async def show_sign_in(self, next: FromQuery[str] = "/", done: FromQuery[str] = "") -> Template:
        """Show the sign-in form; in a demo with one account of each role."""
        return await _sign_in_page(own_path(next), note=done)

    @post("/sign-in", permission=Permission.NONE)
    async def sign_in(
        self, form: NamedDependency[Form], request: Request[Any, Any, Any]
    ) -> Template | Redirect:
        """Start a session, or show the form again."""
        target = own_path(form.value("next", "/"))
        try:
            signed_in = await service.sign_in(
                form.value("email"),
                form.value("password"),
                source=client_address(request),
                old_token=request.cookies.get(cookie_name()),
                device=request.cookies.get(device_cookie_name()),
            )
        except (Refused, Forbidden) as refusal:
            findings = (
                refusal.findings
                if isinstance(refusal, Refused)
                else [Finding("forbidden", refusal.text, refusal.values)]
            )
            return await _sign_in_page(target, form, findings)
        answer = see_other(target)
        seconds = int(LONGEST_SESSION.total_seconds())
        answer.set_cookie(kept(cookie_name(), signed_in.token, seconds))
        seconds = int(DEVICE_LIFE.total_seconds())
        answer.set_cookie(kept(device_cookie_name(), signed_in.device, seconds))
        return answer

    @post("/sign-out", permission=Permission.NONE)
    async def sign_out(self, request: Request[Any, Any, Any]) -> Redirect:
        """End the session."""
        if token := request.cookies.get(cookie_name()):
            await service.sign_out(token)
        answer = see_other("/sign-in")
        answer.delete_cookie(cookie_name(), path="/")
        return answer

    @get("/join", permission=Permission.NONE)
    async def show_join(self, code: FromQuery[str] = "") -> Template:
        """Show an invited person what they were invited to, and ask for a password."""
        return await _join_page(code)

    @post("/join", permission=Permission.NONE)
    async def join(
        self, form: NamedDependency[Form], now: NamedDependency[datetime]
    ) -> Template | Redirect:
        """Make the account, or choose the new password; or show the form with every finding."""
        secret = form.value("secret")
        try:
            password = form.value("password")
            if password != form.value("again"):
                form.find("again", "differs", AGAIN)
            form.check()
            sent = Acceptance(
                secret=secret, password=password, personal_code=form.value("personal_code")
            )
            await service.accept(sent, now=now)
        except Refused as refusal:
            return await _join_page(secret, form, refusal.findings)
        except Conflict as conflict:
            found = Finding("conflict", conflict.text, conflict.values)
            return await _join_page(secret, form, [found])
        return see_other("/sign-in?done=password")

    @post("/language", permission=Permission.NONE)
    async def choose_language(
        self, form: NamedDependency[Form], actor: NamedDependency[Actor]
    ) -> Redirect:
        """Choose the language, for this browser and for the account."""
        chosen = form.value("language")
        answer = see_other(own_path(form.value("back", "/")))
        if chosen in LANGUAGES:
            answer.set_cookie(kept(language_cookie(), chosen, A_YEAR))
            if not actor.is_anonymous:
                await service.set_language(actor, chosen)
        return answer
