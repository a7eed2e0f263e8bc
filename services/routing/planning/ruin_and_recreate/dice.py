"""Chance for the search, in whole numbers only: plain and compiled code draw the very same numbers.

Source: L'Ecuyer, "Efficient and portable combined random number generators", 1988.
"""

from collections.abc import MutableSequence

_FIRST, _SECOND = 2_147_483_563, 2_147_483_399
_SIDES = _FIRST - 1


def seeded(seed: int) -> list[int]:
    """Makes the two numbers that every later draw follows from."""
    return [1 + seed % (_FIRST - 1), 1 + seed // _FIRST % (_SECOND - 1)]


def draw(dice: MutableSequence[int]) -> int:
    """Draws a number of 31 bits."""
    dice[0] = 40_014 * dice[0] % _FIRST
    dice[1] = 40_692 * dice[1] % _SECOND
    return (dice[0] - dice[1]) % _SIDES


def below(dice: MutableSequence[int], limit: int) -> int:
    """Draws one of 0 .. limit - 1."""
    return draw(dice) % limit


def fraction(dice: MutableSequence[int]) -> float:
    """Draws above 0 and at most 1: its logarithm exists."""
    return (draw(dice) + 1) / _SIDES
