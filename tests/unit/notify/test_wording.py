"""Every text in every language: its length, its words, and what must never stand in it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.notify.domain.contact import Language
from services.notify.domain.news import News
from services.notify.domain.order import Window
from services.notify.domain.wording import PUT_OFF, FailedBecause, Setting, Telling, parts, why_not_delivered, word

# As long as the demo's links are: the address of this machine with a port, and 22 signs of token.
LINK = "http://127.0.0.1:8003/s/" + "x" * 22
SHORT_LINK = "https://bm.cn/s/" + "x" * 22
SETTING = Setting("6200 1234", ZoneInfo("Asia/Shanghai"), date(2022, 3, 4))
BEGIN = datetime(2022, 3, 4, 7, 10, tzinfo=UTC)
WINDOW = Window(BEGIN, BEGIN + timedelta(minutes=30))
LATER = Window(WINDOW.begin + timedelta(days=20), WINDOW.end + timedelta(days=20))
NUMBERS = ["A0042-7", "A123456-7"]

_REASONS = {News.NOT_DELIVERED: tuple(FailedBecause), News.CORRECTED: (PUT_OFF,)}


def _tellings() -> list[Telling]:
    return [
        Telling(news, number, attempt, window=window, happened_at=BEGIN, reason=reason)
        for news in News
        for number in NUMBERS
        for attempt in (1, 2)
        for window in (WINDOW, LATER)
        for reason in (*_REASONS.get(news, ()), "")
    ]


@pytest.mark.parametrize("link", [LINK, SHORT_LINK, "https://supplies.nankeng.example.cn/notify/s/" + "x" * 22])
@pytest.mark.parametrize("telling", _tellings(), ids=str)
def test_every_text_fits_one_message(telling: Telling, link: str) -> None:
    chinese = word(telling, Language.CHINESE, link, SETTING)
    english = word(telling, Language.ENGLISH, link, SETTING)
    assert len(chinese) <= 70
    assert len(english) <= 160
    assert parts(chinese) == parts(english) == 1
    assert chinese.startswith("【社区保供】")
    assert "{" not in chinese + english


@pytest.mark.parametrize("telling", _tellings(), ids=str)
def test_every_text_is_complete_without_the_link(telling: Telling) -> None:
    text = word(telling, Language.CHINESE, "x" * 200, SETTING)
    assert "xxx" not in text
    assert telling.number in text
    assert parts(text) == 1


def test_the_first_message_carries_the_link() -> None:
    telling = Telling(News.RECEIVED, "A0042-7", 1)
    assert LINK in word(telling, Language.CHINESE, LINK, SETTING)
    assert LINK in word(telling, Language.ENGLISH, LINK, SETTING)


def test_with_a_short_link_a_plan_carries_it_too() -> None:
    telling = Telling(News.SCHEDULED, "A0042-7", 1, window=WINDOW)
    text = word(telling, Language.CHINESE, SHORT_LINK, SETTING)
    assert text == f"【社区保供】订单A0042-7预计今天15:10-15:40到。{SHORT_LINK}"


def test_a_plan_for_another_day_names_the_day() -> None:
    telling = Telling(News.SCHEDULED, "A0042-7", 1, window=LATER)
    assert "3月24日15:10-15:40" in word(telling, Language.CHINESE, "", SETTING)
    assert "24 March 15:10-15:40" in word(telling, Language.ENGLISH, "", SETTING)


def test_times_are_those_of_the_street() -> None:
    telling = Telling(News.DELIVERED, "A0042-7", 1, happened_at=datetime(2022, 3, 4, 6, 20, tzinfo=UTC))
    assert "14:20" in word(telling, Language.CHINESE, LINK, SETTING)


def test_a_text_too_long_for_one_part_is_the_shortest_there_is() -> None:
    long_hotline = Setting("6200 1234 转 " + "1" * 60, SETTING.zone, SETTING.today)
    text = word(Telling(News.CANCELLED, "A0042-7", 1), Language.CHINESE, LINK, long_hotline)
    assert parts(text) == 2


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("字" * 70, 1),
        ("字" * 71, 2),
        ("字" * 134, 2),
        ("字" * 135, 3),
        ("a" * 70 + "’", 2),
    ],
)
def test_parts_are_counted_as_networks_count_them(text: str, count: int) -> None:
    assert parts(text) == count


@pytest.mark.parametrize("language", Language)
def test_every_reason_has_its_words_and_a_reason_unknown_has_some(language: Language) -> None:
    words = {why_not_delivered(reason, language, "6200 1234") for reason in (*FailedBecause, "something new")}
    assert len(words) == len(FailedBecause) + 1
    assert all("6200 1234" in what_next for _, what_next in words)
