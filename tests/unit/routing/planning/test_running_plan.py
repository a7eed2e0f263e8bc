"""A place for one more order in a running plan: what trying everything finds, with nothing promised broken."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.actions.waves.price_place import price_place
from services.routing.planning import fallback
from services.routing.planning.check import Score, check_plan
from services.routing.planning.instance_files import instance_dict, plan_dict, plan_from, problem_from
from services.routing.planning.parts import share_of
from services.routing.planning.placing import best_places
from services.routing.planning.problem import (
    Entrance,
    Order,
    Plan,
    Problem,
    days_of,
    drop_problems,
    plan_of,
    screen,
)
from services.routing.planning.running_plan import Joining, RunningPlan, has_hours
from services.routing.planning.timetable import RoundClocks, timetable
from tests.unit.routing.planning.ruled_streets import ruled_streets as all_rules
from tests.unit.routing.planning.streets import a_crew, a_plan, a_street, an_entrance, an_order, streets


def parts_of(street: dict[str, Any]) -> list[Problem]:
    """Cuts a street's servable part into one problem a drop point."""
    problem, _ = screen(problem_from(street))
    parts = [share_of(problem, drop.id) for drop in problem.drop_points]
    return [part for part in parts if part.orders]


def without(problem: Problem, order: str) -> Problem:
    return replace(problem, orders=tuple(one for one in problem.orders if one.id != order))


def planned(problem: Problem) -> Plan:
    """Plans what the plain planner can."""
    parts = drop_problems(problem)
    return plan_of(problem.name, [(part, fallback.solve(part, seed=1).days) for part in parts])


def scored(problem: Problem, plan: Plan) -> Score:
    score = check_plan(instance_dict(problem), plan_dict(plan), partial=True)
    assert score.errors == ()
    return score


def seeking(problem: Problem) -> tuple[RunningPlan, Order, Entrance]:
    """Plans all but the last order, which then seeks a place."""
    order = problem.orders[-1]
    (entrance,) = [one for one in problem.entrances if one.id == order.entrance]
    rest = without(problem, order.id)
    return RunningPlan(rest, planned(rest), {}), order, entrance


@given(streets())
@settings(max_examples=60)
def test_the_places_are_those_that_trying_everything_finds_and_cost_what_they_say(street: dict[str, Any]) -> None:
    for problem in parts_of(street):
        running, order, entrance = seeking(problem)
        found = running.best_places(order, entrance)
        (part,) = drop_problems(problem)
        tried = best_places(RoundClocks(part), days_of(part, running.plan), part.order_ids.index(order.id))
        assert [place.more_cost for place in found] == [place.more_cost for place in tried]
        before = scored(problem, running.plan)
        for place in found:
            after = scored(problem, running.with_order(order, place))
            assert after.cost - before.cost == place.more_cost
            assert (after.crew_s - before.crew_s, after.late_s - before.late_s) == (
                place.more_crew_s,
                place.more_late_s,
            )


@st.composite
def ruled_streets(draw: st.DrawFn) -> dict[str, Any]:
    """Draws a street whose rules say who goes where, who carries, and where the building head takes all."""
    street = draw(streets())
    for entrance in street["entrances"]:
        entrance["handling"] = draw(st.integers(1, 2)) if entrance["sealed"] else 0
        entrance["hand_over_s"] = draw(st.sampled_from([None, 90]))
    for crew in street["crews"]:
        crew["climbers"] = draw(st.integers(1, crew["people"]))
        crew["may_enter"] = draw(st.sampled_from([None, 0, 1, 2]))
    return {**street, "rules": {"own_crews": draw(st.booleans())}}


@given(ruled_streets())
@settings(max_examples=60)
def test_every_place_keeps_who_may_go_where_and_costs_what_it_says(street: dict[str, Any]) -> None:
    for problem in parts_of(street):
        running, order, entrance = seeking(problem)
        before = scored(problem, running.plan)
        assert not has_hours(problem, order)
        for place in running.best_places(order, entrance, 20):
            assert scored(problem, running.with_order(order, place)).cost - before.cost == place.more_cost


@given(all_rules(), st.sampled_from([0, 120, 100_000]))
@settings(max_examples=60)
def test_by_every_rule_a_place_costs_what_the_plan_with_it_costs_more(street: dict[str, Any], slip_s: int) -> None:
    for problem in parts_of(street):
        plain, order, entrance = seeking(problem)
        running = RunningPlan(plain.problem, plain.plan, {one.id: slip_s for one in plain.problem.orders})
        before, ended_s = scored(problem, running.plan), ends_s(problem, running.plan)
        for place in running.best_places(order, entrance, 20):
            exact = price_place(running, (order, entrance), place)
            plan = running.with_order(order, place)
            after = check_plan(instance_dict(problem), plan_dict(plan), partial=True)
            if after.errors:
                assert exact is None
                continue
            now_s = ends_s(problem, plan)
            is_as_told = all(now_s[it] <= was_s + slip_s for it, was_s in ended_s.items())
            assert (exact is not None) is is_as_told
            if exact is not None:
                assert exact.more_cost == after.cost - before.cost
                assert exact.served_s == now_s[order.id]


