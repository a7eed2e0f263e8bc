"""The caller does not want it any more."""

from services.orders import events_out
from services.orders.actions.office import Asker, Office
from services.orders.domain.order import CancelReason, Order, OrderNotFound
from services.orders.domain.zone import is_seen
from services.orders.storage import households, orders
from shared.database.session import Transaction


async def cancel_order(
    tx: Transaction, office: Office, asker: Asker, order_id: str, reason: CancelReason
) -> Order:
    """Write it down and tell the others.

    A second time: OrderRefused("order_has_ended").
    Errors: OrderNotFound, also outside the asker's sight; OrderRefused("order_on_its_way").
    """
    order = await orders.load_locked(tx, order_id)
    household = None if order is None else await households.find(tx, order.household_id)
    if (
        order is None
        or household is None
        or not is_seen(asker.sight, household.place.community, household.place.grid)
    ):
        raise OrderNotFound("not_found")
    fact = order.cancel(reason)
    at = office.clock.now()
    await orders.save_progress(tx, fact.order, at)
    await events_out.publish(tx, fact, events_out.NO_KEYS, at)
    return fact.order
