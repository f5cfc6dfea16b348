"""Refusing to start on a database that could lose or let slip what it has promised.

Source: docs, promise F-4.
"""

import msgspec

from procure.db.engine import DB
from procure.settings import settings

SAFE = {
    "fsync": "a crash of the machine would lose committed work",
    "full_page_writes": "a crash of the machine would leave torn pages behind",
    "synchronous_commit": "a crash would lose work that people were told is done",
    "data_checksums": "a rotten disk would go unnoticed",
}


class UnsafeDatabase(RuntimeError):
    """The database breaks a promise; the message names every setting that does."""


class State(msgspec.Struct, frozen=True):
    """What the checks rest on, as the application's own connection sees it."""

    settings: dict[str, str]
    role: str
    is_superuser: bool
    owned_tables: list[str]


def dangers(state: State, accepted: frozenset[str] = frozenset()) -> list[str]:
    """List every reason not to start, each naming its setting.

    >>> dangers(State(dict.fromkeys(SAFE, "on") | {"fsync": "off"}, "procure_app", False, []))
    ['fsync is off: a crash of the machine would lose committed work.']
    """
    found = [
        f"{name} is off: {why}."
        for name, why in SAFE.items()
        if state.settings[name] == "off"
        and not (name == "data_checksums" and "checksums" in accepted)
    ]
    if state.is_superuser:
        found.append(f"role {state.role} is a superuser: no grant would bind the application.")
    if state.owned_tables:
        named = ", ".join(state.owned_tables[:3])
        found.append(
            f"role {state.role} owns tables ({named}): it could switch their triggers off."
        )
    return found


async def read_state() -> State:
    """Ask the database what this application's connection is, and how it is run."""
    async with DB.connection() as connection:
        named = {name: await connection.fetchval(f"SHOW {name}") for name in SAFE}
        role = await connection.fetchval("SELECT current_user::text")
        is_superuser = await connection.fetchval("SELECT current_setting('is_superuser') = 'on'")
        owned = await connection.fetch(
            "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') "
            "AND relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user) "
            "AND relnamespace = 'public'::regnamespace ORDER BY relname"
        )
    return State(named, role, is_superuser, [row["relname"] for row in owned])


async def refuse_unsafe() -> None:
    """Raise UnsafeDatabase with every danger, unless the operator accepted it by name."""
    if found := dangers(await read_state(), settings().accept):
        advice = "Set PROCURE_ACCEPT=checksums to run without checksums; the rest must be mended."
        raise UnsafeDatabase("The database is not safe to use.\n" + "\n".join([*found, advice]))
