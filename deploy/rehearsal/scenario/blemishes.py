"""Owns the ways in which a register row is spoilt, each with what the intake must say about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

Cells = tuple[str | int | date | None, ...]

BUILDING, ROOM, RESIDENTS, NAME, PHONE = 1, 4, 5, 6, 7


@dataclass(frozen=True, slots=True)
class Formula:
    """A cell that computes; its stored value looks harmless."""

    text: str
    stored: int


@dataclass(frozen=True, slots=True)
class Blemish:
    """One kind of bad row.

    `findings` are (column number, reject code); `keeps_door` says the row names a door that is already taken;
    `fits_merged` says it may stand in a sheet whose building cells are merged.
    """

    findings: tuple[tuple[int, str], ...]
    spoil: Callable[[Cells], Cells]
    keeps_door: bool = False
    fits_merged: bool = True


def _set(*changes: tuple[int, object]) -> Callable[[Cells], Cells]:
    def spoil(cells: Cells) -> Cells:
        changed: list[object] = list(cells)
        for column, value in changes:
            changed[column] = value
        return tuple(changed)  # type: ignore[arg-type]  # a formula is a cell only in bad rows

    return spoil


BLEMISHES: tuple[Blemish, ...] = (
    Blemish(((PHONE, "phone_invalid"),), _set((PHONE, "1380000123"))),
    Blemish(((RESIDENTS, "residents_not_a_number"),), _set((RESIDENTS, "两大一小"))),
    Blemish(((ROOM, "door_missing"),), _set((ROOM, None))),
    Blemish(((ROOM, "duplicate_door"),), _set(), keeps_door=True),
    Blemish(((RESIDENTS, "residents_out_of_range"),), _set((RESIDENTS, 45))),
    Blemish(((BUILDING, "building_missing"),), _set((BUILDING, None)), fits_merged=False),
    Blemish(((RESIDENTS, "formula_cell"),), _set((RESIDENTS, Formula("=1+2", 3)))),
    Blemish(((NAME, "unsafe_text"),), _set((NAME, "@SUM(1)"))),
    Blemish(((ROOM, "date_cell"),), _set((ROOM, date(2022, 3, 2)))),
    Blemish(
        ((RESIDENTS, "residents_not_a_number"), (PHONE, "phone_invalid")),
        _set((RESIDENTS, "2.5"), (PHONE, "138-0000-12345")),
    ),
)
