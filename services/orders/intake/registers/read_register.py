"""Owns the reading of a household register: any workbook or CSV file in, rows and findings out."""

import re
from collections.abc import Mapping

from services.orders.intake.registers.cells import Cell, Table, VerticalMerges, cell_at
from services.orders.intake.registers.delimited import open_delimited
from services.orders.intake.registers.headings import Header, find_header, is_repeated
from services.orders.intake.registers.plain_text import plain
from services.orders.intake.registers.reading import (
    RegisterReading,
    RegisterRefused,
    RegisterRow,
    Rejection,
    Remark,
)
from services.orders.intake.registers.rows import SheetFacts, door_column, read_row
from services.orders.intake.registers.values import read_building
from services.orders.intake.registers.workbook import open_workbook

MOST_FILE_BYTES = 32_000_000

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PART = "EncryptedPackage".encode("utf-16-le")
_OTHER_TYPES = (
    b"%PDF",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
    b"BZh",
    b"{\\rtf",
)
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!doctype|html|table|\w+:?\w*[\s>])", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_TITLE_WORD = re.compile(r"住户|居民|人员|台账|登记|信息|花名册")
_TOTAL = re.compile(r"(?:合计|总计|小计|共计)")


def read_register(data: bytes) -> RegisterReading:
    """Read a register: XLSX or CSV by content, whatever its name was.

    Shape: rows in the file's order, sheet after sheet.
    Errors: RegisterRefused when the file as a whole cannot be read; its code says why.
    """
    tables = _open(data)
    reading = _Reading()
    for table in tables:
        reading.take(table)
    if not reading.has_table:
        raise RegisterRefused("no_header")
    return RegisterReading(
        tuple(reading.accepted), tuple(reading.rejected), tuple(reading.remarks), tuple(reading.sheets_read)
    )


def _open(data: bytes) -> list[Table]:
    if len(data) > MOST_FILE_BYTES:
        raise RegisterRefused("file_too_large")
    if data.startswith(_ZIP):
        return open_workbook(data)
    if data.startswith(_COMPOUND_FILE):
        raise RegisterRefused("password_protected" if _ENCRYPTED_PART in data else "unsupported_type")
    if data.startswith((_EMPTY_ZIP, *_OTHER_TYPES)) or _MARKUP.match(data[:200]):
        raise RegisterRefused("unsupported_type")
    if not data.startswith(_UTF16) and _CONTROL.search(data):
        raise RegisterRefused("unsupported_type")
    return [open_delimited(data)]


class _Reading:
    """Goes through the sheets and keeps what was found; the doors taken are those of all sheets together."""

    def __init__(self) -> None:
        self.accepted: list[RegisterRow] = []
        self.rejected: list[Rejection] = []
        self.remarks: list[Remark] = []
        self.sheets_read: list[str] = []
        self.has_table = False
        self._doors: set[tuple[str | None, str, str | None, str]] = set()

    def take(self, table: Table) -> None:
        if table.hidden:
            self.remarks.append(Remark(table.name, 0, "hidden_sheet"))
            return
        header = find_header(table)
        if header is None:
            self.remarks.append(Remark(table.name, 0, "no_header"))
            return
        self.has_table = True
        if table.name is not None:
            self.sheets_read.append(table.name)
        facts = SheetFacts(header, _compound_of_title(table, header), read_building(table.name or ""))
        merges = VerticalMerges(table)
        for row in sorted(table.rows):
            if row > header.rows[-1]:
                self._take_row(table, merges, facts, row)

    def _take_row(self, table: Table, merges: VerticalMerges, facts: SheetFacts, row: int) -> None:
        own = table.rows[row]
        skipped = _why_skipped(facts.header, own)
        if skipped is not None:
            if skipped:
                self.remarks.append(Remark(table.name, row, skipped))
            return
        cells = {
            column.index: cell
            for column in facts.header.columns
            if (cell := cell_at(table, merges, row, column.index)) is not None
        }
        reading = read_row(facts, cells)
        findings = [Rejection(table.name, row, f.column, f.value, f.reason) for f in reading.findings]
        if reading.row is not None:
            findings += self._accept_or_reject(table.name, row, facts.header, cells, reading.row)
        if row in table.commented_rows:
            reading.remarks.append("cell_comment")
        self.rejected += findings
        self.remarks += [Remark(table.name, row, reason) for reason in reading.remarks]

    def _accept_or_reject(
        self, sheet: str | None, row: int, header: Header, cells: Mapping[int, Cell], read: RegisterRow
    ) -> list[Rejection]:
        door = (read.compound, read.building, read.entrance, read.room)
        if door in self._doors:
            column = door_column(header, cells)
            text = cells[column.index].text if column.index in cells else ""
            return [Rejection(sheet, row, column.heading, text, "duplicate_door")]
        self._doors.add(door)
        self.accepted.append(_placed(read, sheet, row))
        return []


def _placed(read: RegisterRow, sheet: str | None, row: int) -> RegisterRow:
    return RegisterRow(
        read.compound,
        read.building,
        read.entrance,
        read.floor,
        read.room,
        read.residents,
        read.contacts,
        read.needs,
        read.language,
        read.pets,
        sheet,
        row,
    )


def _why_skipped(header: Header, own: Mapping[int, Cell]) -> str | None:
    """Tell why a row is no data row: the warning, `""` for a blank row, None for a data row."""
    filled = {column: cell.text for column, cell in sorted(own.items()) if cell.text.strip()}
    if not filled:
        return ""
    if _TOTAL.match(re.sub(r"\s+", "", plain(next(iter(filled.values()))))):
        return "total_row"
    if is_repeated(header, filled):
        return "repeated_header"
    return None if any(column.index in filled for column in header.columns) else ""


def _compound_of_title(table: Table, header: Header) -> str | None:
    """Take the compound out of the rows above the header: 梅香苑住户台账 is about 梅香苑."""
    for row in sorted(table.rows):
        if row >= header.rows[-1]:
            return None
        for _, cell in sorted(table.rows[row].items()):
            title = plain(cell.text)
            word = _TITLE_WORD.search(title)
            if word and title[: word.start()].strip():
                return title[: word.start()].strip()
    return None
