"""Walks along drawn ways: counted by hand, the same in search and check, and never shorter than the crow flies."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.planning import fallback
from services.routing.planning.bound import lower_bound_s
from services.routing.planning.check import check_plan, network_of, walk_s
from services.routing.planning.instance_files import instance_dict, plan_dict, problem_from
from services.routing.planning.problem import drop_problems, plan_of, screen
from services.routing.planning.timetable import cost_of
from services.routing.planning.walks import Line, Ways, used_lines, walks_s
from services.routing.planning.walks import walk_s as searched_walk_s
from tests.unit.routing.planning.streets import a_street, an_entrance, an_order, streets


@dataclass(frozen=True)
class Place:
    """A spot in metres."""

    x: float
    y: float


@dataclass(frozen=True)
class Metres:
    """A pace of one metre a second, so that seconds are metres."""

    ways: Ways | None
    walk_mps: float = 1.0
    detour: float = 1.3


def by_the_search(lines: list[Line], here: Place, there: Place) -> int:
    return searched_walk_s(Metres(Ways(lines)), here, there)


def by_the_check(lines: list[Line], here: Place, there: Place) -> int:
    model = {"walk_mps": 1.0, "detour": 1.3}
    return walk_s(model, vars(here), vars(there), network_of(tuple(lines)))


ROAD: Line = ((0, 0), (100, 0))
# From one gate around a wall to the other, ten metres behind it.
AROUND: Line = ((0, 0), (100, 0), (100, 10), (0, 10))

BY_HAND: list[tuple[str, list[Line], Place, Place, int]] = [
    ("along one piece, both on it", [ROAD], Place(10, 0), Place(30, 0), 20),
    # 5 x 1.3 = 6.5 to the road, 80 along it, 6.5 from it.
    ("from the road's one side to its other", [ROAD], Place(10, 5), Place(90, -5), 93),
    # 10 x 1.3 = 13 to its end, 100 along it.
    ("from beyond a road's end", [ROAD], Place(-10, 0), Place(100, 0), 113),
    ("around a wall", [AROUND], Place(0, 0), Place(0, 10), 210),
    ("around a wall, between its ends", [AROUND], Place(50, 0), Place(30, 10), 50 + 10 + 70),
    ("a way that crosses others like a bridge", [AROUND, ((40, 0), (40, 10))], Place(0, 0), Place(0, 10), 210),
    (
        "a way between where points are shared",
        [((0, 0), (40, 0), (100, 0)), ((40, 0), (40, 30))],
        Place(0, 0),
        Place(40, 30),
        70,
    ),
    # 50 east, 50 north: 70.71 x 1.3 = 91.9; ways that cross without a common point do not meet.
    ("two ways that cross like a bridge", [ROAD, ((50, -50), (50, 50))], Place(0, 0), Place(50, 50), 92),
    ("two ways that do not meet", [ROAD, ((0, 40), (100, 40))], Place(0, 0), Place(0, 40), 52),
    # 6 x 1.3 = 7.8: nobody goes down to the road and back up for six metres.
    ("places nearer to each other than to the road", [ROAD], Place(50, 30), Place(50, 36), 8),
    ("a road of another district", [((9_000, 0), (9_900, 0))], Place(0, 0), Place(0, 100), 130),
    ("a place to itself", [ROAD], Place(50, 30), Place(50, 30), 0),
    ("a drawing of nothing", [((7, 7), (7, 7))], Place(0, 0), Place(0, 100), 130),
    # 3-4-5: the road climbs; its nearest point to (25, 0) is 20 along it, 15 away: 15 x 1.3 = 19.5, 30 on.
    ("a place beside a sloping road", [((0, 0), (40, 30))], Place(25, 0), Place(40, 30), 50),
    # 2.5 seconds are 2, 3.5 are 4: Python's round.
    ("halves to the even second", [ROAD], Place(0, 0), Place(2.5, 0), 2),
    ("halves to the even second, upwards", [ROAD], Place(0, 0), Place(3.5, 0), 4),
]


@pytest.mark.parametrize("walked_s", [by_the_search, by_the_check])
@pytest.mark.parametrize("vector", BY_HAND, ids=[row[0] for row in BY_HAND])
def test_walks_come_out_as_counted_by_hand(
    vector: tuple[str, list[Line], Place, Place, int], walked_s: Callable[[list[Line], Place, Place], int]
) -> None:
    _, lines, here, there, seconds = vector
    assert walked_s(lines, here, there) == walked_s(lines, there, here) == seconds


# Coarse steps make places and corners meet, fine ones do not.
@st.composite
def drawings(draw: st.DrawFn) -> tuple[list[Line], list[Place]]:
    step_m = draw(st.sampled_from([0.001, 0.5, 7.3, 10.0]))

    def corner() -> tuple[float, float]:
        return draw(st.integers(-9, 9)) * step_m, draw(st.integers(-9, 9)) * step_m

    corners = [corner() for _ in range(draw(st.integers(2, 7)))]
    line = st.lists(st.sampled_from(corners), min_size=2, max_size=4).map(tuple)
    lines: list[Line] = draw(st.lists(line, min_size=1, max_size=8))
    return lines, [Place(*corner()) for _ in range(draw(st.integers(2, 5)))]


@given(drawings(), st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_search_and_check_agree_to_the_second_however_the_ways_are_listed(
    drawing: tuple[list[Line], list[Place]], chance: random.Random
) -> None:
    lines, places = drawing
    other = [line[::-1] for line in lines]
    chance.shuffle(other)
    square = walks_s(Metres(Ways(lines)), places)
    kept = list(used_lines(lines, places))
    for row, here in enumerate(places):
        assert square[row][row] == 0
        for column, there in enumerate(places):
            found = {
                each(drawn, here, there)
                for each in (by_the_search, by_the_check)
                for drawn in (lines, other, kept)
            }
            assert found == {square[row][column]} == {square[column][row]}


@given(drawings())
@settings(max_examples=150)
def test_no_walk_is_shorter_than_the_crow_flies(drawing: tuple[list[Line], list[Place]]) -> None:
    lines, places = drawing
    square = walks_s(Metres(Ways(lines)), places)
    for here, row in zip(places, square, strict=True):
        for there, seconds in zip(places, row, strict=True):
            # One second is rounding: of the walk, and of each leg to a millimetre.
            assert seconds + 1 >= math.hypot(here.x - there.x, here.y - there.y)


def test_a_closed_gate_makes_the_walk_longer() -> None:
    ring: list[Line] = [((0, 0), (100, 0), (100, 50), (0, 50)), ((0, 50), (0, 0))]
    assert by_the_search(ring, Place(0, 0), Place(0, 50)) == 50
    assert by_the_search(ring[:1], Place(0, 0), Place(0, 50)) == 250


def test_ways_of_which_none_is_near_are_left_out() -> None:
    far: Line = ((9_000, 0), (9_900, 0))
    beyond: Line = ((100, 0), (500, 0), (500, 90))
    assert used_lines([far, ROAD, beyond], [Place(5, 5), Place(80, 0)]) == (ROAD, beyond)
    assert used_lines([], [Place(5, 5)]) == used_lines([ROAD], []) == ()


def test_an_instance_without_ways_costs_what_it_always_did() -> None:
    street = a_street()
    assert problem_from({**street, "ways": []}) == problem_from(street)
    plan = {
        "instance": street["name"],
        "crews": [
            {
                "crew": "c0",
                "rounds": [
                    {
                        "visits": [
                            {"entrance": "clean", "orders": ["o0", "o1"]},
                            {"entrance": "sealed", "orders": ["o2"]},
                        ]
                    }
                ],
            }
        ],
    }
    assert check_plan({**street, "ways": []}, plan) == check_plan(street, plan)


def test_ways_are_written_as_they_were_read() -> None:
    street = a_street(ways=[[[0.5, 0.0], [50.0, 0.0]], [[50.0, 0.0], [90.0, 7.25]]])
    assert instance_dict(problem_from(street)) == street
    assert problem_from(street) == problem_from(instance_dict(problem_from(street)))
    assert problem_from(street) != problem_from(a_street())


def test_a_plan_follows_the_ways() -> None:
    """Two entrances stand back to back, a wall between them: the crew that goes around pays for it."""
    entrances = [an_entrance("near", x=0.0, y=0.0), an_entrance("behind", x=0.0, y=10.0)]
    orders = [an_order("o0", "near"), an_order("o1", "behind")]
    street = a_street(entrances=entrances, orders=orders)
    walled = {**street, "ways": [[list(map(float, corner)) for corner in AROUND]]}
    plain_s, around_s = (_planned(each)[1] for each in (street, walled))
    assert around_s - plain_s == 2 * round(210 / 1.1) - 2 * round(13 / 1.1)


@st.composite
def drawn_streets(draw: st.DrawFn) -> dict[str, Any]:
    street = draw(streets())
    tenths = st.integers(0, 3_000).map(lambda metres: metres / 10)
    places = [[place["x"], place["y"]] for place in (*street["drop_points"], *street["entrances"])]
    corners = [*places, *(draw(st.lists(tenths, min_size=2, max_size=2)) for _ in range(3))]
    lines = draw(st.lists(st.lists(st.sampled_from(corners), min_size=2, max_size=5), min_size=1, max_size=5))
    return {**street, "ways": lines}


@given(drawn_streets())
@settings(max_examples=60)
def test_every_plan_over_drawn_ways_keeps_every_rule_and_costs_what_the_check_says(street: dict[str, Any]) -> None:
    served, cost, plan = _planned(street)
    score = check_plan(served, plan)
    assert (score.errors, score.cost) == ((), cost)
    assert lower_bound_s(problem_from(served)) <= score.crew_s


def _planned(street: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, Any]]:
    """Plans by the plain stage; gives what of the street it serves, its own cost, and the plan's file."""
    problem = problem_from(street)
    servable, refused = screen(problem)
    solved = [(part, fallback.solve(part, seed=1)) for part in drop_problems(servable)]
    left_out = {it.order for it in (*refused, *(it for _, solution in solved for it in solution.left_out))}
    plan = plan_of(problem.name, [(part, solution.days) for part, solution in solved])
    cost = sum(cost_of(part, solution.days) for part, solution in solved)
    served = {**street, "orders": [order for order in street["orders"] if order["id"] not in left_out]}
    return served, cost, plan_dict(plan)
