"""Owns the estate file: a street as GeoJSON in local metres, written and read back."""

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from deploy.rehearsal.scenario.plans import ScenarioError
from deploy.rehearsal.scenario.street import (
    Box,
    Building,
    Compound,
    DropPoint,
    Entrance,
    Point,
    Street,
    Zone,
)

FORMAT = "baimi-estate/1"


def write_estate(street: Street, path: Path) -> None:
    """Write the street as one FeatureCollection; `docs/formats/estate.md` describes it."""
    features = [
        *(_feature("zone", zone.id, _ring(zone.area), _zone_facts(zone)) for zone in street.zones),
        *(_feature("compound", c.id, _ring(c.area), {"name": c.name, "zone": c.zone}) for c in street.compounds),
        *(
            _feature(
                "building", b.id, _ring(b.area), {"name": b.name, "compound": b.compound, "handling": b.handling}
            )
            for b in street.buildings
        ),
        *(_feature("entrance", e.id, _spot(e.place), _entrance_facts(e)) for e in street.entrances),
        *(
            _feature("drop_point", d.id, _spot(d.place), {"name": d.name, "zone": d.zone})
            for d in street.drop_points
        ),
    ]
    head = {"type": "FeatureCollection", "format": FORMAT, "name": street.name, "coordinates": "local metres"}
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    text = json.dumps(head, ensure_ascii=False)[:-1] + ', "features": [\n' + lines + "\n]}\n"
    path.write_text(text, encoding="utf-8")


def read_estate(path: Path) -> Street:
    """Read an estate file of anybody's making.

    Errors: ScenarioError names the feature and the property that cannot be used.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        features = [(f.get("id"), f["properties"], f["geometry"]) for f in document["features"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ScenarioError(f"{path.name} is no GeoJSON FeatureCollection: {error}") from error
    kinds = ("zone", "compound", "building", "entrance", "drop_point")
    by_kind: dict[str, list[tuple[str, dict[str, Any], dict[str, Any]]]] = {kind: [] for kind in kinds}
    for i, (feature_id, facts, geometry) in enumerate(features):
        if facts.get("kind") not in by_kind:
            continue  # layers of other makers (roads, trees) may stay in the file
        by_kind[facts["kind"]].append((str(feature_id or facts.get("id") or f"feature {i}"), facts, geometry))
    return Street(
        document.get("name", path.stem),
        tuple(_read(by_kind["zone"], _read_zone)),
        tuple(_read(by_kind["compound"], _read_compound)),
        tuple(_read(by_kind["building"], _read_building)),
        tuple(_read(by_kind["entrance"], _read_entrance)),
        tuple(_read(by_kind["drop_point"], _read_drop_point)),
    )


def _feature(kind: str, feature_id: str, geometry: dict[str, object], facts: dict[str, object]) -> object:
    return {"type": "Feature", "id": feature_id, "geometry": geometry, "properties": {"kind": kind, **facts}}


def _ring(area: Box) -> dict[str, object]:
    corners = [
        [area.left_m, area.bottom_m],
        [area.right_m, area.bottom_m],
        [area.right_m, area.top_m],
        [area.left_m, area.top_m],
        [area.left_m, area.bottom_m],
    ]
    return {"type": "Polygon", "coordinates": [[[round(x, 1), round(y, 1)] for x, y in corners]]}


def _spot(place: Point) -> dict[str, object]:
    return {"type": "Point", "coordinates": [place.x_m, place.y_m]}


def _zone_facts(zone: Zone) -> dict[str, object]:
    return {
        "name": zone.name,
        "community": zone.community,
        "grid": zone.grid,
        "class": zone.zone_class,
        "sealed_from": zone.sealed_from.isoformat(),
        "compounds": list(zone.compounds),
    }


def _entrance_facts(entrance: Entrance) -> dict[str, object]:
    return {
        "building": entrance.building,
        "name": entrance.name,
        "floors": entrance.floors,
        "lift": entrance.lift,
        "gate_s": entrance.gate_s,
        "drop": entrance.drop_point,
        "doors_per_floor": entrance.doors_per_floor,
    }


def _read(entries: Iterable[tuple[str, dict[str, Any], dict[str, Any]]], read_one: Any) -> list[Any]:
    read = []
    for feature_id, facts, geometry in entries:
        try:
            read.append(read_one(feature_id, facts, geometry))
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise ScenarioError(f"{facts['kind']} {feature_id}: {type(error).__name__} {error}") from error
    return read


def _read_zone(feature_id: str, facts: dict[str, Any], geometry: dict[str, Any]) -> Zone:
    return Zone(
        feature_id,
        facts["name"],
        facts["community"],
        facts.get("grid") or facts["name"],
        facts["class"],
        date.fromisoformat(facts["sealed_from"]),
        tuple(facts["compounds"]),
        _box(geometry),
    )


def _read_compound(feature_id: str, facts: dict[str, Any], geometry: dict[str, Any]) -> Compound:
    return Compound(feature_id, facts["name"], facts["zone"], _box(geometry))


def _read_building(feature_id: str, facts: dict[str, Any], geometry: dict[str, Any]) -> Building:
    return Building(feature_id, facts["name"], facts["compound"], facts.get("handling", "clean"), _box(geometry))


def _read_entrance(feature_id: str, facts: dict[str, Any], geometry: dict[str, Any]) -> Entrance:
    return Entrance(
        feature_id,
        facts["building"],
        facts.get("name"),
        _point(geometry),
        int(facts["floors"]),
        bool(facts["lift"]),
        int(facts["gate_s"]),
        facts["drop"],
        facts.get("doors_per_floor"),
    )


def _read_drop_point(feature_id: str, facts: dict[str, Any], geometry: dict[str, Any]) -> DropPoint:
    return DropPoint(feature_id, facts["name"], facts["zone"], _point(geometry))


def _point(geometry: dict[str, Any]) -> Point:
    x_m, y_m = geometry["coordinates"][:2]
    return Point(float(x_m), float(y_m))


def _box(geometry: dict[str, Any]) -> Box:
    """The rectangle around any polygon: the rehearsal needs no finer shape."""
    if geometry["type"] == "Point":
        place = _point(geometry)
        return Box(place.x_m, place.y_m, place.x_m, place.y_m)
    corners = geometry["coordinates"][0]
    xs, ys = [float(c[0]) for c in corners], [float(c[1]) for c in corners]
    return Box(min(xs), min(ys), max(xs), max(ys))
