"""Owns the address cell: `[compound] building [entrance] room` in one text."""

import re
from dataclasses import dataclass

from services.orders.intake.registers.plain_text import plain
from services.orders.intake.registers.values import (
    NUMBER,
    floor_of_room,
    read_building,
    read_entrance,
    read_floor,
    read_room,
)

_COMPOUND = r"(?P<compound>.*?)[\s,]*"
_ROOM = r"(?P<room>\d{1,5}[A-Z]?\d{0,3}|[A-Z]\d{1,5})\s*(?:室|房|号|户)?"
_ENTRANCE = rf"(?P<entrance>(?:{NUMBER}|[A-Z])\s*(?:单元|梯))?"
_FLOOR = rf"(?:(?P<floor>{NUMBER})\s*(?:楼|层))?"
_LANE = rf"{NUMBER}(?:巷|弄|里){NUMBER}号"
_NAMED = rf"{NUMBER}\s*(?:号楼|号栋|#楼|栋楼?|幢楼?|座|#|号)|[A-Z]\s*(?:栋|座|幢|号楼)"
# The digit before a building must belong to it, never to the compound: the compound ends in something else.
_FREE = r"(?<![0-9A-Za-z.\-])"

_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_COMPOUND}{_FREE}(?P<building>{_LANE}|{_NAMED})[\s\-]*{_ENTRANCE}[\s\-]*{_FLOOR}[\s\-]*{_ROOM}",
        rf"{_COMPOUND}{_FREE}(?P<building>\d{{1,3}}|[A-Z])\s*-\s*(?P<entrance>\d{{1,2}})\s*-\s*{_ROOM}",
        rf"{_COMPOUND}{_FREE}(?P<building>\d{{1,3}}|[A-Z])\s*-\s*{_ROOM}",
    )
)
_BUILDING_ONLY = re.compile(rf"{_COMPOUND}{_FREE}(?P<building>{_LANE}|{_NAMED})\s*{_ENTRANCE}", re.IGNORECASE)
# 福田路12号 is a house number of a street, no building of a compound.
_STREET_NUMBER = re.compile(r"[路街道]\d+号$")
_ROOM_ONLY = re.compile(rf"{_ENTRANCE}\s*{_ROOM}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """What an address cell says; a part that is not in it is None."""

    compound: str | None = None
    building: str | None = None
    entrance: str | None = None
    room: str | None = None


def read_address(text: str) -> Address | None:
    """Read a whole address: a building and a room, and what else is there; None if it cannot be read so."""
    text = re.sub(r"[—–−―]", "-", plain(text))
    for pattern in _PATTERNS:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        found = _address(match.groupdict())
        if found is not None:
            return found
    return None


def read_partial_address(text: str) -> Address | None:
    """Read an address whose room or building stands in a column of its own; None if nothing can be read."""
    text = re.sub(r"[—–−―]", "-", plain(text))
    if match := _BUILDING_ONLY.fullmatch(text):
        building = read_building(match["building"])
        if building is not None:
            return Address(match["compound"].strip() or None, building, _entrance(match["entrance"]), None)
    if match := _ROOM_ONLY.fullmatch(text):
        return Address(entrance=_entrance(match["entrance"]), room=read_room(match["room"]))
    return None


def _address(groups: dict[str, str | None]) -> Address | None:
    building, room = read_building(groups["building"] or ""), read_room(groups["room"] or "")
    if building is None or room is None:
        return None
    floor = groups.get("floor")
    if floor and floor_of_room(room) not in {None, read_floor(floor)}:
        return None
    compound = (groups["compound"] or "").strip()
    if _STREET_NUMBER.search(f"{compound}{groups['building']}"):
        return None
    return Address(compound or None, building, _entrance(groups.get("entrance")), room)


def _entrance(text: str | None) -> str | None:
    return read_entrance(re.sub(r"\s+", "", text)) if text else None
