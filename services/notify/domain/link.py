"""How long a household's status link opens its page."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from services.notify.domain.order import FollowedOrder

AFTER_END: Final = timedelta(hours=72)
AT_MOST: Final = timedelta(days=14)


def visible_orders(orders: Iterable[FollowedOrder], now: datetime) -> list[FollowedOrder]:
    """The orders a link still shows, newest first; none means that the link has expired.

    Source: security.md 4: 72 h after completion, at most 14 days.
    """
    shown = [order for order in orders if _is_shown(order, now)]
    return sorted(shown, key=lambda order: (order.placed_at, order.order_id), reverse=True)


def _is_shown(order: FollowedOrder, now: datetime) -> bool:
    ended_at = order.ended_at()
    if ended_at is not None and now - ended_at > AFTER_END:
        return False
    return now - order.placed_at <= AT_MOST
