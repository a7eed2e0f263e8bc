"""Whole drills on a street of forty homes, with something broken on purpose; each gives its verdict."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from deploy.local.launcher import CHECKOUT, forget
from deploy.rehearsal.kills import KillPlan
from tests.end_to_end.tiny_street import write_tiny

# Four days of the street in two minutes: enough for five servers to come back; in fifty seconds if none is killed.
FACTOR_WITH_KILLS = 2880.0
FACTOR = 7200.0
# Forty homes never have fifty orders open for long; the Futian drill kills at fifty.
LEAST_OPEN = 15


def drill(folder: Path, *, kills: KillPlan | None = None, plant: str = "", brokers: int = 1) -> dict[str, Any]:
    """Play the tiny street once on a system of its own, as `make drill` does; gives its last line.

    Errors: AssertionError when the exit status says otherwise than that line.
    """
    write_tiny(folder / "scene")
    kills = kills or KillPlan()
    wishes = {
        "INPUT": str(folder / "scene"),
        "BROKERS": str(brokers),
        "DRILL_KILL": "1" if kills.kills else "",
        "KILL_SEED": str(kills.seed),
        "KILL_OPEN": str(kills.least_open),
        "DRILL_WIPE": "1" if kills.wipes else "",
        "PLANT": plant,
        "DRILL_FACTOR": str(FACTOR_WITH_KILLS if kills.kills else FACTOR),
        "DRILL_FOLDER": str(folder),
    }
    command = [sys.executable, "-m", "deploy.rehearsal.drill"]
    try:
        done = subprocess.run(
            command, cwd=CHECKOUT, env={**os.environ, **wishes}, stdout=subprocess.PIPE, text=True, check=False
        )
    finally:
        forget(folder / "state")
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == (0 if report["ok"] else 1), report["reasons"]
    return report
