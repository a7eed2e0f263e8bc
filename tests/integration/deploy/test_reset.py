"""`make down` keeps what `make reset` forgets."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import state
from deploy.local.launcher import CHECKOUT, Ports, System, SystemPlan, forget

RUN_UNTIL_TOLD = """
import signal, sys, threading
from pathlib import Path
from deploy.local.launcher import Ports, System, SystemPlan
told = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: told.set())
with System.start(SystemPlan(folder=Path(sys.argv[1]), ports=Ports.free(), services=())):
    print("up", flush=True)
    told.wait(120)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "state"
    forget(tmp_path / "state")


@pytest.fixture
def running(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A system without services, held by a process of its own."""
    command = [sys.executable, "-c", RUN_UNTIL_TOLD, str(folder)]
    process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    yield process
    process.terminate()
    process.wait(60)


def local(command: str, folder: Path) -> str:
    """`make down` or `make reset` on this folder; what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "deploy.local", command],
        cwd=CHECKOUT,
        env={**os.environ, "BAIMI_STATE": str(folder)},
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    return done.stdout


def test_down_stops_the_system_and_keeps_its_data(running: subprocess.Popen[str], folder: Path) -> None:
    assert "its data is kept" in local("down", folder)
    assert running.wait(60) == 0
    assert state.holder_pid(folder) is None
    kept = (folder / "system.json").read_bytes()
    with System.start(SystemPlan(folder=folder, ports=Ports.free(), services=())):
        assert (folder / "system.json").read_bytes() == kept


def test_reset_stops_the_system_and_forgets_its_data(running: subprocess.Popen[str], folder: Path) -> None:
    assert f"Everything in {folder} is forgotten" in local("reset", folder)
    assert running.wait(60) == 0
    assert not folder.exists()


def test_nothing_running_is_no_error(folder: Path) -> None:
    assert "Baimi does not run" in local("down", folder)
