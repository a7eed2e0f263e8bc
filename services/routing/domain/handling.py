"""Owns the order in which buildings may be entered: clean before positive."""

from enum import StrEnum


class Handling(StrEnum):
    """Whether people ill with the virus live in a building."""

    CLEAN = "clean"
    POSITIVE = "positive"


def is_positive(handling: str) -> bool:
    """Whether a crew that was inside may enter no clean building in the same round."""
    return handling == Handling.POSITIVE
