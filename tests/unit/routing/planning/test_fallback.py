"""The plain plan keeps every rule, leaves nobody out without a reason, and needs no solver."""

import copy
import random
from typing import Any

import pytest
from hypothesis import given, settings

from services.routing.planning import fallback
from services.routing.planning.bound import lower_bound_s
from services.routing.planning.check import Score, check_plan
from services.routing.planning.instance_files import plan_dict, problem_from
from services.routing.planning.problem import Plan, Problem, Unassigned, drop_problems, plan_of, screen
from services.routing.planning.timetable import cost_of, timetable
from tests.unit.routing.planning.streets import a_crew, a_street, an_entrance, an_order, streets


def planned(problem: Problem) -> tuple[Plan, list[Unassigned], int]:
    servable, refused = screen(problem)
    solved = [(part, fallback.solve(part, seed=1)) for part in drop_problems(servable)]
    left_out = [*refused, *(it for _, solution in solved for it in solution.left_out)]
    plan = plan_of(problem.name, [(part, solution.days) for part, solution in solved])
    return plan, left_out, sum(cost_of(part, solution.days) for part, solution in solved)


def judged(street: dict[str, Any], plan: Plan, left_out: list[Unassigned]) -> Score:
    names = {it.order for it in left_out}
    served = {**street, "orders": [order for order in street["orders"] if order["id"] not in names]}
    return check_plan(served, plan_dict(plan))


@given(streets())
@settings(max_examples=50)
def test_every_plan_of_every_street_keeps_every_rule_and_costs_what_the_check_says(street: dict[str, Any]) -> None:
    plan, left_out, cost = planned(problem_from(street))
    score = judged(street, plan, left_out)
    assert score.errors == ()
    assert score.cost == cost


@pytest.mark.long
@given(streets(most_orders=40))
@settings(max_examples=300)
def test_every_plan_of_many_larger_streets_keeps_every_rule(street: dict[str, Any]) -> None:
    plan, left_out, cost = planned(problem_from(street))
    score = judged(street, plan, left_out)
    assert (score.errors, score.cost) == ((), cost)


@given(streets())
@settings(max_examples=50)
def test_no_plan_is_below_the_bound_of_what_it_serves(street: dict[str, Any]) -> None:
    plan, left_out, _ = planned(problem_from(street))
    names = {it.order for it in left_out}
    served = {**street, "orders": [order for order in street["orders"] if order["id"] not in names]}
    assert lower_bound_s(problem_from(served)) <= check_plan(served, plan_dict(plan)).crew_s


@given(streets())
@settings(max_examples=25)
def test_the_timetable_ends_when_the_check_says(street: dict[str, Any]) -> None:
    problem = problem_from(street)
    plan, left_out, _ = planned(problem)
    ends_s = [each.ends_s for each in timetable(problem, plan)]
    assert max(ends_s, default=0) == judged(street, plan, left_out).makespan_s


@given(streets())
@settings(max_examples=25)
def test_other_names_and_another_order_of_rows_still_give_a_valid_plan(street: dict[str, Any]) -> None:
    renamed = copy.deepcopy(street)
    for order in renamed["orders"]:
        order["id"] = f"楼{order['id']}"
    dice = random.Random(7)
    for rows in ("entrances", "orders", "crews"):
        dice.shuffle(renamed[rows])
    plan, left_out, _ = planned(problem_from(renamed))
    assert judged(renamed, plan, left_out).errors == ()


REASONS: list[tuple[str, dict[str, Any]]] = [
    ("entrance_without_drop", {"entrances": [an_entrance("clean", drop=None), an_entrance("sealed")]}),
    ("no_such_floor", {"entrances": [an_entrance("clean", floors=1), an_entrance("sealed")]}),
    ("no_crew", {"crews": []}),
    ("too_heavy", {"crews": [a_crew("c0", cap_g=4_999)]}),
    ("too_many_crates", {"crews": [a_crew("c0", cap_crates=0)]}),
    ("shift_too_short", {"crews": [a_crew("c0", end_s=100)]}),
    ("shifts_full", {"crews": [a_crew("c0", end_s=420)]}),
]


@pytest.mark.parametrize(("reason", "changes"), REASONS, ids=[row[0] for row in REASONS])
def test_an_order_that_cannot_be_served_comes_back_with_its_reason(reason: str, changes: dict[str, Any]) -> None:
    _, left_out, _ = planned(problem_from(a_street(**changes)))
    assert reason in [it.reason for it in left_out]


def test_one_order_too_heavy_does_not_keep_the_others_from_their_doors() -> None:
    orders = [an_order("o0", "clean", packages_g=[200_000]), an_order("o1", "clean")]
    plan, left_out, _ = planned(problem_from(a_street(orders=orders)))
    assert [(it.order, it.reason) for it in left_out] == [("o0", "too_heavy")]
    assert [visit.orders for crew in plan.crews for each in crew.rounds for visit in each.visits] == [("o1",)]


def test_a_heavy_order_goes_with_the_one_crew_that_can_carry_it() -> None:
    orders = [an_order("o0", "clean", packages_g=[100_000]), an_order("o1", "clean")]
    crews = [a_crew("small", cap_g=20_000), a_crew("also small", cap_g=20_000), a_crew("big")]
    plan, left_out, _ = planned(problem_from(a_street(orders=orders, crews=crews)))
    assert left_out == []
    carrier = {
        order: day.crew for day in plan.crews for each in day.rounds for v in each.visits for order in v.orders
    }
    assert carrier["o0"] == "big"


def test_the_same_seed_gives_the_same_plan() -> None:
    problem = problem_from(a_street(orders=[an_order(f"o{n}", "clean", floor=1 + n % 7) for n in range(40)]))
    assert planned(problem) == planned(problem)
