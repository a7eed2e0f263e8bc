"""The search plans with the product's rules: what it counts the check counts, and what it gives keeps them."""

import time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.planning import fallback
from services.routing.planning.check import Score, check_plan
from services.routing.planning.fallback import Solution
from services.routing.planning.instance_files import plan_dict, problem_from
from services.routing.planning.locked_rounds import open_parts, with_locked
from services.routing.planning.problem import DayAt, DropProblem, Problem, Reason, plan_of, screen
from services.routing.planning.ruin_and_recreate.machine_code import fastest_engine
from services.routing.planning.ruin_and_recreate.search import PLAIN, Budget, improve
from services.routing.planning.stages import (
    ORTOOLS,
    Effort,
    load_ortools,
    run_ortools_stages,
    run_stages,
)
from services.routing.planning.timetable import cost_of, timetable
from tests.unit.routing.planning.ruled_streets import ruled_streets
from tests.unit.routing.planning.streets import a_crew, a_street, an_entrance, an_order, streets

COMPILED = fastest_engine()
TOOLS = load_ortools()
SEEDS = st.integers(0, 2**31)


def starts(street: dict[str, Any]) -> tuple[Problem, list[tuple[DropProblem, Solution]]]:
    servable, _ = screen(problem_from(street))
    return servable, [(part, fallback.solve(part, seed=1)) for part in open_parts(servable)]


def judged(street: dict[str, Any], problem: Problem, days: list[tuple[DropProblem, list[DayAt]]]) -> Score:
    plan = with_locked(problem, plan_of(street["name"], days))
    return check_plan(street, plan_dict(plan), partial=True)


def held_in(days: Any) -> list[int]:
    return sorted(order for day in days for each in day for _, orders in each for order in orders)


@given(ruled_streets())
@settings(max_examples=60)
def test_the_plain_plan_keeps_every_rule_and_costs_what_the_check_says(street: dict[str, Any]) -> None:
    problem, found = starts(street)
    score = judged(street, problem, [(part, list(start.days)) for part, start in found])
    assert score.errors == ()
    assert score.cost == sum(cost_of(part, start.days) for part, start in found)


@given(ruled_streets(most_orders=20), SEEDS)
@settings(max_examples=60)
def test_what_the_search_ends_with_keeps_every_rule_at_the_cost_it_counts(
    street: dict[str, Any], seed: int
) -> None:
    problem, found = starts(street)
    ends, cost = [], 0
    for part, start in found:
        improved = improve(part, fallback.with_left_out(part, start), Budget(seed, steps=600), COMPILED)
        kept = fallback.completed(part, improved.days)
        if held_in(kept.days) == held_in(improved.days):
            assert improved.cost == cost_of(part, kept.days)
        else:
            assert improved.cost > 1_000_000
        ends.append((part, list(kept.days)))
        cost += cost_of(part, kept.days)
    score = judged(street, problem, ends)
    assert (score.errors, score.cost) == ((), cost)


@given(ruled_streets(most_orders=15), SEEDS)
@settings(max_examples=40)
def test_compiled_and_plain_find_the_very_same_within_the_rules(street: dict[str, Any], seed: int) -> None:
    _, found = starts(street)
    for part, start in found:
        begun = fallback.with_left_out(part, start)
        assert improve(part, begun, Budget(seed, steps=40), COMPILED) == improve(
            part, begun, Budget(seed, steps=40), PLAIN
        )


@given(ruled_streets(most_orders=20), SEEDS)
@settings(max_examples=12)
def test_no_stage_is_worse_than_the_one_before_and_each_keeps_every_rule(
    street: dict[str, Any], seed: int
) -> None:
    problem, found = starts(street)
    for part, _ in found:
        for engine in (ORTOOLS, "baimi"):
            effort = Effort(time.monotonic() + 0.2, seed % 1_000)
            own = run_stages(part, effort, COMPILED, None)
            stages = run_ortools_stages(part, effort, TOOLS) if engine == ORTOOLS else own
            ranks = []
            for stage in stages:
                score = judged(street, problem, [(part, list(stage.solution.days))])
                assert (score.errors, score.cost) == ((), cost_of(part, stage.solution.days))
                ranks.append(fallback.rank(part, stage.solution))
            assert ranks == sorted(ranks, reverse=True)