def test_a_rest_that_an_order_brings_about_is_in_its_price() -> None:
    street = a_street(
        rules={"rest_after_s": 450, "rest_s": 600},
        crews=[a_crew("c0", end_s=80_000)],
        orders=[an_order("o0", "clean"), an_order("o2", "sealed")],
    )
    rounds = a_plan([[("clean", ["o0"])], [("sealed", ["o2"])]])
    order, entrance = newcomer(street, floor=7, packages_g=[9_000] * 4)
    plan = running(street, rounds)
    place = plan.best_places(order, entrance)[0]
    exact = price_place(plan, (order, entrance), place)
    assert exact is not None
    assert exact.more_crew_s == place.more_crew_s + 600
    told = running(street, rounds, {"o2": place.more_crew_s + 599})
    assert price_place(told, (order, entrance), place) is None


def ends_s(problem: Problem, plan: Plan) -> dict[str, int]:
    held = {order for one in plan.crews for each in one.rounds for visit in each.visits for order in visit.orders}
    served = replace(problem, orders=tuple(order for order in problem.orders if order.id in held))
    times = [visit for each in timetable(served, plan) for visit in each.visits]
    return {order: visit.ends_s for visit in times for order in visit.orders}


def test_a_crew_that_may_not_go_there_is_offered_no_place() -> None:
    street = a_street(crews=[a_crew("c0", may_enter=0), a_crew("c1")])
    plan = running(street, a_plan([[("clean", ["o0", "o1"])], [("sealed", ["o2"])]]))
    grown = problem_from({**street, "orders": [*street["orders"], an_order("new", "sealed")]})
    entrance = next(one for one in grown.entrances if one.id == "sealed")
    assert {place.crew for place in plan.best_places(grown.orders[-1], entrance, 20)} == {"c1"}


def running(street: dict[str, Any], plan: dict[str, Any], may_slip_s: dict[str, int] | None = None) -> RunningPlan:
    return RunningPlan(problem_from(street), plan_from(plan), may_slip_s or {})


def newcomer(street: dict[str, Any], **changes: Any) -> tuple[Order, Any]:
    grown = problem_from({**street, "orders": [*street["orders"], an_order("new", "clean", **changes)]})
    return grown.orders[-1], next(one for one in grown.entrances if one.id == "clean")


def test_an_order_joins_the_visit_of_its_own_entrance() -> None:
    plan = running(a_street(), a_plan([[("clean", ["o0", "o1"]), ("sealed", ["o2"])]]))
    order, entrance = newcomer(a_street())
    best, *others = plan.best_places(order, entrance)
    assert best.joining is Joining.VISIT
    assert plan.with_order(order, best).crews[0].rounds[0].visits[0].orders == ("o0", "o1", "new")
    assert all(best.more_cost <= other.more_cost for other in others)


def test_an_order_of_an_entrance_not_visited_yet_is_walked_to() -> None:
    street = a_street(entrances=[an_entrance("clean", x=50.0), an_entrance("other", x=55.0)], orders=[])
    street["orders"] = [an_order("o0", "other")]
    plan = running(street, a_plan([[("other", ["o0"])]]))
    order, entrance = newcomer(street)
    assert [place.joining for place in plan.best_places(order, entrance)] == [
        Joining.NEW_VISIT,
        Joining.NEW_VISIT,
        Joining.NEW_ROUND,
    ]


def test_a_told_window_is_kept_to_the_second() -> None:
    street, plan = a_street(), a_plan([[("clean", ["o0", "o1"]), ("sealed", ["o2"])]])
    order, entrance = newcomer(street)
    best = running(street, plan).best_places(order, entrance)[0]
    for spare_s, is_offered in ((0, True), (-1, False)):
        told = {"o0": best.more_crew_s + spare_s}
        offered = running(street, plan, told).best_places(order, entrance)
        assert (best in offered) is is_offered


def test_a_clean_order_comes_before_sealed_ones_only() -> None:
    street, plan = a_street(orders=[an_order("o2", "sealed")]), a_plan([[("sealed", ["o2"])]])
    order, entrance = newcomer(street)
    offered = running(street, plan).best_places(order, entrance)
    assert {(place.joining, place.round, place.visit) for place in offered} == {
        (Joining.NEW_VISIT, 0, 0),
        (Joining.NEW_ROUND, 0, 0),
    }


def test_there_is_no_place_in_a_closed_zone_nor_after_the_shift_nor_at_another_drop_point() -> None:
    plan = a_plan([[("clean", ["o0"])]])
    order, entrance = newcomer(a_street())
    assert running(a_street(), plan).best_places(order, entrance)
    assert running(a_street(closed_zones=["z0"]), plan).best_places(order, entrance) == []
    assert running(a_street(crews=[a_crew("c0", end_s=300)]), plan).best_places(order, entrance) == []
    assert running(a_street(), plan).best_places(order, replace(entrance, drop="d9")) == []
