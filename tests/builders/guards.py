"""Statements that the database itself refuses, whatever the services would say."""

import asyncpg
import pytest

from procure.db import DB, connection


async def forbidden(statement: str, *arguments: object) -> None:
    """See that the application has no right to this at all (db/rights.py)."""
    async with connection() as c:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await c.execute(statement, *arguments)


async def refused(statement: str, *arguments: object) -> str:
    """See that neither the application nor the owner may do this.

    Return the name of the constraint that the owner meets, and what is said of it.
    """
    async with connection() as c:
        with pytest.raises(
            (asyncpg.InsufficientPrivilegeError, asyncpg.IntegrityConstraintViolationError)
        ):
            await c.execute(statement, *arguments)
    owner = await DB.connect_as_owner()
    try:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refusal:
            await owner.execute(statement, *arguments)
    finally:
        await owner.close()
    return f"{refusal.value.constraint_name}: {refusal.value}"
