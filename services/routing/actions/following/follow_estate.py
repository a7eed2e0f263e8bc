"""Learns buildings, entrances and zones from orders."""

from services.routing.actions.estate.match_estate import match_estate
from services.routing.storage import estate
from services.routing.storage.estate import Building, Zone
from shared.database.session import Transaction


async def follow_building(tx: Transaction, building: Building) -> None:
    """Write a building's names down and match them with the estate file. A second time changes nothing."""
    await estate.hold_names(tx)
    await estate.save_building(tx, building)
    await match_estate(tx, [building.building_key])


async def follow_zone(tx: Transaction, zone: Zone) -> None:
    """Write a zone's name and class down. A second time changes nothing."""
    await estate.save_zone(tx, zone)
