"""What orders says about an order: kept in step with, and told to its household."""

from services.notify.actions.following.story import Said, StoryTeller, pass_over_removed
from services.notify.actions.messages.announce import Announcement, announce
from services.notify.domain.news import News
from services.notify.domain.order import (
    FollowedOrder,
    OrderFact,
    OrderWasAmended,
    OrderWasCancelled,
    OrderWasPlaced,
    OrderWasRetried,
)
from services.notify.storage import links, orders
from services.notify.storage.orders import NewOrder
from shared.database.session import Transaction


async def follow_order(tx: Transaction, teller: StoryTeller, fact: OrderFact, said: Said) -> None:
    """Write one fact about an order down and announce what its household should hear of it.

    A changed order is not announced: who changed it was on the line. The second time nothing is told again.
    Errors: NotFound("order_unknown") for an order that was never placed here.
    """
    order = await _keep(tx, teller, fact, said)
    if order is None:
        await pass_over_removed(tx, fact.household_id)
        return
    news = {OrderWasPlaced: News.RECEIVED, OrderWasRetried: News.RECEIVED, OrderWasCancelled: News.CANCELLED}
    if type(fact) in news:
        announcement = Announcement(order, news[type(fact)], said.at, said.at, said.correlation_id)
        await announce(tx, teller.announcer, announcement)


async def _keep(tx: Transaction, teller: StoryTeller, fact: OrderFact, said: Said) -> FollowedOrder | None:
    match fact:
        case OrderWasPlaced():
            return await orders.insert_with_link(tx, _new_order(teller, fact, said))
        case OrderWasAmended():
            return await orders.amend(tx, fact.order_id, fact.items, fact.wave_date, said.at)
        case OrderWasRetried():
            return await orders.begin_again(tx, fact.order_id, fact.wave_date, said.at)
        case OrderWasCancelled():
            return await orders.cancel(tx, fact.order_id, said.at)


def _new_order(teller: StoryTeller, fact: OrderWasPlaced, said: Said) -> NewOrder:
    return NewOrder(
        order_id=fact.order_id,
        household_id=fact.household_id,
        building_id=fact.building_id,
        number=fact.number,
        wave_date=fact.wave_date,
        items=fact.items,
        placed_at=said.at,
        link_hash=links.hash_of(teller.link_key, fact.household_id, links.FIRST_GENERATION),
        link_generation=links.FIRST_GENERATION,
    )
