"""Identifiers that sort by the time they were made, and reveal nothing else.

Source: RFC 9562, section 5.7 (UUID version 7) and 6.2, method 3 (sub-millisecond fraction).
"""

import secrets
import threading
import time
import uuid

from piccolo.columns.defaults.uuid import UUID4

_lock = threading.Lock()
_last = 0


def uuid7() -> uuid.UUID:
    """Make an identifier greater than every one this process made before.

    >>> first, second = uuid7(), uuid7()
    >>> first < second, first.version
    (True, 7)
    """
    global _last  # noqa: PLW0603 - one counter a process is what makes the order total
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    ticks = (milliseconds << 12) | (nanoseconds * 4096 // 1_000_000)
    with _lock:
        # A clock set back, or two calls within a tick, must not give an equal or smaller id.
        ticks = _last = max(ticks, _last + 1)
    value = (ticks >> 12) << 80 | 0x7 << 76 | (ticks & 0xFFF) << 64 | 0b10 << 62
    return uuid.UUID(int=value | secrets.randbits(62))


class AppUUID7(UUID4):
    """Default of a primary key: made in Python, so that a row has its id before it is saved.

    The database's own default stays `gen_random_uuid()`: PostgreSQL has `uuidv7()` only from 18 on.
    """

    def python(self) -> uuid.UUID:
        """Make the identifier of a new row."""
        return uuid7()
