"""A small service on a real database, as the tests of shared/web and shared/security need it."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator

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
from tests.integration.shared.web.small_service import HOST, SmallService, Start, an_account, small_parts


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


@pytest.fixture(scope="module")
def start(database: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def begin(loop: str) -> tuple[subprocess.Popen[str], str]:
        keys = tmp_path_factory.mktemp("keys") / "keys.json"
        keys.touch(mode=0o600)
        keys.write_text(json.dumps(make_key_files(["orders", "routing", "notify"])["notify"]))
        port = _free_port()
        environment = {
            **os.environ,
            "DATABASE_URL": database.url,
            "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
            "HTTP_PORT": str(port),
            "NOTIFY_URL": f"http://127.0.0.1:{port}",
            "KEY_FILE": str(keys),
        }
        command = [sys.executable, "-m", "tests.integration.shared.web.example_main", loop]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process, f"http://127.0.0.1:{port}"

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
