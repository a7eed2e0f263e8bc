"""A register names buildings and entrances; those not known yet get ids."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from services.orders import events_out
from services.orders.actions.office import Office
from services.orders.domain.door import building_key, entrance_key
from services.orders.domain.household import Place
from services.orders.domain.zone import (
    Building,
    BuildingWasChanged,
    BuildingWasRegistered,
    Entrance,
    Handling,
)
from services.orders.storage import estate
from services.orders.storage.estate import Compound
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class NamedEntrance:
    """An entrance as a register names it; `entrance` is None where the building has only one."""

    compound: Compound
    building: str
    entrance: str | None

    @property
    def key(self) -> tuple[str, str, str]:
        """What two spellings of one entrance share."""
        return self.compound.compound_id, building_key(self.building), entrance_key(self.entrance)


async def register_buildings(
    tx: Transaction, office: Office, named: Iterable[NamedEntrance]
) -> dict[tuple[str, str, str], Place]:
    """Make sure these entrances exist, tell the others of new ones, and say where each is.

    A second time nothing new is made and nobody is told.
    """
    wanted = {entrance.key: entrance for entrance in named}
    compounds = {entrance.compound.compound_id: entrance.compound for entrance in wanted.values()}
    await estate.lock_compounds(tx, sorted(compounds))
    before = await estate.load_buildings(tx, sorted(compounds))
    after = dict(before)
    for entrance in wanted.values():
        _add(after, entrance, office)
    await _write(tx, office, before, after)
    return _places(after)


def _add(known: dict[tuple[str, str], Building], entrance: NamedEntrance, office: Office) -> None:
    compound = entrance.compound
    place = (compound.compound_id, building_key(entrance.building))
    building = known.get(place) or Building(
        building_id=office.new_id(),
        compound_id=compound.compound_id,
        compound=compound.name,
        name=entrance.building,
        community=compound.zone.community,
        grid=compound.zone.grid,
        zone_id=compound.zone.zone_id,
        handling=Handling.CLEAN,
        entrances=(),
    )
    if all(entrance_key(known.name) != entrance_key(entrance.entrance) for known in building.entrances):
        new = Entrance(office.new_id(), entrance.entrance)
        building = replace(building, entrances=(*building.entrances, new))
    known[place] = building


async def _write(
    tx: Transaction,
    office: Office,
    before: dict[tuple[str, str], Building],
    after: dict[tuple[str, str], Building],
) -> None:
    registered = [building for place, building in after.items() if place not in before]
    changed = [building for place, building in after.items() if place in before and building != before[place]]
    await estate.insert_buildings(tx, registered)
    old_entrances = {e.entrance_id for building in before.values() for e in building.entrances}
    await estate.insert_entrances(
        tx,
        [
            (building.building_id, entrance)
            for building in (*registered, *changed)
            for entrance in building.entrances
            if entrance.entrance_id not in old_entrances
        ],
    )
    facts: Sequence[BuildingWasRegistered | BuildingWasChanged] = [
        *(BuildingWasRegistered(building) for building in registered),
        *(BuildingWasChanged(building) for building in changed),
    ]
    await events_out.publish_all(tx, facts, events_out.NO_KEYS, office.clock.now())


def _places(known: dict[tuple[str, str], Building]) -> dict[tuple[str, str, str], Place]:
    return {
        (*place, entrance_key(entrance.name)): Place(
            building.building_id, entrance.entrance_id, building.zone_id, building.community, building.grid
        )
        for place, building in known.items()
        for entrance in building.entrances
    }
