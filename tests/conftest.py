"""Fixtures for every test: only what hands out; the code behind them is in shared/testing."""

import os
from collections.abc import Callable, Iterator
from shutil import which

import pytest
from hypothesis import HealthCheck, settings

from deploy.local.launcher import Ports, System, SystemPlan, forget
from shared.testing.servers import FreshDatabase, KafkaServer, LentServers, PostgresServer

# A test that needs one of these and is skipped has proved nothing: it counts as a failure.
REAL_PARTS = {"postgres_server", "fresh_database", "kafka_server", "chromium", "running_system"}


# A busy machine is no counterexample: properties are not timed, here as where `CI` is set.
settings.register_profile("baimi", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("baimi")


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


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium to drive; as root it wants --no-sandbox."""
    found = os.environ.get("CHROMIUM") or which("chromium") or which("chromium-browser")
    assert found, "no Chromium here: `apt-get install chromium` brings it, or CHROMIUM names one"
    return found


@pytest.fixture(scope="session")
def running_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """All servers, services and simulators, on free ports, own data, forgotten after the run."""
    folder = tmp_path_factory.mktemp("system") / "state"
    with System.start(SystemPlan(folder=folder, ports=Ports.free())) as system:
        yield system
    forget(folder)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    uses = REAL_PARTS.intersection(getattr(item, "fixturenames", ()))
    if uses and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"a test on real parts ({', '.join(sorted(uses))}) may not be skipped: {report.longrepr}"
    return report
