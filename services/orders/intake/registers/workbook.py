"""Owns the opening of foreign workbooks: in a child process with little memory and time, where a bad file ends.

The child reads the XML itself. python-calamine, tried first, gives formula cells as their stored value and error
cells as empty ones, knows no comments, and lays a sheet with one far-away cell out as one huge block.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from services.orders.intake.registers.cells import MOST_ROWS, Cell, Kind, Merge, Table
from services.orders.intake.registers.reading import RegisterRefused
from services.orders.intake.registers.sheet_xml import Package, SheetPart

CHILD_MEMORY_BYTES = 280_000_000
CHILD_CPU_S = 15
CHILD_WALL_S = 60.0
ROOT = Path(__file__).resolve().parents[4]
MODULE = "services.orders.intake.registers.workbook"


def open_workbook(data: bytes) -> list[Table]:
    """Read every sheet of an XLSX file; hidden ones come with their name only.

    Errors: RegisterRefused with `corrupt`, `file_too_large`, `password_protected` or `unsupported_type`.
    """
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        # The child gets no secret of ours: of the environment, only where our code lies.
        child = subprocess.Popen(
            [sys.executable, "-m", MODULE],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "PATH": os.defpath},
            cwd=ROOT,
            text=True,
            encoding="utf-8",
        )
        watchdog = threading.Timer(CHILD_WALL_S, child.kill)
        watchdog.start()
        try:
            with child:
                tables = _take(child.stdout) if child.stdout is not None else None
                if tables is None:
                    # A signal ended it (memory, time), or a fault of ours that this file brought out.
                    raise RegisterRefused("file_too_large" if child.wait() < 0 else "corrupt")
                return tables
        finally:
            watchdog.cancel()
            child.kill()


def _take(lines: IO[str]) -> list[Table] | None:
    """Put the child's lines together; None when it ended without its last word.

    Errors: RegisterRefused as the child said.
    """
    tables: list[Table] = []
    short_texts: dict[str, str] = {}
    for line in lines:
        what, *facts = json.loads(line)
        if what == "sheet":
            tables.append(Table(name=facts[0], hidden=facts[1]))
        elif what == "row":
            cells = tables[-1].rows.setdefault(facts[0], {})
            for column, kind, text in facts[1]:
                cells[column] = Cell(Kind(kind), short_texts.setdefault(text, text) if len(text) < 12 else text)
        elif what == "merge":
            tables[-1].merges.append(Merge(*facts))
        elif what == "comments":
            tables[-1].commented_rows.update(facts[0])
        elif what == "refused":
            raise RegisterRefused(str(facts[0]))
        elif what == "end":
            return tables
    return None


def _child() -> None:
    """Read the workbook on standard input and write it out, one JSON line a row."""
    resource.setrlimit(resource.RLIMIT_AS, (CHILD_MEMORY_BYTES, CHILD_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CHILD_CPU_S, CHILD_CPU_S + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        for line in _lines(sys.stdin.buffer):
            sys.stdout.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
    except RegisterRefused as refusal:
        sys.stdout.write(json.dumps(["refused", refusal.code]) + "\n")
    except MemoryError:
        sys.stdout.write(json.dumps(["refused", "file_too_large"]) + "\n")
    sys.stdout.flush()


def _lines(file: IO[bytes]) -> Iterator[list[Any]]:
    package = Package(file)
    sheets = package.sheets()
    visible = [sheet for sheet in sheets if sheet.is_table and not sheet.hidden]
    if sum(package.count_rows(sheet) for sheet in visible) > MOST_ROWS:
        raise RegisterRefused("file_too_large")
    texts, dates = package.shared_strings(), package.date_styles()
    rows_left, merges_left = MOST_ROWS, MOST_ROWS
    for sheet in sheets:
        yield ["sheet", sheet.name, sheet.hidden]
        if sheet not in visible:
            continue
        for line in _sheet_lines(package, sheet, texts, dates):
            rows_left -= line[0] == "row"
            merges_left -= line[0] == "merge"
            if rows_left < 0 or merges_left < 0:
                raise RegisterRefused("file_too_large")
            yield line
        yield ["comments", sorted(package.commented_rows(sheet))]
    yield ["end"]


def _sheet_lines(package: Package, sheet: SheetPart, texts: list[str], dates: set[int]) -> Iterator[list[Any]]:
    for found in package.rows(sheet, texts, dates):
        if isinstance(found, Merge):
            yield ["merge", found.first_row, found.last_row, found.first_column, found.last_column]
        else:
            row, cells = found
            yield ["row", row, [[column, cell.kind, cell.text] for column, cell in cells.items()]]


if __name__ == "__main__":
    _child()
