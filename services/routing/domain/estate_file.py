"""Reads an estate file (GeoJSON in local metres, `docs/formats/estate.md`) whole or not at all."""

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from services.routing.domain.estate import DropPoint, EntranceFacts, Estate, entrance_key
from services.routing.domain.way import Way, let_ways_meet
from shared.basics.errors import Refused

FORMAT = "baimi-estate/1"
# Wide enough for any city in local metres, narrow enough to catch degrees times a million.
MAX_COORDINATE_M = 1_000_000.0
MAX_FLOORS = 200
MAX_GATE_S = 3_600
MAX_NAME_LENGTH = 80
MAX_FEATURES = 200_000
MAX_PROBLEMS_SHOWN = 50
MAX_WAY_POINTS = 100_000
MAX_WAY_WIDTH_M = 100
KINDS = ("zone", "compound", "building", "entrance", "drop_point", "path")

Feature = Mapping[str, Any]
# `feature`, `field` and `wrong` (a code the page has words for), and the figures those words need.
Problem = dict[str, str | int]
T = TypeVar("T")


class EstateFileRefused(Refused):
    """The estate file cannot be used; `problems` names each feature, its field and a code for what is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("estate_file_refused", problems=problems[:MAX_PROBLEMS_SHOWN], count=len(problems))


def read_estate_file(body: bytes) -> Estate:
    """Reads an estate file.

    Units: local metres, seconds.
    Errors: EstateFileRefused with every problem found, never the first alone; nothing is half read.
    Source: docs/formats/estate.md
    """
    document = _document(body)
    pile = _Pile()
    _sort_by_kind(pile, document["features"])
    communities = _read(pile, "zone", lambda feature: _text(feature, "community"))
    compounds = _read(pile, "compound", lambda feature: _compound(pile, feature, communities))
    buildings = _read(pile, "building", lambda feature: _building(pile, feature, compounds))
    drops = _read(pile, "drop_point", lambda feature: _drop_point(pile, feature, communities))
    entrances = _read(pile, "entrance", lambda feature: _entrance(pile, feature, buildings))
    ways = _read(pile, "path", _way)
    if sum(len(way.line) for way in ways.values()) > MAX_WAY_POINTS:
        pile.complain("path", "coordinates", "too_many", {"limit": MAX_WAY_POINTS})
    _complain_of_buildings_without_entrance(pile)
    _complain_of_twins(pile, entrances)
    if not pile.features["drop_point"]:
        pile.complain("file", "features", "no_drop_point_in_file")
    if pile.problems:
        raise EstateFileRefused(pile.problems)
    return Estate(
        str(document.get("name") or ""),
        tuple(drops.values()),
        tuple(entrances.values()),
        let_ways_meet(tuple(ways.values())),
    )


@dataclass(slots=True)
class _Pile:
    """The features by kind and id, and all that is wrong with them: one upload shows everything."""

    features: dict[str, dict[str, Feature]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    problems: list[Problem] = field(default_factory=list)

    def complain(self, feature: str, wrong_field: str, wrong: str, figures: Mapping[str, str | int] = {}) -> None:
        self.problems.append({"feature": feature, "field": wrong_field, "wrong": wrong, **figures})


class _Wrong(Exception):
    """One field cannot be used; an empty code means that the cause was complained of elsewhere."""

    def __init__(self, wrong_field: str, wrong: str, **figures: str | int) -> None:
        super().__init__(wrong_field, wrong)
        self.field = wrong_field
        self.wrong = wrong
        self.figures = figures


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise _refused("", "not_json") from None
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise _refused("type", "not_feature_collection")
    if document.get("format") != FORMAT:
        raise _refused("format", "not_this_format", format=FORMAT)
    if not isinstance(document.get("features"), list):
        raise _refused("features", "no_list")
    if len(document["features"]) > MAX_FEATURES:
        raise _refused("features", "too_many", limit=MAX_FEATURES)
    return document


def _refused(wrong_field: str, wrong: str, **figures: str | int) -> EstateFileRefused:
    return EstateFileRefused([{"feature": "file", "field": wrong_field, "wrong": wrong, **figures}])


def _sort_by_kind(pile: _Pile, listed: list[Any]) -> None:
    seen: set[str] = set()
    for position, feature in enumerate(listed):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
            pile.complain(f"feature {position}", "properties", "missing")
            continue
        kind = feature["properties"].get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            continue  # layers of other makers (roads, trees) may stay in the file
        feature_id = feature.get("id")
        if not isinstance(feature_id, str) or not 0 < len(feature_id) <= MAX_NAME_LENGTH:
            pile.complain(f"{kind} {position}", "id", "no_text")
        elif feature_id in seen:
            pile.complain(f"{kind} {feature_id}", "id", "given_twice")
        else:
            seen.add(feature_id)
            pile.features[kind][feature_id] = feature


def _read(pile: _Pile, kind: str, read_one: Callable[[Feature], T]) -> dict[str, T]:
    read: dict[str, T] = {}
    for feature_id, feature in pile.features[kind].items():
        try:
            read[feature_id] = read_one(feature)
        except _Wrong as problem:
            if problem.wrong:
                pile.complain(f"{kind} {feature_id}", problem.field, problem.wrong, problem.figures)
    return read


def _compound(pile: _Pile, feature: Feature, communities: Mapping[str, str]) -> tuple[str, str]:
    zone_id = _reference(pile, feature, "zone", "zone")
    return _known(communities, zone_id), _text(feature, "name")


def _building(pile: _Pile, feature: Feature, compounds: Mapping[str, tuple[str, str]]) -> tuple[str, str, str]:
    compound_id = _reference(pile, feature, "compound", "compound")
    return (*_known(compounds, compound_id), _text(feature, "name"))


def _drop_point(pile: _Pile, feature: Feature, communities: Mapping[str, str]) -> DropPoint:
    x_m, y_m = _spot(feature)
    zone_id = _reference(pile, feature, "zone", "zone")
    zone_name = str(pile.features["zone"][zone_id]["properties"].get("name") or "")
    name = _text(feature, "name")
    return DropPoint(feature["id"], name, _known(communities, zone_id), zone_name, x_m, y_m)


def _entrance(pile: _Pile, feature: Feature, buildings: Mapping[str, tuple[str, str, str]]) -> EntranceFacts:
    x_m, y_m = _spot(feature)
    building_id = _reference(pile, feature, "building", "building")
    drop_point_id = _reference(pile, feature, "drop", "drop_point")
    has_lift = feature["properties"].get("lift")
    if not isinstance(has_lift, bool):
        raise _Wrong("lift", "not_true_or_false")
    floors = _whole(feature, "floors", 1, MAX_FLOORS)
    gate_s = _whole(feature, "gate_s", 0, MAX_GATE_S)
    name = None if feature["properties"].get("name") is None else _text(feature, "name")
    # Last: a fault of the building must not hide the entrance's own.
    community, compound, building = _known(buildings, building_id)
    return EntranceFacts(
        feature_id=feature["id"],
        community=community,
        compound=compound,
        building=building,
        entrance=name,
        x_m=x_m,
        y_m=y_m,
        floors=floors,
        has_lift=has_lift,
        gate_s=gate_s,
        drop_point_id=drop_point_id,
        hand_over_s=_whole(feature, "hand_over_s", 0, MAX_GATE_S) if _is_given(feature, "hand_over_s") else None,
    )


def _way(feature: Feature) -> Way:
    geometry = feature.get("geometry")
    if not isinstance(geometry, dict) or geometry.get("type") != "LineString":
        raise _Wrong("geometry", "no_line")
    corners = geometry.get("coordinates")
    if not isinstance(corners, list) or len(corners) < 2:
        raise _Wrong("coordinates", "no_two_points")
    closed = feature["properties"].get("closed", False)
    if not isinstance(closed, bool):
        raise _Wrong("closed", "not_true_or_false")
    return Way(feature["id"], tuple(_corner(corner) for corner in corners), closed, _width_m(feature))


def _width_m(feature: Feature) -> float | None:
    width_m = feature["properties"].get("width_m")
    if width_m is None:
        return None
    if isinstance(width_m, bool) or not isinstance(width_m, int | float) or not 0 <= width_m <= MAX_WAY_WIDTH_M:
        raise _Wrong("width_m", "out_of_range", low=0, high=MAX_WAY_WIDTH_M)
    return float(width_m)


def _is_given(feature: Feature, name: str) -> bool:
    return feature["properties"].get(name) is not None


def _known(read: Mapping[str, T], feature_id: str) -> T:
    if feature_id not in read:
        raise _Wrong("", "")
    return read[feature_id]


def _reference(pile: _Pile, feature: Feature, name: str, kind: str) -> str:
    referred = feature["properties"].get(name)
    if not isinstance(referred, str) or not referred:
        raise _Wrong(name, "missing")
    if referred not in pile.features[kind]:
        raise _Wrong(name, "not_in_file", kind=kind, id=referred[:MAX_NAME_LENGTH])
    return referred


def _text(feature: Feature, name: str) -> str:
    value = feature["properties"].get(name)
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(name, "missing")
    if len(value) > MAX_NAME_LENGTH:
        raise _Wrong(name, "too_long", limit=MAX_NAME_LENGTH)
    return value.strip()


def _whole(feature: Feature, name: str, low: int, high: int) -> int:
    value = feature["properties"].get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _Wrong(name, "no_whole_number")
    if not low <= value <= high:
        raise _Wrong(name, "out_of_range", low=low, high=high)
    return value


def _spot(feature: Feature) -> tuple[float, float]:
    geometry = feature.get("geometry")
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        raise _Wrong("geometry", "no_point")
    return _corner(geometry.get("coordinates"))


def _corner(coordinates: Any) -> tuple[float, float]:
    if not isinstance(coordinates, list) or len(coordinates) < 2:
        raise _Wrong("coordinates", "not_two_numbers")
    x_m, y_m = (_coordinate(value) for value in coordinates[:2])
    return x_m, y_m


def _coordinate(value: Any) -> float:
    # json.loads takes NaN and Infinity for numbers; no crew can walk there.
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _Wrong("coordinates", "not_finite")
    if abs(value) > MAX_COORDINATE_M:
        raise _Wrong("coordinates", "too_far")
    return float(value)


def _complain_of_buildings_without_entrance(pile: _Pile) -> None:
    entered = {feature["properties"].get("building") for feature in pile.features["entrance"].values()}
    for building_id in pile.features["building"]:
        if building_id not in entered:
            pile.complain(f"building {building_id}", "entrance", "building_without_entrance")


def _complain_of_twins(pile: _Pile, entrances: Mapping[str, EntranceFacts]) -> None:
    keys = Counter((fact.building_key, entrance_key(fact.entrance)) for fact in entrances.values())
    for fact in entrances.values():
        if keys[fact.building_key, entrance_key(fact.entrance)] > 1:
            pile.complain(f"entrance {fact.feature_id}", "name", "same_names")
