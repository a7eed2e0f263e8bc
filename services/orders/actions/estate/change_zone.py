"""Somebody changes how closed a zone is."""

from services.orders import events_out
from services.orders.actions.office import Asker, Office
from services.orders.domain.zone import ClassChange, Zone, ZoneNotFound, ZoneWasChanged, is_seen
from services.orders.storage import estate
from shared.database.session import Transaction


async def change_zone(tx: Transaction, office: Office, asker: Asker, zone_id: str, change: ClassChange) -> Zone:
    """Write a zone's class from a moment on and tell the others; the same moment again replaces it.

    Errors: ZoneNotFound, also for a zone the asker does not see.
    """
    zone = await estate.find_zone(tx, zone_id)
    if zone is None or not is_seen(asker.sight, zone.community, zone.grid):
        raise ZoneNotFound("not_found")
    await estate.save_class(tx, zone_id, change)
    await events_out.publish(tx, ZoneWasChanged(zone, change), events_out.NO_KEYS, office.clock.now())
    return zone
