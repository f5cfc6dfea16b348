"""What of a paper is the same on every print."""

from datetime import timedelta
from uuid import UUID

import msgspec

from procure.documents.rules import PaperOrder
from procure.kernel.canonical import canonical
from tests.builders.documents import NOW, LetterFacts

ORDER = PaperOrder(
    id=UUID(int=7),
    kind="letter",
    template="test/paper.html",
    title="Decision",
    language="en",
    buyer_name="Buyer",
    reader_name=None,
    facts=canonical(LetterFacts()),
    ordered_at=NOW,
)


def test_a_paper_without_a_reader_is_printed_for_its_buyer() -> None:
    assert ORDER.printed_for == "Buyer"
    assert msgspec.structs.replace(ORDER, reader_name="Provider").printed_for == "Provider"


def test_the_identifier_follows_paper_template_and_facts() -> None:
    assert len(ORDER.identifier) == 16
    same = msgspec.structs.replace(ORDER, ordered_at=NOW + timedelta(days=1))
    assert same.identifier == ORDER.identifier
    for change in ({"id": UUID(int=8)}, {"template": "x"}, {"facts": "{}"}):
        assert msgspec.structs.replace(ORDER, **change).identifier != ORDER.identifier
