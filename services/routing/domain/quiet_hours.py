"""Owns the hours of the day in which no crew is at a door."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

QuietHours = tuple[time, time]
"""From when to when, local time; an end before the beginning is the next morning's."""


def read_quiet_hours(text: str) -> tuple[QuietHours, ...]:
    """Reads hours like `22:00-07:00`, several parted by commas; nothing means none.

    Errors: ValueError naming the part that cannot be read.
    """
    return tuple(_hours(part.strip()) for part in text.split(",") if part.strip())


def _hours(part: str) -> QuietHours:
    begin, dash, end = part.partition("-")
    try:
        hours = time.fromisoformat(begin.strip()), time.fromisoformat(end.strip())
    except ValueError:
        hours = time(), time()
    if not dash or hours[0] == hours[1] or any(moment.tzinfo for moment in hours):
        raise ValueError(f"quiet hours must be like 22:00-07:00, not {part}")
    return hours


def quiet_spans(
    hours: Sequence[QuietHours], zone: ZoneInfo, starts_at: datetime, ends_at: datetime
) -> tuple[tuple[datetime, datetime], ...]:
    """Gives the quiet spans that overlap a stretch of time, cut to its beginning, in order; in UTC."""
    return tuple(sorted(_spans(hours, zone, starts_at, ends_at)))


def _spans(
    hours: Sequence[QuietHours], zone: ZoneInfo, starts_at: datetime, ends_at: datetime
) -> Iterator[tuple[datetime, datetime]]:
    day = starts_at.astimezone(zone).date() - timedelta(days=1)
    while day <= ends_at.astimezone(zone).date():
        for begins, ends in hours:
            begins_at = datetime.combine(day, begins, zone)
            ends_at_local = datetime.combine(day + timedelta(days=ends <= begins), ends, zone)
            # Compared in UTC: twice a year a local night is an hour longer or shorter.
            if ends_at_local.timestamp() > starts_at.timestamp() and begins_at.timestamp() < ends_at.timestamp():
                yield max(begins_at, starts_at).astimezone(UTC), ends_at_local.astimezone(UTC)
        day += timedelta(days=1)
