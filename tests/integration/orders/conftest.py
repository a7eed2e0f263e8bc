"""A database of orders of one's own for each test."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from fastapi import FastAPI

from shared.database.engine import create_engine
from shared.testing.servers import FreshDatabase
from tests.integration.orders.desk import Desk, open_street, running_app
from tests.integration.orders.street import Street, make_street


@pytest.fixture
async def street(fresh_database: Callable[[str], FreshDatabase]) -> AsyncIterator[Street]:
    engine = create_engine(fresh_database("orders").url, 8, application="test")
    yield make_street(engine)
    await engine.dispose()


@pytest.fixture
async def app(fresh_database: Callable[[str], FreshDatabase], tmp_path: Path) -> AsyncIterator[FastAPI]:
    async with running_app(fresh_database("orders").url, tmp_path) as started:
        yield started


@pytest.fixture
async def desks(app: FastAPI) -> dict[str, Desk]:
    return await open_street(app)
