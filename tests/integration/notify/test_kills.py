"""Notify as a process, killed at every point around a call: no message is lost, none is sent twice.

The broker's address leads nowhere: notify sends what it has all the same.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.rehearsal.simulators.provider_log import read_log
from shared.database.engine import create_engine
from shared.testing.eventually import eventually
from shared.testing.servers import FreshDatabase
from tests.integration.notify.town import Town, make_keys, make_town
from tests.unit.deploy.simulators.running_sms import API_KEY, RunningSms

MESSAGES = 6
SEND_POINTS = ["send.before_commit", "send.after_commit", "send.before_call", "send.after_call"]
LATER_POINTS = [
    pytest.param(point, marks=pytest.mark.long)
    for point in ("send.before_commit:2", "send.after_commit:2", "send.after_call:4")
]
FATE_POINTS = ["fate.before_commit", "fate.after_commit", "fate.before_call", "fate.after_call"]


@dataclass
class RunningNotify:
    """Starts notify's real main program, and kills it."""

    database_url: str
    provider_url: str
    key_file: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, crash_at: str = "") -> subprocess.Popen[bytes]:
        settings = {
            "ENVIRONMENT": "test",
            "DATABASE_URL": self.database_url,
            "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
            "HTTP_PORT": str(_free_port()),
            "ROLE": "work",
            "KEY_FILE": str(self.key_file),
            "SMS_PROVIDER_URL": self.provider_url,
            "SMS_PROVIDER_KEY": API_KEY,
            "SMS_CALL_LIMIT_S": "0.3",
            "LEASE_S": "1.2",
            "CRASH_AT": crash_at,
        }
        process = subprocess.Popen([sys.executable, "-m", "services.notify.main"], env={**os.environ, **settings})
        self.running.append(process)
        return process

    def stop(self) -> None:
        for process in self.running:
            process.kill()
            process.wait(timeout=10)


@pytest.fixture
def sms(tmp_path: Path) -> Iterator[RunningSms]:
    running = RunningSms(tmp_path / "sms.log", "--tricks")
    yield running
    running.stop()


@pytest.fixture
async def house(
    fresh_database: Callable[[str], FreshDatabase], sms: RunningSms, tmp_path: Path
) -> AsyncIterator[tuple[Town, RunningNotify]]:
    database = fresh_database("notify")
    engine = create_engine(database.url, 4, application="test")
    key_files = make_keys()
    town = make_town(engine, key_files=key_files)
    key_file = tmp_path / "notify.keys"
    key_file.write_text(key_files["notify"])
    key_file.chmod(0o600)
    running = RunningNotify(database.url, sms.url, key_file)
    for number in range(1, MESSAGES + 1):
        await town.hear(town.placed(f"h-{number}", f"o-{number:04}"))
    yield town, running
    running.stop()
    await engine.dispose()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _all_are_told(town: Town) -> bool:
    return await town.states() == [("received", "accepted")] * MESSAGES


def _references(sms: RunningSms) -> list[str]:
    return [message.reference for message in read_log(sms.log)]


async def _dies(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() == -signal.SIGKILL


@pytest.mark.parametrize("point", [*SEND_POINTS, *LATER_POINTS])
async def test_a_sender_killed_anywhere_tells_everybody_once(
    house: tuple[Town, RunningNotify], sms: RunningSms, point: str
) -> None:
    town, notify = house
    killed = notify.start(point)
    await eventually(lambda: _dies(killed), within_s=60)
    notify.start()
    await eventually(lambda: _all_are_told(town), within_s=60)
    assert len(_references(sms)) == len(set(_references(sms))) == MESSAGES


@pytest.mark.parametrize("point", FATE_POINTS)
async def test_one_who_asks_killed_anywhere_tells_everybody_once(
    house: tuple[Town, RunningNotify], sms: RunningSms, point: str
) -> None:
    town, notify = house
    sms.order("cut_after_log", count=2)
    sms.order("cut_before_log", count=2)
    killed = notify.start(point)
    await eventually(lambda: _dies(killed), within_s=60)
    notify.start()
    await eventually(lambda: _all_are_told(town), within_s=60)
    assert len(_references(sms)) == len(set(_references(sms))) == MESSAGES
