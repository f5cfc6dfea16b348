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

# Who one is from the login on, whatever SET ROLE or RESET ROLE says later.
LOGIN = """
    SELECT session_user::text AS role, rolsuper AS is_superuser,
           rolcreaterole OR rolreplication OR rolbypassrls AS has_powers,
           ARRAY(SELECT relname::text FROM pg_class WHERE relowner = r.oid AND relkind IN ('r', 'p')
                  AND relnamespace = 'public'::regnamespace ORDER BY 1) AS owned_tables,
           has_database_privilege(session_user, current_database(), 'TEMPORARY, CREATE')
           OR has_schema_privilege(session_user, 'public', 'CREATE') AS makes_tables
      FROM pg_roles r WHERE rolname = session_user
"""
# Of the roles that the login may become: those that could undo what this one may not.
BECOMES = """
    SELECT rolname::text FROM pg_roles r
     WHERE pg_has_role(session_user, r.oid, 'MEMBER') AND rolname <> session_user
       AND (rolsuper OR rolcreaterole OR rolreplication OR rolbypassrls
            OR rolname IN ('pg_write_all_data', 'pg_maintain', 'pg_write_server_files',
                           'pg_read_server_files', 'pg_execute_server_program')
            OR EXISTS (SELECT FROM pg_class WHERE relowner = r.oid
                          AND relnamespace = 'public'::regnamespace)
            OR EXISTS (SELECT FROM pg_proc WHERE proowner = r.oid
                          AND pronamespace = 'public'::regnamespace)
            OR EXISTS (SELECT FROM pg_database WHERE datdba = r.oid
                          AND datname = current_database()))
     ORDER BY 1
"""


class UnsafeDatabase(RuntimeError):
    """The database breaks a promise; the message names every setting that does."""


class Login(msgspec.Struct, frozen=True):
    """Whom the application logs in as."""

    role: str
    is_superuser: bool = False
    has_powers: bool = False  # may make roles, copy the cluster, or pass by row security
    owned_tables: list[str] = []
    makes_tables: bool = False  # also temporary ones
    becomes: list[str] = []


class State(msgspec.Struct, frozen=True):
    """What the checks rest on, as the application's own connection sees it."""

    settings: dict[str, str]
    login: Login


def dangers(state: State, accepted: frozenset[str] = frozenset()) -> list[str]:
    """List every reason not to start, each naming its setting.

    >>> dangers(State(dict.fromkeys(SAFE, "on") | {"fsync": "off"}, Login("procure_app")))
    ['fsync is off: a crash of the machine would lose committed work.']
    """
    found = [
        f"{name} is off: {why}."
        for name, why in SAFE.items()
        if state.settings[name] == "off"
        and not (name == "data_checksums" and "checksums" in accepted)
    ]
    login = state.login
    role = f"The application logs in as {login.role}, who"
    if login.is_superuser:
        found.append(f"{role} is a superuser: no grant would bind it.")
    elif login.has_powers:
        found.append(f"{role} has CREATEROLE, REPLICATION or BYPASSRLS: take them away.")
    if login.owned_tables:
        named = ", ".join(login.owned_tables[:3])
        found.append(f"{role} owns tables ({named}): it could switch their triggers off.")
    if login.becomes:
        named = ", ".join(login.becomes)
        found.append(f"{role} may become {named}: REVOKE {named} FROM {login.role}.")
    if login.makes_tables:
        found.append(
            f"{role} may make tables, which could be taken for the program's: REVOKE TEMPORARY, "
            f"CREATE ON the database, and CREATE ON SCHEMA public, FROM PUBLIC, {login.role}."
        )
    return found


async def read_state() -> State:
    """Ask the database what this application's connection is, and how it is run."""
    async with DB.connection() as connection:
        named = {name: await connection.fetchval(f"SHOW {name}") for name in SAFE}
        login = dict(await connection.fetchrow(LOGIN) or {})
        becomes = [row["rolname"] for row in await connection.fetch(BECOMES)]
    return State(named, Login(**login, becomes=becomes))


async def refuse_unsafe() -> None:
    """Raise UnsafeDatabase with every danger, unless the operator accepted it by name."""
    if found := dangers(await read_state(), settings().accept):
        advice = "Set PROCURE_ACCEPT=checksums to run without checksums; the rest must be mended."
        raise UnsafeDatabase("The database is not safe to use.\n" + "\n".join([*found, advice]))
