"""Estate files and rosters: whole or not at all, with every wrong field named."""

from collections.abc import Callable
from datetime import time

import pytest

from services.routing.domain.estate_file import EstateFileRefused, read_estate_file
from services.routing.domain.roster_file import RosterFileRefused, read_roster_file
from tests.unit.routing.files import (
    CREW_LINE,
    ROSTER_HEAD,
    Document,
    a_document,
    a_roster,
    changed,
    facts,
    feature,
)

Change = Callable[[Document], object]


def test_a_good_estate_file_is_read() -> None:
    estate = read_estate_file(changed(len))
    (drop,), (entrance,) = estate.drop_points, estate.entrances
    assert (drop.drop_point_id, drop.community, drop.zone, drop.y_m) == ("z0d0", "莲香社区", "一号封控区", -15.0)
    assert (entrance.compound, entrance.building, entrance.entrance) == ("梅香花园", "1号楼", None)
    assert (entrance.floors, entrance.has_lift, entrance.gate_s, entrance.drop_point_id) == (12, True, 30, "z0d0")


def test_the_building_head_may_take_the_goods() -> None:
    (entrance,) = read_estate_file(changed(_fact("e1", hand_over_s=90))).entrances
    assert entrance.hand_over_s == 90
    (entrance,) = read_estate_file(changed(len)).entrances
    assert entrance.hand_over_s is None


def test_features_of_other_makers_are_passed_over() -> None:
    road = {"type": "Feature", "geometry": {"type": "LineString"}, "properties": {"kind": "road"}}
    assert read_estate_file(changed(lambda document: document["features"].append(road))).entrances


def _spot(feature_id: str, spot: object) -> Change:
    return lambda document: feature(document, feature_id)["geometry"].update(coordinates=spot)


def _fact(feature_id: str, **values: object) -> Change:
    return lambda document: facts(document, feature_id).update(values)


def _without(feature_id: str) -> Change:
    return lambda document: document.update(
        features=[one for one in document["features"] if one["id"] != feature_id]
    )


def _twice(feature_id: str) -> Change:
    return lambda document: document["features"].append(feature(document, feature_id))


def _twin(document: Document) -> None:
    other = feature(a_document(), "e1")
    document["features"].append({**other, "id": "e2"})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_spot("e1", [float("nan"), 1]), ("entrance e1", "coordinates", "not_finite")),
        (_spot("e1", [float("inf"), 1]), ("entrance e1", "coordinates", "not_finite")),
        (_spot("e1", ["10", 1]), ("entrance e1", "coordinates", "not_finite")),
        (_spot("e1", [True, 1]), ("entrance e1", "coordinates", "not_finite")),
        (_spot("e1", [10_000_000, 1]), ("entrance e1", "coordinates", "too_far")),
        (_spot("e1", [1]), ("entrance e1", "coordinates", "not_two_numbers")),
        (_spot("z0d0", None), ("drop_point z0d0", "coordinates", "not_two_numbers")),
        (lambda d: feature(d, "e1").update(geometry=None), ("entrance e1", "geometry", "no_point")),
        (_fact("e1", floors=0), ("entrance e1", "floors", "out_of_range")),
        (_fact("e1", floors=201), ("entrance e1", "floors", "out_of_range")),
        (_fact("e1", floors=7.5), ("entrance e1", "floors", "no_whole_number")),
        (_fact("e1", floors=None), ("entrance e1", "floors", "no_whole_number")),
        (_fact("e1", lift="yes"), ("entrance e1", "lift", "not_true_or_false")),
        (_fact("e1", gate_s=-1), ("entrance e1", "gate_s", "out_of_range")),
        (_fact("e1", gate_s=3601), ("entrance e1", "gate_s", "out_of_range")),
        (_fact("e1", hand_over_s=-1), ("entrance e1", "hand_over_s", "out_of_range")),
        (_fact("e1", hand_over_s="60"), ("entrance e1", "hand_over_s", "no_whole_number")),
        (_fact("e1", building="b9"), ("entrance e1", "building", "not_in_file")),
        (_fact("e1", drop="z0"), ("entrance e1", "drop", "not_in_file")),
        (_fact("e1", drop=None), ("entrance e1", "drop", "missing")),
        (_fact("e1", name=""), ("entrance e1", "name", "missing")),
        (_fact("b1", name=" "), ("building b1", "name", "missing")),
        (_fact("b1", name="楼" * 81), ("building b1", "name", "too_long")),
        (_fact("b1", compound="nowhere"), ("building b1", "compound", "not_in_file")),
        (_fact("z0", community=None), ("zone z0", "community", "missing")),
        (_without("e1"), ("building b1", "entrance", "building_without_entrance")),
        (_without("z0d0"), ("entrance e1", "drop", "not_in_file")),
        (_twice("b1"), ("building b1", "id", "given_twice")),
        (_twin, ("entrance e1", "name", "same_names")),
        (lambda d: feature(d, "e1").update(id=7), ("entrance 4", "id", "no_text")),
        (lambda d: feature(d, "e1").update(properties=None), ("feature 4", "properties", "missing")),
    ],
)
def test_a_wrong_field_is_named(change: Change, problem: tuple[str, str, str]) -> None:
    with pytest.raises(EstateFileRefused) as refused:
        read_estate_file(changed(change))
    problems = refused.value.data["problems"]
    assert isinstance(problems, list)
    assert problem in [(one["feature"], one["field"], one["wrong"]) for one in problems]


