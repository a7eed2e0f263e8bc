"""Owns the raw table: cells with their kind, before anybody knows what a column means."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

# More rows or columns than these, and the file is no street's register.
MOST_ROWS = 100_000
MOST_COLUMNS = 200


class Kind(StrEnum):
    """What a cell holds, as far as the file says."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    ERROR = "error"
    FORMULA = "formula"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; `text` is what a person would read in it."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged range. Units: rows from 1, columns from 0, both ends included."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


@dataclass(slots=True)
class Table:
    """One sheet, or one CSV file (then `name` is None); only cells with content are kept.

    Units: rows from 1, columns from 0.
    """

    name: str | None
    hidden: bool = False
    rows: dict[int, dict[int, Cell]] = field(default_factory=dict)
    merges: list[Merge] = field(default_factory=list)
    commented_rows: set[int] = field(default_factory=set)


class VerticalMerges:
    """Answers which cell gives its value to a place that a merged cell covers further down."""

    def __init__(self, table: Table) -> None:
        self._by_column: dict[int, list[tuple[int, int]]] = {}
        for merge in table.merges:
            if merge.last_row > merge.first_row:
                spans = self._by_column.setdefault(merge.first_column, [])
                spans.append((merge.first_row, merge.last_row))
        for spans in self._by_column.values():
            spans.sort()

    def origin(self, row: int, column: int) -> int:
        """Find the row whose cell speaks for this place; its own row where nothing is merged."""
        spans = self._by_column.get(column, ())
        i = bisect_right(spans, (row, 2**31)) - 1
        if i >= 0 and spans[i][0] <= row <= spans[i][1]:
            return spans[i][0]
        return row

    def covered_columns(self, row: int) -> list[int]:
        """Find the columns in which this row lies inside a merged cell, below its first row."""
        return [column for column in self._by_column if self.origin(row, column) != row]


def cell_at(table: Table, merges: VerticalMerges, row: int, column: int) -> Cell | None:
    """Read a place, through the merged cell that covers it."""
    cells: Mapping[int, Cell] = table.rows.get(row, {})
    own = cells.get(column)
    if own is not None:
        return own
    return table.rows.get(merges.origin(row, column), {}).get(column)
