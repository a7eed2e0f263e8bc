"""Which worker plans which drop point: like seconds an order for all."""

from hypothesis import given
from hypothesis import strategies as st

from services.routing.planning.child import dealt_out
from services.routing.planning.instance_files import problem_from
from services.routing.planning.problem import Problem
from tests.unit.routing.planning.streets import a_crew, a_street, an_entrance, an_order


def parts_of(sizes: list[int]) -> list[Problem]:
    return [
        problem_from(
            a_street(
                entrances=[an_entrance("e")],
                orders=[an_order(f"o{number}-{order}", "e") for order in range(size)],
                crews=[a_crew("c")],
            )
        )
        for number, size in enumerate(sizes)
    ]


@given(st.lists(st.integers(1, 20), min_size=1, max_size=12), st.integers(1, 4))
def test_every_drop_point_is_planned_and_no_worker_has_more_than_one_beyond_the_least(
    sizes: list[int], workers: int
) -> None:
    dealt = dealt_out(parts_of(sizes), 1, workers)
    loads = [sum(len(part.orders) for part, _ in own) for own in dealt]
    planned = sorted(len(part.orders) for own in dealt for part, _ in own)
    tries = max(1, workers // len(sizes))
    assert planned == sorted(sizes * tries)
    assert max(loads) - min(loads) <= max(sizes)


def test_two_workers_plan_one_drop_point_from_two_seeds() -> None:
    dealt = dealt_out(parts_of([5]), 1, 2)
    assert [len(own) for own in dealt] == [1, 1]
    assert len({own_seed for own in dealt for _, own_seed in own}) == 2
