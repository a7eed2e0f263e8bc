"""Everything orders hears from the other services, on one screen."""

from collections.abc import Mapping

from services.orders.actions.following.follow_delivery import follow_delivery
from services.orders.actions.following.follow_message import follow_message
from services.orders.domain import delivery
from shared.contracts.envelope import Contract
from shared.contracts.notify_message import Fate, MessageFate
from shared.contracts.routing_delivery import (
    BagReturned,
    BagsLoaded,
    DeliveryCompleted,
    DeliveryCorrected,
    DeliveryFailed,
    DeliveryScheduled,
    DeliveryUnplanned,
    OutForDelivery,
)
from shared.database.session import Transaction
from shared.messaging.inbox import Handler, Received


def handlers() -> Mapping[type[Contract], Handler]:
    """Event by event, what is done about it; rounds as such are routing's own affair and are passed over."""
    return {
        DeliveryScheduled: _on_scheduled,
        DeliveryUnplanned: _on_unplanned,
        BagsLoaded: _on_loaded,
        OutForDelivery: _on_out,
        DeliveryCompleted: _on_completed,
        DeliveryFailed: _on_failed,
        DeliveryCorrected: _on_corrected,
        BagReturned: _on_returned,
        MessageFate: _on_message_fate,
    }


async def _on_scheduled(tx: Transaction, event: DeliveryScheduled, received: Received) -> None:
    window = (event.window_from, event.window_to)
    await follow_delivery(tx, delivery.Scheduled(event.order_id, event.round_id, window), received.occurred_at)


async def _on_unplanned(tx: Transaction, event: DeliveryUnplanned, received: Received) -> None:
    await follow_delivery(tx, delivery.Unplanned(event.order_id, event.reason), received.occurred_at)


async def _on_loaded(tx: Transaction, event: BagsLoaded, received: Received) -> None:
    short = tuple((bag.bag_id, bag.reason.value) for bag in event.short)
    fact = delivery.Loaded(event.order_id, event.round_id, event.bag_ids, short)
    await follow_delivery(tx, fact, received.occurred_at)


async def _on_out(tx: Transaction, event: OutForDelivery, received: Received) -> None:
    await follow_delivery(tx, delivery.Out(event.order_id, event.round_id), received.occurred_at)


async def _on_completed(tx: Transaction, event: DeliveryCompleted, received: Received) -> None:
    fact = delivery.Completed(event.order_id, event.stop_id, event.bag_ids)
    await follow_delivery(tx, fact, received.occurred_at)


async def _on_failed(tx: Transaction, event: DeliveryFailed, received: Received) -> None:
    fact = delivery.Failed(event.order_id, event.round_id, event.stop_id, event.bag_ids, event.reason.value)
    await follow_delivery(tx, fact, received.occurred_at)


async def _on_corrected(tx: Transaction, event: DeliveryCorrected, received: Received) -> None:
    await follow_delivery(tx, delivery.Corrected(event.order_id, event.stop_id), received.occurred_at)


async def _on_returned(tx: Transaction, event: BagReturned, received: Received) -> None:
    await follow_delivery(tx, delivery.Returned(event.order_id, event.bag_ids), received.occurred_at)


async def _on_message_fate(tx: Transaction, event: MessageFate, received: Received) -> None:
    if event.fate is Fate.UNDELIVERABLE:
        await follow_message(tx, event.order_id, received.occurred_at)
