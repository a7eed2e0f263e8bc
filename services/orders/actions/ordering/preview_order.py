"""What an order would be, before anybody says yes: for reading back to the caller."""

from dataclasses import dataclass

from services.orders.actions.office import Asker, Office
from services.orders.actions.ordering.place_order import Placing, surroundings
from services.orders.domain import duplicate
from services.orders.domain.duplicate import Answer
from services.orders.domain.household import Household, HouseholdNotFound
from services.orders.domain.order import Order, place
from services.orders.domain.zone import is_seen
from services.orders.storage import households, orders
from services.orders.storage.household_keys import open_keys
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class Preview:
    """The order as it would be placed; its ids and number are not the later ones."""

    household: Household
    order: Order


async def preview_order(tx: Transaction, office: Office, asker: Asker, placing: Placing) -> Preview:
    """Work an order out and refuse what placing would refuse; nothing is written.

    Errors: those of `place_order`.
    """
    found = await households.find_for_ordering(tx, placing.household_id)
    if found is None or not is_seen(asker.sight, found.household.place.community, found.household.place.grid):
        raise HouseholdNotFound("household_unknown")
    key = (await open_keys(tx, office.keys, [placing.household_id]))[placing.household_id]
    household = households.open_household(found.household, key)
    around = surroundings(office, found, placing.request)
    fact = place(placing.request, household, "", around)
    same = await orders.on_date(tx, placing.household_id, placing.request.wave_date, key)
    other = duplicate.same_date(same, placing.request.wave_date)
    if other is not None and placing.answer is Answer.ASK:
        raise duplicate.ask(other)
    if other is not None and placing.answer is Answer.ADD:
        both = other.change(duplicate.added(other, placing.request), household, around)
        return Preview(household, both.order)
    return Preview(household, fact.order)
