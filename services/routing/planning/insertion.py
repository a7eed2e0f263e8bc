"""Finds the cheapest places for one more order in crews' days, with every rule kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.routing.planning.problem import DayAt, DropProblem, RoundAt
from services.routing.planning.timetable import RoundClocks


@dataclass(frozen=True, slots=True)
class Place:
    """A crew's day with the order in it, and what that costs more."""

    more_cost: int
    crew: int
    day: DayAt


def best_places(clocks: RoundClocks, days: Sequence[DayAt], order: int, limit: int = 3) -> list[Place]:
    """Lists the cheapest places for an order, cheapest first; none if no crew can take it and be back in time."""
    places = []
    for crew, day in enumerate(days):
        before = _day_cost(clocks, crew, day)
        for longer in _days_with(clocks.problem, crew, day, order):
            cost = _day_cost(clocks, crew, longer)
            if before is not None and cost is not None:
                places.append(Place(cost - before, crew, longer))
    places.sort(key=lambda place: (place.more_cost, place.crew))
    return places[:limit]


def _day_cost(clocks: RoundClocks, crew: int, day: DayAt) -> int | None:
    """Prices one crew's day, or says None where it ends after the shift."""
    who, weights = clocks.problem.crews[crew], clocks.problem.weights
    end_s, late_s = clocks.day(crew, day)
    return None if end_s > who.end_s else weights.crew_s * (end_s - who.start_s) + weights.late_s * late_s


def _days_with(problem: DropProblem, crew: int, day: DayAt, order: int) -> Iterator[DayAt]:
    """Yields the days with the order in a visit, as a visit of its own, and in a round of its own."""
    entrance = problem.entrance_of[order]
    who = problem.crews[crew]
    alone = (entrance, (order,))
    for number, each in enumerate(day):
        grams, crates = problem.load_of([order, *(other for _, orders in each for other in orders)])
        if grams > who.cap_g or crates > who.cap_crates:
            continue
        for longer in _rounds_with(each, entrance, order):
            yield from _if_in_order(problem, (*day[:number], longer, *day[number + 1 :]))
    if problem.grams[order] <= who.cap_g and problem.crates[order] <= who.cap_crates:
        for number in range(len(day) + 1):
            yield from _if_in_order(problem, (*day[:number], (alone,), *day[number:]))


def _rounds_with(round_at: RoundAt, entrance: int, order: int) -> Iterator[RoundAt]:
    for place, (there, orders) in enumerate(round_at):
        if there == entrance:
            yield (*round_at[:place], (there, (*orders, order)), *round_at[place + 1 :])
            return
    for place in range(len(round_at) + 1):
        yield (*round_at[:place], (entrance, (order,)), *round_at[place:])


def _if_in_order(problem: DropProblem, day: DayAt) -> Iterator[DayAt]:
    sealed = [problem.sealed[entrance] for each in day for entrance, _ in each]
    if sealed == sorted(sealed):
        yield day
