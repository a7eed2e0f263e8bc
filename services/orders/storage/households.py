"""Households: sealed in their rows, found by door or by a phone's keyed hash, never outside somebody's sight."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, delete, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert

from services.orders.domain.door import Door, DoorQuery, room_key
from services.orders.domain.household import Household, HouseholdFacts, Need, Person, Place
from services.orders.domain.zone import ClassChange, Sight, ZoneClass
from services.orders.storage.tables import (
    buildings,
    compounds,
    entrances,
    household_phones,
    households,
    order_numbers,
    zone_classes,
    zones,
)
from shared.database.session import Transaction
from shared.security.blind_index import phone_index
from shared.security.data_keys import DataKey
from shared.security.sealed_columns import ColumnPlace, open_json_column, seal_json_column


@dataclass(frozen=True, slots=True)
class SealedHousehold:
    """A household as its row holds it; `open_household` reads it with the household's key."""

    household_id: str
    place: Place
    door: Door
    floor: int | None
    residents: int | None
    pets: int | None
    language: str
    private: bytes
    digest: bytes
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class KnownDoor:
    """Which household lives at a door, and the digest of what was known of it."""

    household_id: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class ForOrdering:
    """What placing an order needs, read and locked in one statement."""

    household: SealedHousehold
    classes: tuple[ClassChange, ...]
    next_number: int


_FROM = (
    select(
        households,
        entrances.c.building_id,
        entrances.c.name.label("entrance"),
        buildings.c.name.label("building"),
        compounds.c.name.label("compound"),
        zones.c.zone_id,
        zones.c.community,
        zones.c.grid,
    )
    .join(entrances, entrances.c.entrance_id == households.c.entrance_id)
    .join(buildings, buildings.c.building_id == entrances.c.building_id)
    .join(compounds, compounds.c.compound_id == buildings.c.compound_id)
    .join(zones, zones.c.zone_id == compounds.c.zone_id)
    .where(households.c.removed_at.is_(None))
)
_CLASSES = (
    select(
        func.jsonb_agg(
            func.jsonb_build_array(zone_classes.c.zone_class, func.extract("epoch", zone_classes.c.valid_from))
        )
    )
    .where(zone_classes.c.zone_id == zones.c.zone_id)
    .correlate(zones)
    .scalar_subquery()
)
_ONE = _FROM.where(households.c.household_id == bindparam("household_id"))
_FOR_ORDERING = (
    _ONE.add_columns(_CLASSES.label("classes"), order_numbers.next_value().label("next_number"))
    # Two orders for one household wait for each other here, so that each sees the other as a duplicate.
    .with_for_update(of=households, key_share=True)
)


async def find(tx: Transaction, household_id: str) -> SealedHousehold | None:
    """One household, unless it was removed."""
    row = await tx.first(_ONE, {"household_id": household_id})
    return None if row is None else _sealed(row)


async def find_for_ordering(tx: Transaction, household_id: str) -> ForOrdering | None:
    """One household, locked, with its zone's classes and a fresh order number."""
    row = await tx.first(_FOR_ORDERING, {"household_id": household_id})
    if row is None:
        return None
    return ForOrdering(_sealed(row), _class_changes(row.classes), row.next_number)


async def find_many(tx: Transaction, household_ids: Sequence[str]) -> dict[str, SealedHousehold]:
    """Households by id; removed and unknown ones are left out."""
    rows = await tx.all(_FROM.where(households.c.household_id.in_(household_ids)))
    return {row.household_id: _sealed(row) for row in rows}


async def find_by_door(
    tx: Transaction, queries: Sequence[DoorQuery], sight: Sight, limit: int
) -> list[SealedHousehold]:
    """Households whose door fits one of the readings; exact rooms first, then rooms that begin so."""
    fits = [_fits(query) for query in queries]
    if not fits:
        return []
    exact = [query.room for query in queries if query.room is not None]
    rows = await tx.all(
        _in_sight(_FROM, sight)
        .where(or_(*fits))
        .order_by(
            households.c.room_key.in_(exact).desc(),
            compounds.c.name,
            func.length(buildings.c.name_key),
            buildings.c.name_key,
            entrances.c.name_key,
            func.length(households.c.room_key),
            households.c.room_key,
        )
        .limit(limit)
    )
    return [_sealed(row) for row in rows]


async def find_by_phone(
    tx: Transaction, looked_up: tuple[str, bytes], sight: Sight, limit: int
) -> list[SealedHousehold]:
    """Households with a phone whose hash of this kind (`full`, `first_7`, `last_4`) is this one."""
    kind, digest = looked_up
    column = household_phones.c[f"{kind}_hash"]
    having = select(household_phones.c.household_id).where(column == digest)
    rows = await tx.all(
        _in_sight(_FROM, sight)
        .where(households.c.household_id.in_(having))
        .order_by(compounds.c.name, buildings.c.name_key, entrances.c.name_key, households.c.room_key)
        .limit(limit)
    )
    return [_sealed(row) for row in rows]


async def known_doors(tx: Transaction, entrance_ids: Sequence[str]) -> dict[tuple[str, str], KnownDoor]:
    """Who lives behind the doors of these entrances, by (entrance id, room key).

    The entrances stay locked until the transaction ends: two imports would else make the same new door twice.
    """
    await tx.execute(
        select(entrances.c.entrance_id)
        .where(entrances.c.entrance_id.in_(entrance_ids))
        .order_by(entrances.c.entrance_id)
        .with_for_update(key_share=True)
    )
    rows = await tx.all(
        select(
            households.c.entrance_id, households.c.room_key, households.c.household_id, households.c.digest
        ).where(households.c.entrance_id.in_(entrance_ids), households.c.removed_at.is_(None))
    )
    return {(row.entrance_id, row.room_key): KnownDoor(row.household_id, bytes(row.digest)) for row in rows}


