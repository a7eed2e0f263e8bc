"""The four ways a request can be turned down; everything else is a bug.

A subclass lives beside the rule that raises it, fixes a stable code and carries the data a person needs.
Texts for people are made at the door, from the code.
"""

from typing import ClassVar


class BaimiError(Exception):
    """A refusal somebody can act on: a stable code and the figures behind it."""

    family: ClassVar[str] = "error"

    def __init__(self, code: str, **data: object) -> None:
        super().__init__(code, data)
        self.code = code
        self.data = data

    def __str__(self) -> str:
        figures = ", ".join(f"{name}={value}" for name, value in sorted(self.data.items()))
        return f"{self.code} ({figures})" if figures else self.code


class Refused(BaimiError):
    """A rule said no; the same request will be refused again. HTTP 409."""

    family = "refused"


class NotFound(BaimiError):
    """Nothing there, or nothing there for this person. HTTP 404."""

    family = "not_found"


class NotAllowed(BaimiError):
    """This person may not do this. HTTP 403."""

    family = "not_allowed"


class Unavailable(BaimiError):
    """Something we stand on is away; trying again later may help. HTTP 503."""

    family = "unavailable"
