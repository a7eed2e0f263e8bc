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
    DeliveryWasPutOff,
    DeliveryWasScheduled,
    DeliveryWentOut,
    FollowedOrder,
    Step,
)
from services.notify.domain.wording import PUT_OFF
from services.notify.storage import messages, orders
from services.notify.storage.messages import Told
from shared.database.session import Transaction

# The crew found at the door that the order had been cancelled: the household knows, it was told so.
_KNOWN_REASON = "cancelled"
_AT_THE_DOOR = (News.DELIVERED, News.NOT_DELIVERED)
_OF_THE_TIME = (News.SCHEDULED,)


async def follow_delivery(tx: Transaction, teller: StoryTeller, fact: DeliveryFact, said: Said) -> None:
    """Write one fact about a delivery down and announce what the household should hear of it.

    Errors: NotFound("order_unknown") for an order that was never placed here.
    """
    if isinstance(fact, DeliveryWasCorrected | DeliveryWasPutOff):
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


async def _take_back(
    tx: Transaction, teller: StoryTeller, fact: DeliveryWasCorrected | DeliveryWasPutOff, said: Said
) -> None:
    """Silence what was not told yet; correct what was, once.

    Either way the story is told anew from here, so that what happens at the door next, or the next time, is told.
    """
    order = await orders.find(tx, fact.order_id)
    if order is None:
        await pass_over_removed(tx, fact.household_id)
        return
    if isinstance(fact, DeliveryWasCorrected):
        if await _untell(tx, teller, Told(order.order_id, order.telling, _AT_THE_DOOR), (order, said, "")):
            await orders.reopen(tx, fact.order_id, said.at)
    # Whoever knows of no time, or has its goods on the way or at the door, has nothing to unlearn.
    elif order.step() is Step.SCHEDULED:
        await _untell(tx, teller, Told(order.order_id, order.telling, _OF_THE_TIME), (order, said, PUT_OFF))
        await orders.put_off(tx, fact.order_id, said.at)


async def _untell(tx: Transaction, teller: StoryTeller, about: Told, why: tuple[FollowedOrder, Said, str]) -> bool:
    """Silence or correct some news; False when nobody was to hear it."""
    order, said, reason = why
    now = teller.announcer.clock.now()
    silenced = await messages.take_back(tx, about, now)
    await events_out.publish_fates(tx, silenced, teller.announcer.channel, now)
    was_told = await messages.was_told(tx, about)
    if was_told:
        correction = Announcement(order, News.CORRECTED, said.at, said.at, said.correlation_id, reason)
        await announce(tx, teller.announcer, correction)
    return bool(silenced) or was_told
