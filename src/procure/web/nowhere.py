"""Addresses that lead nowhere have a route too, so that language and sign-in are known there."""

from litestar import get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from procure.kernel.actors import Permission
from procure.kernel.texts import n_


@get("/{rest:path}", permission=Permission.NONE, include_in_schema=False)
async def nowhere(rest: FromPath[str]) -> None:  # noqa: ARG001 - the route must name it
    """Say that there is nothing here. Raises NotFoundException."""
    raise NotFoundException(n_("There is nothing at this address. Begin at the first page."))
