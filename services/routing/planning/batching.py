"""Rounds of entrances by OR-Tools' routing: a good plan within a second, the baseline and the way back."""

from collections.abc import Sequence
from dataclasses import dataclass

from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from services.routing.planning.mixing import MIXED_PENALTY_S, mixing_s, parts_of
from services.routing.planning.parts import Part, Trolley, round_of
from services.routing.planning.problem import DropProblem, RoundAt
from services.routing.planning.timetable import clock_round

_FORBIDDEN_S = 10**7
"""Dearer than any round, so never chosen: what may not follow, as a clean entrance after a sealed one."""
_SOLUTIONS_PER_PART = 60
"""Guided local search stops after so many improvements and kicks a part: the same seed gives the same rounds
as long as the clock does not cut it short (measured on futian-9001: flat beyond 40)."""


@dataclass(frozen=True, slots=True)
class Legs:
    """The routing model's numbers: parts at nodes 1 and up, the drop point at 0; rounds are its vehicles."""

    vehicles: int
    load_s: int
    seconds: tuple[tuple[int, ...], ...]
    grams: tuple[int, ...]
    crates: tuple[int, ...]


def batch(problem: DropProblem, trolley: Trolley, start: Sequence[RoundAt], *, seconds: float) -> list[RoundAt]:
    """Improves rounds that fill one kind of trolley with whole parts of entrances.

    Returns the start if the search finds nothing better.
    Source: reference/planning.md 2.2 and 3.3 (guided local search at entrance level).
    """
    parts = parts_of(problem, trolley)
    if len(parts) < 2 or seconds <= 0:
        return list(start)
    # A part too big for this trolley is an order for another crew; it travels alone.
    small = [part for part in parts if part.grams <= trolley.cap_g and part.crates <= trolley.cap_crates]
    alone = [round_of(problem, [part]) for part in parts if part not in small]
    legs = _legs(problem, small, vehicles=min(len(small), len(start) + len(start) // 5 + 2))
    routes = _routes(legs, trolley, seconds) if len(small) > 1 else None
    if routes is None:
        return list(start)
    cut = [piece for route in routes for piece in _cut(problem, [small[node - 1] for node in route])]
    found = alone + [round_of(problem, piece) for piece in cut]
    return min(found, list(start), key=lambda rounds: _seconds_of(problem, rounds, trolley.people))


def _cut(problem: DropProblem, route: Sequence[Part]) -> list[list[Part]]:
    """Cuts a route where one part may not follow another: with few vehicles even the dearest arc is taken."""
    pieces = [[route[0]]]
    for part in route[1:]:
        if mixing_s(problem, pieces[-1][-1], part) is None:
            pieces.append([])
        pieces[-1].append(part)
    return pieces


def _seconds_of(problem: DropProblem, rounds: Sequence[RoundAt], people: int) -> int:
    total_s = 0
    for each in rounds:
        mixed = len({problem.sealed[entrance] for entrance, _ in each}) > 1
        total_s += clock_round(problem, each, people).total_s + (MIXED_PENALTY_S if mixed else 0)
    return total_s


def _routes(legs: Legs, trolley: Trolley, seconds: float) -> list[list[int]] | None:
    manager = pywrapcp.RoutingIndexManager(len(legs.seconds), legs.vehicles, 0)
    model = pywrapcp.RoutingModel(manager)
    walk = model.RegisterTransitMatrix([list(row) for row in legs.seconds])
    model.SetArcCostEvaluatorOfAllVehicles(walk)
    model.SetFixedCostOfAllVehicles(legs.load_s)
    for name, loads, capacity in (
        ("grams", legs.grams, trolley.cap_g),
        ("crates", legs.crates, trolley.cap_crates),
    ):
        model.AddDimension(model.RegisterUnaryTransitVector(list(loads)), 0, capacity, True, name)
    solution = model.SolveWithParameters(_parameters(len(legs.seconds), seconds))
    if solution is None:
        return None
    return [route for vehicle in range(legs.vehicles) if (route := _route(manager, model, solution, vehicle))]


def _parameters(nodes: int, seconds: float) -> object:
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PATH_CHEAPEST_ARC
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.solution_limit = _SOLUTIONS_PER_PART * nodes
    parameters.time_limit.FromMilliseconds(max(1, int(seconds * 1000)))
    return parameters


def _route(
    manager: pywrapcp.RoutingIndexManager,
    model: pywrapcp.RoutingModel,
    solution: pywrapcp.Assignment,
    vehicle: int,
) -> list[int]:
    nodes = []
    index = solution.Value(model.NextVar(model.Start(vehicle)))
    while not model.IsEnd(index):
        nodes.append(manager.IndexToNode(index))
        index = solution.Value(model.NextVar(index))
    return nodes


def _legs(problem: DropProblem, parts: list[Part], vehicles: int) -> Legs:
    places = [0, *(part.entrance + 1 for part in parts)]
    rows = []
    for start, here in enumerate(places):
        row = []
        for end, there in enumerate(places):
            more_s = mixing_s(problem, parts[start - 1], parts[end - 1]) if start and end else 0
            row.append(_FORBIDDEN_S if more_s is None else problem.walk_s[here][there] + more_s)
        rows.append(tuple(row))
    return Legs(
        vehicles=vehicles,
        load_s=problem.load_s,
        seconds=tuple(rows),
        grams=(0, *(part.grams for part in parts)),
        crates=(0, *(part.crates for part in parts)),
    )
