"""What routing says about a delivery: kept in step with, and told to its household."""

from services.notify import events_out
from services.notify.actions.following.story import Said, StoryTeller, pass_over_removed
from services.notify.actions.messages.announce import Announcement, announce
from services.notify.domain.news import News
from services.notify.domain.order import (
    DeliveryFact,
    DeliveryHasFailed,
    DeliveryWasCompleted,
    DeliveryWasCorrected,
    DeliveryWasScheduled,
    DeliveryWentOut,
    FollowedOrder,
)
from services.notify.storage import messages, orders
from shared.database.session import Transaction

# The crew found at the door that the order had been cancelled: the household knows, it was told so.
_KNOWN_REASON = "cancelled"


async def follow_delivery(tx: Transaction, teller: StoryTeller, fact: DeliveryFact, said: Said) -> None:
    """Write one fact about a delivery down and announce what the household should hear of it.

    Errors: NotFound("order_unknown") for an order that was never placed here.
    """
    if isinstance(fact, DeliveryWasCorrected):
        await _take_back(tx, teller, fact, said)
        return
    if isinstance(fact, DeliveryWasCompleted) and not fact.order_complete:
        return
    if isinstance(fact, DeliveryHasFailed) and fact.reason == _KNOWN_REASON:
        return
    order = await _keep(tx, fact, said)
    if order is None:
        await pass_over_removed(tx, fact.household_id)
        return
    await announce(tx, teller.announcer, _announcement(order, fact, said))


async def _keep(
    tx: Transaction,
    fact: DeliveryWasScheduled | DeliveryWentOut | DeliveryWasCompleted | DeliveryHasFailed,
    said: Said,
) -> FollowedOrder | None:
    match fact:
        case DeliveryWasScheduled():
            return await orders.schedule(tx, fact.order_id, fact.window, fact.wave_date, said.at)
        case DeliveryWentOut():
            return await orders.send_out(tx, fact.order_id, fact.window, said.at)
        case DeliveryWasCompleted():
            return await orders.deliver(tx, fact.order_id, fact.delivered_at)
        case DeliveryHasFailed():
            return await orders.fail(tx, fact.order_id, fact.reason, fact.failed_at)


def _announcement(
    order: FollowedOrder,
    fact: DeliveryWasScheduled | DeliveryWentOut | DeliveryWasCompleted | DeliveryHasFailed,
    said: Said,
) -> Announcement:
    match fact:
        case DeliveryWasScheduled():
            return Announcement(order, News.SCHEDULED, said.at, said.at, said.correlation_id)
        case DeliveryWentOut():
            return Announcement(order, News.OUT, said.at, said.at, said.correlation_id)
        case DeliveryWasCompleted():
            return Announcement(order, News.DELIVERED, fact.delivered_at, fact.taken_at, said.correlation_id)
        case DeliveryHasFailed():
            reason = fact.reason
            return Announcement(order, News.NOT_DELIVERED, fact.failed_at, said.at, said.correlation_id, reason)


async def _take_back(tx: Transaction, teller: StoryTeller, fact: DeliveryWasCorrected, said: Said) -> None:
    """Silence what was not told yet; correct what was, once.

    Either way the story is told anew from here, so that what happens at the door next is told.
    """
    order = await orders.find(tx, fact.order_id)
    if order is None:
        await pass_over_removed(tx, fact.household_id)
        return
    now = teller.announcer.clock.now()
    silenced = await messages.take_back(tx, order.order_id, order.telling, now)
    await events_out.publish_fates(tx, silenced, teller.announcer.channel, now)
    was_told = await messages.was_told(tx, order.order_id, order.telling)
    if was_told:
        at_the_door = Announcement(order, News.CORRECTED, said.at, said.at, said.correlation_id)
        await announce(tx, teller.announcer, at_the_door)
    if silenced or was_told:
        await orders.reopen(tx, fact.order_id, said.at)