def test_a_fault_is_told_once_and_not_again_for_all_that_hangs_on_it() -> None:
    with pytest.raises(EstateFileRefused) as refused:
        read_estate_file(changed(_fact("z0", community=None)))
    assert refused.value.data["count"] == 1


def test_all_faults_are_told_together() -> None:
    with pytest.raises(EstateFileRefused) as refused:
        read_estate_file(changed(lambda d: (_fact("e1", floors=0)(d), _fact("b1", name="")(d))))
    assert refused.value.data["count"] == 2


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (b"", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"PK\x03\x04", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"[]", "not_feature_collection"),
        (b'{"type": "FeatureCollection"}', "not_this_format"),
        (b'{"type": "FeatureCollection", "format": "baimi-estate/1", "features": {}}', "no_list"),
        (b'{"type": "FeatureCollection", "format": "baimi-estate/1", "features": []}', "no_drop_point_in_file"),
    ],
)
def test_what_is_no_estate_file_is_refused(body: bytes, wrong: str) -> None:
    with pytest.raises(EstateFileRefused) as refused:
        read_estate_file(body)
    problems = refused.value.data["problems"]
    assert isinstance(problems, list)
    assert problems[0]["wrong"] == wrong


def test_a_good_roster_is_read() -> None:
    (crew,) = read_roster_file(a_roster(), {"z0d0"})
    assert (crew.crew_id, crew.people, crew.cap_g, crew.cap_crates) == ("k1", 2, 150_000, 36)
    assert (crew.shift_start, crew.shift_end, crew.capabilities) == (time(9), time(13), ("positive", "cold"))


OPTIONAL = ("climbers", "may_enter")
FULL_HEAD = ",".join([ROSTER_HEAD, *OPTIONAL])


def test_a_roster_may_say_who_carries_and_where_a_crew_may_go() -> None:
    guarded, limited, plain = read_roster_file(
        a_roster(
            _line(climbers="1"),
            _line(id="k2", may_enter="clean"),
            _line(id="k3", climbers="", may_enter="positive"),
            head=FULL_HEAD,
        ),
        (),
    )
    assert [(crew.climbers, crew.may_enter) for crew in (guarded, limited, plain)] == [
        (1, None),
        (None, 0),
        (None, 1),
    ]
    (crew,) = read_roster_file(a_roster(), ())
    assert (crew.climbers, crew.may_enter) == (None, None)


def _line(**changes: str) -> str:
    names = ROSTER_HEAD.split(",")
    values = dict(zip(names, CREW_LINE.split(","), strict=True)) | changes
    return ",".join(values.get(name, "") for name in [*names, *OPTIONAL])


@pytest.mark.parametrize(
    ("changes", "column", "wrong"),
    [
        ({"id": ""}, "id", "missing"),
        ({"name": ""}, "name", "missing"),
        ({"shift_start": ""}, "shift_start", "missing"),
        ({"shift_end": ""}, "shift_end", "missing"),
        ({"shift_end": "09:00"}, "shift_end", "no_length"),
        ({"shift_start": "morning"}, "shift_start", "no_time"),
        ({"shift_start": "09:00+08:00"}, "shift_start", "no_time"),
        ({"people": "0"}, "people", "out_of_range"),
        ({"people": "two"}, "people", "no_whole_number"),
        ({"people": "²"}, "people", "no_whole_number"),
        ({"cap_g": "-5"}, "cap_g", "no_whole_number"),
        ({"cap_g": "999"}, "cap_g", "out_of_range"),
        ({"cap_crates": "0"}, "cap_crates", "out_of_range"),
        ({"drop_point": "z9d9"}, "drop_point", "not_in_estate"),
        ({"drop_point": ""}, "drop_point", "missing"),
        ({"climbers": "3"}, "climbers", "out_of_range"),
        ({"climbers": "0"}, "climbers", "out_of_range"),
        ({"climbers": "one"}, "climbers", "no_whole_number"),
        ({"may_enter": "2"}, "may_enter", "no_handling"),
    ],
)
def test_a_wrong_column_is_named(changes: dict[str, str], column: str, wrong: str) -> None:
    with pytest.raises(RosterFileRefused) as refused:
        read_roster_file(a_roster(_line(**changes), head=FULL_HEAD), {"z0d0"})
    problems = refused.value.data["problems"]
    assert isinstance(problems, list)
    assert [(one["field"], one["wrong"]) for one in problems] == [(column, wrong)]
    assert str(problems[0]["feature"]).startswith("line 2")


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (b"", "empty"),
        (b"\xff\xfe\x00", "not_csv"),
        (b"id,name\nk1,x", "column_missing"),
        (a_roster("", ""), "no_crew_in_file"),
        (a_roster(CREW_LINE, CREW_LINE), "given_twice"),
    ],
)
def test_what_is_no_roster_is_refused(body: bytes, wrong: str) -> None:
    with pytest.raises(RosterFileRefused) as refused:
        read_roster_file(body, ())
    problems = refused.value.data["problems"]
    assert isinstance(problems, list)
    assert problems[0]["wrong"] == wrong


def test_before_an_estate_file_any_drop_point_is_taken() -> None:
    assert read_roster_file(a_roster(), ())[0].drop_point_id == "z0d0"
