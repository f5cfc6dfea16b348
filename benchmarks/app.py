"""The application with floor routes: the least that could answer, under the same server."""

from uuid import UUID, uuid4

import msgspec
from litestar import Litestar, Response, get, post

from procure.app import create_app
from procure.db import connection
from procure.kernel.actors import Permission


@get("/floor/tender/{tender_id:uuid}", permission=Permission.NONE, include_in_schema=False)
async def read_row(tender_id: UUID) -> Response[bytes]:
    """Read one tender row by bare asyncpg."""
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM tender WHERE id = $1", tender_id)
    assert row is not None
    return Response(msgspec.json.encode(dict(row), enc_hook=str), media_type="application/json")


@post("/floor/insert", permission=Permission.NONE, include_in_schema=False, no_form=True)
async def insert_row() -> Response[bytes]:
    """Insert one durable row by bare asyncpg."""
    async with connection() as c:
        await c.execute(
            "INSERT INTO login_failure (id, bucket, failed_at) VALUES ($1, $2, now())",
            uuid4(),
            "floor",
        )
    return Response(b"{}", media_type="application/json")


def app() -> Litestar:
    """Make the application and put the floors beside it."""
    made = create_app()
    made.register(read_row)
    made.register(insert_row)
    return made
