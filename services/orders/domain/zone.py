"""Zones and how closed they are, day by day; and whether a building is clean."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from shared.basics.errors import NotFound, Refused


class ZoneClass(StrEnum):
    """How closed a zone is: 封控区, 管控区, 防范区, or open again."""

    SEALED = "sealed"
    CONTROLLED = "controlled"
    PRECAUTION = "precaution"
    LIFTED = "lifted"


class Handling(StrEnum):
    """Whether people ill with the virus live in a building."""

    CLEAN = "clean"
    POSITIVE = "positive"


class ZoneRefused(Refused):
    """A zone or building cannot be declared like this."""


class ZoneNotFound(NotFound):
    """No such zone, or none that this person may see."""


@dataclass(frozen=True, slots=True)
class ClassChange:
    """From this moment on a zone has this class."""

    zone_class: ZoneClass
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of a community under one measure."""

    zone_id: str
    name: str
    community: str
    grid: str


@dataclass(frozen=True, slots=True)
class Sight:
    """The communities and grids somebody may see; None for all of them."""

    communities: frozenset[str] | None
    grids: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Building:
    """A building of a compound, with its entrances in the order they became known."""

    building_id: str
    compound_id: str
    compound: str
    name: str
    community: str
    grid: str
    zone_id: str
    handling: Handling
    entrances: tuple["Entrance", ...]


@dataclass(frozen=True, slots=True)
class Entrance:
    """One stair entrance; `name` is None where a building has only one."""

    entrance_id: str
    name: str | None


@dataclass(frozen=True, slots=True)
class ZoneWasChanged:
    """A zone has a class from a moment on."""

    zone: Zone
    change: ClassChange


@dataclass(frozen=True, slots=True)
class BuildingWasRegistered:
    """A building and its entrances have names now."""

    building: Building


@dataclass(frozen=True, slots=True)
class BuildingWasChanged:
    """A building's facts are other than before."""

    building: Building


def is_seen(sight: Sight, community: str, grid: str) -> bool:
    """Whether a place exists for somebody with this sight."""
    return (sight.communities is None or community in sight.communities) and (
        sight.grids is None or grid in sight.grids
    )


def class_on(day: date, changes: Sequence[ClassChange], local_zone: ZoneInfo) -> ZoneClass | None:
    """The class a zone has by the end of a local day; None before its first."""
    day_ends = datetime.combine(day + timedelta(days=1), time.min, local_zone)
    in_force = [change for change in changes if change.valid_from < day_ends]
    if not in_force:
        return None
    return max(in_force, key=lambda change: change.valid_from).zone_class


def check_declaration(community: str, grid: str, name: str, compounds: Sequence[str]) -> None:
    """Refuse a zone that nobody could find again.

    Errors: ZoneRefused("zone_text_missing", field=…) or ZoneRefused("compound_named_twice", compound=…).
    """
    for field, text in (("community", community), ("grid", grid), ("name", name)):
        if not text.strip():
            raise ZoneRefused("zone_text_missing", field=field)
    seen: set[str] = set()
    for compound in compounds:
        if compound in seen:
            raise ZoneRefused("compound_named_twice", compound=compound)
        seen.add(compound)
