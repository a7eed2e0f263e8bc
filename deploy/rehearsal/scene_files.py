"""Finds what is to be played: a drawn scenario, or somebody's own register, estate and roster."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.rehearsal.scenario.plans import ScenarioError
from deploy.rehearsal.scenario.read_scenario import Scene, find_register, read_scene
from deploy.rehearsal.scenario.write_scenario import write_scenario

CHECKOUT = Path(__file__).parents[2]


def prepare_scene(name: str, seed: int, given: Path | None, folder: Path) -> Scene:
    """The scene to play: from the folder somebody gave, else drawn from the seed into this folder.

    Errors: ScenarioError naming what is missing or unreadable.
    """
    if given is None:
        if not (folder / "days.json").exists():
            write_scenario(name, seed, folder)
        return read_scene(folder, (), seed)
    has_script = (given / "days.json").exists()
    return read_scene(given, () if has_script else _accepted_rows(given), seed)


def _accepted_rows(given: Path) -> list[Mapping[str, object]]:
    """What the register's own intake accepts of it, asked by command: the rehearsal knows no service's code."""
    register = find_register(given)
    done = subprocess.run(
        [sys.executable, "-m", "services.orders", "import-register", str(register), "--dry-run", "--json"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    said = json.loads(done.stdout or "{}")
    if "accepted" not in said:
        raise ScenarioError(f"{register} cannot be read: {said.get('error') or done.stderr.strip()[-300:]}")
    return [dict(row) for row in said["accepted"]]
