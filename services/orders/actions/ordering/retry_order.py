"""What did not stay at the door is to be brought again."""

from datetime import date

from services.orders import events_out
from services.orders.actions.office import Asker, Office
from services.orders.domain.order import Order, OrderNotFound, Surroundings
from services.orders.domain.zone import class_on, is_seen
from services.orders.storage import households, orders
from shared.database.session import Transaction


async def retry_order(tx: Transaction, office: Office, asker: Asker, order_id: str, wave_date: date) -> Order:
    """Accept the order again for another date and tell the others.

    A second time: OrderRefused("order_not_failed"), for it is accepted now.
    Errors: OrderNotFound, also outside the asker's sight; OrderRefused for dates and zones as when placing.
    """
    known = await orders.find(tx, order_id)
    found = None if known is None else await households.find_for_ordering(tx, known.household_id)
    if found is None or not is_seen(asker.sight, found.household.place.community, found.household.place.grid):
        raise OrderNotFound("not_found")
    order = await orders.load_locked(tx, order_id)
    if order is None:
        raise OrderNotFound("not_found")
    around = Surroundings(
        at=office.clock.now(),
        local_zone=office.local_zone,
        zone_class=class_on(wave_date, found.classes, office.local_zone),
        new_id=office.new_id,
    )
    fact = order.retry(wave_date, around)
    await orders.save_progress(tx, fact.order, around.at)
    await events_out.publish(tx, fact, events_out.NO_KEYS, around.at)
    return fact.order
