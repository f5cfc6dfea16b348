"""The error summary names each field by the label that stands at it."""

import re

import pytest
from markupsafe import Markup

from procure.kernel.findings import Finding
from procure.web.labels import MARK, with_labels
from procure.web.templates import environment

PAGE = """{% from "_parts/forms.html" import errors, text_input, radios %}
{{ errors(findings) }}{{ text_input(None, "price", "Price per day?", findings=findings) }}
{{ radios(None, "band", "Risk <band>", [("A", "A")], findings=findings) }}"""


def summary(*fields: str) -> str:
    findings = [Finding("missing", "Fill this in.", field=field) for field in fields]
    page = with_labels(Markup(environment().from_string(PAGE).render(findings=findings)))
    items = re.findall(r"<li>(.*?)</li>", page)
    return " | ".join(re.sub(r"<[^>]*>", "", item) for item in items)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        pytest.param("price", "Price per day: Fill this in.", id="by its label, without its mark"),
        pytest.param("band", "Risk &lt;band&gt;: Fill this in.", id="by its legend, escaped"),
        pytest.param("gone", "Fill this in.", id="a field that is not on the page has no name"),
        pytest.param("x--><b>", "Fill this in.", id="a field's name cannot leave the mark"),
    ],
)
def test_each_finding_names_its_field(field: str, said: str) -> None:
    assert summary(field) == said


def test_the_order_of_the_findings_is_kept() -> None:
    assert summary("band", "price").startswith("Risk")


def test_a_page_without_findings_is_left_as_it_is() -> None:
    page = Markup("<label for='field-a'>A</label>")
    assert with_labels(page) is page
    assert not MARK.search(page)
