"""A database of routing of one's own for each test, and one solver for all."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from fastapi import FastAPI

from services.routing.planning.child import SolverProcess
from shared.database.engine import create_engine
from shared.testing.servers import FreshDatabase
from tests.integration.routing.browsers import running_app
from tests.integration.routing.district import District, make_district


@pytest.fixture
def database(fresh_database: Callable[[str], FreshDatabase]) -> FreshDatabase:
    return fresh_database("routing")


@pytest.fixture
async def district(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[District]:
    engine = create_engine(database.url, 12, application="test")
    yield make_district(engine, tmp_path)
    await engine.dispose()


@pytest.fixture
async def app(database: FreshDatabase, district: District, tmp_path: Path) -> AsyncIterator[FastAPI]:
    async with running_app(database.url, tmp_path / "routing-keys.json") as started:
        yield started


@pytest.fixture(scope="session")
async def solver() -> AsyncIterator[SolverProcess]:
    async with SolverProcess(workers=2) as process:
        await process.start()
        yield process
