"""What time it is: one clock for all processes, and a real one for time-outs."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time of the street, and real elapsed seconds."""

    def now(self) -> datetime:
        """The street's time, aware, in UTC."""

    def in_street_time(self, real: datetime) -> datetime:
        """What the street's clock said at a real moment, such as one the database wrote down."""

    def monotonic(self) -> float:
        """Real seconds since some fixed moment; for leases, time-outs, sessions and latencies only."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The machine's time in UTC."""
        return datetime.now(UTC)

    def in_street_time(self, real: datetime) -> datetime:
        """The same moment: this street lives in real time."""
        return real.astimezone(UTC)

    def monotonic(self) -> float:
        """Real seconds, never going back."""
        return time.monotonic()


class ScaledClock:
    """A street that lives faster: origin + factor x real time since the anchor.

    The anchor is stored by the launcher, so all processes agree and a restart goes on where time went on.
    """

    def __init__(self, origin: datetime, anchor: datetime, factor: float) -> None:
        if origin.tzinfo is None or anchor.tzinfo is None:
            message = "clock origin and anchor need a time zone"
            raise ValueError(message)
        if factor <= 0:
            message = f"clock factor must be above 0, not {factor}"
            raise ValueError(message)
        self._origin = origin.astimezone(UTC)
        self._anchor = anchor.astimezone(UTC)
        self._factor = factor

    def now(self) -> datetime:
        """The street's time in UTC."""
        return self.in_street_time(datetime.now(UTC))

    def in_street_time(self, real: datetime) -> datetime:
        """What the street's clock said at a real moment, in UTC."""
        real_s = (real - self._anchor).total_seconds()
        return self._origin + timedelta(seconds=real_s * self._factor)

    def monotonic(self) -> float:
        """Real seconds, never going back."""
        return time.monotonic()


def clock_from(origin: datetime | None, anchor: datetime | None, factor: float) -> Clock:
    """The clock these settings describe: the machine's own unless an origin and anchor are given.

    Errors: ValueError for a factor other than 1 without both origin and anchor.
    """
    if origin is None or anchor is None:
        if factor != 1:
            message = "a clock factor needs both CLOCK_ORIGIN and CLOCK_ANCHOR"
            raise ValueError(message)
        return SystemClock()
    return ScaledClock(origin, anchor, factor)
