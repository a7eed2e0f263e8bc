"""Reasons that can be acted on: what is offered was planned again and served the order."""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from services.routing.planning import fallback
from services.routing.planning.explanation import (
    Binding,
    Relaxing,
    explain_placed,
    explain_unassigned,
    relaxed,
)
from services.routing.planning.instance_files import plan_from, problem_from
from services.routing.planning.parts import share_of
from services.routing.planning.problem import Plan, Problem, Reason, Round, drop_problems, plan_of, screen
from tests.unit.routing.planning.streets import a_crew, a_plan, a_street, an_entrance, an_order


def planned(problem: Problem) -> Plan:
    servable, _ = screen(problem)
    return plan_of(problem.name, [(part, fallback.solve(part, seed=1).days) for part in drop_problems(servable)])


def replan(problem: Problem) -> frozenset[str]:
    return frozenset(
        order for crew in planned(problem).crews for each in crew.rounds for v in each.visits for order in v.orders
    )


def a_crowded_street(dice: random.Random) -> dict[str, Any]:
    """More work than its crews can do, and some orders that nobody could carry, reach or enter."""
    entrances = [
        an_entrance(
            f"e{n}",
            x=dice.randint(0, 300),
            y=dice.randint(0, 300),
            zone=dice.choice(["z0", "z0", "z0", "z1"]),
            drop=dice.choice(["d0", "d0", "d0", "d0", "d1", None]),
            lift=dice.random() < 0.3,
            sealed=dice.random() < 0.2,
        )
        for n in range(6)
    ]
    orders = [
        an_order(
            f"o{n}",
            dice.choice(entrances)["id"],
            floor=dice.choice([1, 2, 3, 5, 7, 7, 9]),
            packages_g=[dice.choice([3_000, 9_000, 15_000, 61_000]) for _ in range(dice.randint(1, 3))],
            crates=dice.choice([1, 2, 3, 13]),
            due_s=dice.choice([None, 1_800]),
        )
        for n in range(14)
    ]
    crews = [
        a_crew(f"c{n}", cap_g=dice.choice([60_000, 90_000]), cap_crates=12, end_s=dice.choice([700, 1_500, 2_400]))
        for n in range(2)
    ]
    drops = [{"id": name, "zone": "z0", "x": x, "y": 0.0} for name, x in (("d0", 0.0), ("d1", 250.0))]
    closed = ["z1"] if any(place["zone"] == "z1" for place in entrances) else []
    return a_street(drop_points=drops, entrances=entrances, orders=orders, crews=crews, closed_zones=closed)


def fifty_unassigned() -> list[tuple[Problem, Plan, str]]:
    dice = random.Random(50)
    found: list[tuple[Problem, Plan, str]] = []
    while len(found) < 50:
        problem = problem_from(a_crowded_street(dice))
        plan = planned(problem)
        served = {order for crew in plan.crews for each in crew.rounds for v in each.visits for order in v.orders}
        left = [order.id for order in problem.orders if order.id not in served]
        found += [(problem, plan, order) for order in dice.sample(left, min(3, len(left)))]
    return found[:50]


def test_the_first_change_offered_serves_the_order_for_fifty_that_were_left_out() -> None:
    rules, offered = set(), set()
    for problem, plan, order in fifty_unassigned():
        why = explain_unassigned(problem, plan, order, replan)
        assert why.relaxations, (why.rule, order)
        first = why.relaxations[0]
        assert order in replan(relaxed(problem, order, first))
        assert [one.change_s for one in why.relaxations] == sorted(one.change_s for one in why.relaxations)
        rules.add(why.rule)
        offered |= {change.relaxing for change in first.changes}
    assert len(rules) >= 6
    assert len(offered) >= 6


ONE_CREW_SHORT = [a_crew("c0", end_s=900)]
REASONS: list[tuple[dict[str, Any], Reason, Relaxing, str]] = [
    ({"closed_zones": ["z0"]}, Reason.ZONE_CLOSED, Relaxing.OPEN_ZONE, "z0"),
    ({"crews": []}, Reason.NO_CREW, Relaxing.ANOTHER_CREW, "d0"),
    (
        {"crews": [a_crew("c0", cap_g=4_000), a_crew("c1", cap_g=4_500)]},
        Reason.TOO_HEAVY,
        Relaxing.MORE_CARRY,
        "c1",
    ),
    ({"crews": [a_crew("c0", cap_crates=0)]}, Reason.TOO_MANY_CRATES, Relaxing.MORE_CRATES, "c0"),
    ({"crews": [a_crew("c0", end_s=200)]}, Reason.SHIFT_TOO_SHORT, Relaxing.LONGER_SHIFT, "c0"),
    (
        {"entrances": [an_entrance("clean", floors=1), an_entrance("sealed")]},
        Reason.NO_SUCH_FLOOR,
        Relaxing.RAISE_HOUSE,
        "clean",
    ),
    (
        {"entrances": [an_entrance("clean", drop=None), an_entrance("sealed")]},
        Reason.ENTRANCE_WITHOUT_DROP,
        Relaxing.SERVE_FROM,
        "d0",
    ),
]


