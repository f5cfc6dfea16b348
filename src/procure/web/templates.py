"""The Jinja environment, and the two answers of a page: itself, or a redirect after a good POST."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import jinja2
from litestar import Request
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Redirect, Template
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_303_SEE_OTHER,
    HTTP_422_UNPROCESSABLE_ENTITY,
)
from markupsafe import Markup

from procure.kernel.actors import ANONYMOUS, Actor
from procure.kernel.findings import Finding
from procure.settings import settings
from procure.web import languages
from procure.web.guards import CSRF_FIELD, csrf_token
from procure.web.labels import with_labels
from procure.web.notices import QUERY, SAVED, with_notice
from procure.web.terms import TERMS


def page(
    template: str, *, findings: Sequence[Finding] = (), status: int = HTTP_200_OK, **context: object
) -> Template:
    """Render a page; with findings it is the same page, 422, with the reasons on top."""
    return Template(
        template,
        context={"findings": findings, "form": None, **context},
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if findings else status,
    )


def see_other(path: str, *, saved: str = "") -> Redirect:
    """Send the browser on after a good POST, so that reloading repeats nothing.

    `saved` names what the next page says on top (`notices.SAVED`).
    """
    if saved:
        path = with_notice(path, saved)
    return Redirect(path, status_code=HTTP_303_SEE_OTHER)


@cache
def environment() -> jinja2.Environment:
    """Make the one environment that pages and papers share: escaping, gettext, our filters."""
    env = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [
                jinja2.FileSystemLoader(settings().root / "templates"),
                jinja2.PrefixLoader(
                    {"govuk_frontend_jinja": jinja2.PackageLoader("govuk_frontend_jinja")}
                ),
            ]
        ),
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        autoescape=True,
        undefined=jinja2.ChainableUndefined,  # govuk-frontend-jinja asks for absent parameters
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.policies["ext.i18n.trimmed"] = True
    install: Callable[..., None] = env.install_gettext_callables  # type: ignore[attr-defined]
    install(languages.translate, languages.translate_plural, newstyle=True)
    env.filters |= {
        "money": _each_time(languages.money),
        "number": _each_time(languages.number),
        "share": _each_time(languages.share),
        "day": _each_time(languages.day),
        "instant": _each_time(languages.instant),
        "when": _each_time(languages.when),
        "tell": _each_time(languages.tell),
        "term": _each_time(term),
        "with_labels": with_labels,
    }
    env.globals |= {
        "csrf": _csrf,
        "me": _me,
        "notice": _notice,
        "said": languages.said,
        "language": languages.language,
        "interface_languages": languages.LANGUAGES,
    }
    return env


def template_engine() -> JinjaTemplateEngine:
    """Wrap the environment for Litestar."""
    return JinjaTemplateEngine.from_environment(environment())


def _each_time(filter_: Callable[..., str]) -> Callable[..., str]:
    """Make a filter that Jinja does not work out when it compiles a template.

    It would do so with a constant such as `"claimed" | term`, and everybody would read it in the
    language of whoever came first. A filter that is given the context is left alone.
    """

    @jinja2.pass_context
    def with_context(_: jinja2.runtime.Context, *args: object, **options: object) -> str:
        return filter_(*args, **options)

    return with_context


def term(code: object, machine: str = "") -> str:
    """Say a code (a state, a mark, a role) in the running language; of a life if one is named.

    >>> term("referred-out"), term("LOT-0001")
    ('Referred to the municipality', 'LOT-0001')
    >>> term("opened"), term("opened", "tender")
    ('Opened', 'Bids opened')
    """
    text = str(code)
    for known in (f"{machine}:{text}", text):
        if known in TERMS:
            return languages.translate(TERMS[known])
    return text


@jinja2.pass_context
def _csrf(context: jinja2.runtime.Context) -> Markup:
    request: Request[Any, Any, Any] | None = context.get("request")
    token = request.scope.get("state", {}).get("session_token") if request else None
    if token is None:
        return Markup("")
    return Markup('<input type="hidden" name="{}" value="{}">').format(
        CSRF_FIELD, csrf_token(token)
    )


@jinja2.pass_context
def _notice(context: jinja2.runtime.Context) -> str:
    """Say what the page or its address says was saved; nothing for a word that we do not know."""
    request: Request[Any, Any, Any] | None = context.get("request")
    word = context.get("saved") or (request.query_params.get(QUERY, "") if request else "")
    return languages.translate(SAVED.get(str(word), ""))


@jinja2.pass_context
def _me(context: jinja2.runtime.Context) -> Actor:
    request: Request[Any, Any, Any] | None = context.get("request")
    user = request.scope.get("user") if request else None
    return user if isinstance(user, Actor) else ANONYMOUS
