"""The caller wants something else after all."""

from services.orders import events_out
from services.orders.actions.office import Asker, Office
from services.orders.actions.ordering.place_order import surroundings
from services.orders.domain.order import Order, OrderNotFound, OrderRequest
from services.orders.domain.zone import is_seen
from services.orders.storage import households, orders
from services.orders.storage.household_keys import open_keys
from shared.database.session import Transaction


async def change_order(
    tx: Transaction, office: Office, asker: Asker, order_id: str, request: OrderRequest
) -> Order:
    """Write the order's new contents or date down and tell the others.

    Errors: OrderNotFound, also outside the asker's sight; OrderRefused("order_not_changeable") once it is
            scheduled, and all that placing refuses.
    """
    known = await orders.find(tx, order_id)
    found = None if known is None else await households.find_for_ordering(tx, known.household_id)
    if found is None or not is_seen(asker.sight, found.household.place.community, found.household.place.grid):
        raise OrderNotFound("not_found")
    household_id = found.household.household_id
    key = (await open_keys(tx, office.keys, [household_id]))[household_id]
    order = await orders.load_locked_with_note(tx, order_id, key)
    if order is None:
        raise OrderNotFound("not_found")
    household = households.open_household(found.household, key)
    fact = order.change(request, household, surroundings(office, found, request))
    at = office.clock.now()
    await orders.save_contents(tx, fact.order, key, at)
    await events_out.publish(tx, fact, {household_id: key}, at)
    return fact.order
