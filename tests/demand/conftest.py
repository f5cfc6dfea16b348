"""Who does what in the tests of demand."""

import pytest

from procure.db.engine import AppEngine
from procure.kernel.actors import Actor, Role
from tests.builders.catalogue import a_catalogue
from tests.builders.identity import an_actor


@pytest.fixture
async def caseworker(db: AppEngine) -> Actor:
    await a_catalogue()
    return await an_actor(Role.CASEWORKER)


@pytest.fixture
async def consultant(caseworker: Actor) -> Actor:
    return await an_actor(Role.CONSULTANT, org=caseworker.org_id)
