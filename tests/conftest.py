"""Fixtures for every test: only what hands out; the code behind them is in shared/testing."""

from collections.abc import Callable, Iterator

import pytest

from shared.testing.servers import FreshDatabase, KafkaServer, LentServers, PostgresServer

# A test that needs one of these and is skipped has proved nothing: it counts as a failure.
REAL_PARTS = {"postgres_server", "fresh_database", "kafka_server", "chromium", "running_system"}


@pytest.fixture(scope="session")
def lent_servers() -> Iterator[LentServers]:
    servers = LentServers()
    yield servers
    servers.close()


@pytest.fixture(scope="session")
def postgres_server(lent_servers: LentServers) -> PostgresServer:
    return PostgresServer(lent_servers)


@pytest.fixture(scope="session")
def kafka_server(lent_servers: LentServers) -> KafkaServer:
    return KafkaServer(lent_servers)


@pytest.fixture(scope="session")
def fresh_database(postgres_server: PostgresServer) -> Callable[[str], FreshDatabase]:
    return postgres_server.fresh_database


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    uses = REAL_PARTS.intersection(getattr(item, "fixturenames", ()))
    if uses and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"a test on real parts ({', '.join(sorted(uses))}) may not be skipped: {report.longrepr}"
    return report
