"""The installation's secret: what may not be guessed from outside is keyed with it."""

import os
import secrets
from functools import cache

from procure.settings import settings

BYTES = 32


@cache
def secret() -> bytes:
    """Read the secret, or make it; of two processes that make it at once, one wins."""
    file = settings().secret_file
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        half = file.with_name(f".secret-{os.getpid()}")
        handle = os.open(half, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(secrets.token_bytes(BYTES))
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(half, file)  # unlike rename, it does not replace the other process's secret
        except FileExistsError:
            pass
        finally:
            half.unlink()
    return file.read_bytes()
