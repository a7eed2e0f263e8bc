"""Builders of estate files and rosters for tests."""

import json
from collections.abc import Callable
from typing import Any

Document = dict[str, Any]

ROSTER_HEAD = "id,name,kind,people,cap_g,cap_crates,shift_start,shift_end,drop_point,capabilities"
CREW_LINE = "k1,一组,志愿者,2,150000,36,09:00,13:00,z0d0,positive;cold"


def a_document() -> Document:
    """One of everything, all well."""
    features = [
        _feature("z0", "zone", [0, 0], name="一号封控区", community="莲香社区", grid="第一网格"),
        _feature("z0c0", "compound", [0, 0], name="梅香花园", zone="z0"),
        _feature("b1", "building", [0, 0], name="1号楼", compound="z0c0"),
        _feature("z0d0", "drop_point", [0, -15], name="接收点", zone="z0"),
        _feature(
            "e1", "entrance", [40, 10], building="b1", name=None, floors=12, lift=True, gate_s=30, drop="z0d0"
        ),
    ]
    return {"type": "FeatureCollection", "format": "baimi-estate/1", "name": "莲香", "features": features}


def _feature(feature_id: str, kind: str, spot: list[float], **facts: object) -> Document:
    geometry = {"type": "Point", "coordinates": spot}
    return {"type": "Feature", "id": feature_id, "geometry": geometry, "properties": {"kind": kind, **facts}}


def changed(change: Callable[[Document], object]) -> bytes:
    """The document with one thing wrong."""
    document = a_document()
    change(document)
    return json.dumps(document).encode()


def feature(document: Document, feature_id: str) -> Document:
    found: Document = next(one for one in document["features"] if one["id"] == feature_id)
    return found


def facts(document: Document, feature_id: str) -> Document:
    found: Document = feature(document, feature_id)["properties"]
    return found


def a_roster(*lines: str, head: str = ROSTER_HEAD) -> bytes:
    return "\n".join([head, *(lines or (CREW_LINE,))]).encode("utf-8-sig")
