"""Asks for many ids at once: as one array, however many there are."""

from collections.abc import Iterable

from sqlalchemy import Column, ColumnElement, Text, any_, literal
from sqlalchemy.dialects.postgresql import ARRAY


def one_of(column: Column[str], values: Iterable[str]) -> ColumnElement[bool]:
    """Whether a text column holds one of these; a list in place of an array ends at 32,767 of them."""
    return column == any_(literal([str(value) for value in values], ARRAY(Text)))
