"""The planner bench draws the same street for the same seed, and streets that are what their class says."""

from collections import Counter

import pytest

from services.routing.planning.instance_files import problem_from
from services.routing.planning.problem import screen
from tests.bench.planner_streets import JUDGING_SEEDS, SIZES, TUNING_SEEDS, street


def test_the_same_seed_draws_the_same_street() -> None:
    assert street("futian", 1) == street("futian", 1)
    assert street("futian", 1)["orders"] != street("futian", 2)["orders"]


def test_no_seed_is_both_tuned_on_and_judged_by() -> None:
    assert not set(TUNING_SEEDS) & set(JUDGING_SEEDS)
    assert len(JUDGING_SEEDS) == 10


@pytest.mark.parametrize("name", list(SIZES))
def test_a_street_has_the_size_of_its_class_and_can_be_served(name: str) -> None:
    size, content = SIZES[name], street(name, 1)
    problem = problem_from(content)
    assert len(problem.orders) == size.orders
    assert len(problem.entrances) == size.entrances
    assert len({entrance.building for entrance in problem.entrances}) == size.buildings
    assert len(problem.drop_points) == size.drops
    assert screen(problem)[1] == ()
    homes = Counter((order.entrance, order.floor, order.door) for order in problem.orders)
    assert max(homes.values()) == 1


def test_towers_all_have_lifts() -> None:
    assert all(entrance["lift"] for entrance in street("tower", 3)["entrances"])
