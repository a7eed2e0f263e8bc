"""Where chance comes from: the system's for real, a seed's for rehearsal."""

import base64
import random
import secrets
from typing import Protocol


class Randomness(Protocol):
    """Draws bytes and numbers."""

    def token_bytes(self, count: int) -> bytes:
        """Draw this many bytes."""

    def token_urlsafe(self, count: int) -> str:
        """Draw this many bytes and write them in URL-safe base64, unpadded."""

    def random(self) -> float:
        """Draw a number from 0 up to, not including, 1."""

    def randint(self, low: int, high: int) -> int:
        """Draw a whole number from low to high, both included."""


class SystemRandomness:
    """Unpredictable: for ids, tokens and keys."""

    def token_bytes(self, count: int) -> bytes:
        """Draw bytes nobody can guess."""
        return secrets.token_bytes(count)

    def token_urlsafe(self, count: int) -> str:
        """Draw text nobody can guess."""
        return secrets.token_urlsafe(count)

    def random(self) -> float:
        """Draw a number from 0 up to 1."""
        return secrets.randbelow(1 << 53) / (1 << 53)

    def randint(self, low: int, high: int) -> int:
        """Draw a whole number, both ends included."""
        return low + secrets.randbelow(high - low + 1)


class SeededRandomness:
    """The same draws for the same seed: for rehearsal and tests, never for keys."""

    def __init__(self, seed: int | str) -> None:
        self._random = random.Random(seed)  # noqa: S311  (rehearsal wants repeatable draws)

    def token_bytes(self, count: int) -> bytes:
        """Draw the next bytes of this seed."""
        return self._random.randbytes(count)

    def token_urlsafe(self, count: int) -> str:
        """Draw the next text of this seed."""
        return base64.urlsafe_b64encode(self.token_bytes(count)).rstrip(b"=").decode()

    def random(self) -> float:
        """Draw the next number of this seed."""
        return self._random.random()

    def randint(self, low: int, high: int) -> int:
        """Draw the next whole number of this seed, both ends included."""
        return self._random.randint(low, high)
