"""Builds small registers for tests: workbooks written cell by cell, and parts of them changed afterwards."""

import io
import zipfile
from collections.abc import Callable, Sequence

import xlsxwriter

from services.orders.intake.registers.read_register import read_register
from services.orders.intake.registers.reading import RegisterReading

HEADINGS = ("小区", "楼栋", "单元", "楼层", "房号", "人口", "户主姓名", "联系电话", "特殊需求", "语言", "宠物")
GOOD = ("梅香苑", "3号楼", "2单元", 15, "1501", 3, "王建国", "13800001234", "婴幼儿", "粤语", "狗1")
FIRST_SHEET = "xl/worksheets/sheet1.xml"


def workbook(*rows: Sequence[object], sheet: str = "Sheet1") -> bytes:
    """One sheet with these rows; None leaves a cell empty."""
    return workbook_of(lambda book: fill(book.add_worksheet(sheet), rows))


def workbook_of(write: Callable[[xlsxwriter.Workbook], object]) -> bytes:
    """A workbook as the function writes it."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, options) as book:
        write(book)
    return file.getvalue()


def fill(worksheet: xlsxwriter.worksheet.Worksheet, rows: Sequence[Sequence[object]], first_row: int = 0) -> None:
    """Write rows of plain values."""
    for number, row in enumerate(rows, start=first_row):
        for column, value in enumerate(row):
            if value is not None:
                worksheet.write(number, column, value)


def changed_part(data: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The same package with one part changed."""
    source = zipfile.ZipFile(io.BytesIO(data))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name in source.namelist():
            content = source.read(name)
            package.writestr(name, change(content) if name == part else content)
    return target.getvalue()


def row_with(**changes: object) -> tuple[object, ...]:
    """The good row with some columns changed, by heading."""
    return tuple(changes.get(heading, value) for heading, value in zip(HEADINGS, GOOD, strict=True))


def read_rows(*rows: Sequence[object]) -> RegisterReading:
    """Read rows under the usual headings."""
    return read_register(workbook(HEADINGS, *rows))


def read_csv(*lines: str, encoding: str = "utf-8") -> RegisterReading:
    """Read lines of text as a CSV file."""
    return read_register("\n".join(lines).encode(encoding))
