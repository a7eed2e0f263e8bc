"""Reads the JSON of planning's files field by field, so that every complaint bears the name of its field."""

import math
from collections.abc import Callable, Mapping
from typing import TypeVar

_T = TypeVar("_T")


class MalformedFile(ValueError):
    """A file that is no instance or no plan; the message begins with the field's name."""


class Fields:
    """One JSON object and where it stands, so that every complaint can name its field."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, Mapping):
            raise MalformedFile(f"{where or 'file'}: must be an object")
        self._value: Mapping[object, object] = value
        self._where = where

    def name(self, key: str) -> str:
        """Gives the full name of one of its fields."""
        return f"{self._where}.{key}" if self._where else key

    def has(self, key: str) -> bool:
        """Whether a field is there."""
        return key in self._value

    def get(self, key: str) -> object:
        """Gives a field as it is. Errors: MalformedFile when it is missing; so for all below."""
        if key not in self._value:
            raise MalformedFile(f"{self.name(key)}: is missing")
        return self._value[key]

    def inner(self, key: str) -> "Fields":
        """Reads an object within."""
        return Fields(self.get(key), self.name(key))

    def text(self, key: str) -> str:
        """Reads a text that is not empty."""
        value = self.get(key)
        if not isinstance(value, str) or not value:
            raise MalformedFile(f"{self.name(key)}: must be a text")
        return value

    def whole(self, key: str, at_least: int = 0) -> int:
        """Reads a whole number."""
        return whole_number(self.get(key), self.name(key), at_least)

    def maybe(self, key: str, at_least: int = 0) -> int | None:
        """Reads a whole number that need not be there."""
        return self.whole(key, at_least) if self.has(key) and self.get(key) is not None else None

    def number(self, key: str) -> float:
        """Reads a finite number."""
        return finite_number(self.get(key), self.name(key))

    def positive(self, key: str) -> float:
        """Reads a number above 0."""
        value = self.number(key)
        if value <= 0:
            raise MalformedFile(f"{self.name(key)}: must be above 0")
        return value

    def truth(self, key: str) -> bool:
        """Reads true or false."""
        value = self.get(key)
        if not isinstance(value, bool):
            raise MalformedFile(f"{self.name(key)}: must be true or false")
        return value

    def items(self, key: str) -> list[tuple[object, str]]:
        """Reads a list: each item and its name."""
        value = self.get(key)
        if not isinstance(value, list):
            raise MalformedFile(f"{self.name(key)}: must be a list")
        return [(item, f"{self.name(key)}[{position}]") for position, item in enumerate(value)]

    def texts(self, key: str) -> tuple[str, ...]:
        """Reads a list of texts that need not be there."""
        items = self.items(key) if key in self._value else []
        for item, where in items:
            if not isinstance(item, str) or not item:
                raise MalformedFile(f"{where}: must be a text")
        return tuple(str(item) for item, _ in items)

    def each(self, key: str, read: Callable[["Fields"], _T]) -> tuple[_T, ...]:
        """Reads a list of objects."""
        return tuple(read(Fields(item, where)) for item, where in self.items(key))


def whole_number(value: object, where: str, at_least: int) -> int:
    """Reads a whole number. Errors: MalformedFile when it is none or too small."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise MalformedFile(f"{where}: must be a whole number")
    if value < at_least:
        raise MalformedFile(f"{where}: must be at least {at_least}")
    return value


def finite_number(value: object, where: str) -> float:
    """Reads a number. Errors: MalformedFile when it is none, or not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise MalformedFile(f"{where}: must be a finite number")
    return value