@pytest.mark.parametrize(("changes", "rule", "relaxing", "subject"), REASONS, ids=[row[1] for row in REASONS])
def test_each_rule_is_named_with_what_undoes_it(
    changes: dict[str, Any], rule: Reason, relaxing: Relaxing, subject: str
) -> None:
    problem = problem_from(a_street(**changes))
    why = explain_unassigned(problem, planned(problem), "o0", replan)
    assert why.rule is rule
    (change,) = why.relaxations[0].changes
    assert (change.relaxing, change.subject) == (relaxing, subject)


def test_what_no_longer_shift_can_help_is_not_offered_one() -> None:
    problem = problem_from(a_street(crews=[a_crew("c0", end_s=900)]))
    plan = planned(problem)
    why = explain_unassigned(problem, plan, "o0", lambda _: frozenset())
    assert why.relaxations == ()


def test_a_placed_order_has_its_next_best_place_and_what_that_costs_more() -> None:
    street = a_street(crews=[a_crew("c0"), a_crew("c1")])
    plan = plan_from(a_plan([[("clean", ["o0", "o1"]), ("sealed", ["o2"])]]))
    here = explain_placed(problem_from(street), plan, "o1", planned)
    assert (here.crew, here.saved_by) == ("c0", ())
    assert here.runner_up is not None
    assert here.runner_up_costs_more > 0
    with pytest.raises(KeyError):
        explain_placed(problem_from(street), plan, "o9", planned)


def test_a_full_trolley_is_named_as_what_keeps_an_order_from_a_cheaper_place() -> None:
    crews = [a_crew("c0", cap_crates=2), a_crew("c1", cap_crates=2)]
    problem = problem_from(a_street(crews=crews, orders=[an_order(f"o{n}", "clean") for n in range(3)]))
    plan = plan_from(a_plan([[("clean", ["o0", "o1"])], [("clean", ["o2"])]]))
    here = explain_placed(problem, plan, "o2", planned)
    assert [binding for binding, _ in here.saved_by] == [Binding.TROLLEY]
    wider = replace(problem, crews=tuple(replace(crew, cap_crates=3) for crew in problem.crews))
    (crew,) = planned(wider).crews
    assert len(crew.rounds) == 1


def test_the_infection_order_is_named_where_it_keeps_an_order_from_the_nearer_crew() -> None:
    crews = [a_crew("c0", was_sealed=True), a_crew("c1")]
    orders = [an_order("o2", "sealed"), an_order("o0", "clean")]
    entrances = [an_entrance("sealed", sealed=True), an_entrance("clean")]
    problem = problem_from(a_street(crews=crews, orders=orders, entrances=entrances))
    plan = plan_from(a_plan([[("sealed", ["o2"])]], [[("clean", ["o0"])]]))
    here = explain_placed(problem, plan, "o0", planned)
    assert Binding.INFECTION_ORDER in [binding for binding, _ in here.saved_by]


def placed_orders(seed: int) -> Iterator[tuple[Problem, Plan, str]]:
    """Each order that a crowded street's plan serves, with its drop point's share of problem and plan."""
    problem = problem_from(a_crowded_street(random.Random(seed)))
    whole = planned(problem)
    served = {o for crew in whole.crews for each in crew.rounds for v in each.visits for o in v.orders}
    for drop in problem.drop_points:
        share = share_of(problem, drop.id)
        orders = tuple(order for order in share.orders if order.id in served)
        part = replace(share, orders=orders)
        crews = {crew.id for crew in part.crews}
        plan = replace(whole, crews=tuple(one for one in whole.crews if one.crew in crews))
        yield from ((part, plan, order.id) for order in orders)


def round_of(plan: Plan, order: str) -> tuple[str, Round]:
    """The crew and round that serve an order."""
    return next(
        (one.crew, each)
        for one in plan.crews
        for each in one.rounds
        if any(order in visit.orders for visit in each.visits)
    )


def without_rule(problem: Problem, binding: Binding) -> Problem:
    """The problem with one rule lifted for all."""
    crews, entrances = problem.crews, problem.entrances
    if binding is Binding.TROLLEY:
        crews = tuple(replace(crew, cap_g=10**9, cap_crates=10**9) for crew in crews)
    elif binding is Binding.SHIFT:
        crews = tuple(replace(crew, end_s=10**9) for crew in crews)
    else:
        crews = tuple(replace(crew, was_sealed=False) for crew in crews)
        entrances = tuple(replace(place, sealed=False) for place in entrances)
    return replace(problem, crews=crews, entrances=entrances)


def test_without_the_rule_that_is_named_as_binding_a_placed_order_is_in_another_round() -> None:
    named = []
    for seed in range(80):
        for problem, plan, order in placed_orders(seed):
            for binding, saved in explain_placed(problem, plan, order, planned).saved_by:
                again = planned(without_rule(problem, binding))
                assert saved > 0
                assert round_of(again, order) != round_of(planned(problem), order), (seed, order, binding)
                named.append(binding)
    assert set(named) == set(Binding)
    assert len(named) >= 30
