"""The fewest rounds that can carry everything, whatever they cost: a start for the search where trolleys are full.

A round costs loading, a walk out and back and a lift's wait again. Between a plan with one round more and one with
one less lie only plans that overload a trolley, so a search that never does seldom gets from one to the other.
"""

from collections.abc import Sequence
from math import ceil

from services.routing.planning.day_rules import crews_for, day_rules_of
from services.routing.planning.parts import Trolley, part_of, round_of, trolleys_of
from services.routing.planning.problem import DayAt, DropProblem, RoundAt
from services.routing.planning.sequencing import kind_of

_EVENNESS = 5
"""How much a share more of one measure than of the other weighs against an order's own shares."""


def packed_days(problem: DropProblem) -> list[DayAt] | None:
    """Deals such rounds out to crews that can take them, evenly and whatever their hours; None without them."""
    rounds = packed(problem, trolleys_of(problem)[0])
    if rounds is None:
        return None
    rules = day_rules_of(problem)
    days: list[list[RoundAt]] = [[] for _ in problem.crews]
    for each in sorted(rounds, key=lambda round_at: kind_of(problem, round_at)):
        able = crews_for(problem, rules, each)
        if not able:
            return None
        days[min(able, key=lambda crew: len(days[crew]))].append(each)
    return [tuple(day) for day in days]


def packed(problem: DropProblem, trolley: Trolley) -> list[RoundAt] | None:
    """Packs all orders into as few rounds as their load asks for, or nearly so; None if that does not succeed.

    Shape: rounds are of one class and one lock each, but for at most one a lock that turns from clean to sealed.
    Source: filling bin by bin; Panigrahy and others, "Heuristics for vector bin packing", 2011; what makes an
    order fit is ours (at the least number on each of 30 parts of tuning streets, where theirs failed on five).
    """
    rounds: list[list[int]] = []
    kinds = _kinds(problem)
    for (lock, handling), orders in kinds.items():
        may_mix = handling == 1 and (lock, 0) in kinds and not problem.rules.own_crews
        filled = _filled(problem, trolley, orders, rounds.pop() if may_mix else [])
        if filled is None:
            return None
        rounds += filled
    return [_in_visits(problem, orders) for orders in rounds if orders]


def _kinds(problem: DropProblem) -> dict[tuple[str, int], list[int]]:
    """Sorts orders by their lock and then their class, the clean ones first."""
    kinds: dict[tuple[str, int], list[int]] = {}
    for order, entrance in enumerate(problem.entrance_of):
        kind = (problem.orders[order].crew or "", problem.entrances[entrance].handling_class)
        kinds.setdefault(kind, []).append(order)
    return dict(sorted(kinds.items()))


def _filled(
    problem: DropProblem, trolley: Trolley, orders: Sequence[int], begun: Sequence[int]
) -> list[list[int]] | None:
    """Fills a round that has been begun and new ones, with one more than the load asks for where it must."""
    grams, crates = problem.load_of([*begun, *orders])
    least = max(1, ceil(_share(grams, trolley.cap_g)), ceil(_share(crates, trolley.cap_crates)))
    for count in (least, least + 1):
        rounds = [list(begun), *([] for _ in range(count - 1))]
        if _pack(problem, trolley, orders, rounds):
            return rounds
    return None


def _pack(problem: DropProblem, trolley: Trolley, orders: Sequence[int], rounds: Sequence[list[int]]) -> bool:
    """Fills one round after the other; says whether all orders found their place."""
    left = set(orders)
    for each in rounds:
        room_g, room_crates = trolley.cap_g, trolley.cap_crates
        for order in each:
            room_g, room_crates = room_g - problem.grams[order], room_crates - problem.crates[order]
        while True:
            able = [it for it in left if problem.grams[it] <= room_g and problem.crates[it] <= room_crates]
            if not able:
                break
            order = min(able, key=lambda it: (_unlikeness(problem, trolley, it, (room_g, room_crates)), it))
            room_g, room_crates = room_g - problem.grams[order], room_crates - problem.crates[order]
            each.append(order)
            left.remove(order)
    return not left


def _unlikeness(problem: DropProblem, trolley: Trolley, order: int, room: tuple[int, int]) -> float:
    """Is low for a large order that leaves as large a share of the weight as of the crates."""
    share_g = _share(problem.grams[order], trolley.cap_g)
    share_crates = _share(problem.crates[order], trolley.cap_crates)
    left_g, left_crates = (
        _share(room[0], trolley.cap_g) - share_g,
        _share(room[1], trolley.cap_crates) - share_crates,
    )
    return _EVENNESS * abs(left_g - left_crates) - share_g - share_crates


def _share(load: int, most: int) -> float:
    """Is a load as a part of what a trolley takes; one that takes no crates is asked to take none."""
    return load / max(1, most)


def _in_visits(problem: DropProblem, orders: Sequence[int]) -> RoundAt:
    visits: dict[int, list[int]] = {}
    for order in orders:
        visits.setdefault(problem.entrance_of[order], []).append(order)
    return round_of(problem, [part_of(problem, entrance, own) for entrance, own in visits.items()])
