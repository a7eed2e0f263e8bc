"""A household is to be forgotten: its key is destroyed, and with it all that was sealed under it."""

from services.orders import events_out
from services.orders.actions.office import Asker, Office
from services.orders.domain.household import HouseholdNotFound, HouseholdRefused, HouseholdWasRemoved
from services.orders.domain.order import CancelReason, OrderWasCancelled
from services.orders.domain.zone import is_seen
from services.orders.storage import households, orders
from services.orders.storage.household_keys import forget_key
from shared.database.session import Transaction
from shared.messaging.endpoint import blank_sealed_parts
from shared.security.data_keys import destroy_data_key


async def remove_household(tx: Transaction, office: Office, asker: Asker, household_id: str) -> None:
    """Cancel what is open, forget the household, and tell the others to forget it.

    Topics keep sealed parts for 72 hours more; only then is nothing left that the key could have opened.
    A second time: HouseholdNotFound.

    Errors: HouseholdNotFound, also outside the asker's sight;
            HouseholdRefused("household_has_bags_on_the_way", number=…).
    """
    found = await households.find_for_ordering(tx, household_id)
    if found is None or not is_seen(asker.sight, found.household.place.community, found.household.place.grid):
        raise HouseholdNotFound("not_found")
    at = office.clock.now()
    facts: list[OrderWasCancelled | HouseholdWasRemoved] = []
    for order in await orders.load_open_locked(tx, household_id):
        if not order.may_cancel:
            raise HouseholdRefused("household_has_bags_on_the_way", number=order.number)
        fact = order.cancel(CancelReason.HOUSEHOLD_REMOVED)
        await orders.save_progress(tx, fact.order, at)
        facts.append(fact)
    facts.append(HouseholdWasRemoved(household_id))
    await events_out.publish_all(tx, facts, events_out.NO_KEYS, at)
    await households.blank_household(tx, household_id, at)
    await orders.forget_notes(tx, household_id)
    await blank_sealed_parts(tx, household_id)
    await destroy_data_key(tx, household_id)
    tx.on_commit(lambda: forget_key(household_id))
