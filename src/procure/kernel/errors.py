"""The four expected refusals. Anything else that is raised is a defect and is not caught."""

from collections.abc import Mapping, Sequence
from typing import Any

from procure.kernel.findings import Finding
from procure.kernel.texts import n_


class ProcureError(Exception):
    """What is, why, and what next, for a person; `text` is a source text marked with `n_`."""

    status = 500

    def __init__(self, text: str, values: Mapping[str, Any] | None = None) -> None:
        self.text = text
        self.values = dict(values or {})
        super().__init__(text.format(**self.values) if self.values else text)


class NotFound(ProcureError):
    """There is no such thing, or the actor may not see it; the two look the same (404)."""

    status = 404


class Forbidden(ProcureError):
    """The actor sees it and may not do this to it (403)."""

    status = 403


class Conflict(ProcureError):
    """The thing is in a state from which this cannot be done (409)."""

    status = 409


class Refused(ProcureError):
    """The request is understood and refused, with every finding (422)."""

    status = 422

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = list(findings)
        if len(self.findings) == 1:
            super().__init__(self.findings[0].text, self.findings[0].values)
        else:
            super().__init__(
                n_("{count} things stand in the way: {all}"),
                {
                    "count": len(self.findings),
                    "all": " ".join(finding.message for finding in self.findings[:20]),
                },
            )
