"""Migrations: everything or nothing, one migrator at a time, and the rights of the application.

The owner of the tables migrates; the application works as `procure_app`, which owns nothing and
may do no more than the tables' nature allows.
"""

import asyncio
import contextlib
import hashlib
import io
import logging
from pathlib import Path

import asyncpg
from piccolo.apps.migrations.commands.forwards import run_forwards

from procure import migrations
from procure.db.engine import APP_ROLE, DB, AppConnection

LOCK = 727_274  # any number, the same in every process
ADMIN_DATABASE = "postgres"

# What the application may do to a table besides reading it, where that is not everything.
APPEND_ONLY: dict[str, frozenset[str]] = {
    "event": frozenset(),  # written by a function alone, which chooses number and hash
    "event_head": frozenset(),
    "entry": frozenset({"INSERT"}),
    "ledger_transaction": frozenset({"INSERT"}),
    "migration": frozenset(),
}
ALL_RIGHTS = frozenset({"INSERT", "UPDATE", "DELETE"})

log = logging.getLogger(__name__)


class MigrationFailed(RuntimeError):
    """The schema could not be brought up to date; nothing was changed."""


async def upgrade() -> list[str]:
    """Run the migrations that have not run yet, and set the rights anew; return their ids."""
    connection = await DB.connect_as_owner()
    try:
        await ensure_app_role(connection)
        async with DB.transaction(on=connection):  # Piccolo's own transactions join this one
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            before = await _applied(connection)
            await _refuse_rewritten(connection, before)
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                result = await run_forwards("procure")
            if not result.success:
                raise MigrationFailed(result.message or said.getvalue())
            await connection.execute(f"COMMENT ON TABLE migration IS '{fingerprint()}'")
            await grant_rights(connection)
            done = [name for name in await _applied(connection) if name not in before]
    finally:
        await connection.close()
    if done:
        log.info("migrated: %s", ", ".join(done))
    return done


async def ensure_app_role(connection: AppConnection) -> None:
    """Create the application's role if it is missing, and let the owner become it."""
    # Roles belong to the whole cluster while advisory locks belong to one database, so that
    # migrators of two databases can meet here.
    for attempt in range(20):
        try:
            await _make_app_role(connection)
        except (
            asyncpg.DuplicateObjectError,
            asyncpg.UniqueViolationError,
            asyncpg.InternalServerError,  # "tuple concurrently updated"
        ):
            if attempt == 19:
                raise
            await asyncio.sleep(0.05)
        except asyncpg.InsufficientPrivilegeError as error:
            owner = await connection.fetchval("SELECT current_user")
            raise MigrationFailed(
                f"The role of DATABASE_URL may not create roles. Let an administrator run: "
                f"CREATE ROLE {APP_ROLE} NOLOGIN; GRANT {APP_ROLE} TO {owner};"
            ) from error
        else:
            return


async def _make_app_role(connection: AppConnection) -> None:
    async with connection.transaction():
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", APP_ROLE):
            await connection.execute(f"CREATE ROLE {APP_ROLE} NOLOGIN")
        version = connection.get_server_version().major
        # From 16 on, who creates a role is a member who may not become it.
        become = "SET" if version >= 16 else "MEMBER"
        may = "SELECT pg_has_role(current_user, $1, $2)"
        if not await connection.fetchval(may, APP_ROLE, become):
            await connection.execute(f"GRANT {APP_ROLE} TO CURRENT_USER")


async def grant_rights(connection: AppConnection) -> None:
    """Give the application the rights that each table's nature allows, and no others.

    Views are for reading only: writing through one would happen with its owner's rights.
    """
    relations = await connection.fetch(
        "SELECT relname, relkind::text FROM pg_class "
        "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"
    )
    statements = [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {APP_ROLE}, PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {APP_ROLE}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}",
        f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {APP_ROLE}",
    ]
    for name, kind in relations:
        rights = APPEND_ONLY.get(name, ALL_RIGHTS) if kind in {"r", "p"} else frozenset()
        if rights:
            statements.append(f'GRANT {", ".join(sorted(rights))} ON "{name}" TO {APP_ROLE}')
    await connection.execute(";\n".join(statements))


def fingerprint() -> str:
    """Return the SHA-256 of the first migration and its guards, which once run must not change."""
    folder = Path(migrations.__path__[0])
    files = [*folder.glob("procure_*.py"), *folder.glob("sql/*.sql")]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.name}\n".encode() + file.read_bytes())
    return digest.hexdigest()


async def _applied(connection: AppConnection) -> list[str]:
    if await connection.fetchval("SELECT to_regclass('public.migration')") is None:
        return []
    return [row["name"] for row in await connection.fetch("SELECT name FROM migration ORDER BY id")]


async def _refuse_rewritten(connection: AppConnection, applied: list[str]) -> None:
    if not applied:
        return
    recorded = await connection.fetchval("SELECT obj_description('public.migration'::regclass)")
    if recorded != fingerprint():
        raise MigrationFailed(
            "This database was made by another draft of the schema, and drafts have no migration "
            "between them. Drop the database (or remove the folder PROCURE_HOME) and start again."
        )


async def create_database(name: str, template: str | None = None) -> None:
    """Create a database, as a copy of `template` if given; asyncpg.DuplicateDatabaseError if it is.

    A copy of files, not of logged blocks: 0.1 s instead of 0.5 s for our schema.
    """
    copied = f" TEMPLATE {_quoted(template)} STRATEGY file_copy" if template else ""
    await _administer(f"CREATE DATABASE {_quoted(name)}{copied}")


async def drop_database(name: str) -> None:
    """Drop a database if it exists, whoever is connected to it."""
    await _administer(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")


async def _administer(statement: str) -> None:
    connection = await DB.connect_as_owner(database=ADMIN_DATABASE)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
