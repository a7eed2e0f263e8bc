"""The product's rules at one drop point, by position: who may go where and when."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.routing.planning.problem import DropProblem, RoundAt, Rules
from services.routing.planning.visit_cost import visit_s

ANY_CREW = -1
NEVER_S = 10**12
"""Later than anything, and as a negative sooner: no hour is set."""
HIGHEST_CLASS = 10**6


@dataclass(frozen=True, slots=True)
class DayRules:
    """What a drop point's plan must keep beside load and shift.

    Shape: `handling` is an entrance's class; a crew goes to classes from `lowest` to `highest`; `crew_of` is the
    one crew that may take an order, or ANY_CREW; an order's visit begins from `from_s` on and ends by `to_s`.
    `is_timed` where any seconds beside work's own are to be kept or spent.
    """

    handling: tuple[int, ...]
    lowest: tuple[int, ...]
    highest: tuple[int, ...]
    crew_of: tuple[int, ...]
    from_s: tuple[int, ...]
    to_s: tuple[int, ...]
    is_cold: tuple[bool, ...]
    is_quiet: bool
    has_hours: bool
    is_timed: bool

    def allows(self, crew: int, entrance: int, orders: Sequence[int]) -> bool:
        """Says whether a crew may ever take these orders to their entrance."""
        is_its = all(self.crew_of[order] in {ANY_CREW, crew} for order in orders)
        return is_its and self.lowest[crew] <= self.handling[entrance] <= self.highest[crew]

    def binds(self, entrance: int, order: int) -> bool:
        """Says whether anything but load and shift keeps an order from some crew or hour."""
        is_timed = self.is_quiet or self.is_cold[order] or self.from_s[order] > 0 or self.to_s[order] < NEVER_S
        return is_timed or not all(self.allows(crew, entrance, (order,)) for crew in range(len(self.lowest)))

    def may_follow(self, entrance: int, other: int) -> bool:
        """Says whether one round may enter one entrance and then another: of its class, or sealed after clean."""
        here, there = self.handling[entrance], self.handling[other]
        return here == there or (here, there) == (0, 1)


def day_rules_of(problem: DropProblem) -> DayRules:
    """Lays the rules out by position; which crews are crews of their own is decided here, before any search."""
    handling = tuple(entrance.handling_class for entrance in problem.entrances)
    numbers = {crew.id: number for number, crew in enumerate(problem.crews)}
    # A crew that is not at this drop point takes nothing here: no position fits it.
    crew_of = tuple(
        ANY_CREW if order.crew is None else numbers.get(order.crew, len(numbers)) for order in problem.orders
    )
    lowest = [max(0, standing.handling) for standing in problem.standing]
    highest = [HIGHEST_CLASS if crew.may_enter is None else crew.may_enter for crew in problem.crews]
    if problem.rules.own_crews:
        own = _crews_of_their_own(problem, handling, crew_of)
        for crew in range(len(problem.crews)):
            if crew in own:
                lowest[crew] = max(1, lowest[crew])
            else:
                highest[crew] = 0
    rules = problem.rules
    has_windows = any(order.not_before_s is not None or order.not_after_s is not None for order in problem.orders)
    is_cooled = rules.cold_limit_s is not None and any(order.cold for order in problem.orders)
    has_hours = bool(rules.quiet) or has_windows or is_cooled
    return DayRules(
        handling=handling,
        lowest=tuple(lowest),
        highest=tuple(highest),
        crew_of=crew_of,
        from_s=tuple(-NEVER_S if it.not_before_s is None else it.not_before_s for it in problem.orders),
        to_s=tuple(NEVER_S if it.not_after_s is None else it.not_after_s for it in problem.orders),
        is_cold=tuple(is_cooled and order.cold for order in problem.orders),
        is_quiet=bool(rules.quiet),
        has_hours=has_hours,
        is_timed=has_hours or _spends_time(rules),
    )


def crews_for(problem: DropProblem, rules: DayRules, round_at: RoundAt) -> list[int]:
    """Lists the crews that can push a round and may go where it goes, whatever their hours."""
    grams, crates = problem.load_of(order for _, orders in round_at for order in orders)
    return [
        crew
        for crew, who in enumerate(problem.crews)
        if grams <= who.cap_g
        and crates <= who.cap_crates
        and all(rules.allows(crew, entrance, orders) for entrance, orders in round_at)
    ]


def _spends_time(rules: Rules) -> bool:
    return rules.disinfect_s > 0 or (rules.rest_after_s is not None and rules.rest_s > 0)


def _crews_of_their_own(problem: DropProblem, handling: Sequence[int], crew_of: Sequence[int]) -> set[int]:
    """Chooses the crews that enter no clean entrance: so many that their hours fit their share of the work.

    What a crew has done, what is locked to it and what it may enter decides first.
    """
    shares = _work_s(problem, handling)
    others_s = sum(shares[1:])
    own: set[int] = set()
    free: list[int] = []
    for crew, standing in enumerate(problem.standing):
        locked = {min(1, handling[problem.entrance_of[order]]) for order, it in enumerate(crew_of) if it == crew}
        may_not = problem.crews[crew].may_enter == 0
        if standing.handling > 0:
            own.add(crew)
        elif standing.handling < 0 and not may_not and locked in ({1}, set()):
            if locked:
                own.add(crew)
            else:
                free.append(crew)
    hours_s = [
        max(0, crew.end_s - standing.now_s) for crew, standing in zip(problem.crews, problem.standing, strict=True)
    ]
    wanted_s = sum(hours_s) * others_s / max(1, shares[0] + others_s)
    # Who may enter most comes first; of equals the last, as crews are named in the order of their work.
    free.sort(key=lambda crew: (-_reach(problem, crew), -crew))
    if shares[0] and len(own) + len(free) == len(problem.crews) and (len(free) > 1 or others_s < shares[0]):
        free = free[:-1]  # somebody must be left for the clean ones
    for crew in free:
        short_s = wanted_s - sum(hours_s[one] for one in own)
        if others_s and (not own or short_s > hours_s[crew] / 2):
            own.add(crew)
    return own


def _reach(problem: DropProblem, crew: int) -> int:
    may_enter = problem.crews[crew].may_enter
    return HIGHEST_CLASS if may_enter is None else may_enter


def _work_s(problem: DropProblem, handling: Sequence[int]) -> tuple[float, float]:
    """Estimates the seconds of work behind clean doors and behind the others."""
    cap_g = max(1, *(crew.cap_g for crew in problem.crews))
    cap_crates = max(1, *(crew.cap_crates for crew in problem.crews))
    orders_at: list[list[int]] = [[] for _ in problem.entrance_ids]
    for order, entrance in enumerate(problem.entrance_of):
        orders_at[entrance].append(order)
    work_s = [0.0, 0.0]
    for entrance, orders in enumerate(orders_at):
        if orders:
            grams, crates = problem.load_of(orders)
            trolleys = max(grams / cap_g, crates / cap_crates)
            inside_s = visit_s(*problem.visit_arguments((entrance, tuple(orders)), problem.crews[0].people))
            away_s = problem.load_s + 2 * problem.walk_s[0][entrance + 1]
            work_s[min(1, handling[entrance])] += inside_s + trolleys * away_s
    return work_s[0], work_s[1]
