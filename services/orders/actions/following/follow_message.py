"""Notify tells that a resident cannot be reached by message."""

from datetime import datetime

from services.orders.domain.order import OrderNotFound
from services.orders.storage import desk_tasks, orders
from services.orders.storage.desk_tasks import TaskKind
from shared.database.session import Transaction


async def follow_message(tx: Transaction, order_id: str, at: datetime) -> None:
    """Ask the desk to call this resident; more messages that fail for the same order add nothing.

    Errors: OrderNotFound for an order never placed here: the event is parked.
    """
    order = await orders.find(tx, order_id)
    if order is None:
        raise OrderNotFound("order_unknown", order_id=order_id)
    await desk_tasks.make_task(tx, TaskKind.CALL_RESIDENT, order.household_id, order.order_id, at)
