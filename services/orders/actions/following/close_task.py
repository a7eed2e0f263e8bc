"""Somebody at the desk has looked at what was to be looked at."""

from services.orders.actions.office import Asker, Office
from services.orders.domain.household import HouseholdNotFound
from services.orders.domain.zone import is_seen
from services.orders.storage import desk_tasks, households
from shared.database.session import Transaction


async def close_task(tx: Transaction, office: Office, asker: Asker, household_id: str, task_id: int) -> None:
    """Note that a task is done; a second time changes nothing.

    Errors: HouseholdNotFound, also outside the asker's sight.
    """
    household = await households.find(tx, household_id)
    if household is None or not is_seen(asker.sight, household.place.community, household.place.grid):
        raise HouseholdNotFound("not_found")
    await desk_tasks.close_task(tx, task_id, household_id, office.clock.now())
