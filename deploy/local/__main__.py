"""`python -m deploy.local up | down | reset | status`: the local system in the background."""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event
from types import FrameType

from deploy.local import state
from deploy.local.launcher import CHECKOUT, System, SystemPlan, forget
from deploy.local.missing import Missing
from deploy.local.processes import last_words, wait_s
from shared.basics.clock import SystemClock

LOOK_EVERY_S = 0.1
_clock = SystemClock()
# More than the longest polite stop of a service and a broker together.
DOWN_WITHIN_S = 60.0


def main(words: list[str]) -> int:
    """Run one command; what this machine lacks is one plain line and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    commands = {"up": up, "run": run, "down": down, "reset": reset, "status": status}
    parser.add_argument("command", choices=commands)
    folder = state.default_folder()
    try:
        return commands[parser.parse_args(words).command](folder)
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1


def up(folder: Path) -> int:
    """Start the system in the background and return when it is ready."""
    if (pid := state.holder_pid(folder)) is not None:
        print(f"Baimi already runs (process {pid}); `make down` stops it")
        return status(folder)
    log_path = folder / "logs" / "launcher.log"
    log_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _status_file(folder).unlink(missing_ok=True)
    started_s = _clock.monotonic()
    with log_path.open("wb") as log:
        launcher = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "run"],
            cwd=CHECKOUT,
            env={**os.environ, "BAIMI_STATE": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    while not _status_file(folder).exists():
        if launcher.poll() is not None:
            print(last_words(log_path, line_count=12), file=sys.stderr)
            return 1
        wait_s(LOOK_EVERY_S)
    took_s = _clock.monotonic() - started_s
    print(f"Baimi is up after {took_s:.1f} s; `make down` stops it, its data stays in {folder}")
    return status(folder)


def run(folder: Path) -> int:
    """Start the system and stay with it until told to stop by SIGTERM or Ctrl-C."""
    told_to_stop = Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        told_to_stop.set()

    plan = SystemPlan(folder=folder, brokers=int(os.environ.get("BROKERS", "1")))
    with System.start(plan) as system:
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        while not told_to_stop.is_set():
            _write_status(folder, system)
            told_to_stop.wait(1.0)
    _status_file(folder).unlink(missing_ok=True)
    return 0


def down(folder: Path) -> int:
    """Stop the system and wait until it is gone; nothing running is no error."""
    pid = state.holder_pid(folder)
    if pid is None:
        print("Baimi does not run")
        return 0
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    until_s = _clock.monotonic() + DOWN_WITHIN_S
    while state.holder_pid(folder) is not None:
        if _clock.monotonic() > until_s:
            raise Missing(f"process {pid} does not end; `kill -9 {pid}` ends it and everything it started")
        wait_s(LOOK_EVERY_S)
    print("Baimi is down; its data is kept")
    return 0


def reset(folder: Path) -> int:
    """Stop the system and forget all its data, passwords and keys."""
    down(folder)
    forget(folder)
    print(f"Everything in {folder} is forgotten")
    return 0


def status(folder: Path) -> int:
    """Say what runs, where, and who may sign in; exit code 1 when it does not run."""
    if state.holder_pid(folder) is None or not _status_file(folder).exists():
        print("Baimi does not run; `make up` starts it")
        return 1
    seen = json.loads(_status_file(folder).read_text())
    for name, pid in seen["processes"].items():
        print(f"  {name:<10} {f'process {pid}' if pid else 'DOWN':<16} {seen['urls'].get(name, '')}")
    print(f"  first administrator at orders: admin, password {seen['admin_password']}")
    return 0


def _status_file(folder: Path) -> Path:
    return folder / "status.json"


def _write_status(folder: Path, system: System) -> None:
    seen = {
        "processes": {name: system.pid(name) for name in system.names},
        "urls": system.urls,
        "admin_password": system.admin_password,
    }
    state.write_private(_status_file(folder), json.dumps(seen, indent=1))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
