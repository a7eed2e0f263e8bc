"""Learns buildings, entrances and zones from orders."""

from services.routing.actions.estate.match_estate import match_estate
from services.routing.actions.waves.ask_replan import Asker, ask_for_entrances, ask_for_zone
from services.routing.storage import estate
from services.routing.storage.estate import Building, Zone
from shared.database.session import Transaction


async def follow_building(tx: Transaction, building: Building, asker: Asker) -> None:
    """Write a building's names down and match them with the estate file. A second time changes nothing.

    Running plans that go to a building which is handled another way now are made again.
    """
    await estate.hold_names(tx)
    before = await estate.handling_of(tx, building.building_id)
    await estate.save_building(tx, building)
    await match_estate(tx, [building.building_key])
    if before not in {None, building.handling}:
        await ask_for_entrances(tx, [entrance_id for entrance_id, _ in building.entrances], asker)


async def follow_zone(tx: Transaction, zone: Zone, asker: Asker) -> None:
    """Write a zone's name and class down. A second time changes nothing.

    Running plans that may enter a zone of another class now are made again.
    """
    if await estate.save_zone(tx, zone):
        await ask_for_zone(tx, zone.zone_id, asker)
