"""The demo's street sleeps while the demo is stopped: its time is kept beside its data and goes on from there."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from deploy.local.state import StoredClock, write_private
from shared.basics.clock import SystemClock

ZONE = ZoneInfo("Asia/Shanghai")
HOURS_BEFORE_FIRST_CALL = 4


def eve_of(first_wave: date) -> datetime:
    """When a new street wakes up: the morning of the day before its first wave, early enough to be set up."""
    morning = datetime.combine(first_wave - timedelta(days=1), time(8), ZONE)
    return morning - timedelta(hours=HOURS_BEFORE_FIRST_CALL)


def wake(path: Path, first_wave: date, factor: float) -> StoredClock:
    """The street's clock from this moment on: where it stopped, else the eve of its first wave."""
    origin = datetime.fromisoformat(json.loads(path.read_text())["now"]) if path.exists() else eve_of(first_wave)
    return StoredClock(origin.astimezone(UTC).isoformat(), SystemClock().now().isoformat(), factor)


def keep(path: Path, clock: StoredClock) -> None:
    """Write the street's time down."""
    write_private(path, json.dumps({"now": clock.now().isoformat()}))


def settings_of(clock: StoredClock) -> Mapping[str, str]:
    """The same clock as the services' settings name it."""
    return {"CLOCK_ORIGIN": clock.origin, "CLOCK_ANCHOR": clock.anchor, "CLOCK_FACTOR": str(clock.factor)}
