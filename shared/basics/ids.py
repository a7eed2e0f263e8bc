"""Names for things: time-ordered ids, and short numbers a person can read aloud."""

import uuid

from shared.basics.clock import Clock
from shared.basics.randomness import Randomness

# No 0/O, 1/I/L, 2/Z, 5/S, 8/B: letters and digits that are mistaken for each other on wet paper or a bad line.
_CHECK_LETTERS = "ACDEFGHJKMNPQRTUVWXY34679"


def new_id(clock: Clock, randomness: Randomness) -> str:
    """A fresh id that sorts by the time it was made.

    Source: RFC 9562, UUID version 7 (48 bits of milliseconds, 74 random bits).
    """
    milliseconds = int(clock.now().timestamp() * 1000) & ((1 << 48) - 1)
    drawn = int.from_bytes(randomness.token_bytes(10), "big")
    high = (milliseconds << 16) | (0x7 << 12) | (drawn >> 68 & 0x0FFF)
    low = (0b10 << 62) | (drawn & ((1 << 62) - 1))
    return str(uuid.UUID(int=(high << 64) | low))


def check_letter(number: str) -> str:
    """The letter that catches one wrong or two swapped characters of a number keyed by hand."""
    total = sum(position * ord(sign) for position, sign in enumerate(number, start=1))
    return _CHECK_LETTERS[total % len(_CHECK_LETTERS)]
