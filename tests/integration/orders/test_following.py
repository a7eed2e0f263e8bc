"""Routing's and notify's events taken in by the real inbox, and what the desk sees of them."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from services.orders import events_in
from services.orders.actions.following.close_task import close_task
from services.orders.actions.following.follow_delivery import follow_delivery
from services.orders.actions.following.follow_message import follow_message
from services.orders.actions.ordering.cancel_order import cancel_order
from services.orders.actions.ordering.place_order import Placing, place_order
from services.orders.domain import delivery
from services.orders.domain.household import HouseholdNotFound
from services.orders.domain.order import CancelReason, Order, OrderNotFound, OrderState
from services.orders.storage import desk_tasks, orders
from shared.contracts.envelope import Contract, Envelope
from shared.contracts.notify_message import Fate, MessageFate, News
from shared.contracts.routing_delivery import (
    BagReturned,
    BagsLoaded,
    DeliveryCompleted,
    DeliveryCorrected,
    DeliveryFailed,
    DeliveryScheduled,
    DeliveryUnplanned,
    FailureReason,
    OutForDelivery,
    ShortBag,
)
from shared.contracts.topics import topics_read_by
from shared.database.session import transaction
from shared.messaging.arrival import Arrival
from shared.messaging.inbox import Inbox
from tests.integration.orders.street import BANYAN, TODAY, Street, a_request, an_asker, declare, settle

AT = datetime(2022, 3, 4, 6, 0, tzinfo=UTC)


class Routing:
    """Says things as routing would, one stream, in order."""

    def __init__(self, street: Street, order: Order) -> None:
        self.street, self.order = street, order
        self.said = {"n": 0}
        self.inbox = Inbox([topic.name for topic in topics_read_by("orders")], events_in.handlers())
        self.bag_ids = tuple(bag.bag_id for bag in order.bags)
        self.about = {"household_id": order.household_id, "order_id": order.order_id}

    def scheduled(self) -> Contract:
        return DeliveryScheduled(
            **self.about, wave_id="w", wave_date=TODAY, round_id="r", stop_id="s", window_from=AT, window_to=AT
        )

    def loaded(self, *short: str) -> Contract:
        left = tuple(ShortBag(bag_id=bag_id, reason=FailureReason.SHORT) for bag_id in short)
        there = tuple(bag_id for bag_id in self.bag_ids if bag_id not in short)
        return BagsLoaded(**self.about, round_id="r", bag_ids=there, short=left)

    def out(self) -> Contract:
        return OutForDelivery(**self.about, round_id="r", expected_from=AT, expected_to=AT)

    def completed(self, *bag_ids: str) -> Contract:
        return DeliveryCompleted(
            **self.about,
            round_id="r",
            stop_id="s",
            bag_ids=bag_ids or self.bag_ids,
            order_complete=not bag_ids,
            delivered_at=AT,
            taken_at=AT,
        )

    def failed(self, *bag_ids: str) -> Contract:
        return DeliveryFailed(
            **self.about,
            round_id="r",
            stop_id="s",
            bag_ids=bag_ids or self.bag_ids,
            reason=FailureReason.NO_ANSWER,
            failed_at=AT,
            taken_at=AT,
        )

    def returned(self, *bag_ids: str) -> Contract:
        return BagReturned(**self.about, round_id="r", bag_ids=bag_ids or self.bag_ids, returned_at=AT)

    async def say(self, *events: Contract) -> None:
        arrivals = []
        for event in events:
            self.said["n"] += 1
            envelope = Envelope(
                event_id=str(uuid.uuid4()),
                source="routing",
                event_type=event.EVENT_TYPE,
                version=event.VERSION,
                sequence=self.said["n"],
                occurred_at=AT,
            )
            body = event.model_dump_json().encode()
            arrivals.append(
                Arrival(
                    topic=event.TOPIC,
                    key=event.stream_key,
                    envelope=envelope,
                    headers=envelope.to_headers(),
                    body=body,
                )
            )
        async with transaction(self.street.engine, "inbox") as tx:
            await self.inbox.apply_run(tx, arrivals)

    async def state(self) -> OrderState:
        async with transaction(self.street.engine) as tx:
            found = await orders.find(tx, self.order.order_id)
        assert found is not None
        return found.state


@pytest.fixture
async def routing(street: Street) -> Routing:
    await declare(street)
    household_id = await settle(street)
    async with transaction(street.engine) as tx:
        order = await place_order(tx, street.office, an_asker(), Placing(household_id, a_request()))
    return Routing(street, order)


async def open_tasks(routing: Routing) -> Sequence[desk_tasks.DeskTask]:
    async with transaction(routing.street.engine) as tx:
        return await desk_tasks.open_tasks(tx, routing.order.household_id)


async def test_an_order_is_followed_to_its_door(routing: Routing) -> None:
    seen = []
    for event in (routing.scheduled(), routing.loaded(), routing.out(), routing.completed()):
        await routing.say(event)
        seen.append((await routing.state()).value)
    assert seen == ["scheduled", "loaded", "out", "delivered"]


async def test_a_whole_life_in_one_run_ends_the_same(routing: Routing) -> None:
    first, *rest = routing.bag_ids
    await routing.say(
        routing.scheduled(),
        routing.loaded(),
        routing.out(),
        routing.completed(first),
        routing.failed(*rest),
        routing.returned(*rest),
    )
    assert await routing.state() is OrderState.RETURNED


async def test_an_undo_and_an_unplanned_order_are_followed(routing: Routing) -> None:
    about = routing.about
    await routing.say(DeliveryUnplanned(**about, wave_id="w", reason="capacity"))
    assert await routing.state() is OrderState.ACCEPTED
    await routing.say(routing.scheduled(), routing.loaded(), routing.out(), routing.completed())
    await routing.say(DeliveryCorrected(**about, round_id="r", stop_id="s", corrected_at=AT))
    assert await routing.state() is OrderState.OUT


async def test_a_delivery_after_the_cancel_becomes_a_task_once(routing: Routing) -> None:
    await routing.say(routing.scheduled())
    async with transaction(routing.street.engine) as tx:
        await cancel_order(tx, routing.street.office, an_asker(), routing.order.order_id, CancelReason.AWAY)
    first, *rest = routing.bag_ids
    await routing.say(routing.loaded(), routing.completed(first), routing.completed(*rest))
    assert await routing.state() is OrderState.CANCELLED
    (task,) = await open_tasks(routing)
    assert task.kind is desk_tasks.TaskKind.DELIVERED_AFTER_CANCEL


async def test_a_resident_no_message_reaches_becomes_a_task(routing: Routing) -> None:
    for fate in (Fate.ACCEPTED, Fate.SUPERSEDED, Fate.UNDELIVERABLE, Fate.UNDELIVERABLE):
        await routing.say(
            MessageFate(**routing.about, message_id="m", news=News.OUT, fate=fate, channel="sms", at=AT)
        )
    (task,) = await open_tasks(routing)
    assert task.kind is desk_tasks.TaskKind.CALL_RESIDENT
    household_id = routing.order.household_id
    async with transaction(routing.street.engine) as tx:
        with pytest.raises(HouseholdNotFound):
            await close_task(tx, routing.street.office, an_asker(BANYAN), household_id, task.task_id)
        await close_task(tx, routing.street.office, an_asker(), household_id, task.task_id)
        await close_task(tx, routing.street.office, an_asker(), household_id, task.task_id)
    assert await open_tasks(routing) == []


async def test_facts_about_orders_never_placed_here_are_refused(street: Street) -> None:
    async with transaction(street.engine) as tx:
        with pytest.raises(OrderNotFound, match="order_unknown"):
            await follow_delivery(tx, delivery.Out("nothing", "r"), AT)
        with pytest.raises(OrderNotFound, match="order_unknown"):
            await follow_message(tx, "nothing", AT)


async def test_a_fact_that_changes_nothing_writes_nothing(routing: Routing) -> None:
    await routing.say(routing.scheduled(), routing.loaded(), routing.out(), routing.completed())
    async with transaction(routing.street.engine) as tx:
        before = await tx.scalar(text("SELECT xmin::text FROM orders"))
    await routing.say(routing.scheduled())
    async with transaction(routing.street.engine) as tx:
        assert await tx.scalar(text("SELECT xmin::text FROM orders")) == before
