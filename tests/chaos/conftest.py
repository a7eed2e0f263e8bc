"""A tiny street whose provider can be told to misbehave, for all tests that break something in it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.local.launcher import System, forget
from tests.end_to_end.tiny_street import TinyStreet, open_tiny_street, plan_of


@pytest_asyncio.fixture(scope="session")
async def street(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TinyStreet]:
    """The street, opened by the same doors that people use."""
    folder = tmp_path_factory.mktemp("chaos")
    with System.start(plan_of(folder / "state", sms={"SMS_SIMULATOR_TRICKS": "1"})) as system:
        opened = await open_tiny_street(system, folder / "scene")
        yield opened
        await opened.close()
    forget(folder / "state")
