"""Plans of a search that knows none of the product's rules, brought within them (keep_rules)."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.planning import fallback
from services.routing.planning.check import Score, check_plan
from services.routing.planning.instance_files import instance_dict, plan_dict, problem_from
from services.routing.planning.keep_rules import has_rules, keep_rules, searchable
from services.routing.planning.problem import Plan, Problem, Reason, drop_problems, plan_of, screen
from tests.unit.routing.planning.streets import a_crew, a_street, an_entrance, an_order, streets

RULES: list[dict[str, Any]] = [
    {"rules": {"disinfect_s": 120}},
    {"rules": {"own_crews": True}},
    {"rules": {"cold_limit_s": 900}},
    {"rules": {"quiet": [[600, 1_500]]}},
    {"rules": {"rest_after_s": 900, "rest_s": 600}},
    {"windows": True},
    {"crews_that_may_not": True},
    {"hand_over": True},
    {"was_sealed": True},
    {"classes": True},
    {"climbers": True},
]


def planned(problem: Problem) -> Plan:
    servable, _ = screen(searchable(problem))
    return plan_of(problem.name, [(part, fallback.solve(part, seed=1).days) for part in drop_problems(servable)])


def with_rules(street: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """Puts one kind of rule into a drawn street."""
    street = {**street, "rules": asked.get("rules", {})}
    entrances, orders, crews = street["entrances"], street["orders"], street["crews"]
    if asked.get("windows"):
        street["orders"] = [{**order, "not_after_s": 1_200 + 300 * n} for n, order in enumerate(orders)]
    if asked.get("crews_that_may_not"):
        street["crews"] = [{**crew, "may_enter": n % 2} for n, crew in enumerate(crews)]
    if asked.get("hand_over"):
        street["entrances"] = [{**place, "hand_over_s": 60} for place in entrances]
    if asked.get("was_sealed"):
        street["crews"] = [{**crew, "was_sealed": n % 2 == 0} for n, crew in enumerate(crews)]
    if asked.get("classes"):
        street["entrances"] = [
            {**place, "handling": 1 + n % 2} if place["sealed"] else place for n, place in enumerate(entrances)
        ]
    if asked.get("climbers"):
        street["crews"] = [{**crew, "climbers": 1} for crew in crews]
    return street


def judged(problem: Problem, plan: Plan) -> Score:
    return check_plan(instance_dict(problem), plan_dict(plan), partial=True)


@given(streets(most_orders=9), st.sampled_from(RULES))
@settings(max_examples=120, deadline=None)
def test_every_plan_comes_within_the_rules_and_what_was_planned_is_served_or_named(
    street: dict[str, Any], asked: dict[str, Any]
) -> None:
    problem = problem_from(with_rules(street, asked))
    found = planned(problem)
    plan, left = keep_rules(problem, found)
    assert judged(problem, plan).errors == ()
    assert served(plan) | {one.order for one in left} == served(found)
    assert {one.reason for one in left} <= {Reason.RULES_KEEP_OUT}


def served(plan: Plan) -> set[str]:
    return {order for crew in plan.crews for each in crew.rounds for v in each.visits for order in v.orders}


def test_a_street_without_rules_is_searched_as_it_is_and_its_plan_stays() -> None:
    problem = problem_from(a_street())
    assert not has_rules(problem)
    assert keep_rules(problem, planned(problem)) == (planned(problem), ())


@pytest.mark.parametrize("asked", RULES[1:])
def test_a_street_with_a_rule_is_known_as_one(asked: dict[str, Any]) -> None:
    entrances = [an_entrance("clean"), an_entrance("sealed", sealed=True), an_entrance("worse", sealed=True)]
    assert has_rules(problem_from(with_rules(a_street(entrances=entrances), asked)))


def test_positive_buildings_get_a_crew_of_their_own() -> None:
    problem = problem_from(a_street(rules={"own_crews": True}, crews=[a_crew("c0"), a_crew("c1")]))
    plan, left = keep_rules(problem, planned(problem))
    assert left == ()
    assert {frozenset(v.entrance for each in crew.rounds for v in each.visits) for crew in plan.crews} == {
        frozenset({"clean"}),
        frozenset({"sealed"}),
    }


def test_a_promised_window_makes_an_order_come_first() -> None:
    orders = [an_order(f"o{n}", "clean", packages_g=[40_000], crates=30) for n in range(3)]
    orders[2]["not_after_s"] = 700
    problem = problem_from(a_street(orders=orders))
    plan, left = keep_rules(problem, planned(problem))
    assert left == ()
    assert plan.crews[0].rounds[0].visits[0].orders == ("o2",)


def test_locked_rounds_stay_first_and_a_locked_stop_with_its_crew() -> None:
    locked = [{"crew": "c1", "rounds": [{"visits": [{"entrance": "sealed", "orders": ["o2"]}]}]}]
    orders = [an_order("o0", "sealed", crew="c1"), an_order("o1", "clean", crew="c0"), an_order("o2", "sealed")]
    problem = problem_from(a_street(orders=orders, locked=locked, crews=[a_crew("c0"), a_crew("c1")]))
    plan, left = keep_rules(problem, planned(problem))
    assert left == ()
    assert judged(problem, plan).errors == ()
    days = {crew.crew: crew.rounds for crew in plan.crews}
    assert days["c1"][0].visits[0].orders == ("o2",)


def test_once_there_is_no_time_left_the_rest_is_named() -> None:
    problem = problem_from(a_street(rules={"own_crews": True}, crews=[a_crew("c0"), a_crew("c1")]))
    plan, left = keep_rules(problem, planned(problem), lambda: False)
    assert judged(problem, plan).errors == ()
    assert {one.order for one in left} == {"o0", "o1"}
