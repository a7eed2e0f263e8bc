"""Bad instance files are refused by the name of the field; good ones are read as they are."""

import copy
import math
from pathlib import Path
from typing import Any

import pytest

from services.routing.planning.fields import MalformedFile
from services.routing.planning.instance_files import (
    instance_dict,
    plan_from,
    problem_from,
    read_json,
)
from tests.unit.routing.planning.streets import a_plan, a_street

BAD_INSTANCES: list[tuple[tuple[str | int, ...], object, str]] = [
    (("format",), "l100m-instance/2", "format"),
    (("name",), "", "name"),
    (("seed",), 1.5, "seed"),
    (("seed",), True, "seed"),
    (("weights", "late_s"), -1, "weights.late_s"),
    (("model", "walk_mps"), 0, "model.walk_mps"),
    (("model", "detour"), math.inf, "model.detour"),
    (("model", "stairs", "carry_g"), "22 kg", "model.stairs.carry_g"),
    (("model", "lift"), None, "model.lift"),
    (("drop_points",), {}, "drop_points"),
    (("drop_points", 0, "x"), math.nan, "drop_points[0].x"),
    (("entrances", 1, "y"), math.nan, "entrances[1].y"),
    (("entrances", 1, "drop"), "d9", "entrances[1].drop"),
    (("entrances", 1, "id"), "clean", "entrances[1].id"),
    (("entrances", 0, "lift"), 1, "entrances[0].lift"),
    (("entrances", 0, "floors"), 0, "entrances[0].floors"),
    (("orders", 2, "entrance"), "e9", "orders[2].entrance"),
    (("orders", 0, "floor"), 0, "orders[0].floor"),
    (("orders", 0, "packages_g"), [], "orders[0].packages_g"),
    (("orders", 0, "packages_g"), [1_000, -1], "orders[0].packages_g[1]"),
    (("orders", 0, "due_s"), "noon", "orders[0].due_s"),
    (("orders", 1), ["o1"], "orders[1]"),
    (("crews", 0, "people"), 0, "crews[0].people"),
    (("crews", 0, "end_s"), -1, "crews[0].end_s"),
    (("crews", 0, "drop"), "d9", "crews[0].drop"),
    (("closed_zones",), ["z0", "z9"], "closed_zones[1]"),
    (("closed_zones",), [7], "closed_zones[0]"),
    (("closed_zones",), "z0", "closed_zones"),
    (("rules",), {"disinfect_s": -1}, "rules.disinfect_s"),
    (("rules",), {"own_crews": 1}, "rules.own_crews"),
    (("rules",), {"quiet": [[1, 2], [5, 4]]}, "rules.quiet[1][1]"),
    (("rules",), {"quiet": [7]}, "rules.quiet[0]"),
    (("locked",), [{"crew": "c9", "rounds": []}], "locked[0].crew"),
    (("orders", 1, "crew"), "c9", "orders[1].crew"),
    (("orders", 1, "not_after_s"), "noon", "orders[1].not_after_s"),
    (("crews", 0, "climbers"), 3, "crews[0].climbers"),
    (("entrances", 0, "handling"), 1, "entrances[0].handling"),
    (("entrances", 0, "hand_over_s"), -1, "entrances[0].hand_over_s"),
    (("ways",), {}, "ways"),
    (("ways",), None, "ways"),
    (("ways",), [[[0, 0]]], "ways[0]"),
    (("ways",), [[[0, 0], [9, 9]], "road"], "ways[1]"),
    (("ways",), [[[0, 0], [math.nan, 9]]], "ways[0][1][0]"),
    (("ways",), [[[0, 0], [9, True]]], "ways[0][1][1]"),
    (("ways",), [[[0, 0], [9]]], "ways[0][1]"),
    (("ways",), [[[0, 0], [9, 1e300]]], "ways[0][1][1]"),
]


@pytest.mark.parametrize(("path", "value", "field"), BAD_INSTANCES, ids=[row[2] for row in BAD_INSTANCES])
def test_a_wrong_value_is_refused_by_its_name(path: tuple[str | int, ...], value: object, field: str) -> None:
    street: Any = copy.deepcopy(a_street())
    place = street
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(MalformedFile) as refusal:
        problem_from(street)
    assert str(refusal.value).startswith(f"{field}:")


@pytest.mark.parametrize("field", sorted(set(a_street()) - {"format"}))
def test_a_missing_field_is_refused_by_its_name(field: str) -> None:
    street = a_street()
    del street[field]
    with pytest.raises(MalformedFile, match=f"{field}: is missing"):
        problem_from(street)


@pytest.mark.parametrize("content", [None, [], "street", 7])
def test_what_is_no_object_is_no_instance(content: object) -> None:
    with pytest.raises(MalformedFile, match=r"^file: must be an object"):
        problem_from(content)


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "street.json"
    path.write_bytes(b"\xff\x00{")
    with pytest.raises(MalformedFile, match=r"^street\.json:"):
        read_json(path)


def test_fields_of_a_later_version_are_passed_over() -> None:
    assert problem_from({**a_street(), "colour": "red"}) == problem_from(a_street())


def test_what_is_optional_is_written_as_it_was_read() -> None:
    street = a_street(
        closed_zones=["z0"],
        rules={"disinfect_s": 60, "own_crews": True, "cold_limit_s": 1_800, "quiet": [[0, 60]]}
        | {"rest_after_s": 7_200, "rest_s": 600},
        locked=[{"crew": "c0", "rounds": [{"visits": [{"entrance": "clean", "orders": ["o0"]}]}]}],
    )
    street["entrances"][1] |= {"handling": 2, "hand_over_s": 90}
    street["orders"][0] |= {"not_before_s": 0, "not_after_s": 3_600, "crew": "c0"}
    street["crews"][0] |= {"was_sealed": True, "climbers": 1, "may_enter": 1}
    assert instance_dict(problem_from(street)) == street
    assert instance_dict(problem_from(a_street())) == a_street()


def test_where_ways_are_drawn_a_place_off_the_plane_is_refused_by_its_name() -> None:
    street = a_street(ways=[[[0.0, 0.0], [50.0, 0.0]]])
    street["entrances"][1]["y"] = 1e300
    with pytest.raises(MalformedFile, match=r"^entrances\[1\]\.y: must be within 1000000 metres"):
        problem_from(street)


def test_a_visit_without_a_list_of_orders_is_no_plan() -> None:
    plan = a_plan([[("clean", ["o0"])]])
    plan["crews"][0]["rounds"][0]["visits"][0]["orders"] = "o0"
    with pytest.raises(MalformedFile, match=r"^crews\[0\]\.rounds\[0\]\.visits\[0\]\.orders: must be a list"):
        plan_from(plan)
