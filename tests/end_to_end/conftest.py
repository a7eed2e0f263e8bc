"""One running system with a tiny street for all end-to-end tests of a worker."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from deploy.local.launcher import System, forget
from tests.end_to_end.tiny_street import TinyStreet, open_tiny_street, plan_of


@pytest.fixture(scope="session")
def running_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """All real parts, in a street that lives sixty times as fast as we do."""
    folder = tmp_path_factory.mktemp("tiny-system") / "state"
    with System.start(plan_of(folder)) as system:
        yield system
    forget(folder)


@pytest_asyncio.fixture(scope="session")
async def street(running_system: System, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TinyStreet]:
    """The street, opened by the same doors that people use."""
    opened = await open_tiny_street(running_system, tmp_path_factory.mktemp("tiny-street"))
    yield opened
    await opened.close()
