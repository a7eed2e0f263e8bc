"""Somebody says whether a building is clean."""

from dataclasses import dataclass, replace

from services.orders import events_out
from services.orders.actions.office import Asker, Office
from services.orders.domain.door import building_key, compound_key
from services.orders.domain.zone import Building, BuildingWasChanged, Handling, ZoneNotFound, ZoneRefused
from services.orders.storage import estate
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class HandlingChange:
    """A building as people name it, and how it is to be handled."""

    compound: str
    building: str
    handling: Handling


async def change_handling(tx: Transaction, office: Office, asker: Asker, change: HandlingChange) -> Building:
    """Write it down and tell the others; saying what is known already tells nobody.

    Errors: ZoneNotFound("building_unknown" with compound and building), also outside the asker's sight;
            ZoneRefused("compound_ambiguous") where two communities have a compound of this name.
    """
    fitting = [
        compound
        for compound in await estate.list_compounds(tx, asker.sight)
        if compound_key(compound.name) == compound_key(change.compound)
    ]
    if len(fitting) > 1:
        raise ZoneRefused("compound_ambiguous", compound=change.compound)
    known = await estate.load_buildings(tx, [compound.compound_id for compound in fitting])
    building = known.get((fitting[0].compound_id, building_key(change.building))) if fitting else None
    if building is None:
        raise ZoneNotFound("building_unknown", compound=change.compound, building=change.building)
    if building.handling is change.handling:
        return building
    changed = replace(building, handling=change.handling)
    await estate.save_handling(tx, changed.building_id, changed.handling)
    await events_out.publish(tx, BuildingWasChanged(changed), events_out.NO_KEYS, office.clock.now())
    return changed
