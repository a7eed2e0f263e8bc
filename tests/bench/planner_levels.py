"""A drop point as a plain routing problem, at the three levels of detail at which general solvers do well.

What such a solver cannot know (that a stairwell's climbs are cut by weight, that a lift serves floors downwards,
that a crew stays out of clean entrances after a sealed one) is put into arcs; its routes are priced exactly later.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.routing.planning.parts import Trolley, split_entrances
from services.routing.planning.problem import DropProblem, RoundAt
from services.routing.planning.visit_cost import (
    CARRY_G,
    CLIMB_S,
    DOWN_S,
    S_PER_FLOOR,
    STOP_S,
    UP_S,
    WAIT_S,
    downwards_s,
)

LEVELS = ("door", "batch", "entrance")
_MIXED_S = 90
"""From a clean to a sealed entrance: one such round a crew is all that fits (reference/planning.md 3.3)."""
_AGAINST_ORDER_S = 600
"""From a sealed to a clean one: never worth it, and not so dear that it upsets a solver's penalties."""
_CLIMB_SHARE = 0.5
"""How much of a climb, by weight, one more door in a stairwell is told to cost: of 0, 0.5 and 1 the best for
PyVRP on nankeng-1 (crew time 0.15 to 0.25 % less), and no difference on futian-9001, where most have lifts."""

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Nodes:
    """Orders that travel together at nodes 1 and up, the drop point at 0; arcs in seconds."""

    orders: tuple[tuple[int, ...], ...]
    arcs_s: Whole
    grams: tuple[int, ...]
    crates: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Stop:
    """One node while arcs are made: its entrance, its highest floor, and what its way up costs alone."""

    entrance: int
    orders: tuple[int, ...]
    floor: int
    climb_s: int
    climb_share_s: int


def nodes_of(problem: DropProblem, trolley: Trolley, level: str) -> Nodes:
    """Lays a drop point out for a general solver.

    Source: reference/planning.md 3.1 and 3.3: doors; climbs in stairwells with lifts left at doors; trolley loads.
    """
    if level == "entrance":
        stops = [_stop(problem, trolley, part.orders) for part in split_entrances(problem, trolley)]
    else:
        stops = [_stop(problem, trolley, orders) for orders in _small_groups(problem, trolley, level)]
    return Nodes(
        orders=tuple(stop.orders for stop in stops),
        arcs_s=_arcs_s(problem, stops, level),
        grams=tuple(problem.load_of(stop.orders)[0] for stop in stops),
        crates=tuple(problem.load_of(stop.orders)[1] for stop in stops),
    )


def rounds_of(problem: DropProblem, nodes: Nodes, routes: Sequence[Sequence[int]]) -> list[RoundAt]:
    """Turns routes over nodes into rounds: one visit an entrance, clean entrances before sealed ones."""
    rounds = []
    for route in routes:
        visits: dict[int, list[int]] = {}
        for node in route:
            for order in nodes.orders[node - 1]:
                visits.setdefault(problem.entrance_of[order], []).append(order)
        ordered = sorted(visits, key=lambda entrance: problem.sealed[entrance])
        rounds.append(tuple((entrance, tuple(visits[entrance])) for entrance in ordered))
    return rounds


def _small_groups(problem: DropProblem, trolley: Trolley, level: str) -> list[tuple[int, ...]]:
    """Gives every order its node; at batch level the orders of one climb share theirs."""
    limit_g = problem.times[CARRY_G] * trolley.people
    groups: list[tuple[int, ...]] = []
    for entrance in range(len(problem.entrance_ids)):
        here = [order for order, place in enumerate(problem.entrance_of) if place == entrance]
        if level == "door" or problem.has_lift[entrance]:
            groups += [(order,) for order in here]
            continue
        climb: list[int] = []
        for order in sorted(here, key=lambda order: (-problem.packages[order][0][0], order)):
            if climb and problem.load_of([*climb, order])[0] > limit_g:
                groups.append(tuple(climb))
                climb = []
            climb.append(order)
        groups.append(tuple(climb))
    return groups


def _stop(problem: DropProblem, trolley: Trolley, orders: tuple[int, ...]) -> _Stop:
    times = problem.times
    floor = max(problem.packages[order][0][0] for order in orders)
    entrance = problem.entrance_of[orders[0]]
    climb_s = times[CLIMB_S] + (floor - 1) * (times[UP_S] + times[DOWN_S])
    share = _CLIMB_SHARE * problem.load_of(orders)[0] / max(1, times[CARRY_G] * trolley.people)
    return _Stop(entrance, orders, floor, climb_s, round(share * climb_s))


def _arcs_s(problem: DropProblem, stops: Sequence[_Stop], level: str) -> Whole:
    """Prices every leg: out of one entrance, the walk, into the next; or from door to door inside one."""
    places = np.array([0, *(stop.entrance + 1 for stop in stops)])
    walk_s = np.array(problem.walk_s, dtype=np.int64)[np.ix_(places, places)]
    into_s = np.array([0, *(_into_s(problem, stop, level) for stop in stops)])
    out_s = np.array([0, *(_out_s(problem, stop, level) for stop in stops)])
    arcs_s: Whole = walk_s + into_s[None, :] + out_s[:, None]
    sealed = np.array([problem.sealed[stop.entrance] for stop in stops], dtype=bool)
    arcs_s[1:, 1:] += _MIXED_S * (~sealed[:, None] & sealed[None, :])
    arcs_s[1:, 1:] += _AGAINST_ORDER_S * (sealed[:, None] & ~sealed[None, :])
    arcs_s[0, 1:] += problem.load_s
    for here, stop in enumerate(stops, start=1):
        for there in np.flatnonzero(places == stop.entrance + 1):
            arcs_s[here, there] = _inside_s(problem, stop, stops[there - 1], level)
    np.fill_diagonal(arcs_s, 0)
    return arcs_s


def _into_s(problem: DropProblem, stop: _Stop, level: str) -> int:
    times, gate_s = problem.times, problem.gate_s[stop.entrance]
    if level == "entrance":
        return gate_s
    if problem.has_lift[stop.entrance]:
        return gate_s + times[WAIT_S] + (stop.floor - 1) * times[S_PER_FLOOR] + times[STOP_S]
    return gate_s + (stop.climb_s if level == "door" else 0)


def _out_s(problem: DropProblem, stop: _Stop, level: str) -> int:
    if level == "entrance" or not problem.has_lift[stop.entrance]:
        return 0
    return downwards_s(problem.times, stop.floor - 1)


def _inside_s(problem: DropProblem, stop: _Stop, after: _Stop, level: str) -> int:
    """Prices a step inside one entrance; upwards it costs what going there would, so that routes go downwards."""
    times = problem.times
    storeys = stop.floor - after.floor
    if level == "entrance":
        return 0
    if problem.has_lift[stop.entrance]:
        if storeys == 0:
            return 0
        ride_s = downwards_s(times, storeys) if storeys > 0 else times[WAIT_S] - storeys * times[S_PER_FLOOR]
        return times[STOP_S] + ride_s
    if level == "batch":
        return 0
    return after.climb_share_s + max(0, -storeys) * (times[UP_S] + times[DOWN_S])
