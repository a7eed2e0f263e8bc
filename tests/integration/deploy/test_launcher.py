"""The launcher keeps its servers alive, its data across starts, and leaves no orphan behind."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local import state
from deploy.local.launcher import CHECKOUT, Ports, System, SystemPlan, forget
from deploy.local.missing import Missing
from deploy.topics.admin import connect, patiently
from shared.contracts.topics import TOPICS
from shared.testing.servers import KafkaServer, PostgresServer

START_AND_SLEEP = """
import sys, time
from pathlib import Path
from deploy.local.launcher import Ports, System, SystemPlan
system = System.start(SystemPlan(folder=Path(sys.argv[1]), ports=Ports.free(), services=()))
print([system.pid(name) for name in system.names], flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "state"
    forget(tmp_path / "state")


def _servers_only(folder: Path, brokers: int = 1) -> SystemPlan:
    return SystemPlan(folder=folder, ports=Ports.free(brokers), brokers=brokers, services=())


def test_data_passwords_and_time_survive_a_stop(folder: Path) -> None:
    with System.start(_servers_only(folder)) as first:
        passwords, clock = first.state.passwords, first.state.clock
    with System.start(_servers_only(folder)) as second:
        assert second.state.passwords == passwords
        assert second.state.clock == clock


def test_what_is_killed_comes_back(folder: Path) -> None:
    with System.start(_servers_only(folder)) as system:
        for name in ("postgres", "broker", "sms"):
            killed = system.kill(name)
            system.wait_until_back(name, killed)
            assert system.pid(name) not in {None, killed}


def test_a_second_launcher_on_the_same_folder_is_refused_in_one_line(folder: Path) -> None:
    lock = state.hold(folder)
    with pytest.raises(Missing, match="already runs"):
        System.start(_servers_only(folder))
    state.release(lock)


def test_a_taken_port_is_named_with_the_way_out(folder: Path) -> None:
    plan = _servers_only(folder)
    with System.start(plan), pytest.raises(Missing, match="POSTGRES_PORT") as refusal:
        System.start(SystemPlan(folder=folder.with_name("other"), ports=plan.ports, services=(), simulators=()))
    assert "\n" not in str(refusal.value)
    forget(folder.with_name("other"))


def test_data_of_another_postgresql_is_refused_clearly(folder: Path) -> None:
    with System.start(_servers_only(folder)) as system:
        written = system.postgres_data / "PG_VERSION"
    written.write_text("15\n")
    with pytest.raises(Missing, match="PostgreSQL 15"):
        System.start(_servers_only(folder))


def test_a_killed_launcher_leaves_no_orphan(folder: Path) -> None:
    launcher = subprocess.Popen(
        [sys.executable, "-c", START_AND_SLEEP, str(folder)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    assert launcher.stdout is not None
    children = [psutil.Process(pid) for pid in json.loads(launcher.stdout.readline())]
    launcher.kill()
    launcher.wait()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []


def test_no_password_is_in_a_log_or_on_a_command_line(folder: Path) -> None:
    with System.start(_servers_only(folder)) as system:
        commands = [" ".join(psutil.Process(system.pid(name)).cmdline()) for name in system.names]
        passwords = set(system.state.passwords.values())
    logs = [path.read_text(errors="replace") for path in (folder / "logs").iterdir()]
    assert len(logs) == len(commands) == 3
    assert [word for word in passwords for text in (*logs, *commands) if word in text] == []
    open_to_others = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert [path.name for path in open_to_others if _holds(path, passwords)] == []


def test_servers_named_by_the_environment_are_used_instead_of_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kafka_server: KafkaServer, postgres_server: PostgresServer
) -> None:
    databases = {service: postgres_server.fresh_database(service) for service in ("orders", "routing", "notify")}
    for service, database in databases.items():
        monkeypatch.setenv(f"{service.upper()}_DATABASE_URL", database.url)
        monkeypatch.setenv(f"{service.upper()}_OWNER_DATABASE_URL", database.owner_url)
        monkeypatch.setenv(f"{service.upper()}_KAFKA_PASSWORD", kafka_server.login(service).password)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka_server.bootstrap)
    monkeypatch.setenv("ADMIN_KAFKA_PASSWORD", kafka_server.login("admin").password)
    with System.start(_servers_only(folder)) as system:
        assert system.names == ["sms"]
        assert system.service_settings("notify")["DATABASE_URL"] == databases["notify"].url
        assert system.service_settings("notify")["KAFKA_BOOTSTRAP_SERVERS"] == kafka_server.bootstrap


def _holds(path: Path, passwords: set[str]) -> bool:
    content = path.read_bytes()
    return any(word.encode() in content for word in passwords)


@pytest.mark.long
def test_three_brokers_go_on_when_one_dies(folder: Path) -> None:
    with System.start(_servers_only(folder, brokers=3)) as system:
        killed = system.kill("broker-2")
        topics = patiently(lambda: connect(system.kafka("admin")).list_topics(timeout=5)).topics
        assert {topic.name for topic in TOPICS} <= set(topics)
        assert all(len(part.replicas) == 3 for topic in TOPICS for part in topics[topic.name].partitions.values())
        system.wait_until_back("broker-2", killed)
