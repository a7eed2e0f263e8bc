"""An operator learns something new about a household."""

from services.orders.actions.office import Asker, Office
from services.orders.actions.register.write_households import PlacedRow, write_households
from services.orders.domain.household import HouseholdFacts, HouseholdNotFound
from services.orders.domain.zone import is_seen
from services.orders.storage import households
from shared.database.session import Transaction


async def change_household(
    tx: Transaction, office: Office, asker: Asker, household_id: str, facts: HouseholdFacts
) -> None:
    """Write the new facts down and tell the others; the same facts again tell nobody.

    Errors: HouseholdNotFound, also outside the asker's sight; HouseholdRefused for facts that cannot be.
    """
    known = await households.find(tx, household_id)
    if known is None or not is_seen(asker.sight, known.place.community, known.place.grid):
        raise HouseholdNotFound("not_found")
    await write_households(tx, office, [PlacedRow(known.place, known.door, facts)])
