"""What orders says about a household: whom to tell, or that it is to be forgotten."""

from services.notify.domain.contact import Contact
from services.notify.storage import contacts, links, messages, orders
from shared.database.session import Transaction
from shared.messaging.endpoint import blank_sealed_parts
from shared.security.data_keys import destroy_data_key


async def follow_household(tx: Transaction, contact: Contact, building_id: str, key: bytes) -> None:
    """Keep whom to tell behind a door. `key` is the household's data key; a newer word replaces the older."""
    await contacts.save(tx, contact, building_id, key)


async def forget_household(tx: Transaction, household_id: str) -> None:
    """Destroy a household's key, and with it its contact, link, orders and every message not yet sent.

    What was sent stays as ids and times. The second time there is nothing left to forget.
    """
    await destroy_data_key(tx, household_id)
    await contacts.remove(tx, household_id)
    await links.remove(tx, household_id)
    await messages.remove_unsent(tx, household_id)
    await orders.remove_of_household(tx, household_id)
    await blank_sealed_parts(tx, household_id)
