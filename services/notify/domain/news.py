"""What there is to tell about an order, in which rank, and how long it has to wait."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.notify.domain.quiet_hours import QuietHours


class News(StrEnum):
    """One thing a resident is told."""

    RECEIVED = "received"
    SCHEDULED = "scheduled"
    OUT = "out"
    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"
    CANCELLED = "cancelled"
    CORRECTED = "corrected"


# How far an order has come when this is told; news of a lower rank than what is known is stale.
RANK: Final[Mapping[News, int]] = {
    News.RECEIVED: 0,
    News.SCHEDULED: 1,
    News.OUT: 2,
    News.DELIVERED: 3,
    News.NOT_DELIVERED: 3,
    News.CANCELLED: 3,
    News.CORRECTED: 3,
}

# A crew may take a tap back; only what stands this long is told (design 8).
UNDO: Final = timedelta(seconds=60)

# After so much real time in a queue only the newest news of an order is worth a message (reliability 4.4).
TOO_LATE: Final = timedelta(minutes=30)

# Facts at the door and the answer to a call are never kept from anybody.
_HELD_IN_QUIET_HOURS: Final = frozenset({News.SCHEDULED})


def is_stale(news: News, known_rank: int) -> bool:
    """Whether the resident knows, or is about to be told, that the order is further than this."""
    return RANK[news] < known_rank


def due_at(news: News, happened_at: datetime, now: datetime, quiet_hours: QuietHours) -> datetime:
    """When this may be told at the earliest. `happened_at` is when the server took the crew's tap."""
    if news is News.DELIVERED:
        return max(now, happened_at + UNDO)
    if news in _HELD_IN_QUIET_HOURS:
        return quiet_hours.next_allowed(now)
    return now
