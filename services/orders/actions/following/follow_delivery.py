"""Routing tells what became of an order's bags."""

from datetime import datetime

from services.orders.domain.delivery import DeliveryFact, follow, is_delivered_after_cancel
from services.orders.domain.order import OrderNotFound
from services.orders.storage import desk_tasks, orders
from services.orders.storage.desk_tasks import TaskKind
from shared.database.session import Transaction


async def follow_delivery(tx: Transaction, fact: DeliveryFact, at: datetime) -> None:
    """Copy one fact into the order; a bag left at the door of a cancelled order becomes a task for the desk.

    A fact about a life already over changes nothing.
    Errors: OrderNotFound for an order never placed here: the event is parked.
    """
    order = await orders.load_locked(tx, fact.order_id)
    if order is None:
        raise OrderNotFound("order_unknown", order_id=fact.order_id)
    after = follow(order, fact)
    if after != order:
        await orders.save_progress(tx, after, at)
    if is_delivered_after_cancel(order, after):
        await desk_tasks.make_task(tx, TaskKind.DELIVERED_AFTER_CANCEL, order.household_id, order.order_id, at)
