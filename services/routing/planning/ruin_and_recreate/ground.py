"""What a search stands on and never changes: one drop point's numbers in flat sequences, one meaning each.

Flat sequences of whole numbers are what plain Python reads fastest and what numba compiles. Here and in the
rest of this package a list and an array of numbers do equally.
"""

from collections.abc import MutableSequence, Sequence
from heapq import nsmallest
from itertools import accumulate
from typing import NamedTuple

from services.routing.planning.day_rules import ANY_CREW, NEVER_S, DayRules, day_rules_of
from services.routing.planning.problem import DayAt, DropProblem
from services.routing.planning.visit_cost import DOOR_S

Ints = MutableSequence[int]

(
    ORDERS,
    PLACES,
    CREWS,
    SLOTS,
    MOST_ORDERS,
    MOST_STOPS,
    MOST_ROUNDS,
    LOAD_S,
    LOAD_S_PER_PACKAGE,
    CREW_WEIGHT,
    LATE_WEIGHT,
    OVER_WEIGHT,
    PROMISES,
    CLASSES,
    NEAR,
    MOST_G,
    MOST_CRATES,
    RULES,
    DISINFECT_S,
    REST_AFTER_S,
    REST_S,
    COLD_LIMIT_S,
    QUIETS,
    FIRST_QUIET,
) = range(24)
"""Columns of `Ground.sizes`. SLOTS is how many rounds there can be, MOST_ROUNDS how many in one crew's day,
MOST_ORDERS and MOST_STOPS how many in one round; the walk matrix has PLACES rows, the drop point first; a row
of `near` is NEAR wide; MOST_G and MOST_CRATES are what the largest trolley takes. RULES is 1 where days have
seconds of their own to spend or hours to keep, classes above sealed, or what is locked; nothing else pays for it.
From FIRST_QUIET on stand the quiet hours, a pair each."""
BEGAN_S, RESTED_S, LATE_S, ROUNDS_BEFORE, CLASS_BEFORE, LOWEST, HIGHEST, CREW_RULES = range(8)
"""Columns of `Ground.crew_rules`: when a crew's shift begins; of the rounds that stand when it rested last, how
late they were, how many they are and the class it was in last; and from which class to which it may enter."""
FROM_S, TO_S, IS_COLD, CREW_OF, ORDER_RULES = range(5)
"""Columns of `Ground.order_rules`: from when its visit may begin and by when it must end, and its only crew."""
HANDED_OVER = 2
"""In `Ground.has_lift`: goods are handed over at the foot, whatever leads up."""

_MOST_ORDERS_A_ROUND = 128
_MOST_ROUNDS_A_DAY = 96
_MOST_NEAR = 60
_OVER_WEIGHT = 20
"""A second after the shift's end is searched away from at this price; no plan with one is given out."""


class Ground(NamedTuple):
    """One drop point's numbers.

    Shape: orders are renumbered by entrance, then from the highest floor down, and packages by entrance, then
    by (floor, grams) from the highest down, so that what is sorted by number is sorted for `visit_cost`.
    `first_order` and `near` have a row an entrance, `first_package` one an order; `near` holds the entrances
    by their walk from this one, itself first. `crew_start_s` is after the rounds that stand. `least_cost` is what
    an order costs wherever it is put.
    """

    sizes: Ints
    times: Ints
    walk_s: Ints
    has_lift: Ints
    gate_s: Ints
    handling: Ints
    near: Ints
    first_order: Ints
    entrance_of: Ints
    grams: Ints
    crates: Ints
    due_s: Ints
    first_package: Ints
    packages: Ints
    package_floor: Ints
    package_grams: Ints
    crew_people: Ints
    crew_class: Ints
    crew_cap_g: Ints
    crew_cap_crates: Ints
    crew_start_s: Ints
    crew_end_s: Ints
    crew_rules: Ints
    order_rules: Ints
    least_cost: Ints


def numbered_orders(problem: DropProblem) -> list[int]:
    """Lists the problem's orders in the search's numbering: by entrance, then from the highest floor down."""
    return sorted(
        range(len(problem.order_ids)),
        key=lambda order: (
            problem.entrance_of[order],
            [(-f, -g) for f, g in sorted(problem.packages[order])[::-1]],
        ),
    )


def ground_of(problem: DropProblem, days: Sequence[DayAt], *, is_full: bool = False) -> Ground:
    """Lays a drop point out for the search, with room for the days to start from: for no round more if full."""
    orders = numbered_orders(problem)
    first_package, packages, package_floor, package_grams = _packages(problem, orders)
    entrance_of = [problem.entrance_of[order] for order in orders]
    entrances = len(problem.entrance_ids)
    first_order = [0] * (entrances + 1)
    for entrance in entrance_of:
        first_order[entrance + 1] += 1
    for entrance in range(entrances):
        first_order[entrance + 1] += first_order[entrance]
    people = sorted({crew.people for crew in problem.crews})
    rules = day_rules_of(problem)
    return Ground(
        sizes=_sizes(problem, rules, days, is_full=is_full) + _rule_sizes(problem, rules),
        times=list(problem.times),
        walk_s=[seconds for row in problem.walk_s for seconds in row],
        has_lift=[
            HANDED_OVER if entrance.hand_over_s is not None else int(entrance.lift)
            for entrance in problem.entrances
        ],
        gate_s=list(problem.gate_s),
        handling=list(rules.handling),
        near=[other for entrance in range(entrances) for other in _nearest(problem, entrance)],
        first_order=first_order,
        entrance_of=entrance_of,
        grams=[problem.grams[order] for order in orders],
        crates=[problem.crates[order] for order in orders],
        due_s=[problem.due_s[order] for order in orders],
        first_package=first_package,
        packages=packages,
        package_floor=package_floor,
        package_grams=package_grams,
        crew_people=[crew.people for crew in problem.crews],
        crew_class=[people.index(crew.people) for crew in problem.crews],
        crew_cap_g=[crew.cap_g for crew in problem.crews],
        crew_cap_crates=[crew.cap_crates for crew in problem.crews],
        crew_start_s=[standing.now_s for standing in problem.standing],
        crew_end_s=[crew.end_s for crew in problem.crews],
        crew_rules=[number for crew in range(len(problem.crews)) for number in _crew_rules(problem, rules, crew)],
        order_rules=[
            number
            for order in orders
            for number in (
                rules.from_s[order],
                rules.to_s[order],
                int(rules.is_cold[order]),
                rules.crew_of[order],
            )
        ],
        least_cost=[_least_cost(problem, order) for order in orders],
    )


