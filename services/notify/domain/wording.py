"""The words of every message: tables of texts, and the choice of the fullest one that fits one part.

A text never holds a name, a room or a phone but the hotline's. It is complete without the link.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from services.notify.domain.contact import Language
from services.notify.domain.news import News
from services.notify.domain.order import Window

# 3GPP TS 23.038: the basic set fits 160 to a message (153 to a part of several), any other sign makes it UCS-2.
_GSM_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)


# Why a correction is sent, where it is not for what was said of the door.
PUT_OFF: Final = "put_off"


class FailedBecause(StrEnum):
    """Why bags did not stay at a door, as far as we have words for it."""

    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    SHORT = "short"
    DAMAGED = "damaged"
    NO_ACCESS = "no_access"


@dataclass(frozen=True, slots=True)
class Telling:
    """What one message tells: the facts of that moment."""

    news: News
    number: str
    attempt: int
    telling: int = 1
    window: Window | None = None
    happened_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """What every text may name, and how it shows times."""

    hotline: str
    zone: ZoneInfo
    today: date


_SIGN = "【社区保供】"

# Fullest first: the first that fits one part is taken, the last one whatever its length.
_TEXTS: Final[Mapping[Language, Mapping[str, tuple[str, ...]]]] = {
    Language.CHINESE: {
        "received": (
            "订单{number}已收到，送达时间定后再通知。查询{link} 热线{hotline}",
            "订单{number}已收到。查询{link} 热线{hotline}",
            "订单{number}已收到。查询{link}",
            "订单{number}已收到。{link}",
            "订单{number}已收到，送达时间定后再通知。热线{hotline}",
        ),
        "received_again": (
            "订单{number}将再次配送，时间定后再通知。查询{link} 热线{hotline}",
            "订单{number}将再次配送。{link}",
            "订单{number}将再次配送，送达时间定后再通知。热线{hotline}",
        ),
        "scheduled": (
            "订单{number}预计{day}{begin}-{end}送达。查询{link} 热线{hotline}",
            "订单{number}预计{day}{begin}-{end}送达。{link}",
            "订单{number}预计{day}{begin}-{end}到。{link}",
            "订单{number}预计{day}{begin}-{end}送达，届时请留在家中。热线{hotline}",
        ),
        "out": (
            "订单{number}配送中，预计{begin}-{end}送达，请留意敲门。查询{link}",
            "订单{number}配送中，预计{begin}-{end}送达。{link}",
            "订单{number}配送中，预计{begin}-{end}送达，请留意敲门。热线{hotline}",
        ),
        "delivered": ("订单{number}已于{time}放在您门口。没收到或缺少物品请拨{hotline}",),
        "not_delivered": (
            "订单{number}{time}未送到：{why}。{next}",
            "订单{number}未送到：{why}。请拨{hotline}",
        ),
        "cancelled": ("订单{number}已取消。如非本人要求请拨{hotline}",),
        "corrected": ("更正：订单{number}的上一条通知有误，配送仍在进行。有疑问请拨{hotline}",),
        "put_off": ("更正：订单{number}不能按原定时间送达，新时间定后再通知。急需请拨{hotline}",),
    },
    Language.ENGLISH: {
        "received": (
            "Order {number} received. We will text you the delivery time. Status: {link} Help: {hotline}",
            "Order {number} received. Status: {link} Help: {hotline}",
            "Order {number} received. We will text you the delivery time. Help: {hotline}",
        ),
        "received_again": (
            "Order {number} will be brought again. We will text you the time. Status: {link} Help: {hotline}",
            "Order {number} will be brought again. Status: {link} Help: {hotline}",
            "Order {number} will be brought again. We will text you the time. Help: {hotline}",
        ),
        "scheduled": (
            "Order {number} should come {day} {begin}-{end}. Status: {link} Help: {hotline}",
            "Order {number} should come {day} {begin}-{end}. Help: {hotline}",
        ),
        "out": (
            "Order {number} is on its way. Expected {begin}-{end}. Please listen for a knock. Status: {link}",
            "Order {number} is on its way. Expected {begin}-{end}. Please listen for a knock. Help: {hotline}",
        ),
        "delivered": ("Order {number} was left at your door at {time}. Missing something? Call {hotline}",),
        "not_delivered": (
            "Order {number} was not delivered at {time}: {why}. {next}",
            "Order {number} was not delivered: {why}. Call {hotline}",
        ),
        "cancelled": ("Order {number} was cancelled. If you did not ask for this, call {hotline}",),
        "corrected": (
            "Correction: our last message about order {number} was wrong. It is still on its way. Call {hotline}",
        ),
        "put_off": (
            "Correction: order {number} cannot come at the time told. We will text a new one. Call {hotline}",
        ),
    },
}

_WHY: Final[Mapping[Language, Mapping[str, tuple[str, str]]]] = {
    Language.CHINESE: {
        FailedBecause.NO_ANSWER: ("敲门无人应答", "物品已带回，请拨{hotline}约再次配送"),
        FailedBecause.REFUSED: ("物品被拒收", "物品已带回，如有误请拨{hotline}"),
        FailedBecause.SHORT: ("物品暂缺", "到货后会再安排，急需请拨{hotline}"),
        FailedBecause.DAMAGED: ("物品在途中损坏", "我们会再安排，急需请拨{hotline}"),
        FailedBecause.NO_ACCESS: ("配送员进不了楼", "物品已带回，请拨{hotline}约再次配送"),
        "": ("没有送成", "请拨{hotline}约再次配送"),
    },
    Language.ENGLISH: {
        FailedBecause.NO_ANSWER: ("nobody answered", "Your items went back. Call {hotline} for a new time"),
        FailedBecause.REFUSED: ("it was turned away", "Your items went back. A mistake? Call {hotline}"),
        FailedBecause.SHORT: ("items ran short", "We will bring them later. Urgent? Call {hotline}"),
        FailedBecause.DAMAGED: ("items were damaged on the way", "We will bring new ones. Urgent? Call {hotline}"),
        FailedBecause.NO_ACCESS: (
            "we could not enter the building",
            "Your items went back. Call {hotline} for a new time",
        ),
        "": ("it did not work out", "Call {hotline} for a new time"),
    },
}

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def word(telling: Telling, language: Language, link: str, setting: Setting) -> str:
    """The text of a message: the fullest that fits one part, else the shortest there is.

    Shape: Chinese at most 70 characters, English at most 160, wherever number, link and hotline leave room.
    """
    values = _values(telling, language, setting) | {"link": link}
    texts = [_signed(text.format_map(values), language) for text in _TEXTS[language][_kind(telling)]]
    return next((text for text in texts if parts(text) == 1), texts[-1])


def parts(text: str) -> int:
    """How many SMS a text is sent as. Source: 3GPP TS 23.038 and 23.040."""
    one, several = (160, 153) if _GSM_BASIC.issuperset(text) else (70, 67)
    return 1 if len(text) <= one else -(-len(text) // several)


def why_not_delivered(reason: str, language: Language, hotline: str) -> tuple[str, str]:
    """The reason in words, and what happens next."""
    why, what_next = _WHY[language].get(reason, _WHY[language][""])
    return why, what_next.format(hotline=hotline)


def day_in_words(day: date, today: date, language: Language) -> str:
    """A day as people say it; never "tomorrow": a message may be read late."""
    if language is Language.CHINESE:
        return "今天" if day == today else f"{day.month}月{day.day}日"
    return "today" if day == today else f"{day.day} {_MONTHS[day.month - 1]}"


def _kind(telling: Telling) -> str:
    if telling.news is News.RECEIVED and telling.attempt > 1:
        return "received_again"
    if telling.news is News.CORRECTED and telling.reason == PUT_OFF:
        return PUT_OFF
    return telling.news.value


def _signed(text: str, language: Language) -> str:
    # The Chinese sign would make an English text UCS-2 and cut its room from 160 to 70.
    return _SIGN + text if language is Language.CHINESE else text


def _values(telling: Telling, language: Language, setting: Setting) -> dict[str, str]:
    why, what_next = why_not_delivered(telling.reason, language, setting.hotline)
    values = {
        "number": _number(telling, language),
        "hotline": setting.hotline,
        "why": why,
        "next": what_next,
        "time": "",
    }
    if telling.happened_at is not None:
        values["time"] = _wall(telling.happened_at, setting)
    if telling.window is not None:
        local_day = telling.window.begin.astimezone(setting.zone).date()
        values["day"] = day_in_words(local_day, setting.today, language)
        values["begin"] = _wall(telling.window.begin, setting)
        values["end"] = _wall(telling.window.end, setting)
    return values


def _number(telling: Telling, language: Language) -> str:
    # The same words as yesterday's would look like a message sent twice.
    if telling.attempt == 1:
        return telling.number
    return (
        f"{telling.number}（第{telling.attempt}次）"
        if language is Language.CHINESE
        else (f"{telling.number} (try {telling.attempt})")
    )


def _wall(moment: datetime, setting: Setting) -> str:
    return f"{moment.astimezone(setting.zone):%H:%M}"
