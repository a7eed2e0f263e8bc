"""Drawn ways: read whole or refused by name, and meeting where whoever drew them meant them to."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain.estate_file import EstateFileRefused, read_estate_file
from services.routing.domain.way import Corner, Way, let_ways_meet
from tests.unit.routing.files import a_document


def a_path(feature_id: str, *corners: object, **facts: object) -> dict[str, Any]:
    geometry = {"type": "LineString", "coordinates": list(corners)}
    return {"type": "Feature", "id": feature_id, "geometry": geometry, "properties": {"kind": "path", **facts}}


def read(*paths: dict[str, Any]) -> tuple[Way, ...]:
    document = a_document()
    document["features"] += paths
    return read_estate_file(json.dumps(document).encode()).ways


def lines(*drawn: tuple[Corner, ...]) -> list[tuple[Corner, ...]]:
    return [way.line for way in let_ways_meet([Way(str(number), line) for number, line in enumerate(drawn)])]


def test_an_estate_file_without_ways_has_none() -> None:
    assert read() == ()


def test_ways_are_read_as_they_are_drawn() -> None:
    open_way, closed, narrow, wide = read(
        a_path("w1", [0, 0], [50.25, 10, 3.5]),
        a_path("w2", [0, 100], [50, 100], closed=True),
        a_path("w3", [0, 200], [50, 200], width_m=0.5),
        a_path("w4", [0, 300], [50, 300], width_m=3, closed=False),
    )
    assert open_way == Way("w1", ((0.0, 0.0), (50.25, 10.0)))
    assert [way.is_walkable for way in (open_way, closed, narrow, wide)] == [True, False, False, True]


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        (a_path("w", [0, 0]), ("path w", "coordinates", "no_two_points")),
        (a_path("w"), ("path w", "coordinates", "no_two_points")),
        (a_path("w", [0, 0], [float("nan"), 1]), ("path w", "coordinates", "not_finite")),
        (a_path("w", [0, 0], [1, float("inf")]), ("path w", "coordinates", "not_finite")),
        (a_path("w", [0, 0], ["1", 1]), ("path w", "coordinates", "not_finite")),
        (a_path("w", [0, 0], [10_000_000, 1]), ("path w", "coordinates", "too_far")),
        (a_path("w", [0, 0], [1]), ("path w", "coordinates", "not_two_numbers")),
        (a_path("w", [0, 0], 7), ("path w", "coordinates", "not_two_numbers")),
        (a_path("w", [0, 0], [1, 1], closed="no"), ("path w", "closed", "not_true_or_false")),
        (a_path("w", [0, 0], [1, 1], width_m=-1), ("path w", "width_m", "out_of_range")),
        (a_path("w", [0, 0], [1, 1], width_m=float("nan")), ("path w", "width_m", "out_of_range")),
        (a_path("w", [0, 0], [1, 1], width_m="3 m"), ("path w", "width_m", "out_of_range")),
        ({**a_path("w"), "geometry": {"type": "Point", "coordinates": [0, 0]}}, ("path w", "geometry", "no_line")),
        ({**a_path("w"), "geometry": None}, ("path w", "geometry", "no_line")),
        ({**a_path("w", [0, 0], [1, 1]), "id": None}, ("path 5", "id", "no_text")),
    ],
)
def test_a_way_that_is_none_is_refused_by_the_name_of_its_field(
    path: dict[str, Any], problem: tuple[str, str, str]
) -> None:
    with pytest.raises(EstateFileRefused) as refused:
        read(path)
    problems = refused.value.data["problems"]
    assert isinstance(problems, list)
    assert problem in [(one["feature"], one["field"], one["wrong"]) for one in problems]


def test_too_many_points_are_refused() -> None:
    with pytest.raises(EstateFileRefused) as refused:
        read(a_path("w", *([number, 0] for number in range(100_001))))
    assert "too_many" in str(refused.value.data["problems"])


def test_ways_that_cross_get_a_common_point() -> None:
    assert lines(((0, 0), (100, 0)), ((40, -30), (40, 30))) == [
        ((0, 0), (40, 0), (100, 0)),
        ((40, -30), (40, 0), (40, 30)),
    ]


def test_a_way_that_ends_beside_another_is_joined_to_it() -> None:
    road, lane = lines(((0, 0), (100, 0)), ((40, 0.4), (40, 30)))
    assert road == ((0, 0), (40, 0.4), (100, 0))
    assert lane == ((40, 0.4), (40, 30))


def test_ways_that_end_beside_each_other_go_on_to_each_other() -> None:
    road, lane = lines(((0, 0), (100, 0)), ((100.3, 0.1), (140, 30)))
    assert road == ((0, 0), (100, 0), (100.3, 0.1))
    assert lane == ((100, 0), (100.3, 0.1), (140, 30))


def test_a_way_that_ends_a_metre_off_is_not_joined() -> None:
    drawn = [((0, 0), (100, 0)), ((40, 1), (40, 30))]
    assert lines(*drawn) == drawn


def test_a_way_that_crosses_itself_meets_itself() -> None:
    (loop,) = lines(((0, 0), (100, 0), (100, 50), (50, 50), (50, -50)))
    assert loop == ((0, 0), (50, 0), (100, 0), (100, 50), (50, 50), (50, 0), (50, -50))


def test_ways_that_share_a_point_stay_as_they_are() -> None:
    drawn = [((0, 0), (40, 0), (100, 0)), ((40, 0), (40, 30))]
    assert lines(*drawn) == drawn


_SPOT = st.tuples(st.integers(-20, 20).map(lambda n: n * 2.5), st.integers(-20, 20).map(lambda n: n * 2.5))


@given(st.lists(st.lists(_SPOT, min_size=2, max_size=4).map(tuple), min_size=1, max_size=6))
@settings(max_examples=100)
def test_a_drawing_loses_no_point_but_repeated_ones(drawn: list[tuple[Corner, ...]]) -> None:
    for before, after in zip(drawn, lines(*drawn), strict=True):
        assert set(before) <= set(after)
        assert after[0] == before[0] or len(after) > len(before)
