"""Reading a form field by field, collecting every finding, keeping what was typed."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from litestar import Request
from litestar.datastructures import FormMultiDict, UploadFile

from procure.kernel.errors import Refused
from procure.kernel.findings import Finding
from procure.kernel.money import is_usable
from procure.kernel.texts import n_
from procure.kernel.time import ZONE

T = TypeVar("T")


class SentFile:
    """An uploaded file: its bytes, its type, and the name the sender gave it (never a path)."""

    def __init__(self, name: str, content: bytes, media_type: str) -> None:
        self.name, self.content, self.media_type = name, content, media_type


class Form:
    """A submitted form. A field that cannot be read gives a finding and a harmless value."""

    def __init__(self, sent: FormMultiDict | dict[str, Any]) -> None:
        self.sent = sent
        self.findings: list[Finding] = []

    @property
    def values(self) -> dict[str, Any]:
        """What was typed, to be shown again; a field sent several times is a list."""
        if isinstance(self.sent, FormMultiDict):
            return {
                name: values[0] if len(values) == 1 else values
                for name in self.sent
                if (values := self.sent.getall(name, []))
            }
        return self.sent

    def value(self, name: str, default: str = "") -> str:
        """Return what was typed in one field, for the page to show again."""
        found = self.sent.get(name, default)
        return found if isinstance(found, str) else default

    def find(self, name: str, code: str, text: str, **values: object) -> None:
        """Add a finding about one field."""
        self.findings.append(Finding(code, text, values, field=name))

    def check(self) -> None:
        """Raise Refused with everything found so far."""
        if self.findings:
            raise Refused(self.findings)

    def optional_text(self, name: str, *, max_length: int = 2000) -> str | None:
        """Read a text that may be left empty."""
        text = self.value(name).strip()
        if "\x00" in text:
            self.find(name, "character", n_("This field holds a character that cannot be kept."))
            return None
        if len(text) > max_length:
            self.find(
                name,
                "too-long",
                n_("At most {most} characters; these are {length}."),
                most=max_length,
                length=len(text),
            )
        return text or None

    def text(self, name: str, *, max_length: int = 2000) -> str:
        """Read a text that must be there."""
        text = self.optional_text(name, max_length=max_length)
        if text is None:
            self.find(name, "missing", n_("Fill this in."))
        return text or ""

    def _read(self, name: str, read: Callable[[str], T], fallback: T, code: str, text: str) -> T:
        typed = self.value(name).strip()
        if not typed:
            self.find(name, "missing", n_("Fill this in."))
            return fallback
        try:
            return read(typed)
        except (ValueError, InvalidOperation, OverflowError):
            self.find(name, code, text, typed=typed[:40])
            return fallback

    def decimal(
        self, name: str, *, minimum: Decimal | None = None, maximum: Decimal | None = None
    ) -> Decimal:
        """Read a number; comma and point both divide decimals, spaces are ignored."""

        def read(typed: str) -> Decimal:
            plain = "".join(typed.split()).replace("\u2212", "-").replace(",", ".")
            found = Decimal(plain)
            if not is_usable(found):
                raise ValueError
            return found

        found = self._read(
            name, read, Decimal(0), "number", n_("{typed} is not a number such as 21,50.")
        )
        self._limits(name, found, minimum, maximum)
        return found

    def integer(self, name: str, *, minimum: int | None = None, maximum: int | None = None) -> int:
        """Read a whole number."""
        found = self._read(
            name,
            lambda typed: int("".join(typed.split())),
            0,
            "whole-number",
            n_("{typed} is not a whole number."),
        )
        self._limits(name, found, minimum, maximum)
        return found

    def _limits(self, name: str, found: Any, minimum: Any, maximum: Any) -> None:  # noqa: ANN401
        if any(finding.field == name for finding in self.findings):
            return
        if minimum is not None and found < minimum:
            self.find(name, "too-small", n_("At least {least}."), least=str(minimum))
        if maximum is not None and found > maximum:
            self.find(name, "too-large", n_("At most {most}."), most=str(maximum))

    def day(self, name: str) -> date:
        """Read a date as the browser sends it (2026-11-24) or as people write it (24.11.2026)."""

        def read(typed: str) -> date:
            if "." in typed:
                return datetime.strptime(typed, "%d.%m.%Y").replace(tzinfo=UTC).date()
            return date.fromisoformat(typed)

        return self._read(
            name, read, date(2000, 1, 1), "date", n_("{typed} is not a date such as 24.11.2026.")
        )

    def optional_day(self, name: str) -> date | None:
        """Read a date that may be left empty."""
        return self.day(name) if self.value(name).strip() else None

    def instant(self, name: str) -> datetime:
        """Read a wall-clock time of the country (2026-11-24T10:00) as an instant in UTC."""
        return self._read(
            name,
            lambda typed: datetime.fromisoformat(typed).replace(tzinfo=ZONE).astimezone(UTC),
            datetime(2000, 1, 1, tzinfo=UTC),
            "time",
            n_("{typed} is not a date and time such as 2026-11-24 10:00."),
        )

    def choice(self, name: str, allowed: Iterable[str]) -> str:
        """Read one of the allowed values."""
        options = [str(value) for value in allowed]
        found = self.value(name).strip()
        if found not in options:
            self.find(name, "choice", n_("Choose one of the list."))
        return found

    def flag(self, name: str) -> bool:
        """Read a checkbox."""
        return self.value(name) not in {"", "0", "false", "off", "no"}

    def list(self, name: str) -> "list[str]":
        """Read a field that may be sent several times."""
        if isinstance(self.sent, FormMultiDict):
            return [value for value in self.sent.getall(name, []) if isinstance(value, str)]
        found = self.sent.get(name, [])
        return list(found) if isinstance(found, list | tuple) else [str(found)]

    async def file(
        self, name: str, *, maximum_bytes: int, types: Sequence[str] = ()
    ) -> SentFile | None:
        """Read an uploaded file; `types` are the endings that are taken, such as `.csv`."""
        upload = self.sent.get(name)
        if not isinstance(upload, UploadFile) or not upload.filename:
            self.find(name, "missing", n_("Choose a file."))
            return None
        content = await upload.read(maximum_bytes + 1)
        if len(content) > maximum_bytes:
            self.find(
                name,
                "too-large",
                n_("The file is larger than {most} MB."),
                most=maximum_bytes // 1_000_000,
            )
            return None
        if types and not upload.filename.lower().endswith(tuple(types)):
            self.find(
                name, "file-type", n_("The file must end in {types}."), types=", ".join(types)
            )
            return None
        if not content:
            self.find(name, "empty", n_("The file is empty."))
            return None
        return SentFile(upload.filename, content, upload.content_type)


async def provide_form(request: Request[Any, Any, Any]) -> Form:
    """Give a page's POST handler its form."""
    return Form(await request.form())
