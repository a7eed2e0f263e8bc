"""Several searches: they lose no order, keep every rule, and end with the fewest rounds where that pays."""

import time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.planning import fallback
from services.routing.planning.check import check_plan
from services.routing.planning.fallback import Solution
from services.routing.planning.instance_files import plan_dict, problem_from
from services.routing.planning.packing import packed_days
from services.routing.planning.problem import DropProblem, drop_problems, plan_of, screen
from services.routing.planning.ruin_and_recreate.machine_code import fastest_engine
from services.routing.planning.ruin_and_recreate.search import Budget
from services.routing.planning.several_searches import is_small, search_several_times
from tests.bench.planner_streets import street as bench_street
from tests.unit.routing.planning.streets import a_street, an_entrance, an_order, streets

COMPILED = fastest_engine()


def parts_of_street(street: dict[str, Any]) -> tuple[DropProblem, ...]:
    return drop_problems(screen(problem_from(street))[0])


def searched(part: DropProblem, start: Solution, seconds: float, seed: int = 1) -> Solution:
    budget = Budget(seed, deadline_s=time.monotonic() + seconds)
    days = fallback.with_left_out(part, start)
    return search_several_times(part, days, budget, COMPILED, fallback.always)


@given(streets(most_orders=30), st.integers(0, 2**31))
@settings(max_examples=10)
def test_every_order_is_in_a_round_or_has_a_reason_and_every_rule_is_kept(
    street: dict[str, Any], seed: int
) -> None:
    for part in parts_of_street(street):
        found = searched(part, fallback.solve(part, seed=1), 0.2, seed)
        plan = plan_of(street["name"], [(part, found.days)])
        held = {
            part.order_ids[order] for day in found.days for each in day for _, orders in each for order in orders
        }
        assert held | {it.order for it in found.left_out} == set(part.order_ids)
        served = {**street, "orders": [order for order in street["orders"] if order["id"] in held]}
        assert check_plan(served, plan_dict(plan)).errors == ()


def test_where_nothing_can_be_packed_they_begin_from_the_start_alone() -> None:
    # Five orders of 60 kg weigh what four trolleys of 100 kg carry, and no two of them go together.
    orders = [an_order(f"o{n}", "e0", packages_g=[60_000]) for n in range(5)]
    street = a_street(entrances=[an_entrance("e0")], orders=orders)
    street["crews"] = [{**crew, "cap_g": 100_000} for crew in street["crews"]]
    [part] = parts_of_street(street)
    assert packed_days(part) is None
    found = searched(part, fallback.solve(part, seed=1), 0.2)
    assert (sum(map(len, found.days)), found.left_out) == (5, ())


def test_where_trolleys_are_full_they_end_with_the_fewest_rounds() -> None:
    part = parts_of_street(bench_street("tower", 3))[0]
    start = fallback.solve(part, seed=1)
    assert sum(map(len, start.days)) > 15
    found = searched(part, start, 2.0)
    assert sum(map(len, found.days)) == 15


def test_a_zone_with_many_orders_or_little_time_is_searched_once() -> None:
    [part] = parts_of_street(bench_street("tiny", 1))
    assert len(part.order_ids) == 82
    assert is_small(part, 1.0)
    assert not is_small(part, 0.9)
    large = parts_of_street(bench_street("nankeng", 1))[0]
    assert not is_small(large, 1_000.0)
