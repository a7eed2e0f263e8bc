"""A status link is opened: whoever holds it sees how its orders stand, and no person."""

from datetime import datetime

from services.notify.domain.link import visible_orders
from services.notify.domain.order import FollowedOrder
from services.notify.storage import orders
from shared.basics.errors import NotFound
from shared.database.session import Transaction


async def open_link(tx: Transaction, link_hash: bytes, now: datetime) -> list[FollowedOrder]:
    """The orders this link shows, newest first. Nothing is changed: links are opened by machines before people.

    Errors: NotFound("link_unknown"), the same for unknown, expired and revoked, after the same one query.
    """
    shown = visible_orders(await orders.of_link(tx, link_hash), now)
    if not shown:
        raise NotFound("link_unknown")
    return shown
