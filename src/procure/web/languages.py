"""Languages: English in the source, Estonian and Russian from catalogues, chosen per request."""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, cast

from babel import negotiate_locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, format_percent
from babel.support import NullTranslations, Translations
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from procure.kernel.actors import Actor
from procure.kernel.errors import ProcureError
from procure.kernel.findings import Finding
from procure.kernel.time import ZONE
from procure.settings import settings
from procure.web.terms import ACTIONS, TERMS

LANGUAGES = {"et": "Eesti", "en": "English", "ru": "Русский"}
LOCALES = Path(__file__).parent / "locales"
COOKIE = "procure_language"
HOST_COOKIE = "__Host-procure_language"  # where people come by TLS

_language: ContextVar[str] = ContextVar("language", default="en")


def language_cookie() -> str:
    """Return the name of the cookie that holds an explicit choice; it goes before the account's."""
    return HOST_COOKIE if settings().public_url.startswith("https:") else COOKIE


def language() -> str:
    """Return the language of the running request."""
    return _language.get()


def speak(code: str) -> None:
    """Choose the language of the running request or job."""
    _language.set(code if code in LANGUAGES else "en")


@cache
def _catalogue(code: str) -> NullTranslations:
    return Translations.load(LOCALES, [code], "messages")


def translate(text: str) -> str:
    """Translate one source text into the running language."""
    return text if not text or language() == "en" else _catalogue(language()).gettext(text)


def translate_plural(one: str, many: str, number: int) -> str:
    """Translate one of two source texts by number."""
    return _catalogue(language()).ngettext(one, many, number)


def tell(finding: Finding | ProcureError) -> str:
    """Say a finding or an error in the running language."""
    return said(finding.text, finding.values) if finding.values else translate(finding.text)


def locale() -> str:
    """Return the locale that dates and numbers are written in; English uses day-month-year."""
    return {"en": "en_GB"}.get(language(), language())


def money(amount: Decimal | str | None, currency: str = "EUR") -> str:
    """Write an amount as people of the running language do."""
    if amount is None:
        return "–"
    return str(format_currency(Decimal(amount), currency, locale=locale()))


def number(value: Decimal | str | float | None) -> str:
    """Write a number with the decimals it has."""
    if value is None:
        return "–"
    return str(format_decimal(Decimal(str(value)), locale=locale(), decimal_quantization=False))


def share(value: Decimal | str | float | None) -> str:
    """Write a fraction 0–1 as a percentage with one decimal."""
    if value is None:
        return "–"
    return str(format_percent(Decimal(str(value)), format="#,##0.#%", locale=locale()))


def day(value: date | str | None) -> str:
    """Write a legal day."""
    if value is None or value == "":
        return "–"
    when = date.fromisoformat(value) if isinstance(value, str) else value
    return str(format_date(when, "d MMM y", locale=locale()))


def instant(value: datetime | str | None) -> str:
    """Write an instant on the country's clock."""
    if value is None or value == "":
        return "–"
    when = datetime.fromisoformat(value) if isinstance(value, str) else value
    return str(format_datetime(when.astimezone(ZONE), "d MMM y HH:mm", locale=locale()))


def when(value: datetime | date | None) -> str:
    """Write an instant or a legal day, whichever it is."""
    return instant(value) if isinstance(value, datetime) else day(value)


def said(text: str, values: Mapping[str, Any] | None = None) -> str:
    """Translate a source text and fill in its braces, writing dates and numbers as people do."""
    euros = set(_EUROS.findall(text))
    shown = {
        name: _cents(value) if name in euros else _shown(name, value)
        for name, value in (values or {}).items()
    }
    return translate(text).format(**shown)


# Values under these names are codes, which have words of their own.
CODED = {"state", "kind", "role", "other_role", "technique", "language", "source", "mark", "family"}
CODED |= {"before", "after"}  # the states that a thing had and has
NAMED = {"definition": "", "milestone": "milestone:"}  # codes of things with a name of their own
MOVES = {"action", "allowed"}  # one verb, or several divided by commas
# What is stored with a decision comes back as text: a day, an instant in UTC, an amount.
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_AMOUNT = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_EUROS = re.compile(r"\{(\w+)\} €")  # an amount whose text writes the sign itself


def _shown(name: str, value: object) -> object:
    if name in CODED and isinstance(value, str):
        word = translate(TERMS.get(value, value))
        if name == "language" and language() == "en":
            return word  # English writes languages with a capital
        return word[:1].lower() + word[1:]  # inside a sentence
    if name in NAMED and isinstance(value, str):
        return translate(TERMS.get(NAMED[name] + value, value))
    if name in MOVES and isinstance(value, str):
        return ", ".join(translate(ACTIONS.get(word, word)) for word in value.split(", "))
    if isinstance(value, str) and name != "typed":  # what was typed is repeated as it was typed
        value = _read(name, value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, Decimal):
        return money(value) if name.endswith("_amount") else number(value)
    return value


def _cents(value: object) -> object:
    """Write an amount without its sign, with both decimals."""
    if isinstance(value, str) and not _AMOUNT.fullmatch(value):
        return value
    return str(format_decimal(Decimal(str(value)), format="#,##0.00", locale=locale()))


def _read(name: str, text: str) -> object:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
        if _INSTANT.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:  # 2026-13-45
        return text
    return Decimal(text) if name.endswith("_amount") and _AMOUNT.fullmatch(text) else text


class LanguageMiddleware:
    """Chooses the language: the address, the cookie, the person, the browser."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Set the language of this request."""
        if scope["type"] == ScopeType.HTTP:
            speak(chosen(cast("dict[str, Any]", scope)))
        await self.app(scope, receive, send)


def chosen(scope: dict[str, Any]) -> str:
    """Return the language this request is answered in: a program asks for its own."""
    headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    wanted = [part.split(";")[0].strip() for part in headers.get("accept-language", "").split(",")]
    spoken = negotiate_locale(wanted, list(LANGUAGES), sep="-")
    if spoken and scope["path"].startswith("/api/"):
        return spoken
    wish = re.search(rf"(?:^|;)\s*{language_cookie()}=(\w+)", headers.get("cookie", ""))
    if wish and wish[1] in LANGUAGES:
        return wish[1]
    user = scope.get("user")
    if isinstance(user, Actor) and not user.is_anonymous:
        return user.language
    return spoken or "en"
