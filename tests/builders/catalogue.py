"""The catalogue as the files of this project have it."""

from datetime import UTC, datetime
from functools import cache

from procure.catalogue import service
from procure.catalogue.schemas import LoadReport

LISTED_AT = datetime(2024, 1, 2, 8, tzinfo=UTC)


async def a_catalogue(now: datetime = LISTED_AT) -> LoadReport:
    """Load the catalogue; a second call in one test changes nothing."""
    return await service.load(now, files=_files())


@cache
def _files() -> service.Catalogue:
    """Read the files once a process: that takes longer than loading them."""
    return service.read_files()
