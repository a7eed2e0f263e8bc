"""A service as a real process: it starts, answers, stops within three seconds, and dies with its loops."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from shared.security.new_keys import make_key_files
from shared.testing.eventually import eventually
from shared.testing.servers import FreshDatabase

Start = Callable[[str], tuple[subprocess.Popen[str], str]]


@pytest.fixture
def start(database: FreshDatabase, tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def begin(loop: str) -> tuple[subprocess.Popen[str], str]:
        keys = tmp_path / "keys.json"
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


@pytest.mark.parametrize("loop", ["lives", "hangs"])
async def test_it_answers_and_stops_within_three_seconds(start: Start, loop: str) -> None:
    process, url = start(loop)
    async with httpx.AsyncClient(base_url=url) as client:

        async def answers() -> bool:
            try:
                return (await client.get("/healthz")).status_code == 200
            except httpx.ConnectError:
                return False

        await eventually(answers, within_s=20)
        page = await client.get("/sign-in", headers={"accept": "text/html"})
        assert "登录" in page.text
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=3.5)
    assert process.returncode in (0, -signal.SIGTERM)
    assert json.loads(log.splitlines()[0])["event"] == "starting"
    assert "Traceback" not in log


async def test_it_ends_with_a_status_of_its_own_when_a_loop_dies(start: Start) -> None:
    process, _ = start("dies")

    async def has_ended() -> bool:
        return process.poll() is not None

    await eventually(has_ended, within_s=20)
    _, log = process.communicate()
    assert process.returncode == 70
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert "loop_died" in events
    assert events[-1] == "process_ends"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
