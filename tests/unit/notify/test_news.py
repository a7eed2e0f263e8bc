"""Which news is newer, and when it may be told."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.news import RANK, News, due_at, is_stale
from services.notify.domain.quiet_hours import QuietHours

QUIET = QuietHours(time(22), time(7), ZoneInfo("Asia/Shanghai"))
NIGHT = datetime(2022, 3, 4, 15, 0, tzinfo=UTC)
MORNING = datetime(2022, 3, 4, 23, 0, tzinfo=UTC)


def test_only_a_plan_waits_for_a_decent_hour() -> None:
    assert {news for news in News if due_at(news, NIGHT - timedelta(hours=1), NIGHT, QUIET) != NIGHT} == {
        News.SCHEDULED
    }
    assert due_at(News.SCHEDULED, NIGHT, NIGHT, QUIET) == MORNING


@pytest.mark.parametrize(("ago_s", "waits_s"), [(0, 60), (59, 1), (60, 0), (600, 0)])
def test_delivered_is_told_a_minute_after_the_tap_was_taken(ago_s: int, waits_s: int) -> None:
    taken_at = NIGHT - timedelta(seconds=ago_s)
    assert due_at(News.DELIVERED, taken_at, NIGHT, QUIET) == NIGHT + timedelta(seconds=waits_s)


def test_an_order_comes_further_step_by_step() -> None:
    path = (News.RECEIVED, News.SCHEDULED, News.OUT, News.DELIVERED)
    assert all(RANK[earlier] < RANK[later] for earlier, later in pairwise(path))
    assert RANK[News.DELIVERED] == RANK[News.NOT_DELIVERED] == RANK[News.CANCELLED] == RANK[News.CORRECTED]


@given(told=st.lists(st.sampled_from(News), max_size=8))
def test_what_is_told_never_goes_back(told: list[News]) -> None:
    known, heard = 0, []
    for news in told:
        if not is_stale(news, known):
            heard.append(RANK[news])
        known = max(known, RANK[news])
    assert heard == sorted(heard)


@given(news=st.sampled_from(News))
def test_news_of_the_same_rank_is_not_stale(news: News) -> None:
    assert not is_stale(news, RANK[news])
    assert is_stale(news, RANK[news] + 1)
