"""Commands without a server: plan an instance file, check a plan file, export a wave as one, solve a public one.

Source: formats/rounds/README.md.
"""

import argparse
import asyncio
import importlib
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from services.routing.planning.bound import lower_bound_s
from services.routing.planning.check import Score, check_plan
from services.routing.planning.child import (
    LEAN_BELOW_S,
    ORTOOLS_ENGINE,
    OWN_ENGINE,
    SolvedPlan,
    SolverProcess,
)
from services.routing.planning.fields import MalformedFile
from services.routing.planning.instance_files import (
    plan_dict,
    plan_from,
    problem_from,
    read_json,
)
from services.routing.planning.locked_rounds import refuse_broken_locks
from services.routing.planning.problem import Problem
from services.routing.planning.vrp_files import (
    MalformedVrp,
    check_routes,
    read_vrp,
    routes_of,
    street_of,
    write_sol,
)
from shared.basics.clock import SystemClock
from shared.basics.errors import BaimiError

CLOCK = SystemClock()
DONE, BROKEN_RULES, MALFORMED, NOT_ALL_SERVED = range(4)
SERVER_MODULE = "services.routing.main"
"""Loaded by name and for `export-wave` alone: a server's imports would eat a short plan's seconds."""


def main(arguments: Sequence[str]) -> int:
    """Runs one command; gives the exit status."""
    began_s = CLOCK.monotonic() - _process_age_s()
    options = _parser().parse_args(arguments)
    try:
        if options.command == "check":
            return _check(options, began_s)
        if options.command == "export-wave":
            return _export_wave(options)
        if options.command == "solve-vrp":
            return _solve_vrp(options, began_s)
        return _plan(options, began_s)
    except (MalformedFile, MalformedVrp) as error:
        print(error, file=sys.stderr)
        _print({"error": str(error)})
        return MALFORMED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.routing", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    plan = commands.add_parser("plan", help="plan an instance within a wall budget")
    plan.add_argument("instance", type=Path)
    plan.add_argument("--seconds", type=_budget, required=True, help="wall seconds from the process's start")
    plan.add_argument("--workers", type=int, choices=range(1, 65), default=2, metavar="N")
    plan.add_argument("--seed", type=int, default=0)
    plan.add_argument("--out", type=Path, required=True)
    plan.add_argument("--engine", choices=[OWN_ENGINE, ORTOOLS_ENGINE], default=OWN_ENGINE)
    check = commands.add_parser("check", help="judge a plan against its instance")
    check.add_argument("instance", type=Path)
    check.add_argument("plan", type=Path)
    export = commands.add_parser("export-wave", help="write a planned or released wave as an instance file")
    export.add_argument("wave", help="the wave's id, as in its page's address")
    export.add_argument("--out", type=Path, help="the file to write; standard output unless given")
    solve = commands.add_parser(
        "solve-vrp", help="solve a CVRPLIB file on one thread, as a yardstick of the search"
    )
    solve.add_argument("file", type=Path)
    solve.add_argument("--seconds", type=_budget, required=True, help="wall seconds from the process's start")
    solve.add_argument("--seed", type=int, default=0)
    solve.add_argument("--out", type=Path, help="the .sol file to write")
    solve.set_defaults(workers=1, engine=OWN_ENGINE)
    return parser


def _budget(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < 86_400:
        raise argparse.ArgumentTypeError("must be more than 0 and less than a day")
    return seconds


def _process_age_s() -> float:
    """Tells how long this process has lived: a budget counts from its start, not from the first line here."""
    after_name = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    started_s = int(after_name[19]) / os.sysconf("SC_CLK_TCK")
    return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - started_s)


def _plan(options: argparse.Namespace, began_s: float) -> int:
    problem = problem_from(read_json(options.instance))
    refuse_broken_locks(problem)
    deadline_s = began_s + options.seconds - _closing_s(problem)
    solved = asyncio.run(_solve(problem, options, deadline_s))
    _write(options.out, solved)
    for stage in solved.stages:
        print(f"{stage.drop} {stage.name}: cost {stage.cost} at {stage.elapsed_s:.3f} s", file=sys.stderr)
    if solved.score.errors:
        _print({"errors": list(solved.score.errors)})
        return BROKEN_RULES
    if solved.unassigned:
        reasons = [{"order": it.order, "reason": it.reason.value} for it in solved.unassigned]
        _print({"error": "not every order can be served", "unassigned": reasons})
        return NOT_ALL_SERVED
    _print(_line(solved.score, problem, began_s))
    return DONE


