"""Reads and writes what a crew must know of a household: sealed at rest, opened with the household's own key."""

from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from services.routing.storage import tables as t
from services.routing.storage.one_of import one_of
from shared.database.session import Transaction
from shared.security.data_keys import load_data_keys
from shared.security.key_file import ServiceKeys
from shared.security.sealed_columns import (
    ColumnPlace,
    open_column,
    open_json_column,
    seal_column,
    seal_json_column,
)
from shared.security.tables import data_keys


@dataclass(frozen=True, slots=True)
class DoorText:
    """What a crew reads to find the door and hand over; no phone number."""

    room: str
    masked_name: str
    crew_note: str


# After a removal nothing of a household opens any more; its stops still count.
FORGOTTEN = DoorText(room="", masked_name="", crew_note="")


@dataclass(frozen=True, slots=True)
class Household:
    """A household as routing keeps it."""

    household_id: str
    building_id: str
    entrance_id: str
    floor: int | None


async def save_household(tx: Transaction, household: Household, door: DoorText, data_key: bytes) -> None:
    """Write a household as it stands, its door sealed."""
    values = {
        "building_id": household.building_id,
        "entrance_id": household.entrance_id,
        "floor": household.floor,
        "door_sealed": seal_json_column(data_key, asdict(door), _door_place(household.household_id)),
    }
    await tx.execute(
        insert(t.households)
        .values(household_id=household.household_id, **values)
        .on_conflict_do_update(index_elements=["household_id"], set_=values)
    )


async def forget_household(tx: Transaction, household_id: str) -> None:
    """Blank everything sealed about a household."""
    await tx.execute(
        update(t.households).where(t.households.c.household_id == household_id).values(door_sealed=None)
    )
    await tx.execute(update(t.stops).where(t.stops.c.household_id == household_id).values(note_sealed=None))


async def open_keys(tx: Transaction, keys: ServiceKeys, household_ids: Collection[str]) -> dict[str, bytes]:
    """The data keys of these households; removed ones are left out."""
    rows = await tx.all(
        select(data_keys.c.subject)
        .where(one_of(data_keys.c.subject, household_ids))
        .where(data_keys.c.destroyed.is_(False))
    )
    opened = await load_data_keys(tx, keys, [row.subject for row in rows])
    return {subject: data_key.key for subject, data_key in opened.items()}


async def open_doors(tx: Transaction, opened: dict[str, bytes]) -> dict[str, DoorText]:
    """What crews may read of the households whose keys were opened."""
    rows = await tx.all(
        select(t.households.c.household_id, t.households.c.door_sealed)
        .where(one_of(t.households.c.household_id, opened))
        .where(t.households.c.door_sealed.is_not(None))
    )
    return {
        row.household_id: DoorText(
            **open_json_column(opened[row.household_id], row.door_sealed, _door_place(row.household_id))
        )
        for row in rows
    }


def seal_note(data_key: bytes, stop_id: str, note: str) -> bytes | None:
    """Seal an order's own note for the crew; None when there is none."""
    return seal_column(data_key, note, _note_place(stop_id)) if note else None


def open_note(data_key: bytes | None, stop_id: str, sealed: bytes | None) -> str:
    """Open an order's note; empty when there is none or the household was removed."""
    if sealed is None or data_key is None:
        return ""
    return open_column(data_key, sealed, _note_place(stop_id))


def _door_place(household_id: str) -> ColumnPlace:
    return ColumnPlace("households", "door_sealed", household_id)


def _note_place(stop_id: str) -> ColumnPlace:
    return ColumnPlace("stops", "note_sealed", stop_id)
