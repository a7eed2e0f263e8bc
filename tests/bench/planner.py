"""Plans streets of several sizes by the command people use, and prints what each cost, judged by the check.

Run by `python -m tests.bench.planner [SIZE=SECONDS ...]`; raw results go to `$BENCH_OUT/planner.json`.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.planner_streets import street

USUAL = {"tiny": 1.0, "tower": 4.0, "futian": 10.0}
SEEDS = (1,)


def main(arguments: list[str]) -> None:
    """Plans each size at its budget for each seed; fails if any plan breaks a rule or comes late."""
    budgets = dict(USUAL)
    if arguments:
        budgets = {name: float(seconds) for name, seconds in (argument.split("=") for argument in arguments)}
    rows = [planned(name, seconds, seed) for name, seconds in budgets.items() for seed in SEEDS]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print("street       budget_s  wall_s      cost    late_s  rounds  above bound")
    for row in rows:
        above = 100 * (row["crew_s"] / row["lower_bound_s"] - 1)
        print(
            f"{row['street']:12} {row['budget_s']:8.1f} {row['wall_s']:7.2f} {row['cost']:9,} {row['late_s']:9,}"
            f" {row['rounds']:7} {above:10.1f} %"
        )
    if folder := os.environ.get("BENCH_OUT"):
        Path(folder, "planner.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    if any(row["wall_s"] > row["budget_s"] + 1 for row in rows):
        sys.exit("a plan came later than its budget and a second")


def planned(name: str, seconds: float, seed: int) -> dict[str, Any]:
    """Plans one street and has the check command judge it."""
    with tempfile.TemporaryDirectory() as folder:
        instance, plan = Path(folder, "instance.json"), Path(folder, "plan.json")
        instance.write_text(json.dumps(street(name, seed)), encoding="utf-8")
        began_s = time.monotonic()
        _run("plan", instance, "--seconds", seconds, "--seed", seed, "--out", plan)
        wall_s = time.monotonic() - began_s
        score = _run("check", instance, plan)
    return {**score, "street": f"{name}-{seed}", "budget_s": seconds, "wall_s": round(wall_s, 3)}


def _run(*arguments: object) -> dict[str, Any]:
    command = [sys.executable, "-m", "services.routing", *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {ended.returncode}: {ended.stdout}")
    line: dict[str, Any] = json.loads(ended.stdout)
    return line


if __name__ == "__main__":
    main(sys.argv[1:])
