"""Owns the register workbook: the made-up sheets written as XLSX."""

from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter

from deploy.rehearsal.scenario.blemishes import Formula
from deploy.rehearsal.scenario.register_sheets import Register, Sheet

# A creation date of its own keeps two files of one seed equal byte for byte.
CREATED = datetime.combine(date(2022, 3, 1), time())


def write_register(register: Register, path: Path) -> None:
    """Write the sheets with bold headings, merges, a comment and a hidden sheet, nothing computed."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as workbook:
        workbook.set_properties({"created": CREATED, "title": "住户台账（演练）"})
        formats = {
            "title": workbook.add_format({"bold": True, "font_size": 14, "align": "center"}),
            "date": workbook.add_format({"num_format": "m-d"}),
            "merged": workbook.add_format({"valign": "vcenter"}),
        }
        for sheet in register.sheets:
            _write_sheet(workbook, sheet, formats)


def _write_sheet(workbook: Any, sheet: Sheet, formats: dict[str, Any]) -> None:
    worksheet = workbook.add_worksheet(sheet.name)
    if sheet.hidden:
        worksheet.hide()
    worksheet.set_column(0, 10, 13)
    covered = {(row, column) for first, last, column in sheet.merges for row in range(first + 1, last + 1)}
    for row_number, cells in enumerate(sheet.rows, start=1):
        for column, value in enumerate(cells):
            if value is not None and (row_number, column) not in covered:
                _write_cell(worksheet, row_number - 1, column, value, formats)
    for row, first_column, last_column in sheet.wide_merges:
        text = sheet.rows[row - 1][first_column]
        worksheet.merge_range(row - 1, first_column, row - 1, last_column, text, formats["title"])
    for first, last, column in sheet.merges:
        worksheet.merge_range(
            first - 1, column, last - 1, column, sheet.rows[first - 1][column], formats["merged"]
        )
    for row, column, text in sheet.comments:
        worksheet.write_comment(row - 1, column, text)


def _write_cell(worksheet: Any, row: int, column: int, value: object, formats: dict[str, Any]) -> None:
    if isinstance(value, Formula):
        worksheet.write_formula(row, column, value.text, None, value.stored)
    elif isinstance(value, date):
        worksheet.write_datetime(row, column, value, formats["date"])
    elif isinstance(value, int):
        worksheet.write_number(row, column, value)
    else:
        worksheet.write_string(row, column, str(value))
