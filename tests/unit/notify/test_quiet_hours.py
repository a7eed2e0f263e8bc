"""When a phone may ring, in Shanghai and where clocks are turned."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.quiet_hours import QuietHours

SHANGHAI = QuietHours(time(22), time(7), ZoneInfo("Asia/Shanghai"))
ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]

minutes = st.integers(0, 3 * 365 * 24 * 60)
moments = minutes.map(lambda count: datetime(2021, 1, 1, tzinfo=UTC) + timedelta(minutes=count))
walls = st.times().map(lambda wall: wall.replace(second=0, microsecond=0))


def _at(hour: int, minute: int = 0) -> datetime:
    return datetime(2022, 3, 4, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("moment", "is_quiet"),
    [
        (_at(21, 59), False),
        (_at(22), True),
        (_at(23, 59), True),
        (_at(0), True),
        (_at(6, 59), True),
        (_at(7), False),
    ],
)
def test_the_night_is_quiet_from_its_first_minute_to_before_its_last(moment: datetime, is_quiet: bool) -> None:
    assert SHANGHAI.holds(moment) is is_quiet


def test_what_is_due_in_the_evening_waits_for_the_next_morning() -> None:
    assert SHANGHAI.next_allowed(_at(22, 30)) == _at(7) + timedelta(days=1)


def test_what_is_due_after_midnight_waits_for_the_same_morning() -> None:
    assert SHANGHAI.next_allowed(_at(3)) == _at(7)


def test_hours_within_one_day_end_on_that_day() -> None:
    nap = QuietHours(time(12), time(14), ZoneInfo("Asia/Shanghai"))
    assert nap.next_allowed(_at(12)) == _at(14)
    assert not nap.holds(_at(14))


@given(moment=moments, begin=walls, end=walls, zone=st.sampled_from(ZONES))
def test_the_next_allowed_moment_is_never_quiet_and_never_earlier(
    moment: datetime, begin: time, end: time, zone: str
) -> None:
    quiet = QuietHours(begin, end, ZoneInfo(zone))
    allowed = quiet.next_allowed(moment)
    assert allowed >= moment
    assert not quiet.holds(allowed)
    assert quiet.next_allowed(allowed) == allowed
    assert allowed - moment < timedelta(hours=26)


@given(moment=moments, begin=walls, end=walls)
def test_where_clocks_are_not_turned_nothing_waits_longer_than_it_must(
    moment: datetime, begin: time, end: time
) -> None:
    quiet = QuietHours(begin, end, ZoneInfo("Asia/Shanghai"))
    allowed = quiet.next_allowed(moment)
    if allowed != moment:
        assert quiet.holds(allowed - timedelta(minutes=1))
