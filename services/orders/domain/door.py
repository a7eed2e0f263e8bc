"""How a door is written, spoken and found: any spelling to one key, one spelling for people."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_CHINESE_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"两": 2}
_CHINESE_NUMBER = re.compile(r"[零一二两三四五六七八九十]+(?=号|栋|幢|座|单元|梯|巷)")
_TOKEN = re.compile(
    r"(?P<lane>\d+巷\d+)号?楼?"
    r"|(?P<building>[0-9A-Z]+)(?:号楼|号(?=[^\s])|栋|幢|座|#)"
    r"|(?P<entrance>[0-9A-Z]+)(?:单元|梯)"
    r"|(?P<plain>[0-9A-Z]+|[一-鿿]+\d*)"
)
_ROOM_ENDING = re.compile(r"(?<=[0-9A-Z])(?:室|房|户|号)$")
_BUILDING_ENDING = re.compile(r"(?:号楼|号|栋|幢|座|#|楼)$")
_ENTRANCE_ENDING = re.compile(r"(?:单元|梯)$")


@dataclass(frozen=True, slots=True)
class Door:
    """One door in the register's own words; a building with one entrance has no name for it."""

    compound: str
    building: str
    entrance: str | None
    room: str

    def spoken(self) -> str:
        """The door as people say it inside the compound: building, entrance, room."""
        return f"{self.building}{self.entrance or ''}{self.room}"

    def full(self) -> str:
        """The door with its compound before it."""
        return f"{self.compound} {self.spoken()}"


@dataclass(frozen=True, slots=True)
class DoorQuery:
    """One reading of what somebody typed; None stands for any. Values are keys, not spellings."""

    building: str | None
    entrance: str | None
    room: str | None
    compound: str | None = None


def compound_key(text: str) -> str:
    """A compound's name as it is compared: full width, case and blanks do not count."""
    return "".join(_plain(text).split())


def building_key(text: str) -> str:
    """A building's name as it is compared: 5号楼, 5栋, 5# and 五号楼 are one; 8巷11号 stays a lane."""
    return _BUILDING_ENDING.sub("", _with_digits(compound_key(text)))


def entrance_key(text: str | None) -> str:
    """An entrance's name as it is compared; empty where a building has only one."""
    return _ENTRANCE_ENDING.sub("", _with_digits(compound_key(text or "")))


def room_key(text: str) -> str:
    """A room as it is compared."""
    return _ROOM_ENDING.sub("", compound_key(text))


def read_door(typed: str, compounds: Sequence[str] = ()) -> tuple[DoorQuery, ...]:
    """Every reading of a typed door, the likeliest first; empty for text that can be no door.

    `compounds` are the names that may stand before the door. 5-1-1802, 5 1802, 5号楼1单元1802, 1802 and
    8巷11号602 are understood; 5-1802 may be building and room or entrance and room.
    """
    compound, rest = _split_compound(_plain(typed), compounds)
    rest = _with_digits(rest.strip())
    rest = _ROOM_ENDING.sub("", rest)
    named: dict[str, str] = {}
    plain: list[str] = []
    end = 0
    for token in _TOKEN.finditer(rest):
        if not _is_gap(rest[end : token.start()]):
            return ()
        end = token.end()
        kind = str(token.lastgroup)
        if kind == "plain":
            plain.append(token.group(kind))
        elif (place := "building" if kind == "lane" else kind) in named:
            return ()
        else:
            named[place] = token.group(kind)
    if not _is_gap(rest[end:]):
        return ()
    return tuple(
        DoorQuery(building, entrance, room, compound)
        for building, entrance, room in _readings(named.get("building"), named.get("entrance"), plain)
    )


def _readings(
    building: str | None, entrance: str | None, plain: Sequence[str]
) -> list[tuple[str | None, str | None, str | None]]:
    match (building, entrance, list(plain)):
        case (None, None, [b, e, room]):
            return [(b, e, room), (f"{b}巷{e}", None, room)]
        case (None, None, [first, room]):
            return [(first, None, room), (None, first, room)]
        case (str(), None, [e, room]):
            return [(building, e, room)]
        case (None, str(), [b, room]):
            return [(b, entrance, room)]
        case (_, _, [room]):
            return [(building, entrance, room)]
        case (str(), _, []):
            return [(building, entrance, None)]
        case _:
            return []


def _split_compound(text: str, compounds: Sequence[str]) -> tuple[str | None, str]:
    # The longest name first: 梅香苑二期 before 梅香苑.
    for key in sorted((compound_key(name) for name in compounds), key=len, reverse=True):
        if key and text.startswith(key):
            return key, text.removeprefix(key).lstrip(" -,，、/")
    return None, text


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().upper()


def _with_digits(text: str) -> str:
    return _CHINESE_NUMBER.sub(lambda found: str(_chinese_number(found.group())), text)


def _chinese_number(text: str) -> int:
    tens, ten, ones = text.partition("十")
    if not ten:
        return int("".join(str(_CHINESE_DIGITS[sign]) for sign in text))
    return (_CHINESE_DIGITS[tens] if tens else 1) * 10 + (_CHINESE_DIGITS[ones] if ones else 0)


def _is_gap(text: str) -> bool:
    return not text.strip(" -—–/,，、.")
