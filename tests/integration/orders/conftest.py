"""A database of orders of one's own for each test."""

from collections.abc import AsyncIterator, Callable

import pytest

from shared.database.engine import create_engine
from shared.testing.servers import FreshDatabase
from tests.integration.orders.street import Street, make_street


@pytest.fixture
async def street(fresh_database: Callable[[str], FreshDatabase]) -> AsyncIterator[Street]:
    engine = create_engine(fresh_database("orders").url, 8, application="test")
    yield make_street(engine)
    await engine.dispose()
