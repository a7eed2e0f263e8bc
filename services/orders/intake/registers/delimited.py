"""Owns CSV files: their encoding, their delimiter, their records."""

import codecs
import csv
import io
from collections.abc import Iterator

from services.orders.intake.registers.cells import MOST_COLUMNS, MOST_ROWS, Cell, Kind, Table
from services.orders.intake.registers.headings import find_header
from services.orders.intake.registers.reading import RegisterRefused

DELIMITERS = (",", ";", "\t")
PROBED_ROWS = 200
GB18030_MARK = b"\x84\x31\x95\x33"
LONGEST_CELL_CHARACTERS = 1_000_000
_CHUNK_BYTES = 1 << 16


def open_delimited(data: bytes) -> Table:
    """Read a CSV file with the delimiter that shows a header.

    Errors: RegisterRefused with `encoding_unknown`, `file_too_large`, `no_header`, or `corrupt` for a
            quotation mark that never closes.
    """
    data = data.removeprefix(GB18030_MARK)
    encoding = _encoding(data)
    for most_rows in (PROBED_ROWS, None):
        for delimiter in DELIMITERS:
            if find_header(_table(_records(data, encoding, delimiter, strict=False), most_rows)) is not None:
                return _whole(data, encoding, delimiter)
    raise RegisterRefused("no_header")


def _whole(data: bytes, encoding: str, delimiter: str) -> Table:
    """Read all records; a stray quotation mark inside a cell is let pass, one that swallows the rest is not."""
    try:
        return _table(_records(data, encoding, delimiter, strict=True), None)
    except csv.Error as error:
        if "end of data" in str(error) or "field limit" in str(error):
            raise RegisterRefused("corrupt") from error
    return _table(_records(data, encoding, delimiter, strict=False), None)


def _encoding(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise RegisterRefused("encoding_unknown")
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            for start in range(0, len(data), _CHUNK_BYTES):
                decoder.decode(data[start : start + _CHUNK_BYTES])
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise RegisterRefused("encoding_unknown")


def _table(records: Iterator[list[str]], most_rows: int | None) -> Table:
    table = Table(name=None)
    columns: set[int] = set()
    for number, record in enumerate(records, start=1):
        if most_rows is not None and number > most_rows:
            break
        cells = {column: Cell(Kind.TEXT, text) for column, text in enumerate(record) if text.strip()}
        if not cells:
            continue
        table.rows[number] = cells
        columns.update(cells)
        if len(table.rows) > MOST_ROWS or len(columns) > MOST_COLUMNS:
            raise RegisterRefused("file_too_large")
    return table


def _records(data: bytes, encoding: str, delimiter: str, strict: bool) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_CELL_CHARACTERS)
    text = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
    return csv.reader(text, delimiter=delimiter, strict=strict)
