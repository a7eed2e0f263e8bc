"""Owns one data row: its cells become a door and its people, or the reasons why not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.orders.intake.registers.addresses import Address, read_address, read_partial_address
from services.orders.intake.registers.cells import Cell, Kind
from services.orders.intake.registers.headings import Column, Field, Header
from services.orders.intake.registers.needs import read_language, read_needs, read_pets
from services.orders.intake.registers.phones import PhoneUnreadable, read_contacts, read_phone
from services.orders.intake.registers.plain_text import plain
from services.orders.intake.registers.reading import Contact, RegisterRow
from services.orders.intake.registers.values import (
    ResidentsUnreadable,
    floor_of_room,
    read_building,
    read_entrance,
    read_floor,
    read_residents,
    read_room,
)

_NO_DATES = {Field.BUILDING, Field.ENTRANCE, Field.ROOM, Field.ADDRESS, Field.RESIDENTS, Field.PHONE}
_DATE = re.compile(
    r"(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:[ T]\d{1,2}:\d\d(?::\d\d)?)?|\d{1,2}月\d{1,2}日"
    r"|\d{1,2}-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*",
    re.IGNORECASE,
)
_ERRORS = {
    "#N/A",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "#NAME?",
    "#NULL!",
    "#NUM!",
    "#SPILL!",
    "#CALC!",
    "#GETTING_DATA",
}


@dataclass(frozen=True, slots=True)
class CellFinding:
    """A cell that keeps its row out. `column` is the heading as written."""

    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """What a sheet says about all of its rows."""

    header: Header
    compound_of_title: str | None
    building_of_sheet: str | None


@dataclass(slots=True)
class RowReading:
    """One row as far as it can be read. `row` is None when something necessary is missing."""

    row: RegisterRow | None = None
    findings: list[CellFinding] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def read_row(facts: SheetFacts, cells: Mapping[int, Cell]) -> RowReading:
    """Read the known columns of one data row, and report every cell that cannot be used."""
    reading = RowReading()
    row = _Row(facts.header, cells, reading)
    row.find_unusable_cells()
    door = _read_door(row, facts)
    residents = _read_residents(row)
    contacts = _read_contacts(row)
    needs = read_needs(tuple(row.texts(Field.NEEDS)))
    pets = read_pets(row.text(Field.PETS))
    language, is_unknown_language = read_language(row.text(Field.LANGUAGE))
    for found, remark in (
        (needs.unrecognized, "need_unrecognized"),
        (pets.unclear, "pets_unclear"),
        (is_unknown_language, "language_unrecognized"),
    ):
        if found:
            reading.remarks.append(remark)
    if door is not None and not reading.findings:
        reading.row = RegisterRow(
            compound=door.compound,
            building=door.building,
            entrance=door.entrance,
            floor=_read_floor(row, door.room),
            room=door.room,
            residents=residents,
            contacts=contacts,
            needs=tuple(sorted(needs.codes | pets.codes)),
            language=language,
            pets=pets.count,
        )
    return reading


def door_column(header: Header, cells: Mapping[int, Cell]) -> Column:
    """Find the column that a finding about the whole door points to: the room, else the address."""
    columns = [*header.of(Field.ROOM), *header.of(Field.ADDRESS)]
    return next((column for column in columns if column.index in cells), columns[0])


@dataclass(frozen=True, slots=True)
class _Door:
    compound: str | None
    building: str
    entrance: str | None
    room: str


class _Row:
    """The known cells of one row; a cell that was reported once is not read again."""

    def __init__(self, header: Header, cells: Mapping[int, Cell], reading: RowReading) -> None:
        self.header = header
        self.cells = cells
        self._reading = reading
        self._unusable: set[int] = set()

    def find_unusable_cells(self) -> None:
        for column in self.header.columns:
            cell = self.cells.get(column.index)
            reason = None if cell is None else _why_unusable(column.field, cell)
            if reason is not None:
                self.reject(column, reason)

    def reject(self, column: Column, reason: str, value: str | None = None) -> None:
        """Report a cell, once."""
        if column.index not in self._unusable:
            cell = self.cells.get(column.index)
            text = value if value is not None else "" if cell is None else cell.text
            self._unusable.add(column.index)
            self._reading.findings.append(CellFinding(column.heading, text, reason))

    def remark(self, reason: str) -> None:
        self._reading.remarks.append(reason)

    def is_usable(self, *fields: Field) -> bool:
        """Tell whether no cell of these fields was reported."""
        return not any(c.index in self._unusable for name in fields for c in self.header.of(name))

    def texts(self, name: Field) -> list[str]:
        return [
            self.cells[column.index].text
            for column in self.header.of(name)
            if column.index in self.cells and column.index not in self._unusable
        ]

    def text(self, name: Field) -> str:
        """Read the first column of this field that says anything."""
        texts = self.texts(name)
        return next((text for text in texts if plain(text)), texts[0] if texts else "")

    def column(self, name: Field) -> Column | None:
        """Find the column of this field that is read: the first with content, else the first."""
        columns = self.header.of(name)
        filled = (
            column for column in columns if column.index in self.cells and plain(self.cells[column.index].text)
        )
        return next(filled, columns[0] if columns else None)


def _why_unusable(name: Field, cell: Cell) -> str | None:
    if cell.kind is Kind.FORMULA:
        return "formula_cell"
    text = plain(cell.text)
    if cell.kind is Kind.ERROR or text.upper() in _ERRORS:
        return "error_cell"
    if name in _NO_DATES and (cell.kind is Kind.DATE or _DATE.fullmatch(text)):
        return "date_cell"
    if cell.kind is Kind.TEXT and _is_unsafe(cell.text, text):
        return "unsafe_text"
    return None


def _is_unsafe(written: str, read: str) -> bool:
    """Tell whether a spreadsheet program would take the text for a formula when it meets it again."""
    if written.startswith(("\t", "\r", "=", "@")) or read.startswith(("=", "@")):
        return True
    if not read.startswith(("+", "-")):
        return False
    return not all(read_phone(part) for part in re.split(r"[/、;,\r\n]+", read) if part.strip())


def _read_door(row: _Row, facts: SheetFacts) -> _Door | None:
    room = read_room(row.text(Field.ROOM))
    building_text = plain(row.text(Field.BUILDING))
    building = read_building(building_text)
    address = _read_address_cell(row, has_room=room is not None, has_building=building is not None)
    room = room or address.room
    if building is None and not building_text:
        building = address.building
        if building is None and not row.header.of(Field.BUILDING) and not plain(row.text(Field.ADDRESS)):
            building = facts.building_of_sheet
    door_cells = [column for name in (Field.ROOM, Field.ADDRESS) if (column := row.column(name)) is not None]
    if row.is_usable(Field.ROOM, Field.ADDRESS) and room is None:
        row.reject(door_cells[0], "door_missing")
    if building is None and row.is_usable(Field.BUILDING, Field.ADDRESS):
        row.reject(row.column(Field.BUILDING) or door_cells[0], "building_missing")
    if building is None or room is None:
        return None
    entrance = read_entrance(row.text(Field.ENTRANCE)) or address.entrance
    compound = plain(row.text(Field.COMPOUND)) or address.compound or facts.compound_of_title
    return _Door(compound, building, entrance, room)


def _read_address_cell(row: _Row, has_room: bool, has_building: bool) -> Address:
    """Read the address, or report it when the row's other columns do not make up for it."""
    column = row.column(Field.ADDRESS)
    text = plain(row.text(Field.ADDRESS))
    if column is None or not text:
        return Address()
    address = read_address(text)
    if address is None and (has_room or has_building):
        address = read_partial_address(text)
    address = address or Address()
    if (address.room is None and not has_room) or (address.building is None and not has_building):
        row.reject(column, "address_unreadable")
    return address


def _read_floor(row: _Row, room: str) -> int | None:
    written, derived = read_floor(row.text(Field.FLOOR)), floor_of_room(room)
    if written is None:
        return derived
    if derived is not None and written != derived:
        row.remark("floor_mismatch")
    return written


def _read_residents(row: _Row) -> int | None:
    column = row.column(Field.RESIDENTS)
    try:
        residents = read_residents(row.text(Field.RESIDENTS))
    except ResidentsUnreadable as error:
        if column is not None:
            row.reject(column, error.code)
        return None
    if residents is None:
        row.remark("residents_missing")
    return residents


def _read_contacts(row: _Row) -> tuple[Contact, ...]:
    name = plain(row.text(Field.NAME)) or None
    contacts: list[Contact] = []
    for column in row.header.of(Field.PHONE):
        cell = row.cells.get(column.index)
        if cell is None or not row.is_usable(Field.PHONE):
            continue
        try:
            contacts += [contact for contact in read_contacts(cell.text, name) if contact.phone is not None]
        except PhoneUnreadable as error:
            row.reject(column, "phone_invalid", error.part)
    if contacts:
        return tuple(contacts)
    row.remark("phone_missing")
    return (Contact(name, None),) if name else ()
