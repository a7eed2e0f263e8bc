"""A database of notify of one's own for each test."""

from collections.abc import AsyncIterator, Callable

import pytest

from shared.database.engine import create_engine
from shared.testing.servers import FreshDatabase
from tests.integration.notify.town import Town, make_town


@pytest.fixture
async def town(fresh_database: Callable[[str], FreshDatabase]) -> AsyncIterator[Town]:
    engine = create_engine(fresh_database("notify").url, 8, application="test")
    yield make_town(engine)
    await engine.dispose()