@given(ruled_streets())
@settings(max_examples=40)
def test_crews_and_residents_are_told_the_hours_that_the_check_counts(street: dict[str, Any]) -> None:
    problem, found = starts(street)
    plan = with_locked(problem, plan_of(street["name"], [(part, start.days) for part, start in found]))
    ends_s = [each.ends_s for each in timetable(problem, plan)]
    assert max(ends_s, default=0) == check_plan(street, plan_dict(plan), partial=True).makespan_s


@given(streets(most_orders=20), SEEDS)
@settings(max_examples=20)
def test_rules_that_never_bind_change_nothing(street: dict[str, Any], seed: int) -> None:
    loose = {**street, "rules": {"rest_after_s": 10**7, "rest_s": 60}}
    for (part, start), (ruled, _) in zip(starts(street)[1], starts(loose)[1], strict=True):
        plain = improve(part, start.days, Budget(seed, steps=300), COMPILED)
        assert improve(ruled, start.days, Budget(seed, steps=300), COMPILED) == plain


def test_positive_buildings_get_a_crew_of_their_own() -> None:
    street = a_street(rules={"own_crews": True}, crews=[a_crew("c0"), a_crew("c1")])
    _, [(part, start)] = starts(street)
    assert start.left_out == ()
    entered = [{part.entrance_ids[entrance] for each in day for entrance, _ in each} for day in start.days]
    assert sorted(map(sorted, entered)) == [["clean"], ["sealed"]]


def test_a_promised_window_makes_an_order_come_first() -> None:
    orders = [an_order(f"o{n}", "clean", packages_g=[40_000], crates=30) for n in range(3)]
    orders[2]["not_after_s"] = 700
    _, [(part, start)] = starts(a_street(orders=orders))
    improved = improve(part, fallback.with_left_out(part, start), Budget(1, steps=500), COMPILED)
    kept = fallback.completed(part, improved.days)
    assert kept.left_out == ()
    [first] = [visit[1] for visit in kept.days[0][0]]
    assert [part.order_ids[order] for order in first] == ["o2"]


def test_locked_rounds_stay_first_and_a_locked_stop_with_its_crew() -> None:
    locked = [{"crew": "c1", "rounds": [{"visits": [{"entrance": "sealed", "orders": ["o2"]}]}]}]
    orders = [an_order("o0", "sealed", crew="c1"), an_order("o1", "clean", crew="c0"), an_order("o2", "sealed")]
    street = a_street(orders=orders, locked=locked, crews=[a_crew("c0"), a_crew("c1")])
    problem, [(part, start)] = starts(street)
    improved = improve(part, start.days, Budget(1, steps=500), COMPILED)
    score = judged(street, problem, [(part, list(improved.days))])
    assert (score.errors, score.cost) == ((), improved.cost)
    plan = with_locked(problem, plan_of(street["name"], [(part, improved.days)]))
    days = {crew.crew: [visit.orders for each in crew.rounds for visit in each.visits] for crew in plan.crews}
    assert days == {"c0": [("o1",)], "c1": [("o2",), ("o0",)]}


def test_what_no_crew_may_take_is_named_so() -> None:
    _, refused = screen(problem_from(a_street(crews=[a_crew("c0", may_enter=0)])))
    assert [(one.order, one.reason) for one in refused] == [("o2", Reason.RULES_KEEP_OUT)]


def test_classes_above_sealed_have_rounds_of_their_own_in_their_order() -> None:
    entrances = [an_entrance("clean"), an_entrance("sealed", sealed=True)]
    entrances += [an_entrance(f"class {n}", sealed=True, handling=n, x=20.0 * n) for n in (2, 3)]
    orders = [an_order(f"o{n}", place["id"]) for n, place in enumerate([*entrances, *entrances])]
    street = a_street(entrances=entrances, orders=orders, rules={"disinfect_s": 300})
    problem, [(part, start)] = starts(street)
    improved = improve(part, start.days, Budget(1, steps=2_000), COMPILED)
    assert judged(street, problem, [(part, list(improved.days))]).errors == ()
    assert [len({entrance for entrance, _ in each}) for each in improved.days[0]] == [2, 1, 1]