async def insert_households(
    tx: Transaction, made: Sequence[Household], keys: Mapping[str, DataKey], at: datetime, index_key: bytes
) -> None:
    """Write new households down, sealed."""
    rows = [
        {
            "household_id": household.household_id,
            "entrance_id": household.place.entrance_id,
            "room": household.door.room,
            "room_key": room_key(household.door.room),
            "registered_at": at,
            **_facts_row(household, keys[household.household_id], at, index_key),
        }
        for household in made
    ]
    if rows:
        await tx.execute(insert(households), rows)
        await _insert_phones(tx, made, index_key)


async def save_households(
    tx: Transaction, changed: Sequence[Household], keys: Mapping[str, DataKey], at: datetime, index_key: bytes
) -> None:
    """Write new facts of known households down."""
    rows = [
        {"of_id": household.household_id, **_facts_row(household, keys[household.household_id], at, index_key)}
        for household in changed
    ]
    if rows:
        await tx.execute(update(households).where(households.c.household_id == bindparam("of_id")), rows)
        await _delete_phones(tx, [household.household_id for household in changed])
        await _insert_phones(tx, changed, index_key)


async def blank_household(tx: Transaction, household_id: str, at: datetime) -> None:
    """Forget all that was known of a household but that it was there."""
    await tx.execute(
        update(households)
        .where(households.c.household_id == household_id)
        .values(private=None, residents=None, pets=None, language="", digest=b"", removed_at=at)
    )
    await _delete_phones(tx, [household_id])


async def list_removed(tx: Transaction, limit: int = 100) -> list[tuple[str, datetime]]:
    """Households that were removed and when, newest first."""
    rows = await tx.all(
        select(households.c.household_id, households.c.removed_at)
        .where(households.c.removed_at.is_not(None))
        .order_by(households.c.removed_at.desc())
        .limit(limit)
    )
    return [(row.household_id, row.removed_at) for row in rows]


def open_household(sealed: SealedHousehold, key: DataKey) -> Household:
    """Read a household with its key."""
    private = open_json_column(key.key, sealed.private, _place_of(sealed.household_id))
    facts = HouseholdFacts(
        floor=sealed.floor,
        residents=sealed.residents,
        pets=sealed.pets,
        language=sealed.language,
        needs=frozenset(Need(need) for need in private["needs"]),
        people=tuple(Person(name, phone) for name, phone in private["people"]),
    )
    return Household(sealed.household_id, sealed.place, sealed.door, facts)


def facts_digest(facts: HouseholdFacts, index_key: bytes) -> bytes:
    """A keyed hash that differs when any fact differs."""
    text = json.dumps(
        [facts.floor, facts.residents, facts.pets, facts.language, _private(facts)], ensure_ascii=False
    )
    return hashlib.blake2b(text.encode(), digest_size=16, key=index_key).digest()


def _facts_row(household: Household, key: DataKey, at: datetime, index_key: bytes) -> dict[str, Any]:
    facts = household.facts
    return {
        "floor": facts.floor,
        "residents": facts.residents,
        "pets": facts.pets,
        "language": facts.language,
        "private": seal_json_column(key.key, _private(facts), _place_of(household.household_id)),
        "digest": facts_digest(facts, index_key),
        "changed_at": at,
    }


def _private(facts: HouseholdFacts) -> dict[str, Any]:
    return {
        "needs": sorted(need.value for need in facts.needs),
        "people": [[person.name, person.phone] for person in facts.people],
    }


def _place_of(household_id: str) -> ColumnPlace:
    return ColumnPlace("households", "private", household_id)


async def _insert_phones(tx: Transaction, made: Sequence[Household], index_key: bytes) -> None:
    rows = {}
    for household in made:
        for person in household.facts.people:
            if person.phone is not None:
                index = phone_index(index_key, person.phone)
                rows[household.household_id, index.full] = {
                    "household_id": household.household_id,
                    "full_hash": index.full,
                    "first_7_hash": index.first_7,
                    "last_4_hash": index.last_4,
                }
    if rows:
        await tx.execute(insert(household_phones), list(rows.values()))


async def _delete_phones(tx: Transaction, household_ids: Sequence[str]) -> None:
    await tx.execute(delete(household_phones).where(household_phones.c.household_id.in_(household_ids)))


def _fits(query: DoorQuery) -> Any:
    return and_(
        true() if query.compound is None else compounds.c.name_key == query.compound,
        true() if query.building is None else buildings.c.name_key == query.building,
        true() if query.entrance is None else entrances.c.name_key == query.entrance,
        true() if query.room is None else households.c.room_key.startswith(query.room, autoescape=True),
    )


def _in_sight(query: Select[Any], sight: Sight) -> Select[Any]:
    return query.where(
        true() if sight.communities is None else zones.c.community.in_(sight.communities),
        true() if sight.grids is None else zones.c.grid.in_(sight.grids),
    )


def _sealed(row: Row[Any]) -> SealedHousehold:
    return SealedHousehold(
        household_id=row.household_id,
        place=Place(row.building_id, row.entrance_id, row.zone_id, row.community, row.grid),
        door=Door(row.compound, row.building, row.entrance, row.room),
        floor=row.floor,
        residents=row.residents,
        pets=row.pets,
        language=row.language,
        private=bytes(row.private),
        digest=bytes(row.digest),
        registered_at=row.registered_at,
    )


def _class_changes(pairs: Sequence[tuple[str, float]] | None) -> tuple[ClassChange, ...]:
    return tuple(
        ClassChange(ZoneClass(zone_class), datetime.fromtimestamp(float(epoch_s), UTC))
        for zone_class, epoch_s in pairs or ()
    )
