"""The plan that always comes: savings and a greedy deal in plain Python, needed when a solver's process dies."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.routing.planning.day_rules import crews_for, day_rules_of
from services.routing.planning.mixing import mixing_s, parts_of
from services.routing.planning.parts import Part, Trolley, round_of, trolleys_of
from services.routing.planning.placing import best_places, within_rules
from services.routing.planning.problem import DayAt, DropProblem, Reason, RoundAt, Unassigned
from services.routing.planning.sequencing import days_at, kind_of, roster_of, sequence, split_surplus_mixed
from services.routing.planning.timetable import RoundClocks, cost_of

_STEPS_PER_ROUND = 200
_MOST_STEPS = 2_000
_NEIGHBOURS = 40
"""Joints looked at from each part: all of a usual zone, and a bound on the work where zones are large."""


@dataclass(frozen=True, slots=True)
class Solution:
    """Crews' days at one drop point, and the orders in none of them."""

    days: tuple[DayAt, ...]
    left_out: tuple[Unassigned, ...]


def always() -> bool:
    """Says that there is time."""
    return True


def solve(problem: DropProblem, *, seed: int, may_go_on: Callable[[], bool] = always) -> Solution:
    """Plans one drop point without any solver; the best over the trolleys its crews push."""
    return min(
        (solve_with(problem, trolley, seed=seed, may_go_on=may_go_on) for trolley in trolleys_of(problem)),
        key=lambda solution: rank(problem, solution),
    )


def solve_with(
    problem: DropProblem, trolley: Trolley, *, seed: int, may_go_on: Callable[[], bool] = always
) -> Solution:
    """Plans one drop point as if all its crews pushed this trolley; who pushes a smaller one takes what fits.

    Once it may not go on, orders that have no place yet stay behind.
    """
    rounds = split_surplus_mixed(problem, rounds_by_savings(problem, trolley))
    steps = min(_MOST_STEPS, _STEPS_PER_ROUND * len(rounds))
    days = sequence(roster_of(problem, rounds), seed=seed, iterations=steps)
    return completed(problem, days_at(rounds, days), may_go_on)


def rank(problem: DropProblem, solution: Solution) -> tuple[int, int]:
    """Orders solutions: fewest orders left out, then cheapest."""
    return len(solution.left_out), cost_of(problem, solution.days)


def rounds_by_savings(problem: DropProblem, trolley: Trolley) -> list[RoundAt]:
    """Joins parts into rounds, the joint that saves most first. Source: Clarke and Wright, 1964."""
    parts = parts_of(problem, trolley)
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
    more_s = mixing_s(problem, first, second)
    if more_s is None:
        return -1
    one, other = first.entrance + 1, second.entrance + 1
    saved_s = problem.load_s + problem.walk_s[one][0] + problem.walk_s[0][other] - problem.walk_s[one][other]
    return saved_s - more_s


def _fit_together(parts: Sequence[Part], trolley: Trolley) -> bool:
    grams, crates = sum(part.grams for part in parts), sum(part.crates for part in parts)
    return grams <= trolley.cap_g and crates <= trolley.cap_crates


def completed(problem: DropProblem, days: Sequence[DayAt], may_go_on: Callable[[], bool] = always) -> Solution:
    """Takes out of days what breaks a rule; finds a place for every order they leave out, or the reason for none.

    Once it may not go on, no more places are looked for.
    """
    clocks = RoundClocks(problem)
    filled = within_rules(clocks, days, may_go_on)
    served = {order for day in filled for each in day for _, orders in each for order in orders}
    left_out = []
    missing = set(range(len(problem.order_ids))) - served
    for order in sorted(missing, key=lambda order: (problem.due_s[order] < 0, problem.due_s[order], order)):
        places = best_places(clocks, filled, order, 1) if may_go_on() else []
        if places:
            filled[places[0].crew] = places[0].day
        else:
            left_out.append(Unassigned(problem.order_ids[order], _reason(clocks, order)))
    return Solution(tuple(filled), tuple(left_out))


def with_left_out(problem: DropProblem, solution: Solution) -> list[DayAt]:
    """Gives each order that only found no time a round of its own, whatever the hours: a start for the search."""
    rules = day_rules_of(problem)
    days = [list(day) for day in solution.days]
    at = {order: position for position, order in enumerate(problem.order_ids)}
    for left_out in solution.left_out:
        if left_out.reason not in {Reason.SHIFTS_FULL, Reason.RULES_KEEP_OUT}:
            continue
        order = at[left_out.order]
        alone: RoundAt = ((problem.entrance_of[order], (order,)),)
        if able := crews_for(problem, rules, alone):
            days[min(able, key=lambda crew: len(days[crew]))].append(alone)
    return [tuple(sorted(day, key=lambda round_at: kind_of(problem, round_at))) for day in days]


def _reason(clocks: RoundClocks, order: int) -> Reason:
    """Says what keeps an order out for which there is no place."""
    if clocks.rules.binds(clocks.problem.entrance_of[order], order):
        return Reason.RULES_KEEP_OUT
    nowhere: list[DayAt] = [() for _ in clocks.problem.crews]
    return Reason.SHIFTS_FULL if best_places(clocks, nowhere, order, 1) else Reason.SHIFT_TOO_SHORT
