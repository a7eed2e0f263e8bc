"""One more order in a running plan: the cheapest places, every rule kept."""

from hypothesis import given, settings

from services.routing.planning import fallback
from services.routing.planning.check import check_plan
from services.routing.planning.instance_files import plan_dict, problem_from
from services.routing.planning.placing import best_places
from services.routing.planning.problem import DayAt, DropProblem, drop_problems, plan_of, screen
from services.routing.planning.timetable import RoundClocks, cost_of
from tests.unit.routing.planning.streets import a_crew, a_street, an_order, streets


def a_part(**changes: object) -> DropProblem:
    (part,) = drop_problems(problem_from(a_street(**changes)))
    return part


@given(streets())
@settings(max_examples=25)
def test_every_place_offered_is_valid_and_costs_what_it_says(street: dict[str, object]) -> None:
    problem, _ = screen(problem_from(street))
    for part in drop_problems(problem):
        solution = fallback.solve(part, seed=1)
        days = [without_last_order(day) for day in solution.days]
        served = {order for day in solution.days for each in day for _, orders in each for order in orders}
        missing = served - {order for day in days for each in day for _, orders in each for order in orders}
        for order in missing:
            for place in best_places(RoundClocks(part), days, order):
                after = [*days[: place.crew], place.day, *days[place.crew + 1 :]]
                plan = plan_dict(plan_of(problem.name, [(part, after)]))
                assert check_plan(street, plan, partial=True).errors == ()
                assert cost_of(part, after) - cost_of(part, days) == place.more_cost


def without_last_order(day: DayAt) -> DayAt:
    """Takes the last order of a day out, with its visit and round where they fall empty."""
    if not day:
        return day
    *rounds, last = day
    *visits, (entrance, orders) = last
    if len(orders) > 1:
        return (*rounds, (*visits, (entrance, orders[:-1])))
    return (*rounds, tuple(visits)) if visits else tuple(rounds)


def test_an_order_joins_the_visit_of_its_own_entrance() -> None:
    part = a_part()
    days: list[DayAt] = [(((0, (0,)), (1, (2,))),)]
    best = best_places(RoundClocks(part), days, 1)[0]
    assert best.day == (((0, (0, 1)), (1, (2,))),)


def test_a_clean_order_is_never_placed_after_a_sealed_one() -> None:
    part = a_part()
    days: list[DayAt] = [(((1, (2,)),),)]
    for place in best_places(RoundClocks(part), days, 0, limit=99):
        entrances = [entrance for each in place.day for entrance, _ in each]
        assert entrances.index(0) < entrances.index(1)


def test_there_is_no_place_where_every_shift_is_over() -> None:
    part = a_part(crews=[a_crew("c0", end_s=200)])
    assert best_places(RoundClocks(part), [()], 0) == []


def test_a_full_trolley_takes_nothing_more_but_a_second_round_does() -> None:
    orders = [an_order("o0", "clean", crates=36), an_order("o1", "clean")]
    part = a_part(orders=orders)
    places = best_places(RoundClocks(part), [(((0, (0,)),),)], 1, limit=99)
    assert all(len(place.day) == 2 for place in places)
    assert places
