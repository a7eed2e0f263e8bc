"""Runs one planner on one street within a wall budget and has the independent check judge what came out."""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from services.routing.planning.check import check_plan

OURS = "baimi"
PEERS = (
    *(f"pyvrp-{level}-{history}" for level in ("door", "batch", "entrance") for history in (300, 30)),
    *(f"vroom-{level}" for level in ("door", "batch", "entrance")),
)
PACKAGES = ("pyvrp", "pyvroom", "ortools", "numpy", "numba")
_PLANNER = "services/routing/planning"
_CORES = 2
_SAMPLE_S = 0.2
_CHILD = "import sys; from tests.bench.planner_peers import main; main(sys.argv[1])"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """One planner on one street; marks are the budgets at which it is read, in wall seconds, rising."""

    street: Row
    solver: str
    marks_s: tuple[float, ...]
    clock: str = "wall"


@dataclass(frozen=True, slots=True)
class VrpCell:
    """One planner on one CVRPLIB file, on one thread."""

    path: Path
    solver: str
    seconds: float
    clock: str = "wall"


def run_cell(cell: Cell) -> list[Row]:
    """Runs a cell; one row a mark."""
    with tempfile.TemporaryDirectory(prefix="baimi-bench-") as name:
        folder = Path(name)
        folder.joinpath("instance.json").write_text(json.dumps(cell.street), encoding="utf-8")
        rows = _ours(cell, folder) if cell.solver == OURS else _peer(cell, folder)
    return [{**_about(cell, mark_s), **row} for mark_s, row in zip(cell.marks_s, rows, strict=True)]


def run_vrp(cell: VrpCell) -> Row:
    """Runs one planner on a .vrp file; the gap is to the best known solution, where its .sol lies beside it."""
    about = {
        "street": cell.path.stem,
        "solver": cell.solver,
        "seconds": cell.seconds,
        "clock": "wall" if cell.solver == OURS else cell.clock,
        "load": [round(load, 2) for load in os.getloadavg()],
    }
    with tempfile.TemporaryDirectory(prefix="baimi-bench-") as name:
        words = [sys.executable, "-m", "services.routing", "solve-vrp", str(cell.path)]
        words += ["--seconds", str(cell.seconds), "--seed", "1"]
        if cell.solver != OURS:
            path = Path(name, "request.json")
            request = {"instance": str(cell.path), "solver": cell.solver, "marks_s": [cell.seconds]}
            path.write_text(json.dumps({**request, "seed": 1, "clock": cell.clock}), encoding="utf-8")
            words = [sys.executable, "-c", _CHILD.replace("main", "solve_vrp"), str(path)]
        watched = _watch([words], cell.seconds * (4 if cell.clock == "cpu" else 1.3) + 60)
    told, failed = watched.pop("told"), watched.pop("failed")
    if failed:
        return {**about, "errors": [failed], **watched}
    found = {"errors": [], **json.loads(told[0].splitlines()[-1])}
    best_path = cell.path.with_suffix(".sol")
    if best_path.exists():
        best = int(best_path.read_text(encoding="utf-8").split()[-1])
        found["gap"] = round(100 * (found["cost"] / best - 1), 3)
    return {**about, **found, **watched}


def _about(cell: Cell, mark_s: float) -> Row:
    return {
        "street": cell.street["name"],
        "solver": cell.solver,
        "seconds": mark_s,
        "clock": "wall" if cell.solver == OURS else cell.clock,
        "load": [round(load, 2) for load in os.getloadavg()],
    }


def _ours(cell: Cell, folder: Path) -> list[Row]:
    """Runs our own command once for each budget, as people do: its start counts."""
    rows = []
    for mark_s in cell.marks_s:
        words = [sys.executable, "-m", "services.routing", "plan", str(folder / "instance.json")]
        words += ["--seconds", str(mark_s), "--workers", str(_CORES), "--seed", str(cell.street["seed"])]
        watched = _watch([[*words, "--out", str(folder / "plan.json")]], mark_s * 1.5 + 30)
        watched.pop("told")
        if watched["failed"]:
            rows.append({"errors": [watched.pop("failed")], **watched})
            continue
        plan = json.loads(folder.joinpath("plan.json").read_text(encoding="utf-8"))
        stages = sorted({stage["stage"] for stage in plan["stages"]})
        rows.append({**_judged(cell.street, plan), "stages": stages, **watched})
    return rows


