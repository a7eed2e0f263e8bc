"""Owns what reading a register gives: rows, findings, or the refusal of the whole file."""

from dataclasses import dataclass

from shared.basics.errors import Refused


class RegisterRefused(Refused):
    """The file as a whole cannot be read; `code` is one of those in `docs/formats/register.md`."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who can be called for a household."""

    name: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One door and who lives behind it, in our words.

    `residents` is None where nobody wrote it down, 0 where nobody lives there. `sheet` and `row` say where the row
    stands in the file (a sheet is None for CSV); they are not part of the printed row.
    Units: `row` counts as a spreadsheet program does, from 1.
    """

    compound: str | None
    building: str
    entrance: str | None
    floor: int | None
    room: str
    residents: int | None
    contacts: tuple[Contact, ...]
    needs: tuple[str, ...]
    language: str | None
    pets: int | None
    sheet: str | None = None
    row: int = 0


@dataclass(frozen=True, slots=True)
class Rejection:
    """A cell that keeps its row out, and why."""

    sheet: str | None
    row: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a person should look at; it keeps no row out. Row 0 speaks of a whole sheet."""

    sheet: str | None
    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class RegisterReading:
    """All that a register says, and all that is wrong with it."""

    accepted: tuple[RegisterRow, ...]
    rejected: tuple[Rejection, ...]
    warnings: tuple[Remark, ...]
    sheets_read: tuple[str, ...]
