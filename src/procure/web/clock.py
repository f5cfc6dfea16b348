"""The one clock: the database's `app_now()` in a demo, real time elsewhere."""

from datetime import UTC, datetime

from procure.db import connection

_demo: dict[str, bool] = {}


async def provide_now() -> datetime:
    """Give handlers the instant of their request, in UTC.

    Only a demo asks the database for it: there the clock can be moved, and by another worker.
    """
    if await is_demo():
        async with connection() as c:
            return _utc(await c.fetchval("SELECT app_now()"))
    return datetime.now(UTC)


async def is_demo() -> bool:
    """Tell whether this database was made as a demo; asked once, because it never changes."""
    if "is" not in _demo:
        async with connection() as c:
            found = await c.fetchval("SELECT is_demo FROM installation WHERE id = 1")
        if found is None:
            return False  # not installed yet: asked again next time
        _demo["is"] = bool(found)
    return _demo["is"]


def forget() -> None:
    """Ask the database again, after a test gave the process another one."""
    _demo.clear()


def _utc(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError("app_now() gives an instant")
    return value.astimezone(UTC)
