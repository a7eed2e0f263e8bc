"""The rehearsed street's time: it wakes when the first service starts; the demo's sleeps while it is stopped."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from deploy.local.state import StoredClock, write_private
from shared.basics.clock import SystemClock

ZONE = ZoneInfo("Asia/Shanghai")
HOURS_BEFORE_FIRST_CALL = 4


class Street(Mapping[str, str]):
    """A street's clock, as the settings that tell it to every service.

    Its anchor is set when the first service's settings are read: however long the servers below need to start, the
    street has not begun to live. Units: `factor` is street time per real time.
    """

    def __init__(self, origin: datetime, factor: float) -> None:
        self._origin = origin.astimezone(UTC).isoformat()
        self._factor = factor
        self._clock: StoredClock | None = None

    @property
    def clock(self) -> StoredClock:
        """The clock; it runs from the first look at it."""
        if self._clock is None:
            self._clock = StoredClock(self._origin, SystemClock().now().isoformat(), self._factor)
        return self._clock

    def now(self) -> datetime:
        """The street's time."""
        return self.clock.now()

    def __getitem__(self, name: str) -> str:
        """One setting of a service."""
        return self._settings()[name]

    def __iter__(self) -> Iterator[str]:
        """The settings' names."""
        return iter(self._settings())

    def __len__(self) -> int:
        """How many settings there are."""
        return len(self._settings())

    def _settings(self) -> dict[str, str]:
        clock = self.clock
        return {"CLOCK_ORIGIN": clock.origin, "CLOCK_ANCHOR": clock.anchor, "CLOCK_FACTOR": str(clock.factor)}


def go_on(path: Path, first_wave: date, factor: float) -> Street:
    """The demo's street: from where it stopped, else from the early morning before its first wave's eve."""
    if path.exists():
        return Street(datetime.fromisoformat(json.loads(path.read_text())["now"]), factor)
    morning = datetime.combine(first_wave - timedelta(days=1), time(8), ZONE)
    return Street(morning - timedelta(hours=HOURS_BEFORE_FIRST_CALL), factor)


def keep(path: Path, street: Street) -> None:
    """Write the street's time down."""
    write_private(path, json.dumps({"now": street.now().isoformat()}))
