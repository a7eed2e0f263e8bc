"""Columns at rest: sealed text that opens only in its own table, column and row."""

import json
from dataclasses import dataclass
from typing import Any

from shared.security.sealing import SealBroken, open_bytes, seal_bytes


@dataclass(frozen=True, slots=True)
class ColumnPlace:
    """Where a sealed value lives; a value moved elsewhere does not open."""

    table: str
    column: str
    row_id: str

    def text(self) -> str:
        """The place as authenticated text."""
        return f"{self.table}|{self.column}|{self.row_id}"


def seal_column(key: bytes, value: str, place: ColumnPlace) -> bytes:
    """Seal one text for a bytea column.

    `key` is the subject's data key for anything about a person, so that removal reaches it; else the
    service's column key.
    """
    return seal_bytes(key, value.encode(), place.text())


def open_column(key: bytes, sealed: bytes, place: ColumnPlace) -> str:
    """Open one text of a bytea column.

    Errors: SealBroken when it was swapped, changed, or sealed under another key.
    """
    return open_bytes(key, sealed, place.text()).decode()


def seal_json_column(key: bytes, value: object, place: ColumnPlace) -> bytes:
    """Seal any JSON value for a bytea column."""
    return seal_column(key, json.dumps(value, ensure_ascii=False, separators=(",", ":")), place)


def open_json_column(key: bytes, sealed: bytes, place: ColumnPlace) -> Any:
    """Open a JSON value of a bytea column.

    Errors: SealBroken.
    """
    return json.loads(open_column(key, sealed, place))


__all__ = [
    "ColumnPlace",
    "SealBroken",
    "open_column",
    "open_json_column",
    "seal_column",
    "seal_json_column",
]
