"""A real moment, such as one the database wrote down, as the street's clock showed it."""

from datetime import UTC, datetime, timedelta

from shared.basics.clock import ScaledClock, SystemClock

ORIGIN = datetime(2022, 3, 4, 0, 0, tzinfo=UTC)
ANCHOR = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def test_a_fast_street_is_further_on_than_the_real_minutes_since_it_began() -> None:
    clock = ScaledClock(ORIGIN, ANCHOR, 60)
    assert clock.in_street_time(ANCHOR) == ORIGIN
    assert clock.in_street_time(ANCHOR + timedelta(seconds=30)) == ORIGIN + timedelta(minutes=30)
    assert clock.in_street_time(ANCHOR - timedelta(seconds=1)) == ORIGIN - timedelta(minutes=1)


def test_now_is_the_street_time_of_the_real_now() -> None:
    clock = ScaledClock(ORIGIN, ANCHOR, 60)
    before, now, after = (SystemClock().now(), clock.now(), SystemClock().now())
    assert clock.in_street_time(before) <= now <= clock.in_street_time(after)


def test_a_street_in_real_time_keeps_the_moment() -> None:
    assert SystemClock().in_street_time(ANCHOR) == ANCHOR
