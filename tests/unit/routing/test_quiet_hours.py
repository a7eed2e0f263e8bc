"""Quiet hours are hours of the local day, over midnight and over the change of clocks."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.routing.domain.quiet_hours import quiet_spans, read_quiet_hours

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = (time(22), time(7))
# 08:00 in Shanghai.
MORNING = datetime(2022, 3, 4, 0, 0, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2022, 3, day, hour, minute, tzinfo=SHANGHAI)


def test_hours_are_read_as_people_write_them() -> None:
    assert read_quiet_hours("") == read_quiet_hours(" , ") == ()
    assert read_quiet_hours("22:00-07:00, 12:30 - 13:30") == (NIGHT, (time(12, 30), time(13, 30)))


@pytest.mark.parametrize("text", ["22:00", "night", "22:00-25:00", "07:00-07:00", "22:00+08:00-07:00", "22-07-01"])
def test_what_is_no_hours_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="22:00-07:00"):
        read_quiet_hours(text)


def test_a_shift_by_day_meets_no_quiet_night() -> None:
    assert quiet_spans([NIGHT], SHANGHAI, MORNING, at(4, 18)) == ()


def test_a_night_that_has_begun_is_cut_to_the_beginning() -> None:
    assert quiet_spans([NIGHT], SHANGHAI, at(4, 6), at(4, 18)) == ((at(4, 6), at(4, 7)),)


def test_a_long_plan_meets_every_quiet_span_in_order() -> None:
    noon = (time(12, 30), time(13, 30))
    spans = quiet_spans([NIGHT, noon], SHANGHAI, MORNING, MORNING + timedelta(days=1))
    assert spans == ((at(4, 12, 30), at(4, 13, 30)), (at(4, 22), at(5, 7)))


def test_a_span_that_only_touches_is_none() -> None:
    assert quiet_spans([NIGHT], SHANGHAI, at(4, 7), at(4, 22)) == ()


def test_the_night_the_clocks_go_forward_is_an_hour_shorter() -> None:
    evening = datetime(2026, 3, 28, 18, tzinfo=BERLIN)
    ((begins_at, ends_at),) = quiet_spans([NIGHT], BERLIN, evening, evening + timedelta(hours=14))
    assert ends_at - begins_at == timedelta(hours=8)
