"""Learns who is behind which door, and forgets them when told to."""

from services.routing.storage import households, stops
from services.routing.storage.households import DoorText, Household
from shared.database.session import Transaction
from shared.messaging.endpoint import blank_sealed_parts
from shared.security.data_keys import destroy_data_key


async def follow_household(tx: Transaction, household: Household, door: DoorText, data_key: bytes) -> None:
    """Write a household down as it stands, its door sealed under its own key. A second time changes nothing."""
    await households.save_household(tx, household, door, data_key)


async def forget_household(tx: Transaction, household_id: str) -> None:
    """Destroy a household's key and everything sealed under it; waiting deliveries are called off.

    A second time changes nothing.
    """
    await destroy_data_key(tx, household_id)
    await households.forget_household(tx, household_id)
    await stops.cancel_waiting_of_household(tx, household_id)
    await blank_sealed_parts(tx, household_id)
