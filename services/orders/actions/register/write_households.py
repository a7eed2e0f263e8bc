"""Many households of a register become rows and events: new ones registered, changed ones changed, others left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.orders import events_out
from services.orders.actions.office import Office
from services.orders.domain.door import Door, room_key
from services.orders.domain.household import (
    Household,
    HouseholdFacts,
    HouseholdWasChanged,
    HouseholdWasRegistered,
    Place,
    check_facts,
)
from services.orders.storage import households
from services.orders.storage.household_keys import open_keys
from shared.database.session import Transaction
from shared.security.data_keys import DataKey, new_data_key, store_data_keys


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A register's row whose entrance is known."""

    place: Place
    door: Door
    facts: HouseholdFacts


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the rows, with the ids in the rows' order."""

    household_ids: tuple[str, ...]
    registered: int
    changed: int

    @property
    def unchanged(self) -> int:
        """Rows that told nothing new."""
        return len(self.household_ids) - self.registered - self.changed


async def write_households(tx: Transaction, office: Office, rows: Sequence[PlacedRow]) -> Written:
    """Write the rows down and tell the others of what is new.

    A second time nothing is written and nobody is told.
    Errors: HouseholdRefused for facts that cannot be; nothing is written then.
    """
    for row in rows:
        check_facts(row.facts)
    known = await households.known_doors(tx, sorted({row.place.entrance_id for row in rows}))
    index_key = office.keys.index_key
    registered, changed, ids = [], [], []
    for row in rows:
        before = known.get((row.place.entrance_id, room_key(row.door.room)))
        household = Household(before.household_id if before else office.new_id(), row.place, row.door, row.facts)
        ids.append(household.household_id)
        if before is None:
            registered.append(household)
        elif before.digest != households.facts_digest(row.facts, index_key):
            changed.append(household)
    keys = await _keys(tx, office, registered, changed)
    at = office.clock.now()
    await households.insert_households(tx, registered, keys, at, index_key)
    await households.save_households(tx, changed, keys, at, index_key)
    facts: list[HouseholdWasRegistered | HouseholdWasChanged] = [
        *(HouseholdWasRegistered(household) for household in registered),
        *(HouseholdWasChanged(household) for household in changed),
    ]
    await events_out.publish_all(tx, facts, keys, at)
    return Written(tuple(ids), len(registered), len(changed))


async def _keys(
    tx: Transaction, office: Office, registered: Sequence[Household], changed: Sequence[Household]
) -> Mapping[str, DataKey]:
    made = [new_data_key(office.keys, household.household_id, events_out.READERS) for household in registered]
    await store_data_keys(tx, office.keys, made)
    opened = await open_keys(tx, office.keys, [household.household_id for household in changed])
    return {**opened, **{key.subject: key for key in made}}