def _nearest(problem: DropProblem, entrance: int) -> list[int]:
    walk_s = problem.walk_s[entrance + 1][1:]
    nearest = nsmallest(_MOST_NEAR, range(len(walk_s)), key=walk_s.__getitem__)
    return [entrance, *(other for other in nearest if other != entrance)][:_MOST_NEAR]


def _packages(problem: DropProblem, orders: list[int]) -> tuple[list[int], list[int], list[int], list[int]]:
    """Numbers packages as `Ground` says; gives each order's first, their numbers, floors and grams."""
    loose = [
        (problem.entrance_of[order], -floor, -grams, number)
        for number, order in enumerate(orders)
        for floor, grams in problem.packages[order]
    ]
    loose.sort()
    of_order: list[list[int]] = [[] for _ in orders]
    for package, (_, _, _, number) in enumerate(loose):
        of_order[number].append(package)
    first_package = [0]
    for held in of_order:
        first_package.append(first_package[-1] + len(held))
    packages = [package for held in of_order for package in held]
    return first_package, packages, [-row[1] for row in loose], [-row[2] for row in loose]


def _least_cost(problem: DropProblem, order: int) -> int:
    """What an order costs wherever it goes: its packages are loaded and, at the door, handed over."""
    loading_s = problem.load_s_per_package * len(problem.packages[order])
    entrance = problem.entrances[problem.entrance_of[order]]
    door_s = 0 if entrance.hand_over_s is not None else problem.times[DOOR_S]
    return problem.weights.crew_s * (loading_s + door_s)


def _sizes(problem: DropProblem, rules: DayRules, days: Sequence[DayAt], *, is_full: bool) -> list[int]:
    orders, rounds = len(problem.order_ids), sum(len(day) for day in days)
    longest = max((sum(len(visit[1]) for visit in each) for day in days for each in day), default=0)
    fullest = max((len(day) for day in days), default=0)
    most_orders = max(longest, min(orders, _MOST_ORDERS_A_ROUND, _most_in_one_round(problem)))
    weights = problem.weights
    return [
        orders,
        len(problem.entrance_ids) + 1,
        len(problem.crews),
        max(1, rounds) if is_full else min(orders, rounds + rounds // 2 + 8) + 1,
        most_orders,
        min(most_orders, len(problem.entrance_ids)),
        max(fullest, min(orders, _MOST_ROUNDS_A_DAY)) + 1,
        problem.load_s,
        problem.load_s_per_package,
        weights.crew_s,
        weights.late_s,
        _OVER_WEIGHT * max(1, weights.crew_s, weights.late_s),
        sum(due_s >= 0 for due_s in problem.due_s) + int(rules.has_hours),
        len({crew.people for crew in problem.crews}),
        min(_MOST_NEAR, len(problem.entrance_ids)),
        max(crew.cap_g for crew in problem.crews),
        max(crew.cap_crates for crew in problem.crews),
    ]


def _rule_sizes(problem: DropProblem, rules: DayRules) -> list[int]:
    never = NEVER_S
    has_locks = any(standing.rounds for standing in problem.standing) or set(rules.crew_of) != {ANY_CREW}
    return [
        int(rules.is_timed or has_locks or max(rules.handling, default=0) > 1),
        problem.rules.disinfect_s,
        never if problem.rules.rest_after_s is None else problem.rules.rest_after_s,
        problem.rules.rest_s,
        never if problem.rules.cold_limit_s is None else problem.rules.cold_limit_s,
        len(problem.rules.quiet),
        *(second for hours in problem.rules.quiet for second in hours),
    ]


def _crew_rules(problem: DropProblem, rules: DayRules, crew: int) -> list[int]:
    standing = problem.standing[crew]
    return [
        problem.crews[crew].start_s,
        standing.rested_s,
        standing.late_s,
        standing.rounds,
        standing.handling,
        rules.lowest[crew],
        rules.highest[crew],
    ]


def _most_in_one_round(problem: DropProblem) -> int:
    """Counts the lightest, or smallest, orders that the largest trolley could take."""
    counts = []
    for loads, room in (
        (problem.grams, max((crew.cap_g for crew in problem.crews), default=0)),
        (problem.crates, max((crew.cap_crates for crew in problem.crews), default=0)),
    ):
        taken = accumulate(sorted(loads))
        counts.append(sum(1 for load in taken if load <= room))
    return max(1, min(counts))
