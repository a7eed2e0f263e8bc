"""An operator writes down a household that stood in no register, or says that a known door is known better."""

from dataclasses import dataclass

from services.orders.actions.estate.register_buildings import NamedEntrance, register_buildings
from services.orders.actions.office import Asker, Office
from services.orders.actions.register.write_households import PlacedRow, write_households
from services.orders.domain.door import Door, compound_key, room_key
from services.orders.domain.household import HouseholdFacts, HouseholdRefused
from services.orders.storage import estate
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class NewHousehold:
    """A door in people's words, and who lives behind it."""

    door: Door
    facts: HouseholdFacts


async def register_household(tx: Transaction, office: Office, asker: Asker, new: NewHousehold) -> str:
    """Register a household and tell the others; answers its id.

    A door that is known already gets the new facts, and only if they differ is anybody told.
    Errors: HouseholdRefused("compound_unknown" | "compound_ambiguous" | "door_missing") and of its facts.
    """
    if not new.door.building.strip() or not room_key(new.door.room):
        raise HouseholdRefused("door_missing")
    fitting = [
        compound
        for compound in await estate.list_compounds(tx, asker.sight)
        if compound_key(compound.name) == compound_key(new.door.compound)
    ]
    if not fitting:
        raise HouseholdRefused("compound_unknown", compound=new.door.compound)
    if len(fitting) > 1:
        raise HouseholdRefused("compound_ambiguous", compound=new.door.compound)
    entrance = NamedEntrance(fitting[0], new.door.building, new.door.entrance)
    places = await register_buildings(tx, office, [entrance])
    written = await write_households(tx, office, [PlacedRow(places[entrance.key], new.door, new.facts)])
    return written.household_ids[0]
