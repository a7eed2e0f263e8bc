"""Owns what stands in a register's cells about the door and its people: buildings, rooms, floors, numbers."""

import re

from services.orders.intake.registers.plain_text import NUMERAL, plain, whole_number

MOST_RESIDENTS = 30

NUMBER = rf"(?:\d+(?:\.0+)?|[{NUMERAL}]+)"
_NUMBERED_BUILDING = re.compile(rf"第?({NUMBER})\s*(?:号楼|号栋|#楼|栋楼?|幢楼?|座|#|号)?")
_LETTERED_BUILDING = re.compile(r"([A-Z])\s*(?:栋|座|幢|号楼)?", re.IGNORECASE)
_LANE = re.compile(rf"({NUMBER})(巷|弄|里)({NUMBER})号")
_ENTRANCE = re.compile(rf"第?({NUMBER})(?:单元|梯)?")
_LETTERED_ENTRANCE = re.compile(r"([A-Z])(?:单元|梯)?", re.IGNORECASE)
_FLOOR = re.compile(rf"第?({NUMBER})(?:楼|层|F)?", re.IGNORECASE)
_ROOM_ENDING = re.compile(r"(?<=[0-9A-Z])(?:室|房|号|户)$")
_ROOM_ZERO = re.compile(r"(\d+)\.0+")
_PEOPLE = re.compile(rf"({NUMBER}|-?\d+)(?:人|口人?)?")
_EMPTY_HOME = {"空置", "无人"}


class ResidentsUnreadable(Exception):
    """The number of people cannot be used; `code` is the reject code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_building(text: str) -> str | None:
    """Read a building's name: `3`, `三栋` are `3号楼`, `a` is `A座`, `8巷11号` stays; None if it is none."""
    text = re.sub(r"\s+", "", plain(text))
    if match := _LANE.fullmatch(text):
        lane, house = whole_number(match[1]), whole_number(match[3])
        return None if lane is None or house is None else f"{lane}{match[2]}{house}号"
    if match := _NUMBERED_BUILDING.fullmatch(text):
        number = whole_number(match[1])
        return None if not number else f"{number}号楼"
    if match := _LETTERED_BUILDING.fullmatch(text):
        return f"{match[1].upper()}座"
    return None


def read_entrance(text: str) -> str | None:
    """Read an entrance's name: `2`, `二单元`, `2梯` are `2单元`; others stay as they are; None if it is empty."""
    text = plain(text)
    if match := _ENTRANCE.fullmatch(text):
        number = whole_number(match[1])
        return text if number is None else f"{number}单元"
    if match := _LETTERED_ENTRANCE.fullmatch(text):
        return f"{match[1].upper()}单元"
    return text or None


def read_room(text: str) -> str | None:
    """Read a room: `502`, `502.0`, `５０２`, `502室` are `502`, letters in upper case; None if there is none."""
    text = plain(text).upper()
    if match := _ROOM_ZERO.fullmatch(text):
        return match[1]
    return _ROOM_ENDING.sub("", text) or None


def read_floor(text: str) -> int | None:
    """Read a floor: `3`, `3楼`, `3F`, `三层`; None for anything else."""
    text = plain(text)
    if re.fullmatch(r"-\d{1,2}", text):
        return int(text)
    match = _FLOOR.fullmatch(text)
    return whole_number(match[1]) if match else None


def floor_of_room(room: str) -> int | None:
    """Tell the floor from a room of three or four digits: all but the last two."""
    return int(room[:-2]) if re.fullmatch(r"\d{3,4}", room) else None


def read_residents(text: str) -> int | None:
    """Read how many people live there; None if nobody wrote it down.

    Errors: ResidentsUnreadable with `residents_out_of_range` (a whole number, but not 0 to 30) or
            `residents_not_a_number`.
    """
    text = plain(text)
    if not text:
        return None
    if text in _EMPTY_HOME:
        return 0
    match = _PEOPLE.fullmatch(re.sub(r"\s+", "", text))
    number = None if match is None else _signed(match[1])
    if number is None:
        raise ResidentsUnreadable("residents_not_a_number")
    if not 0 <= number <= MOST_RESIDENTS:
        raise ResidentsUnreadable("residents_out_of_range")
    return number


def _signed(text: str) -> int | None:
    if text.isdigit() or text.startswith("-"):
        return int(text)
    return whole_number(text)
