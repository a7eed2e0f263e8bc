"""A database of routing of one's own for each test, and one solver for all."""

from collections.abc import AsyncIterator, Callable

import pytest

from services.routing.planning.child import SolverProcess
from shared.database.engine import create_engine
from shared.testing.servers import FreshDatabase
from tests.integration.routing.district import District, make_district


@pytest.fixture
async def district(fresh_database: Callable[[str], FreshDatabase]) -> AsyncIterator[District]:
    engine = create_engine(fresh_database("routing").url, 12, application="test")
    yield make_district(engine)
    await engine.dispose()


@pytest.fixture(scope="session")
async def solver() -> AsyncIterator[SolverProcess]:
    async with SolverProcess(workers=2) as process:
        await process.start()
        yield process
