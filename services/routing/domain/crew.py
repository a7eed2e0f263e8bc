"""Owns who carries what from where, and when: crews, their shifts, and the hours a wave can use."""

import datetime as dt
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

# A plan that is ready now cannot start this very minute: labels, trolleys, people.
LEAD: Final = timedelta(minutes=10)
CODE_LIFE_S: Final = 120
SESSION_LIMIT_S: Final = 12 * 3600


@dataclass(frozen=True, slots=True)
class Crew:
    """People with a trolley who start at one drop point.

    Units: grams and crates a round; shift in local time, the same on every date.
    """

    crew_id: str
    name: str
    kind: str
    people: int
    cap_g: int
    cap_crates: int
    shift_start: time
    shift_end: time
    drop_point_id: str
    capabilities: tuple[str, ...]
    climbers: int | None = None
    """How many of its people carry, where the others guard the trolley."""
    may_enter: int | None = None
    """The highest handling class it may enter: 0 for clean buildings alone."""


@dataclass(frozen=True, slots=True)
class Hours:
    """From when to when a crew can be planned; `is_late` when that is not the roster's shift."""

    starts_at: datetime
    ends_at: datetime
    is_late: bool


def shift_on(crew: Crew, day: dt.date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """A crew's shift on one local day."""
    starts_at = datetime.combine(day, crew.shift_start, zone)
    ends_at = datetime.combine(day, crew.shift_end, zone)
    return starts_at, ends_at if ends_at > starts_at else ends_at + timedelta(days=1)


def working_hours(shift: tuple[datetime, datetime], now: datetime, busy_until: datetime | None) -> Hours:
    """The hours a plan may use of a crew.

    A wave made late starts late: a crew keeps the length of its shift, not its end, because when goods come late
    the homes must still be fed; the board marks such rounds. Rounds the crew has already been given come first.
    """
    starts_at, ends_at = shift
    late_start = _round_up(now + LEAD)
    is_late = late_start > starts_at
    if is_late:
        ends_at += late_start - starts_at
        starts_at = late_start
    if busy_until is not None and busy_until > starts_at:
        starts_at = min(busy_until, ends_at)
    return Hours(starts_at, ends_at, is_late)


def may_still_report(now: datetime, shift_ends_at: datetime, *, has_open_round: bool) -> bool:
    """Whether an admission still holds: till the shift ends, or till the round the crew is on is closed."""
    return now < shift_ends_at or has_open_round


def _round_up(moment: datetime) -> datetime:
    minute = moment.replace(second=0, microsecond=0)
    return minute if minute == moment else minute + timedelta(minutes=1)
