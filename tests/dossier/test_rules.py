"""The layout of a dossier."""

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from procure.dossier import rules, verify
from procure.dossier.rules import About, EventRow, Part

AT = datetime(2024, 2, 8, 8, 0, 0, 5, tzinfo=UTC)
EVENT = EventRow(
    seq=7,
    id=UUID(int=1),
    kind="claim:posted",
    subject_id=UUID(int=2),
    org_id=UUID(int=3),
    actor_id=None,
    happened_at=AT,
    written_at=AT,
    facts='{"total":"11814.00"}',
    sha256="a" * 64,
)
ABOUT = About(UUID(int=1), "TK-1", "Services", UUID(int=2), "Buyer", AT, 7, "a" * 64, 1, "0.1.0")


def sign(message: bytes) -> bytes:
    """Stand for a key."""
    return hashlib.sha512(message).digest()


def test_the_same_parts_give_the_same_bytes_in_any_order() -> None:
    parts = [Part("facts/lots.json", b"[]\n"), Part("files/x.pdf", b"%PDF"), Part("a.txt", b"x")]
    assert rules.pack(b"{}", parts, sign) == rules.pack(b"{}", parts[::-1], sign)


def test_the_comment_seals_every_byte_before_it() -> None:
    packed = rules.pack(b"{}", [], sign)
    sealed, seal = packed[: -rules.SEAL_BYTES], packed[-rules.SEAL_BYTES :]
    said = rules.SEAL + hashlib.sha256(sealed).hexdigest().encode()
    assert seal == said + rules.SIGNED + sign(said).hex().encode()


def test_a_hidden_event_tells_its_hash_and_place_alone() -> None:
    hidden = rules.event_line(EVENT, is_shown=False)
    assert hidden == (
        f'{{"content_sha256":"{rules.content_sha256(EVENT)}","seq":7,"sha256":"{"a" * 64}"}}'
    )


def test_the_checker_reads_the_same_hash_out_of_a_shown_event() -> None:
    import json

    shown = json.loads(rules.event_line(EVENT, is_shown=True))
    assert verify.content_of(shown) == (rules.content_sha256(EVENT), True)
    assert shown["facts"] == EVENT.facts


def test_a_table_has_one_row_a_line() -> None:
    part = rules.table_part("lots", [{"b": Decimal("1.50"), "a": date(2024, 2, 8)}, {"a": None}])
    assert part == Part("facts/lots.json", b'[\n{"a":"2024-02-08","b":"1.50"},\n{"a":null}\n]\n')
    assert rules.table_part("lots", []).content == b"[]\n"


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="float"):
        rules.plain(1.5)


def test_the_manifest_lists_every_part_with_its_hash() -> None:
    import json

    made = json.loads(
        rules.manifest(ABOUT, [Part("b", b"2"), Part("a", b"1", "One")], {"lots": 3}, ["k"], "0")
    )
    assert [entry["path"] for entry in made["files"]] == ["a", "b"]
    assert made["files"][0] == {
        "path": "a",
        "size_bytes": 1,
        "sha256": hashlib.sha256(b"1").hexdigest(),
        "title": "One",
    }
    assert (made["format"], made["version"]) == ("procure-dossier", 1)
    assert made["made_at"] == rules.instant_text(AT) == "2024-02-08T08:00:00.000005Z"


def test_the_first_page_says_what_it_is() -> None:
    assert rules.readme(ABOUT).startswith(b"Audit dossier of TK-1 - Services\nBuyer\n")
