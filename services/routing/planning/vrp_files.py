"""Reads CVRPLIB's .vrp files, writes .sol files, checks routes the slow obvious way: a public yardstick."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from services.routing.planning.problem import Crew, DropPoint, Entrance, Order, Plan, Problem, Weights
from services.routing.planning.time_model import LiftTimes, StairTimes, TimeModel

_SECTIONS = ("NODE_COORD_SECTION", "DEMAND_SECTION", "DEPOT_SECTION")
_MOST_NODES = 40_000
"""The largest of the public sets has 30,001."""
_ROUNDS_A_CREW = 30
_NEVER_S = 10**9


class MalformedVrp(ValueError):
    """A file that is no problem of this kind; the message begins with the field or line."""


@dataclass(frozen=True, slots=True)
class VrpFile:
    """A capacitated routing problem in the plane; node 0 is the depot, customers keep the file's order."""

    name: str
    capacity: int
    places: tuple[tuple[float, float], ...]
    demands: tuple[int, ...]

    def distance(self, here: int, there: int) -> int:
        """Gives the length of a leg, rounded as the library demands. Source: TSPLIB 95, EUC_2D, `nint`."""
        (x, y), (x2, y2) = self.places[here], self.places[there]
        return int(math.hypot(x - x2, y - y2) + 0.5)


def read_vrp(path: Path) -> VrpFile:
    """Reads one .vrp file. Errors: MalformedVrp naming the line or field that is missing or wrong."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise MalformedVrp(f"{path.name}: cannot be read as text ({error})") from error
    return vrp_from(lines)


def vrp_from(lines: Sequence[str]) -> VrpFile:
    """Reads the lines of a .vrp file. Errors: as `read_vrp`."""
    fields, sections = _parted(lines)
    for key, wanted in (("TYPE", "CVRP"), ("EDGE_WEIGHT_TYPE", "EUC_2D")):
        if fields.get(key) != wanted:
            raise MalformedVrp(f"{key}: only {wanted} is read here, not {fields.get(key, 'nothing')}")
    count = _field(fields, "DIMENSION")
    if not 2 <= count <= _MOST_NODES:
        raise MalformedVrp(f"DIMENSION: must be from 2 to {_MOST_NODES}")
    capacity = _field(fields, "CAPACITY")
    if capacity <= 0:
        raise MalformedVrp("CAPACITY: must be above 0")
    places = _table(sections, "NODE_COORD_SECTION", 2, count)
    demands = _table(sections, "DEMAND_SECTION", 1, count)
    depot = _depot(sections, count)
    for node, (demand,) in demands.items():
        if demand != int(demand) or not 0 <= demand <= capacity:
            raise MalformedVrp(f"DEMAND_SECTION, node {node}: must be a whole number from 0 to CAPACITY")
    if demands[depot] != (0,):
        raise MalformedVrp(f"DEMAND_SECTION, node {depot}: the depot must demand nothing")
    order = [depot, *(node for node in sorted(places) if node != depot)]
    return VrpFile(
        name=fields.get("NAME", "vrp"),
        capacity=capacity,
        places=tuple((places[node][0], places[node][1]) for node in order),
        demands=tuple(int(demands[node][0]) for node in order),
    )


def _parted(lines: Sequence[str]) -> tuple[dict[str, str], dict[str, list[tuple[int, list[str]]]]]:
    """Parts `KEY : value` lines from the sections' rows, which keep their line numbers."""
    fields: dict[str, str] = {}
    sections: dict[str, list[tuple[int, list[str]]]] = {}
    rows: list[tuple[int, list[str]]] | None = None
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if text == "EOF":
            break
        key = text.partition(":")[0].strip()
        if key in _SECTIONS:
            rows = sections.setdefault(key, [])
        elif ":" in text and not text[0].isdigit():
            fields[key] = text.partition(":")[2].strip().strip('"')
            rows = None
        elif text and rows is None:
            raise MalformedVrp(f"line {number}: is neither a field nor in a section that is known here")
        elif text and rows is not None:
            rows.append((number, text.split()))
    return fields, sections


def _field(fields: dict[str, str], key: str) -> int:
    if key not in fields:
        raise MalformedVrp(f"{key}: is missing")
    try:
        return int(fields[key])
    except ValueError:
        raise MalformedVrp(f"{key}: must be a whole number") from None


