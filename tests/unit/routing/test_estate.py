"""Names find facts however they were spelt; what nobody measured gets the visible defaults."""

from dataclasses import replace

import pytest

from services.routing.domain.estate import (
    DEFAULT_FLOORS,
    DEFAULT_GATE_S,
    DropPoint,
    EntranceFacts,
    EntranceName,
    building_key,
    entrance_key,
    grid_of_drop_point,
    match_entrances,
    most_used_drop_point,
)
from services.routing.domain.handling import Handling, is_positive
from services.routing.domain.planned_entrance import NamedEntrance, arrange, plan_entrance

FACT = EntranceFacts("f1", "莲香社区", "梅香花园", "5号楼", "1单元", 10.0, 20.0, 18, True, 30, "d1")
DROP = DropPoint("d1", "接收点", "莲香社区", "一号", 0.0, 0.0)


def a_name(entrance_id: str = "e1", building: str = "5号楼", name: str | None = "1单元") -> EntranceName:
    return EntranceName(entrance_id, building_key("莲香社区", "梅香花园", building), name)


def a_named(**changes: object) -> NamedEntrance:
    named = NamedEntrance(
        entrance_id="e1",
        name="1单元",
        building_id="b1",
        building_key=FACT.building_key,
        building="5号楼",
        compound="梅香花园",
        community="莲香社区",
        grid="g1",
        zone_id="z1",
        handling="clean",
        feature_id=None,
    )
    return replace(named, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("spelt", ["5号楼", "5", "05号楼", " 5 号楼", "５号楼", "5栋", "5幢"])
def test_a_building_is_found_by_any_spelling(spelt: str) -> None:
    assert building_key("莲香社区", "梅香花园", spelt) == FACT.building_key


@pytest.mark.parametrize("other", ["15号楼", "5A号楼", "6号楼", "50号楼"])
def test_another_building_is_another(other: str) -> None:
    assert building_key("莲香社区", "梅香花园", other) != FACT.building_key


def test_two_communities_may_bear_one_compound() -> None:
    assert building_key("榕荫社区", "梅香花园", "5号楼") != FACT.building_key


def test_entrances_match_by_name_within_their_building() -> None:
    second = replace(FACT, feature_id="f2", entrance="2单元")
    names = [a_name("e1", name="2"), a_name("e2", name="1单元"), a_name("e3", name="3单元")]
    assert match_entrances(names, [FACT, second]) == {"e1": "f2", "e2": "f1"}


def test_the_only_entrance_of_a_building_needs_no_name() -> None:
    assert match_entrances([a_name(name=None)], [FACT]) == {"e1": "f1"}


def test_one_entrance_here_and_two_there_do_not_match_without_a_name() -> None:
    second = replace(FACT, feature_id="f2", entrance="2单元")
    assert match_entrances([a_name(name=None)], [FACT, second]) == {}


def test_an_entrance_called_unit_alone_keeps_its_name() -> None:
    assert entrance_key("单元") == "单元"


def test_a_matched_entrance_is_planned_as_measured() -> None:
    place = plan_entrance(a_named(feature_id="f1"), arrange([FACT], [DROP]))
    assert place is not None
    assert (place.floors, place.has_lift, place.gate_s, place.is_measured) == (18, True, 30, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"building_key": "x|y|z", "building": "9号楼"},
        {"building_key": "x|y|z", "building": "9号楼", "compound": "别的小区"},
        {},
    ],
)
def test_an_unmatched_entrance_gets_the_defaults_of_what_lies_nearest(changes: dict[str, str]) -> None:
    place = plan_entrance(a_named(**changes), arrange([FACT], [DROP]))
    assert place is not None
    assert (place.floors, place.has_lift, place.gate_s) == (DEFAULT_FLOORS, False, DEFAULT_GATE_S)
    assert (place.x_m, place.y_m, place.drop_point_id, place.is_measured) == (10.0, 20.0, "d1", False)


def test_where_nothing_is_known_nobody_can_serve() -> None:
    known = arrange([FACT], [DROP])
    assert plan_entrance(a_named(community="远方社区", building_key="x"), known) is None
    assert plan_entrance(a_named(feature_id="f1"), arrange([FACT], [])) is None


def test_the_drop_point_used_most_serves_and_names_decide_ties() -> None:
    facts = [replace(FACT, drop_point_id=drop) for drop in ("d2", "d1", "d2", "d1", "d3")]
    assert most_used_drop_point(facts) == "d1"
    assert most_used_drop_point([*facts, replace(FACT, drop_point_id="d2")]) == "d2"
    assert most_used_drop_point([]) is None


def test_a_drop_point_of_two_grids_belongs_to_neither() -> None:
    assert grid_of_drop_point({"g1": 3}) == "g1"
    assert grid_of_drop_point({"g1": 3, "g2": 1}) is None


def test_positive_buildings_are_told_apart() -> None:
    assert is_positive(Handling.POSITIVE)
    assert not is_positive(Handling.CLEAN)
