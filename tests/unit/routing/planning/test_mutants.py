"""A model that is wrong in one place cannot get its plans past the check: twenty of them, one after the other."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.routing.planning import timetable, visit_cost
from services.routing.planning.check import check_plan
from services.routing.planning.instance_files import plan_from, problem_from
from services.routing.planning.problem import DropProblem, Problem, days_of, drop_problems
from services.routing.planning.timetable import cost_of
from tests.unit.routing.planning.streets import a_plan, a_street, an_entrance, an_order

VECTORS = Path(__file__).parents[3] / "contract" / "formats" / "rounds"
Ints = Sequence[int]


def model(**changes: Any) -> Callable[[Problem], Problem]:
    return lambda problem: replace(problem, model=replace(problem.model, **changes))


def lift(**changes: Any) -> Callable[[Problem], Problem]:
    return lambda problem: model(lift=replace(problem.model.lift, **changes))(problem)


def stairs(**changes: Any) -> Callable[[Problem], Problem]:
    return lambda problem: model(stairs=replace(problem.model.stairs, **changes))(problem)


def one_person(problem: Problem) -> Problem:
    return replace(problem, crews=tuple(replace(crew, people=1) for crew in problem.crews))


def nobody_promised(problem: Problem) -> Problem:
    return replace(problem, orders=tuple(replace(order, due_s=None) for order in problem.orders))


# Wrong numbers: what the model is given.
WRONG_NUMBERS: dict[str, Callable[[Problem], Problem]] = {
    "streets are straight": model(detour=1.0),
    "crews walk faster": model(walk_mps=1.2),
    "loading takes no time": model(load_s=0),
    "a package more takes no longer": model(load_s_per_package=0),
    "doors cost a second less": model(door_s=24),
    "nobody waits for lifts": lift(wait_s=0),
    "nobody walks down": lift(walk_down_s=10**6),
    "every stop of a lift is free": lift(stop_s=0),
    "people carry a gram more": stairs(carry_g=22_001 + 10_000),
    "coming down takes no time": stairs(down_s=0),
    "weight does not slow": stairs(up_ms_per_floor_kg=0),
    "one person climbs for all": one_person,
    "nobody is late": nobody_promised,
}


def climbs_unlimited(times: Ints, limit_g: int, floors: Ints, grams: Ints) -> int:
    return times[visit_cost.CLIMB_S] + (floors[0] - 1) * (times[visit_cost.UP_S] + times[visit_cost.DOWN_S])


def climbs_from_below(times: Ints, limit_g: int, floors: Ints, grams: Ints) -> int:
    """Fills climbs from the lowest floor up, each as high as its last package."""
    seconds, load_g, highest = 0, 0, 0
    for floor, weight in zip(reversed(floors), reversed(grams), strict=True):
        if load_g and load_g + weight > limit_g:
            seconds += times[visit_cost.CLIMB_S] + (highest - 1) * (
                times[visit_cost.UP_S] + times[visit_cost.DOWN_S]
            )
            load_g = 0
        load_g, highest = load_g + weight, floor
    return (
        seconds + times[visit_cost.CLIMB_S] + (highest - 1) * (times[visit_cost.UP_S] + times[visit_cost.DOWN_S])
    )


def hauling_rounded_up(times: Ints, floors: Ints, grams: Ints) -> int:
    return HAULING(times, floors, grams) + 1


def always_by_lift(times: Ints, storeys: int) -> int:
    return times[visit_cost.WAIT_S] + storeys * times[visit_cost.S_PER_FLOOR] if storeys else 0


def lift_stops_at_every_package(times: Ints, floors: Ints) -> int:
    return LIFT(times, floors) + (len(floors) - len(set(floors))) * times[visit_cost.STOP_S]


def lift_leaves_the_crew_upstairs(times: Ints, floors: Ints) -> int:
    return LIFT(times, floors) - visit_cost.downwards_s(times, floors[-1] - 1)


LIFT, HAULING = visit_cost.lift_s, visit_cost.hauling_s
# Wrong formulas: how it reckons with them.
WRONG_FORMULAS: dict[str, tuple[str, Callable[..., int]]] = {
    "one climb takes everything": ("climbs_s", climbs_unlimited),
    "climbs are filled from below": ("climbs_s", climbs_from_below),
    "lifting is rounded up": ("hauling_s", hauling_rounded_up),
    "the way down is always ridden": ("downwards_s", always_by_lift),
    "a lift stops once a package": ("lift_s", lift_stops_at_every_package),
    "crews stay upstairs": ("lift_s", lift_leaves_the_crew_upstairs),
}


def no_way_home(problem: DropProblem) -> DropProblem:
    return replace(problem, walk_s=tuple((0, *row[1:]) for row in problem.walk_s))


def gates_once_open(problem: DropProblem) -> DropProblem:
    return replace(problem, gate_s=tuple(0 for _ in problem.gate_s))


# Wrong laying out: how a file's rows become the search's integers.
WRONG_ARRAYS: dict[str, Callable[[DropProblem], DropProblem]] = {
    "the way home is free": no_way_home,
    "gates stand open": gates_once_open,
}


def vectors() -> list[tuple[Any, Any]]:
    names = ("tiny-9001", "tiny-9002")
    return [(a_late_tower(), TOWER_PLAN), *((read(f"{name}.json"), read(f"{name}.plan.json")) for name in names)]


def a_late_tower() -> dict[str, Any]:
    """Is a lift with two doors far up, one of them promised too early to be kept."""
    orders = [an_order("o0", "clean", floor=7, due_s=60), an_order("o1", "clean", floor=4)]
    return a_street(entrances=[an_entrance("clean", lift=True, x=50.0)], orders=orders)


TOWER_PLAN = a_plan([[("clean", ["o0", "o1"])]])


def read(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def refusals(price: Callable[[Problem, Any], int]) -> list[str]:
    """What the check says to good plans that bring this price."""
    said = []
    for instance, plan in vectors():
        claimed = {**plan, "score": {"cost": price(problem_from(instance), plan)}}
        said += check_plan(instance, claimed).errors
    return said


def priced(problem: Problem, plan: Any, spoil: Callable[[DropProblem], DropProblem] = lambda part: part) -> int:
    read_plan = plan_from(plan)
    return sum(cost_of(spoil(part), days_of(part, read_plan)) for part in drop_problems(problem))


def test_there_are_twenty_and_the_right_model_is_none_of_them() -> None:
    assert len(WRONG_NUMBERS) + len(WRONG_FORMULAS) + len(WRONG_ARRAYS) >= 20
    assert refusals(priced) == []


@pytest.mark.parametrize("mutant", WRONG_NUMBERS)
def test_a_plan_priced_with_a_wrong_number_is_refused(mutant: str) -> None:
    said = refusals(lambda problem, plan: priced(WRONG_NUMBERS[mutant](problem), plan))
    assert any(error.startswith("says cost is") for error in said)


@pytest.mark.parametrize("mutant", WRONG_FORMULAS)
def test_a_plan_priced_by_a_wrong_formula_is_refused(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, wrong = WRONG_FORMULAS[mutant]
    monkeypatch.setattr(visit_cost, name, wrong)
    assert timetable.visit_s is visit_cost.visit_s
    assert any(error.startswith("says cost is") for error in refusals(priced))


@pytest.mark.parametrize("mutant", WRONG_ARRAYS)
def test_a_plan_priced_from_wrongly_laid_out_rows_is_refused(mutant: str) -> None:
    said = refusals(lambda problem, plan: priced(problem, plan, WRONG_ARRAYS[mutant]))
    assert any(error.startswith("says cost is") for error in said)