def _table(
    sections: dict[str, list[tuple[int, list[str]]]], name: str, width: int, count: int
) -> dict[int, tuple[float, ...]]:
    """Reads `node value ...` rows; each of the nodes 1 to count exactly once."""
    if name not in sections:
        raise MalformedVrp(f"{name}: is missing")
    table: dict[int, tuple[float, ...]] = {}
    for number, words in sections[name]:
        try:
            node, values = int(words[0]), tuple(float(word) for word in words[1:])
        except ValueError:
            raise MalformedVrp(f"{name}, line {number}: must be numbers") from None
        if len(values) != width or not all(map(math.isfinite, values)):
            raise MalformedVrp(f"{name}, line {number}: must be a node and {width} finite numbers")
        if not 1 <= node <= count or node in table:
            raise MalformedVrp(f"{name}, line {number}: node {node} is there twice or beyond DIMENSION")
        table[node] = values
    if len(table) != count:
        raise MalformedVrp(f"{name}: has {len(table)} nodes of {count}")
    return table


def _depot(sections: dict[str, list[tuple[int, list[str]]]], count: int) -> int:
    words = [word for _, row in sections.get("DEPOT_SECTION", []) for word in row]
    depots = [word for word in words if word != "-1"]
    if len(depots) != 1 or not depots[0].isdigit() or not 1 <= int(depots[0]) <= count:
        raise MalformedVrp("DEPOT_SECTION: must name exactly one node")
    return int(depots[0])


def check_routes(problem: VrpFile, routes: Sequence[Sequence[int]]) -> tuple[int, list[str]]:
    """Gives the length of all routes, and every rule they break; customers are 1 to n, the depot is left out."""
    errors = []
    visited = sorted(customer for route in routes for customer in route)
    wanted = range(1, len(problem.places))
    if visited != list(wanted):
        missing, extra = sorted(set(wanted) - set(visited)), sorted(set(visited) - set(wanted))
        twice = sorted({customer for customer in visited if visited.count(customer) > 1}) if not extra else []
        errors.append(f"missing {missing[:5]}, unknown {extra[:5]}, more than once {twice[:5]}")
        return 0, errors
    length = 0
    for number, route in enumerate(routes, start=1):
        load = sum(problem.demands[customer] for customer in route)
        if load > problem.capacity:
            errors.append(f"route {number} carries {load} of at most {problem.capacity}")
        stops = [0, *route, 0]
        length += sum(problem.distance(here, there) for here, there in itertools.pairwise(stops))
    return length, errors


def sol_text(routes: Sequence[Sequence[int]], length: int) -> str:
    """Writes routes as CVRPLIB's .sol files have them."""
    lines = [f"Route #{number}: {' '.join(map(str, route))}" for number, route in enumerate(routes, start=1)]
    return "\n".join([*lines, f"Cost {length}", ""])


def write_sol(path: Path, routes: Sequence[Sequence[int]], length: int) -> None:
    """Writes a .sol file. Errors: MalformedVrp when it cannot be written."""
    try:
        path.write_text(sol_text(routes, length), encoding="utf-8")
    except OSError as error:
        raise MalformedVrp(f"{path.name}: cannot be written ({error})") from error


def routes_from(text: str) -> list[list[int]]:
    """Reads the routes of a .sol file. Errors: MalformedVrp naming the line."""
    routes = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip().lower().startswith("route"):
            continue
        try:
            routes.append([int(word) for word in line.partition(":")[2].split()])
        except ValueError:
            raise MalformedVrp(f"line {number}: a route must be whole numbers") from None
    return routes


def street_of(vrp: VrpFile) -> Problem:
    """Says the same problem in our own words: a customer is an entrance with one order, a metre is a second.

    Walks are rounded to the nearest whole second, which is TSPLIB's rounding but for an exact half; coordinates
    that are whole numbers never make one.
    """
    nothing = StairTimes(0, 0, 0, max(1, vrp.capacity), 0)
    (x, y), *places = vrp.places
    rounds = math.ceil(sum(vrp.demands) / vrp.capacity)
    return Problem(
        name=vrp.name,
        seed=0,
        weights=Weights(),
        model=TimeModel(1.0, 1.0, 0, 0, 0, LiftTimes(0, 0, 0, 0), nothing),
        drop_points=(DropPoint("depot", "plane", x, y),),
        entrances=tuple(
            Entrance(str(node), str(node), "plane", "depot", *place, 1, lift=False, sealed=False, gate_s=0)
            for node, place in enumerate(places, start=1)
        ),
        orders=tuple(
            Order(str(node), str(node), 1, 1, (demand,), 0) for node, demand in enumerate(vrp.demands[1:], start=1)
        ),
        crews=tuple(
            Crew(f"vehicle {number}", "depot", 1, vrp.capacity, 0, 0, _NEVER_S)
            for number in range(1 + rounds // _ROUNDS_A_CREW)
        ),
    )


def routes_of(plan: Plan) -> list[list[int]]:
    """Reads a plan for such a street as routes."""
    return [
        [int(order) for visit in each.visits for order in visit.orders]
        for crew_plan in plan.crews
        for each in crew_plan.rounds
    ]
