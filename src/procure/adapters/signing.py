"""Receipts signed with the installation's Ed25519 key, and the check that needs nothing else.

`check_receipt` is all that `procure verify-receipt FILE --key PUB` does: no database, no network.
A receipt is one canonical form of JSON; any other bytes, a line break included, are refused, so
that no bit of the file can be changed unnoticed. Our signature is evidence, not the legal
presumption of a qualified time stamp (eIDAS art. 41-42).
"""

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from procure.bids.ports import BadReceipt
from procure.bids.rules import Receipt, ReceiptFacts
from procure.kernel.canonical import canonical, read_canonical, sha256_hex
from procure.kernel.texts import n_
from procure.settings import settings

SIGNATURE_BYTES = 64


class FileSigner:
    """Signs with the key in a file, which whoever needs it first makes, readable to us alone."""

    def __init__(self, folder: Path | None = None) -> None:
        self._key = _private_key(folder or settings().home / "keys")
        self._public = self._key.public_key()
        self.key_id = key_id(self._public)

    def sign(self, facts: ReceiptFacts) -> Receipt:
        """Sign the facts of a receipt."""
        return Receipt(receipt=facts, signature=self._key.sign(canonical(facts).encode()).hex())

    def sign_bytes(self, message: bytes) -> bytes:
        """Sign what is not a receipt; its first words must say what it is, so that none passes."""
        if message.startswith(b"{"):
            raise ValueError("Only a receipt begins with a brace, and it is signed as one.")
        return self._key.sign(message)

    def check(self, receipt: str) -> ReceiptFacts:
        """Return the facts of a receipt that this installation signed; BadReceipt otherwise."""
        return check_receipt(receipt.encode(), self._public)

    def public_pem(self) -> bytes:
        """Return the public half, to be published."""
        return self._public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


def key_id(public: Ed25519PublicKey) -> str:
    """Name a key by the first half of the SHA-256 of its raw bytes."""
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return sha256_hex(raw)[:32]


@cache
def _private_key(folder: Path) -> Ed25519PrivateKey:
    """Read the key, or make it; of two processes that make it at once, one wins."""
    file = folder / "receipts.pem"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = Ed25519PrivateKey.generate()
        half = folder / f".receipts-{os.getpid()}.new"
        handle = os.open(half, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(
                fresh.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
            )
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(half, file)  # unlike rename, it does not replace the other process's key
        except FileExistsError:
            pass
        finally:
            half.unlink()
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{file} holds another kind of key")
    _publish(folder / "receipts.pub.pem", key.public_key())
    return key


def _publish(file: Path, public: Ed25519PublicKey) -> None:
    """Lay the public half beside the key, for whoever checks receipts elsewhere."""
    if not file.exists():
        file.write_bytes(
            public.public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )


def read_public_key(pem: bytes) -> Ed25519PublicKey:
    """Read a public key as `public_pem` wrote it; BadReceipt if it is none."""
    try:
        key = serialization.load_pem_public_key(pem)
    except ValueError as error:
        raise BadReceipt(n_("This file holds no public key.")) from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadReceipt(n_("This file holds another kind of key."))
    return key


def receipt_problems(
    content: bytes, pem: str, sealed: bytes | None = None, parts: Sequence[bytes] = ()
) -> list[str]:
    """Say what is wrong with a receipt file; an empty list if it is good.

    `parts` are sealed files of the bid: each must be one that the receipt names.
    """
    try:
        facts = check_receipt(content, read_public_key(pem.encode()), sealed=sealed)
    except BadReceipt as problem:
        return [problem.text]
    named = {(part.sha256, part.size_bytes) for part in facts.parts}
    return [
        n_("A sealed file is not among those that were received.")
        for part in parts
        if (sha256_hex(part), len(part)) not in named
    ]


def check_receipt(
    content: bytes, public: Ed25519PublicKey, *, sealed: bytes | None = None
) -> ReceiptFacts:
    """Return what a receipt proves; with the sealed bid, also that it is the one received.

    Raises BadReceipt: changed in any bit, signed by another key, or of another bid.
    """
    try:
        receipt = read_canonical(content, Receipt)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadReceipt(n_("This is not a receipt.")) from error
    if canonical(receipt).encode() != content:
        raise BadReceipt(n_("This receipt was written anew, so nothing can be said of it."))
    try:
        signature = bytes.fromhex(receipt.signature)
    except ValueError as error:
        raise BadReceipt(n_("The signature is damaged.")) from error
    if signature.hex() != receipt.signature or len(signature) != SIGNATURE_BYTES:
        raise BadReceipt(n_("The signature is damaged."))
    try:
        public.verify(signature, canonical(receipt.receipt).encode())
    except InvalidSignature as error:
        raise BadReceipt(n_("The signature does not belong to this text and key.")) from error
    if receipt.receipt.key_id != key_id(public):
        raise BadReceipt(n_("The receipt names another key."))
    if sealed is not None and sha256_hex(sealed) != receipt.receipt.ciphertext_sha256:
        raise BadReceipt(n_("The sealed bid is not the one that was received."))
    return receipt.receipt
