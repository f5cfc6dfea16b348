"""Naming the field in the error summary, by the label that the page itself gives it.

The summary stands above the fields, and their labels are known only below it. So the summary
leaves a mark for each field, and the finished page fills it: a label is written once, where
the field is.
"""

import re

from markupsafe import Markup

MARK = re.compile(r"<!--label of ([\w.-]+)-->")
_LABEL = re.compile(
    r"<label\b[^>]*\bfor=\"field-(?P<of>[\w.-]+)\"[^>]*>(?P<label>.*?)</label>"
    r"|<fieldset\b[^>]*\bid=\"field-(?P<set>[\w.-]+)\"[^>]*>\s*<legend\b[^>]*>(?P<legend>.*?)</legend>",
    re.DOTALL,
)
_TAG = re.compile(r"<[^>]*>")


def with_labels(html: Markup) -> Markup:
    """Fill each mark of the summary with its field's label; one without a label says nothing.

    >>> with_labels(Markup('<!--label of day-->Fill this in. <label for="field-day">Day</label>'))
    Markup('<strong>Day:</strong> Fill this in. <label for="field-day">Day</label>')
    >>> with_labels(Markup("<!--label of nowhere-->Fill this in."))
    Markup('Fill this in.')
    """
    if not MARK.search(html):
        return html
    labels = {
        found["of"] or found["set"]: _TAG.sub("", found["label"] or found["legend"] or "").strip()
        for found in _LABEL.finditer(html)
    }

    def filled(mark: re.Match[str]) -> str:
        label = labels.get(mark[1], "").rstrip(":?")
        return f"<strong>{label}:</strong> " if label else ""

    # Both the page and its labels are escaped already: nothing here comes from outside the page.
    return Markup(MARK.sub(filled, html))  # noqa: S704
