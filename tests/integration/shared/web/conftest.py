"""A small service on a real database, as the tests of shared/web and shared/security need it."""

import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from shared.basics.randomness import SeededRandomness
from shared.database.engine import create_engine
from shared.database.session import transaction
from shared.security.accounts import save_account
from shared.security.key_file import ServiceKeys, keys_from_json
from shared.security.new_keys import make_key_files
from shared.testing.clocks import FakeClock
from shared.testing.servers import FreshDatabase
from shared.web.app import create_app
from shared.web.idempotency import Engine
from tests.integration.shared.web.small_service import HOST, SmallService, an_account, small_parts


@pytest.fixture(scope="session")
def keys() -> ServiceKeys:
    return keys_from_json(json.dumps(make_key_files(["orders", "routing", "notify"])["notify"]))


@pytest.fixture(scope="session")
def database(fresh_database: Callable[[str], FreshDatabase]) -> FreshDatabase:
    return fresh_database("notify")


@pytest.fixture(scope="session")
async def engine(database: FreshDatabase) -> AsyncIterator[Engine]:
    engine = create_engine(database.url, 8, application="test-web")
    yield engine
    await engine.dispose()


@pytest.fixture
async def service(engine: Engine, keys: ServiceKeys) -> SmallService:
    clock = FakeClock()
    parts = small_parts(engine, keys, clock)
    async with transaction(engine) as tx:
        await save_account(tx, an_account("operator"))
        await save_account(tx, an_account("dispatcher"))
    return SmallService(create_app(parts), parts, clock, SeededRandomness(7))


@pytest.fixture
async def client(service: SmallService) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(service.app, raise_app_exceptions=False)
    headers = {"origin": HOST, "accept": "text/html", "accept-language": "en"}
    async with httpx.AsyncClient(transport=transport, base_url=HOST, headers=headers) as client:
        yield client