def _write(path: Path, solved: SolvedPlan) -> None:
    stages = [
        {"drop": stage.drop, "stage": stage.name, "elapsed_s": round(stage.elapsed_s, 3), "cost": stage.cost}
        for stage in solved.stages
    ]
    try:
        path.write_text(json.dumps({**plan_dict(solved.plan), "stages": stages}), encoding="utf-8")
    except OSError as error:
        raise MalformedFile(f"--out: cannot be written ({error})") from error


async def _solve(problem: Problem, options: argparse.Namespace, deadline_s: float) -> SolvedPlan:
    drop_points = max(1, len(problem.drop_points))
    seconds = options.seconds * min(1.0, options.workers / drop_points)
    is_lean = options.engine == OWN_ENGINE and seconds < LEAN_BELOW_S
    async with SolverProcess(workers=options.workers, is_lean=is_lean) as solvers:
        return await solvers.solve_street(problem, deadline_s=deadline_s, seed=options.seed, engine=options.engine)


def _solve_vrp(options: argparse.Namespace, began_s: float) -> int:
    vrp = read_vrp(options.file)
    street = street_of(vrp)
    deadline_s = began_s + options.seconds - _closing_s(street)
    solved = asyncio.run(_solve(street, options, deadline_s))
    routes = routes_of(solved.plan)
    length, errors = check_routes(vrp, routes)
    if errors:
        _print({"errors": errors})
        return BROKEN_RULES
    if options.out is not None:
        write_sol(options.out, routes, length)
    stages = sorted({stage.name for stage in solved.stages})
    elapsed_s = round(CLOCK.monotonic() - began_s, 3)
    _print({"cost": length, "routes": len(routes), "stages": stages, "elapsed_s": elapsed_s})
    return DONE


def _closing_s(problem: Problem) -> float:
    """Keeps back time for checking and writing; 60 us an order on a slow core, and 2 ms a place on drawn ways."""
    ways_s = 2e-3 * len(problem.entrances) if problem.model.ways else 0.0
    return 0.07 + 60e-6 * len(problem.orders) + ways_s


def _check(options: argparse.Namespace, began_s: float) -> int:
    # Both are read to find what is malformed; the check itself is given the files as they are.
    instance = read_json(options.instance)
    problem = problem_from(instance)
    try:
        plan = read_json(options.plan)
        plan_from(plan)
    except MalformedFile as error:
        _print({"errors": [str(error)]})
        return BROKEN_RULES
    score = check_plan(_content(instance), _content(plan))
    if score.errors:
        _print({"errors": list(score.errors)})
        return BROKEN_RULES
    _print(_line(score, problem, began_s))
    return DONE


def _content(value: object) -> dict[str, Any]:
    """Says what the readers have made sure of: a file's content is an object."""
    if not isinstance(value, dict):
        raise MalformedFile("file: must be an object")
    return value


def _export_wave(options: argparse.Namespace) -> int:
    """Reads routing's database, by the same environment as the service does."""
    server = importlib.import_module(SERVER_MODULE)
    try:
        instance = asyncio.run(server.exported_wave(options.wave))
    except BaimiError as refusal:
        raise MalformedFile(f"wave: {refusal.code}") from refusal
    except ValueError as error:
        raise MalformedFile("settings: " + "; ".join(str(error).splitlines())) from error
    if options.out is None:
        _print(instance)
        return DONE
    try:
        options.out.write_text(json.dumps(instance, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise MalformedFile(f"--out: cannot be written ({error})") from error
    _print({"wave": options.wave, "orders": len(instance["orders"]), "crews": len(instance["crews"])})
    return DONE


def _line(score: Score, problem: Problem, began_s: float) -> dict[str, Any]:
    return {
        "cost": score.cost,
        "crew_s": score.crew_s,
        "late_s": score.late_s,
        "makespan_s": score.makespan_s,
        "rounds": score.rounds,
        "crews": score.crews,
        "elapsed_s": round(CLOCK.monotonic() - began_s, 3),
        "lower_bound_s": lower_bound_s(problem),
    }


def _print(line: Mapping[str, object]) -> None:
    print(json.dumps(line, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
