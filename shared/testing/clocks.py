"""A clock a test moves by hand."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Stands still until told; real and street time move together."""

    def __init__(self, start: datetime = datetime(2022, 3, 4, 1, 0, tzinfo=UTC)) -> None:
        self._now = start
        self._elapsed_s = 1000.0

    def now(self) -> datetime:
        """The moment this clock was moved to."""
        return self._now

    def in_street_time(self, real: datetime) -> datetime:
        """The same moment."""
        return real

    def monotonic(self) -> float:
        """Seconds it was moved by, from an arbitrary start."""
        return self._elapsed_s

    def advance(self, seconds: float) -> None:
        """Move on by this many seconds."""
        self._now += timedelta(seconds=seconds)
        self._elapsed_s += seconds
