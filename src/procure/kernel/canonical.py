"""One byte string for one meaning, so that equal facts have equal hashes.

Keys sorted, no spaces, UTF-8, decimals and dates as strings (the form of RFC 8785 for the types
that facts use: numbers in facts are whole or strings, never floats).
"""

import hashlib
from typing import TypeVar

import msgspec

T = TypeVar("T")


def canonical(value: object) -> str:
    """Encode `value` (Structs, lists, dicts, Decimals, dates) as canonical JSON text.

    >>> canonical({"b": 1, "a": "õ"})
    '{"a":"õ","b":1}'
    """
    return msgspec.json.encode(msgspec.to_builtins(value), order="sorted").decode()


def read_canonical(text: str | bytes, type_: type[T]) -> T:
    """Decode canonical JSON back into `type_`."""
    return msgspec.json.decode(text, type=type_)


def sha256_hex(content: str | bytes) -> str:
    """Return the SHA-256 of text (as UTF-8) or bytes, in lower-case hex."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
