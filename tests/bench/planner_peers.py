"""The life of a child process that solves some drop points with another planner and finishes them as ours.

A peer only knows routes. Its rounds get what ours get: exact prices, mixed rounds split where a crew could not
walk them in order, annealing and CP-SAT to deal them to crews, and any order left over put where it fits.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyvrp
import vroom
from pyvrp.IteratedLocalSearch import IteratedLocalSearchCallbacks, IteratedLocalSearchParams

from services.routing.planning import assignment, fallback
from services.routing.planning.instance_files import plan_dict, problem_from, read_json
from services.routing.planning.parts import Trolley, trolleys_of
from services.routing.planning.problem import DropProblem, RoundAt, drop_problems, plan_of
from services.routing.planning.sequencing import days_at, roster_of, split_surplus_mixed
from services.routing.planning.vrp_files import check_routes, read_vrp
from tests.bench.planner_levels import Nodes, nodes_of, rounds_of

_SPARE_ROUNDS = 1.25
_FINISHING_SHARE, _LEAST_FINISHING_S = 0.1, 0.2
"""Given to a peer's rounds on top of its budget, so that finishing never costs it search."""
_VROOM_LEVEL = 5

Routes = list[list[int]]


@dataclass(frozen=True, slots=True)
class Run:
    """How a peer is to search: by which clock, until which marks, from which seed.

    Units: marks in seconds of the drop point's share of the budget, rising.
    """

    solver: str
    marks_s: tuple[float, ...]
    seed: int
    clock: str
    threads: int

    def now_s(self) -> float:
        """Reads the clock that the budget counts by: the wall's, or this process's own CPU time."""
        return time.process_time() if self.clock == "cpu" else time.monotonic()


def main(request_path: str) -> None:
    """Solves the drop points a request names, one after the other; prints one JSON line a drop point and mark."""
    request = json.loads(Path(request_path).read_text(encoding="utf-8"))
    parts = {part.drop: part for part in drop_problems(problem_from(read_json(Path(request["instance"]))))}
    mine = [parts[drop] for drop in request["drops"]]
    orders = sum(len(part.order_ids) for part in mine)
    for part in mine:
        share = len(part.order_ids) / orders
        marks_s = tuple(share * mark_s for mark_s in request["marks_s"])
        run = Run(request["solver"], marks_s, request["seed"], request["clock"], request["threads"])
        for line in _solved(part, run):
            print(json.dumps(line), flush=True)


def solve_vrp(request_path: str) -> None:
    """Solves the .vrp file a request names with PyVRP on one thread; prints one JSON line a mark."""
    request = json.loads(Path(request_path).read_text(encoding="utf-8"))
    vrp = read_vrp(Path(request["instance"]))
    places = np.array(vrp.places)
    apart = np.hypot(*(places[:, None, :] - places[None, :, :]).transpose(2, 0, 1))
    customers = tuple((customer,) for customer in range(1, len(vrp.places)))
    nodes = Nodes(customers, np.floor(apart + 0.5).astype(np.int64), vrp.demands[1:], (0,) * len(customers))
    run = Run(request["solver"], tuple(request["marks_s"]), request["seed"], request["clock"], 1)
    history_length = int(run.solver.rpartition("-")[2])
    found, iterations = _by_pyvrp(nodes, Trolley(vrp.capacity, 0, 1), run, history_length=history_length)
    for mark, routes in enumerate(found):
        length, errors = (0, ["no plan within its time"]) if routes is None else check_routes(vrp, routes)
        print(json.dumps({"mark": mark, "cost": length, "errors": errors, "iterations": iterations}), flush=True)


def _solved(part: DropProblem, run: Run) -> list[dict[str, Any]]:
    trolley = trolleys_of(part)[0]
    peer, level, *settings = run.solver.split("-")
    nodes = nodes_of(part, trolley, level)
    wall_s, cpu_s = time.monotonic(), time.process_time()
    if peer == "pyvrp":
        found, iterations = _by_pyvrp(nodes, trolley, run, history_length=int(settings[0]))
    else:
        found, iterations = _by_vroom(nodes, trolley, run), 0
    wall_s, cpu_s = time.monotonic() - wall_s, time.process_time() - cpu_s
    return [
        {
            "drop": part.drop,
            "mark": number,
            "plan": None if routes is None else _finished(part, rounds_of(part, nodes, routes), run, number),
            "nodes": len(nodes.orders),
            "iterations": iterations,
            "search_wall_s": round(wall_s, 3),
            "search_cpu_s": round(cpu_s, 3),
        }
        for number, routes in enumerate(found)
    ]


