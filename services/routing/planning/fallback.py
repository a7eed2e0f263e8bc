"""The plan that always comes: savings and a greedy deal in plain Python, needed when a solver's process dies."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from services.routing.planning.insertion import best_places
from services.routing.planning.parts import Part, Trolley, round_of, split_entrances, trolleys_of
from services.routing.planning.problem import DayAt, DropProblem, Reason, RoundAt, Unassigned
from services.routing.planning.sequencing import days_at, roster_of, sequence, split_surplus_mixed
from services.routing.planning.timetable import RoundClocks, cost_of

MIXED_PENALTY_S = 90
"""A round that turns from clean to sealed binds its crew's whole day; measured in reference/planning.md 3.3."""
_STEPS_PER_ROUND = 200
_MOST_STEPS = 2_000
_NEIGHBOURS = 40
"""Joints looked at from each part: all of a usual zone, and a bound on the work where zones are large."""


@dataclass(frozen=True, slots=True)
class Solution:
    """Crews' days at one drop point, and the orders in none of them."""

    days: tuple[DayAt, ...]
    left_out: tuple[Unassigned, ...]


def solve(problem: DropProblem, *, seed: int) -> Solution:
    """Plans one drop point without any solver; the best over the trolleys its crews push."""
    return min(
        (solve_with(problem, trolley, seed=seed) for trolley in trolleys_of(problem)),
        key=lambda solution: rank(problem, solution),
    )


def solve_with(problem: DropProblem, trolley: Trolley, *, seed: int) -> Solution:
    """Plans one drop point as if all its crews pushed this trolley; who pushes a smaller one takes what fits."""
    rounds = split_surplus_mixed(problem, rounds_by_savings(problem, trolley))
    steps = min(_MOST_STEPS, _STEPS_PER_ROUND * len(rounds))
    days = sequence(roster_of(problem, rounds), seed=seed, iterations=steps)
    return completed(problem, days_at(rounds, days))


def rank(problem: DropProblem, solution: Solution) -> tuple[int, int]:
    """Orders solutions: fewest orders left out, then cheapest."""
    return len(solution.left_out), cost_of(problem, solution.days)


def rounds_by_savings(problem: DropProblem, trolley: Trolley) -> list[RoundAt]:
    """Joins parts into rounds, the joint that saves most first. Source: Clarke and Wright, 1964."""
    parts = split_entrances(problem, trolley)
    joints = [
        (_saved_s(problem, parts[first], parts[second]), first, second)
        for first in range(len(parts))
        for second in _nearest(problem, parts, first)
    ]
    rounds = {number: [number] for number in range(len(parts))}
    home = list(range(len(parts)))
    for saved_s, first, second in sorted(joints, key=lambda joint: (-joint[0], joint[1], joint[2])):
        left, right = home[first], home[second]
        if saved_s <= 0 or left == right or rounds[left][-1] != first or rounds[right][0] != second:
            continue
        if not _fit_together([parts[part] for part in rounds[left] + rounds[right]], trolley):
            continue
        rounds[left] += rounds.pop(right)
        home = [left if round_ == right else round_ for round_ in home]
    return [round_of(problem, [parts[part] for part in chosen]) for chosen in rounds.values()]


def _nearest(problem: DropProblem, parts: Sequence[Part], first: int) -> list[int]:
    walk_s = problem.walk_s[parts[first].entrance + 1]
    others = (other for other in range(len(parts)) if other != first)
    return heapq.nsmallest(_NEIGHBOURS, others, key=lambda other: walk_s[parts[other].entrance + 1])


def _saved_s(problem: DropProblem, first: Part, second: Part) -> int:
    """Gives what walking on from one part to the next saves against coming back for it."""
    one, other = first.entrance + 1, second.entrance + 1
    saved_s = problem.load_s + problem.walk_s[one][0] + problem.walk_s[0][other] - problem.walk_s[one][other]
    if problem.sealed[first.entrance] == problem.sealed[second.entrance]:
        return saved_s
    return -1 if problem.sealed[first.entrance] else saved_s - MIXED_PENALTY_S


def _fit_together(parts: Sequence[Part], trolley: Trolley) -> bool:
    grams, crates = sum(part.grams for part in parts), sum(part.crates for part in parts)
    return grams <= trolley.cap_g and crates <= trolley.cap_crates


def completed(problem: DropProblem, days: Sequence[DayAt]) -> Solution:
    """Finds a place for every order the days leave out, or the reason why there is none."""
    clocks = RoundClocks(problem)
    filled = list(days)
    served = {order for day in days for each in day for _, orders in each for order in orders}
    left_out = []
    missing = set(range(len(problem.order_ids))) - served
    for order in sorted(missing, key=lambda order: (problem.due_s[order] < 0, problem.due_s[order], order)):
        nowhere: list[DayAt] = [() for _ in problem.crews]
        if not best_places(clocks, nowhere, order):
            left_out.append(Unassigned(problem.order_ids[order], Reason.SHIFT_TOO_SHORT))
        elif places := best_places(clocks, filled, order):
            filled[places[0].crew] = places[0].day
        else:
            left_out.append(Unassigned(problem.order_ids[order], Reason.SHIFTS_FULL))
    return Solution(tuple(filled), tuple(left_out))
