"""Receipts prove what arrived when, without this program's database; no bit of them can change."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procure.adapters.signing import (
    FileSigner,
    check_receipt,
    key_id,
    read_public_key,
    receipt_problems,
)
from procure.bids.ports import BadReceipt
from procure.bids.rules import ReceiptFacts, Verdict, instant_text
from procure.kernel.canonical import canonical, sha256_hex

SEALED = b"age-encryption.org/v1 ..."
START = datetime(2024, 2, 8, 7, 59, tzinfo=UTC)


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> FileSigner:
    return FileSigner(tmp_path_factory.mktemp("keys"))


def facts(signer: FileSigner, n: int = 1) -> ReceiptFacts:
    return ReceiptFacts(
        tender_id=UUID(int=1),
        tender_reference="2024-0001",
        lot_id=UUID(int=2),
        lot_code="L03",
        bid_id=UUID(int=n),
        version=n % 9 + 1,
        provider_org_id=UUID(int=3),
        ciphertext_sha256=sha256_hex(SEALED),
        size_bytes=len(SEALED),
        parts=[],
        received_at=instant_text(START + timedelta(microseconds=n)),
        deadline_at=instant_text(START + timedelta(minutes=1)),
        verdict=Verdict.ON_TIME,
        key_id=signer.key_id,
        chain_sha256=sha256_hex(str(n)),
    )


def test_receipts_verify_and_no_bit_of_them_can_change(signer: FileSigner) -> None:
    """T-6: 200 receipts verify; each with one bit changed, at a place of its own, does not."""
    public = read_public_key(signer.public_pem())
    changed = 0
    for n in range(200):
        receipt = canonical(signer.sign(facts(signer, n))).encode()
        assert check_receipt(receipt, public, sealed=SEALED).bid_id == UUID(int=n)

        mutant = bytearray(receipt)
        byte, bit = divmod(n * 7919 % (len(receipt) * 8), 8)
        mutant[byte] ^= 1 << bit
        with pytest.raises(BadReceipt):
            check_receipt(bytes(mutant), public)
        changed += 1
    assert changed == 200


def test_every_single_bit_of_one_receipt_counts(signer: FileSigner) -> None:
    public = read_public_key(signer.public_pem())
    receipt = canonical(signer.sign(facts(signer))).encode()
    passed = []
    for at in range(len(receipt) * 8):
        mutant = bytearray(receipt)
        mutant[at // 8] ^= 1 << at % 8
        try:
            check_receipt(bytes(mutant), public)
            passed.append(at)
        except BadReceipt:
            pass
    assert passed == []


@pytest.mark.parametrize("n", range(0, len(SEALED) * 8, 17))
def test_no_bit_of_the_sealed_file_can_change(signer: FileSigner, n: int) -> None:
    public = read_public_key(signer.public_pem())
    receipt = canonical(signer.sign(facts(signer))).encode()
    mutant = bytearray(SEALED)
    mutant[n // 8] ^= 1 << n % 8
    with pytest.raises(BadReceipt, match="not the one that was received"):
        check_receipt(receipt, public, sealed=bytes(mutant))


@pytest.mark.parametrize(
    "rewrite",
    [
        pytest.param(lambda text: text + "\n", id="a line break"),
        pytest.param(lambda text: text.replace(":", ": ", 1), id="a space"),
        pytest.param(lambda text: text.replace("}", ',"note":1}', 1), id="a field more"),
        pytest.param(lambda text: text[:-2] + text[-2:].upper(), id="nothing"),
    ],
)
def test_a_receipt_has_one_form(signer: FileSigner, rewrite: object) -> None:
    receipt = canonical(signer.sign(facts(signer)))
    written = rewrite(receipt)  # type: ignore[operator]
    problems = receipt_problems(written.encode(), signer.public_pem().decode())
    assert bool(problems) == (written != receipt)


def test_another_installations_receipt_is_not_ours(signer: FileSigner, tmp_path: Path) -> None:
    other = FileSigner(tmp_path)
    receipt = canonical(other.sign(facts(other)))
    with pytest.raises(BadReceipt, match="does not belong"):
        signer.check(receipt)
    # Signed by us about another key: a receipt says itself which key it is under.
    with pytest.raises(BadReceipt, match="names another key"):
        signer.check(canonical(signer.sign(facts(other))))


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes_get_an_answer(content: bytes) -> None:
    problems = receipt_problems(content, PEM)
    assert len(problems) == 1


PEM = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
    "-----END PUBLIC KEY-----\n"
)


def test_what_is_no_key_is_said() -> None:
    assert receipt_problems(b"{}", "no key") == ["This file holds no public key."]


def test_the_key_is_made_once_and_is_ours_alone(tmp_path: Path) -> None:
    first, second = FileSigner(tmp_path / "keys"), FileSigner(tmp_path / "keys")
    key = tmp_path / "keys" / "receipts.pem"

    assert first.key_id == second.key_id
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    public = read_public_key((tmp_path / "keys" / "receipts.pub.pem").read_bytes())
    assert key_id(public) == first.key_id
    assert [file.name for file in sorted((tmp_path / "keys").iterdir())] == [
        "receipts.pem",
        "receipts.pub.pem",
    ]


def test_a_receipt_is_read_back_as_it_was(signer: FileSigner) -> None:
    receipt = signer.sign(facts(signer))
    assert signer.check(canonical(receipt)) == receipt.receipt
    assert msgspec.json.decode(canonical(receipt))["receipt"]["received_at"].endswith("Z")
