"""A household is to be told something: its message is queued, once, and not before its hour."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.notify import events_out
from services.notify.domain.news import News, due_at, is_stale
from services.notify.domain.order import FollowedOrder
from services.notify.domain.quiet_hours import QuietHours
from services.notify.domain.wording import Telling
from services.notify.storage import messages
from services.notify.storage.messages import NewMessage
from shared.basics.clock import Clock
from shared.basics.ids import new_id
from shared.basics.randomness import Randomness
from shared.database.session import Transaction

_WITH_WINDOW = frozenset({News.SCHEDULED, News.OUT})


@dataclass(frozen=True, slots=True)
class Announcer:
    """What announcing needs. `wake` is called once a message is committed, so that it is sent at once."""

    clock: Clock
    randomness: Randomness
    quiet_hours: QuietHours
    channel: str
    wake: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Announcement:
    """One thing to tell. `happened_at` is the time the text names, `taken_at` when the server learned of it."""

    order: FollowedOrder
    news: News
    happened_at: datetime
    taken_at: datetime
    correlation_id: str
    reason: str = ""


async def announce(tx: Transaction, announcer: Announcer, announcement: Announcement) -> None:
    """Queue one message, and pass over what waits for its hour and is older news.

    News staler than what the household knows is written down as superseded. The second time nothing happens:
    each state of each telling of an order is told once.
    """
    now = announcer.clock.now()
    new = _message(announcer, announcement, now)
    if is_stale(announcement.news, announcement.order.known_rank):
        ended = await messages.queue_stale(tx, new, now)
    else:
        ended = await messages.queue(tx, new, now)
    await events_out.publish_fates(tx, ended, announcer.channel, now)
    tx.on_commit(announcer.wake)


def _message(announcer: Announcer, announcement: Announcement, now: datetime) -> NewMessage:
    order, news = announcement.order, announcement.news
    return NewMessage(
        message_id=new_id(announcer.clock, announcer.randomness),
        household_id=order.household_id,
        order_id=order.order_id,
        telling=Telling(
            news=news,
            number=order.number,
            attempt=order.attempt,
            telling=order.telling,
            window=order.window if news in _WITH_WINDOW else None,
            happened_at=announcement.happened_at,
            reason=announcement.reason,
        ),
        due_at=due_at(news, announcement.taken_at, now, announcer.quiet_hours),
        correlation_id=announcement.correlation_id,
    )