def _peer(cell: Cell, folder: Path) -> list[Row]:
    """Runs a peer's child processes, the drop points dealt out to two of them; reads every mark from one run."""
    dealt = _dealt(cell.street)
    commands = []
    for number, drops in enumerate(dealt):
        request = {
            "instance": str(folder / "instance.json"),
            "drops": drops,
            "marks_s": cell.marks_s,
            "solver": cell.solver,
            "seed": cell.street["seed"],
            "clock": cell.clock,
            "threads": _CORES // len(dealt),
        }
        path = folder / f"request-{number}.json"
        path.write_text(json.dumps(request), encoding="utf-8")
        commands.append([sys.executable, "-c", _CHILD, str(path)])
    watched = _watch(commands, sum(cell.marks_s) * (4 if cell.clock == "cpu" else 1.3) + 60)
    lines = [json.loads(line) for text in watched.pop("told") for line in text.splitlines()]
    failed = watched.pop("failed")
    rows = []
    for mark in range(len(cell.marks_s)):
        here = [line for line in lines if line["mark"] == mark]
        search = {key: round(sum(line[key] for line in here), 3) for key in _SUMS}
        plans = [line["plan"] for line in here]
        if failed or None in plans or len(plans) != len(cell.street["drop_points"]):
            rows.append({"errors": [failed or "no plan within its time"], **search, **watched})
            continue
        crews = [crew for plan in plans for crew in plan["crews"]]
        plan = {"format": "l100m-plan/1", "instance": cell.street["name"], "crews": crews}
        rows.append({**_judged(cell.street, plan), **search, **watched})
    return rows


_SUMS = ("nodes", "iterations", "search_wall_s", "search_cpu_s")


def _dealt(street: Row) -> list[list[str]]:
    """Deals the drop points out to as many processes as there are cores, evenly by orders."""
    drop_of = {entrance["id"]: entrance["drop"] for entrance in street["entrances"]}
    drops = [drop_of[order["entrance"]] for order in street["orders"]]
    dealt: list[list[str]] = [[] for _ in range(_CORES)]
    for drop in sorted(sorted(set(drops)), key=drops.count, reverse=True):
        min(dealt, key=lambda mine: sum(drops.count(it) for it in mine)).append(drop)
    return [mine for mine in dealt if mine]


def _judged(street: Row, plan: Row) -> Row:
    score = check_plan(street, plan)
    return {
        "errors": list(score.errors[:3]),
        "cost": score.cost,
        "crew_s": score.crew_s,
        "late_s": score.late_s,
        "makespan_s": score.makespan_s,
        "rounds": score.rounds,
    }


def _watch(commands: Sequence[Sequence[str]], deadline_s: float) -> Row:
    """Runs commands side by side, kills what overstays, and notes their time, memory and last words.

    Units: wall and CPU in seconds, CPU as last seen alive; memory is the largest sum over their processes, in MiB.
    """
    began_s = time.monotonic()
    used_s: dict[int, float] = {}
    with tempfile.TemporaryDirectory(prefix="baimi-bench-") as name:
        paths = [Path(name, f"{number}.txt") for number in range(len(commands))]
        running = []
        for words, path in zip(commands, paths, strict=True):
            with path.open("w") as out, path.with_suffix(".err").open("w") as err:
                running.append(subprocess.Popen(words, stdout=out, stderr=err, start_new_session=True))
        peak = 0
        while any(process.poll() is None for process in running):
            peak = max(peak, _look(running, used_s))
            if time.monotonic() - began_s > deadline_s:
                for process in running:
                    process.kill()
            time.sleep(_SAMPLE_S)
        ended = [process.wait() for process in running]
        failed = [
            f"ended with {status}: {path.with_suffix('.err').read_text().strip()[-200:]}"
            for status, path in zip(ended, paths, strict=True)
            if status
        ]
        told = [path.read_text(encoding="utf-8") for path in paths]
    return {
        "wall_s": round(time.monotonic() - began_s, 3),
        "cpu_s": round(sum(used_s.values()), 3),
        "memory_mib": round(peak / 2**20),
        "told": told,
        "failed": "; ".join(failed),
    }


def _look(running: Sequence["subprocess.Popen[bytes]"], used_s: dict[int, float]) -> int:
    """Sums what the processes and their descendants hold, shared pages counted once; notes each one's CPU time."""
    held = 0
    for process in running:
        try:
            for one in (psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)):
                held += one.memory_full_info().pss
                used_s[one.pid] = sum(one.cpu_times()[:2])
        except psutil.Error:  # ended while we looked
            continue
    return held


def versions() -> dict[str, str]:
    """Tells the versions of what is compared; what is not installed is left out."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except ModuleNotFoundError:
            continue
    return found


def revision() -> str:
    """Names the last commit that touched the planner, with a mark where it has been changed since."""
    last = _git("log", "-1", "--format=%h", "--", _PLANNER).stdout.strip() or "unknown"
    return last if _git("diff", "--quiet", "HEAD", "--", _PLANNER).returncode == 0 else f"{last}-dirty"


def _git(*words: str) -> "subprocess.CompletedProcess[str]":
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(["git", *words], capture_output=True, text=True, check=False, cwd=root)


def machine() -> str:
    """Whose figures these are."""
    told = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in told if "model name" in line]
    return (
        f"{os.cpu_count()} cores, {names[0] if names else platform.machine()}, Python {platform.python_version()}"
    )
