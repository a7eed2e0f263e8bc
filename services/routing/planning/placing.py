"""Where one more order may go in crews' days, and which orders must leave days that break a rule."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from services.routing.planning.problem import DayAt, RoundAt
from services.routing.planning.timetable import RoundClocks


@dataclass(frozen=True, slots=True)
class Place:
    """A crew's day with the order in it, and what that costs more."""

    more_cost: int
    crew: int
    day: DayAt


def best_places(clocks: RoundClocks, days: Sequence[DayAt], order: int, limit: int = 3) -> list[Place]:
    """Lists the cheapest places for an order where every rule is kept, cheapest first; none if there is none."""
    places = []
    entrance = clocks.problem.entrance_of[order]
    for crew, day in enumerate(days):
        if not clocks.rules.allows(crew, entrance, (order,)):
            continue
        before = _day_cost(clocks, crew, day)
        for longer in _days_with(clocks, crew, day, order):
            cost = _day_cost(clocks, crew, longer)
            if before is not None and cost is not None:
                places.append(Place(cost - before, crew, longer))
    places.sort(key=lambda place: (place.more_cost, place.crew))
    return places[:limit]


def within_rules(clocks: RoundClocks, days: Sequence[DayAt], may_go_on: Callable[[], bool]) -> list[DayAt]:
    """Takes out of days what is not at its hours, then each crew's last rounds until it is back within its shift.

    Once it may not go on, a day that still breaks a rule is given up whole.
    """
    return [_day_within(clocks, crew, day, may_go_on) for crew, day in enumerate(days)]


def _day_within(clocks: RoundClocks, crew: int, day: DayAt, may_go_on: Callable[[], bool]) -> DayAt:
    while (wrong := clocks.against_hours(crew, day)) is not None:
        day = _without(day, wrong[1]) if may_go_on() else ()
    while day and clocks.day(crew, day)[0] > clocks.problem.crews[crew].end_s:
        day = day[:-1]
    return day


def _without(day: DayAt, orders: Sequence[int]) -> DayAt:
    out = set(orders)
    rounds = []
    for each in day:
        visits = ((entrance, tuple(order for order in held if order not in out)) for entrance, held in each)
        rounds.append(tuple(visit for visit in visits if visit[1]))
    return tuple(each for each in rounds if each)


def _day_cost(clocks: RoundClocks, crew: int, day: DayAt) -> int | None:
    """Prices one crew's day, or says None where it ends after the shift or somebody is not served at his hours."""
    who, weights = clocks.problem.crews[crew], clocks.problem.weights
    end_s, late_s = clocks.day(crew, day)
    if end_s > who.end_s or clocks.against_hours(crew, day) is not None:
        return None
    return weights.crew_s * (end_s - who.start_s) + weights.late_s * late_s


def _days_with(clocks: RoundClocks, crew: int, day: DayAt, order: int) -> Iterator[DayAt]:
    """Yields the days with the order in a visit, as a visit of its own, and in a round of its own."""
    problem = clocks.problem
    entrance = problem.entrance_of[order]
    who = problem.crews[crew]
    alone = (entrance, (order,))
    for number, each in enumerate(day):
        grams, crates = problem.load_of([order, *(other for _, orders in each for other in orders)])
        if grams > who.cap_g or crates > who.cap_crates:
            continue
        for longer in _rounds_with(each, entrance, order):
            yield from _if_in_order(clocks, (*day[:number], longer, *day[number + 1 :]))
    if problem.grams[order] <= who.cap_g and problem.crates[order] <= who.cap_crates:
        for number in range(len(day) + 1):
            yield from _if_in_order(clocks, (*day[:number], (alone,), *day[number:]))


def _rounds_with(round_at: RoundAt, entrance: int, order: int) -> Iterator[RoundAt]:
    for place, (there, orders) in enumerate(round_at):
        if there == entrance:
            yield (*round_at[:place], (there, (*orders, order)), *round_at[place + 1 :])
            return
    for place in range(len(round_at) + 1):
        yield (*round_at[:place], (entrance, (order,)), *round_at[place:])


def _if_in_order(clocks: RoundClocks, day: DayAt) -> Iterator[DayAt]:
    """Yields a day whose handling classes never go down, and whose rounds hold what may be in one round."""
    handling = [clocks.rules.handling[entrance] for each in day for entrance, _ in each]
    in_one_round = (clocks.rules.may_follow(each[0][0], each[-1][0]) for each in day)
    if handling == sorted(handling) and all(in_one_round):
        yield day
