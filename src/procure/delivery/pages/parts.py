"""What the pages of delivery share: ids and days out of forms, refusals as findings."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from procure.kernel.errors import Conflict, Forbidden, ProcureError, Refused
from procure.kernel.findings import Finding
from procure.kernel.texts import n_
from procure.web.forms import Form

EXPECTED = (Conflict, Forbidden, Refused)
BETWEEN = re.compile(r"\s*[–—]\s*|\s+-\s+|(?<=\d{4})-(?=\d)")
MOST_FREE_DAYS = 1000


def reasons(refusal: ProcureError) -> list[Finding]:
    """Say a refusal as findings, so that the same page shows it whatever it was."""
    if isinstance(refusal, Refused):
        return refusal.findings
    return [Finding("refused", refusal.text, refusal.values)]


def kept(form: Form, names: Sequence[str], **more: str | list[str]) -> Form:
    """Keep what was typed in these fields, so that a page that did something else shows it."""
    sent: dict[str, str | list[str]] = {}
    for name in names:
        if typed := form.list(name):
            sent[name] = typed[0] if len(typed) == 1 else typed
    return Form({**sent, **more})


def ids(form: Form, name: str) -> list[UUID]:
    """Read ids; the empty choice of a list is none, and what is no id is a finding."""
    try:
        return [UUID(sent) for sent in form.list(name) if sent]
    except ValueError:
        form.find(name, "choice", n_("Choose one of the list."))
        return []


def one_id(form: Form, name: str) -> UUID:
    """Read an id that must be there."""
    found = ids(form, name)
    if not found and not any(finding.field == name for finding in form.findings):
        form.find(name, "missing", n_("Fill this in."))
    return found[0] if found else UUID(int=0)


def free_days(form: Form, name: str) -> set[date]:
    """Read days and ranges of days, one a line: 20.10.2025 or 20.10.2025-23.10.2025."""
    found: set[date] = set()
    for line in (form.optional_text(name) or "").splitlines():
        try:
            ends = [
                _day(part)
                for part in re.split(r"\s*[–—]\s*|\s+-\s+|(?<=\d{4})-(?=\d)", line.strip())
            ]
        except ValueError:
            form.find(
                name, "date", n_("{typed} is not a date such as 24.11.2026."), typed=line[:40]
            )
            continue
        day = ends[0]
        while day <= ends[-1] and len(found) < MOST_FREE_DAYS:
            found.add(day)
            day += timedelta(days=1)
    return found


def _day(typed: str) -> date:
    day, month, year = typed.strip().split(".")
    return date(int(year), int(month), int(day))
