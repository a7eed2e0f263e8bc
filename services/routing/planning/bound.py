"""A floor under the crew seconds of any plan: what no batching, however clever, can save."""

import math

from services.routing.planning.problem import DropProblem, Problem, drop_problems, screen
from services.routing.planning.visit_cost import CARRY_G, CLIMB_S, DOOR_S, DOWN_S, UP_S, hauling_s, lift_s


def lower_bound_s(problem: Problem) -> int:
    """Gives crew seconds that every plan of all orders needs at least; 0 where nothing can be served.

    Each entrance is entered once and its climbs are filled without a gap; each round is loaded once, filled
    without a gap, and walks at least to the farthest place of its goods and back, which the goods share
    by weight or by crates (the radial bound of Haimovich and Rinnooy Kan, 1985).
    """
    servable, _ = screen(problem)
    return sum(_drop_bound_s(part) for part in drop_problems(servable))


def _drop_bound_s(part: DropProblem) -> int:
    people = max(crew.people for crew in part.crews)
    inside_s = sum(_entrance_bound_s(part, entrance, people) for entrance in range(len(part.entrance_ids)))
    packages = sum(len(order) for order in part.packages)
    by_weight = _trolleys(part.grams, max(crew.cap_g for crew in part.crews))
    by_crates = _trolleys(part.crates, max(crew.cap_crates for crew in part.crews))
    rounds = math.ceil(max(sum(by_weight), sum(by_crates)) - 1e-9)
    loading_s = rounds * part.load_s + packages * part.load_s_per_package
    walking_s = max(_radial_s(part, by_weight), _radial_s(part, by_crates))
    return inside_s + loading_s + max(0, math.floor(walking_s - _rounding_s(part, rounds)))


def _rounding_s(part: DropProblem, rounds: int) -> float:
    """Gives what rounding each leg to a second may hide: half a second a leg, and one for the way there and back.

    Visits and rounds beyond the fewest pay for their own rounding by the gate and the loading, where those
    take two seconds or more.
    """
    visits = sum(
        1 if part.gate_s[place] >= 2 else part.entrance_of.count(place) for place in range(len(part.entrance_ids))
    )
    return visits / 2 + 1.5 * (rounds if part.load_s >= 2 else len(part.order_ids))


def _trolleys(loads: tuple[int, ...], capacity: int) -> list[float]:
    """Gives each order's share of a trolley."""
    return [load / capacity if capacity else 0.0 for load in loads]


def _radial_s(part: DropProblem, shares: list[float]) -> float:
    away_s = _away_s(part)
    return sum(2 * away_s[part.entrance_of[order] + 1] * share for order, share in enumerate(shares))


def _away_s(part: DropProblem) -> list[int]:
    """Gives the shortest walk from the drop point to each place, by way of others where that is shorter.

    It is, where ways are drawn and some places are nearer to each other than to them; a second is rounding.
    """
    away_s = list(part.walk_s[0])
    ahead = sorted(range(len(away_s)), key=away_s.__getitem__)
    while ahead:
        here = ahead.pop(0)
        nearer = [
            there for there, leg_s in enumerate(part.walk_s[here]) if away_s[here] + leg_s + 1 < away_s[there]
        ]
        for there in nearer:
            away_s[there] = away_s[here] + part.walk_s[here][there]
        ahead += nearer
    return away_s


def _entrance_bound_s(part: DropProblem, entrance: int, people: int) -> int:
    orders = tuple(order for order, place in enumerate(part.entrance_of) if place == entrance)
    if part.entrances[entrance].hand_over_s is not None:
        return part.gate_s[entrance]
    times, _, floors, grams = part.visit_arguments((entrance, orders), people)
    doors_s = part.gate_s[entrance] + times[DOOR_S] * len(orders)
    if part.has_lift[entrance]:
        # One visit of all is never dearer than several: a stop in between splits a way down in two.
        return doors_s + lift_s(times, floors)
    # Two visits may round their lifting down twice, but then they also pass the gate twice.
    lifting_s = hauling_s(times, floors, grams)
    if part.gate_s[entrance] < 2:
        lifting_s = max(0, lifting_s - len(orders) + 1)
    return doors_s + lifting_s + _climbs_bound_s(times, people * times[CARRY_G], floors, grams)


def _climbs_bound_s(times: tuple[int, ...], limit_g: int, floors: list[int], grams: list[int]) -> int:
    """Counts, floor by floor, the climbs that must come at least this high."""
    if limit_g == 0:
        return sum(times[CLIMB_S] + (floor - 1) * (times[UP_S] + times[DOWN_S]) for floor in floors)
    seconds = 0
    carried_g = 0
    package = 0
    for floor in range(floors[0], 0, -1):
        while package < len(floors) and floors[package] >= floor:
            carried_g += min(grams[package], limit_g)
            package += 1
        climbs = max(1, math.ceil(carried_g / limit_g))
        seconds += climbs * (times[CLIMB_S] if floor == 1 else times[UP_S] + times[DOWN_S])
    return seconds