def _finished(part: DropProblem, rounds: Sequence[RoundAt], run: Run, mark: int) -> dict[str, object]:
    roster = roster_of(part, split_surplus_mixed(part, rounds))
    seconds = max(_LEAST_FINISHING_S, _FINISHING_SHARE * run.marks_s[mark])
    days = assignment.assign(roster, assignment.Effort(seconds, run.seed))
    solution = fallback.completed(part, days_at(split_surplus_mixed(part, rounds), days))
    return plan_dict(plan_of("", [(part, solution.days)]))


class _Snapshots(IteratedLocalSearchCallbacks):
    """Keeps the best feasible routes as they stood when each mark was passed."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._began_s = run.now_s()
        self._best: pyvrp.Solution | None = None
        self.found: list[Routes | None] = []

    def on_iteration(self, _current: object, _candidate: object, best: pyvrp.Solution, _cost: object) -> None:
        """Notes the best so far; the last mark is noted by `ended`."""
        self._best = best
        if self._run.now_s() - self._began_s >= self._run.marks_s[len(self.found)]:
            self.found.append(_routes_of(best))

    def ended(self, _: float) -> bool:
        """Stops the search once every mark is passed."""
        return len(self.found) == len(self._run.marks_s)


def _routes_of(solution: pyvrp.Solution) -> Routes | None:
    if not solution.is_feasible():
        return None
    return [[visit.idx + 1 for visit in route if visit.is_client()] for route in solution.routes()]


def _by_pyvrp(nodes: Nodes, trolley: Trolley, run: Run, *, history_length: int) -> tuple[list[Routes | None], int]:
    snapshots = _Snapshots(run)
    places = len(nodes.orders) + 1
    # A second measure that is nothing to everybody would only slow it down.
    measures = 2 if trolley.cap_crates else 1
    data = pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0)] * places,
        clients=[
            pyvrp.Client(location=node, delivery=[grams, crates][:measures])
            for node, (grams, crates) in enumerate(zip(nodes.grams, nodes.crates, strict=True), start=1)
        ],
        depots=[pyvrp.Depot(location=0)],
        vehicle_types=[
            pyvrp.VehicleType(_vehicles(nodes, trolley), [trolley.cap_g, trolley.cap_crates][:measures])
        ],
        distance_matrices=[nodes.arcs_s],
        duration_matrices=[nodes.arcs_s * 0],
    )
    ils = IteratedLocalSearchParams(history_length=history_length, callbacks=snapshots)
    params = pyvrp.SolveParams(ils=ils)
    result = pyvrp.solve(data, snapshots.ended, seed=run.seed, collect_stats=False, params=params)
    return snapshots.found, result.num_iterations


def _vehicles(nodes: Nodes, trolley: Trolley) -> int:
    full = max(sum(nodes.grams) / trolley.cap_g, sum(nodes.crates) / max(1, trolley.cap_crates))
    return min(len(nodes.orders), int(full * _SPARE_ROUNDS) + 5)


def _by_vroom(nodes: Nodes, trolley: Trolley, run: Run) -> list[Routes | None]:
    """Runs VROOM anew for each mark, unless it had ended by itself before the last one."""
    found: list[Routes | None] = []
    for mark_s in run.marks_s:
        began_s = time.monotonic()
        found.append(_vroom_routes(nodes, trolley, mark_s, run.threads))
        if time.monotonic() - began_s < 0.9 * mark_s:
            found += [found[-1]] * (len(run.marks_s) - len(found))
            break
    return found


def _vroom_routes(nodes: Nodes, trolley: Trolley, seconds: float, threads: int) -> Routes | None:
    problem = vroom.Input()
    problem.set_durations_matrix("car", nodes.arcs_s)
    problem.add_vehicle(
        [
            vroom.Vehicle(number, start=0, end=0, capacity=[trolley.cap_g, trolley.cap_crates])
            for number in range(_vehicles(nodes, trolley))
        ]
    )
    problem.add_job(
        [
            vroom.Job(node, location=node, delivery=[grams, crates])
            for node, (grams, crates) in enumerate(zip(nodes.grams, nodes.crates, strict=True), start=1)
        ]
    )
    solution = problem.solve(_VROOM_LEVEL, nb_threads=threads, timeout=timedelta(seconds=seconds))
    if solution.unassigned:
        return None
    routes: dict[int, list[int]] = {}
    for step in solution.routes.to_dict("records"):
        if step["type"] == "job":
            routes.setdefault(step["vehicle_id"], []).append(step["id"])
    return list(routes.values())
