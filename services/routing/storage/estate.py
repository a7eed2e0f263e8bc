"""Reads and writes the estate: what its file says, what orders calls it, and which belongs to which."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.routing.domain.estate import DropPoint, EntranceFacts, EntranceName, Estate
from services.routing.domain.planned_entrance import KnownEstate, NamedEntrance, arrange
from services.routing.domain.wave import Reach
from services.routing.domain.way import Corner, Way
from services.routing.storage import tables as t
from services.routing.storage.one_of import one_of
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class Building:
    """A building and its entrances as orders calls them."""

    building_id: str
    building_key: str
    compound_id: str
    compound: str
    building: str
    community: str
    grid: str
    zone_id: str | None
    handling: str
    entrances: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone and its class from a moment on."""

    zone_id: str
    name: str
    community: str
    grid: str
    zone_class: str
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """The estate file in use."""

    name: str
    drop_points: int
    entrances: int
    ways: int
    loaded_at: datetime
    loaded_by: str


_SET_FEATURES = text("""
    UPDATE entrances SET feature_id = given.feature_id
    FROM unnest(CAST(:entrance_ids AS text[]), CAST(:feature_ids AS text[])) AS given (entrance_id, feature_id)
    WHERE entrances.entrance_id = given.entrance_id
      AND entrances.feature_id IS DISTINCT FROM given.feature_id
""")


# Any number both users agree on; the other locks of this database are drawn from hashes or have two parts.
_ESTATE_LOCK = 20_220_304
_HOLD_FILE = text("SELECT pg_advisory_xact_lock(:number)")
_HOLD_NAMES = text("SELECT pg_advisory_xact_lock_shared(:number)")


async def hold_file(tx: Transaction) -> None:
    """Keep all names as they are until this transaction ends: its file must be matched with every one of them."""
    await tx.execute(_HOLD_FILE, {"number": _ESTATE_LOCK})


async def hold_names(tx: Transaction) -> None:
    """Keep the file in use until this transaction ends; others may name buildings meanwhile.

    Taken before the first row is written, or a file that is being loaded and a building would wait for each other.
    """
    await tx.execute(_HOLD_NAMES, {"number": _ESTATE_LOCK})


async def replace_estate(tx: Transaction, estate: Estate, loaded_at: datetime, loaded_by: str) -> None:
    """Put another estate file in the place of the one in use; drop points of old rounds stay, unused."""
    await tx.execute(delete(t.estate_entrances))
    await tx.execute(delete(t.estate_ways))
    await tx.execute(update(t.drop_points).values(is_current=False))
    drops = [
        {
            "drop_point_id": drop.drop_point_id,
            "name": drop.name,
            "community": drop.community,
            "zone": drop.zone,
            "x_m": drop.x_m,
            "y_m": drop.y_m,
            "is_current": True,
        }
        for drop in estate.drop_points
    ]
    statement = insert(t.drop_points)
    changed = {name: statement.excluded[name] for name in drops[0] if name != "drop_point_id"}
    await tx.execute(statement.on_conflict_do_update(index_elements=["drop_point_id"], set_=changed), drops)
    if estate.entrances:
        await tx.execute(insert(t.estate_entrances), [_fact_row(fact) for fact in estate.entrances])
    if estate.ways:
        rows = [_way_row(position, way) for position, way in enumerate(estate.ways)]
        await tx.execute(insert(t.estate_ways), rows)
    await tx.execute(
        insert(t.estate_files).values(
            name=estate.name,
            drop_points=len(estate.drop_points),
            entrances=len(estate.entrances),
            ways=len(estate.ways),
            loaded_at=loaded_at,
            loaded_by=loaded_by,
        )
    )


def _fact_row(fact: EntranceFacts) -> dict[str, Any]:
    return {
        "feature_id": fact.feature_id,
        "building_key": fact.building_key,
        "community": fact.community,
        "compound": fact.compound,
        "building": fact.building,
        "entrance": fact.entrance,
        "x_m": fact.x_m,
        "y_m": fact.y_m,
        "floors": fact.floors,
        "has_lift": fact.has_lift,
        "gate_s": fact.gate_s,
        "drop_point_id": fact.drop_point_id,
        "hand_over_s": fact.hand_over_s,
    }


def _way_row(position: int, way: Way) -> dict[str, Any]:
    return {
        "feature_id": way.feature_id,
        "position": position,
        "xs_m": [x_m for x_m, _ in way.line],
        "ys_m": [y_m for _, y_m in way.line],
        "is_walkable": way.is_walkable,
    }


async def walkable_lines(tx: Transaction) -> tuple[tuple[Corner, ...], ...]:
    """The ways that crews can walk, each as its points in local metres, as the file lists them."""
    rows = await tx.all(
        select(t.estate_ways).where(t.estate_ways.c.is_walkable).order_by(t.estate_ways.c.position)
    )
    return tuple(tuple(zip(row.xs_m, row.ys_m, strict=True)) for row in rows)


async def last_file(tx: Transaction) -> LoadedFile | None:
    """The estate file in use, if one was ever loaded."""
    row = await tx.first(select(t.estate_files).order_by(t.estate_files.c.file_id.desc()).limit(1))
    if row is None:
        return None
    return LoadedFile(row.name, row.drop_points, row.entrances, row.ways, row.loaded_at, row.loaded_by)


async def handling_of(tx: Transaction, building_id: str) -> str | None:
    """How a building is handled as far as we know; None for one not known yet."""
    found = await tx.scalar(select(t.buildings.c.handling).where(t.buildings.c.building_id == building_id))
    return None if found is None else str(found)


async def save_building(tx: Transaction, building: Building) -> None:
    """Write a building's names as they stand; a second time changes nothing."""
    values = {
        "building_key": building.building_key,
        "compound_id": building.compound_id,
        "compound": building.compound,
        "building": building.building,
        "community": building.community,
        "grid": building.grid,
        "zone_id": building.zone_id,
        "handling": building.handling,
    }
    await tx.execute(
        insert(t.buildings)
        .values(building_id=building.building_id, **values)
        .on_conflict_do_update(index_elements=["building_id"], set_=values)
    )
    if not building.entrances:
        return
    statement = insert(t.entrances)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["entrance_id"],
            set_={"building_id": statement.excluded.building_id, "name": statement.excluded.name},
        ),
        [
            {"entrance_id": entrance_id, "building_id": building.building_id, "name": name}
            for entrance_id, name in building.entrances
        ],
    )


async def save_zone(tx: Transaction, zone: Zone) -> bool:
    """Write a zone's name, and its class from a moment on; False when that class was known already."""
    values = {
        "name": zone.name,
        "community": zone.community,
        "grid": zone.grid,
        "zone_class": zone.zone_class,
        "valid_from": zone.valid_from,
    }
    await tx.execute(
        insert(t.zones)
        .values(zone_id=zone.zone_id, **values)
        .on_conflict_do_update(index_elements=["zone_id"], set_=values)
    )
    known = insert(t.zone_classes).values(
        zone_id=zone.zone_id, valid_from=zone.valid_from, zone_class=zone.zone_class
    )
    changed = await tx.first(
        known.on_conflict_do_update(
            index_elements=["zone_id", "valid_from"],
            set_={"zone_class": known.excluded.zone_class},
            where=t.zone_classes.c.zone_class != known.excluded.zone_class,
        ).returning(t.zone_classes.c.zone_id)
    )
    return changed is not None


async def classes_on(tx: Transaction, zone_ids: Collection[str], day_ends: datetime) -> dict[str, str]:
    """The classes zones have by the end of a day, as orders counts it; those that have none yet are left out."""
    rows = await tx.all(
        select(t.zone_classes.c.zone_id, t.zone_classes.c.zone_class)
        .where(one_of(t.zone_classes.c.zone_id, zone_ids))
        .where(t.zone_classes.c.valid_from < day_ends)
        .order_by(t.zone_classes.c.valid_from)
    )
    return {row.zone_id: row.zone_class for row in rows}


async def list_zones(tx: Transaction) -> list[Zone]:
    """All zones, by community and name."""
    rows = await tx.all(select(t.zones).order_by(t.zones.c.community, t.zones.c.name))
    return [Zone(row.zone_id, row.name, row.community, row.grid, row.zone_class, row.valid_from) for row in rows]


async def entrance_names(tx: Transaction, building_keys: Collection[str] | None) -> list[EntranceName]:
    """What orders calls the entrances of these buildings, or of all."""
    statement = select(t.entrances.c.entrance_id, t.entrances.c.name, t.buildings.c.building_key).join(
        t.buildings, t.buildings.c.building_id == t.entrances.c.building_id
    )
    if building_keys is not None:
        statement = statement.where(one_of(t.buildings.c.building_key, building_keys))
    return [EntranceName(row.entrance_id, row.building_key, row.name) for row in await tx.all(statement)]


async def entrance_facts(tx: Transaction, building_keys: Collection[str] | None) -> list[EntranceFacts]:
    """What the estate file says of the entrances of these buildings, or of all."""
    statement = select(t.estate_entrances)
    if building_keys is not None:
        statement = statement.where(one_of(t.estate_entrances.c.building_key, building_keys))
    return [_fact_from(row) for row in await tx.all(statement)]


def _fact_from(row: Row[Any]) -> EntranceFacts:
    return EntranceFacts(
        feature_id=row.feature_id,
        community=row.community,
        compound=row.compound,
        building=row.building,
        entrance=row.entrance,
        x_m=row.x_m,
        y_m=row.y_m,
        floors=row.floors,
        has_lift=row.has_lift,
        gate_s=row.gate_s,
        drop_point_id=row.drop_point_id,
        hand_over_s=row.hand_over_s,
    )


async def set_features(tx: Transaction, features: Mapping[str, str | None]) -> None:
    """Write down which feature describes which entrance; None for none."""
    if features:
        await tx.execute(_SET_FEATURES, {"entrance_ids": list(features), "feature_ids": list(features.values())})


async def drop_points(tx: Transaction) -> list[DropPoint]:
    """The drop points of the estate file in use."""
    rows = await tx.all(
        select(t.drop_points).where(t.drop_points.c.is_current).order_by(t.drop_points.c.drop_point_id)
    )
    return [DropPoint(r.drop_point_id, r.name, r.community, r.zone, r.x_m, r.y_m) for r in rows]


async def known_estate(tx: Transaction) -> KnownEstate:
    """The whole estate file in use, arranged for looking up."""
    return arrange(await entrance_facts(tx, None), await drop_points(tx))


def _named() -> Select[Any]:
    return select(t.entrances, t.buildings).join(
        t.buildings, t.buildings.c.building_id == t.entrances.c.building_id
    )


async def named_entrances(tx: Transaction, entrance_ids: Collection[str]) -> dict[str, NamedEntrance]:
    """These entrances with their names and whereabouts, by id; unknown ones are left out."""
    rows = await tx.all(_named().where(one_of(t.entrances.c.entrance_id, entrance_ids)))
    return {row.entrance_id: _named_from(row) for row in rows}


async def set_lift_out(tx: Transaction, entrance_id: str, *, is_out: bool) -> bool:
    """Note whether an entrance's lift stands still; False when it was known to."""
    changed = await tx.first(
        update(t.entrances)
        .where(t.entrances.c.entrance_id == entrance_id)
        .where(t.entrances.c.lift_is_out != is_out)
        .values(lift_is_out=is_out)
        .returning(t.entrances.c.entrance_id)
    )
    return changed is not None


async def unmatched_entrances(tx: Transaction, reach: Reach, limit: int) -> tuple[Sequence[NamedEntrance], int]:
    """Entrances within reach that no feature of the estate file describes: the first by name, and how many."""
    unmatched = _named().where(t.entrances.c.feature_id.is_(None))
    if reach.communities is not None:
        unmatched = unmatched.where(one_of(t.buildings.c.community, reach.communities))
    if reach.grids is not None:
        unmatched = unmatched.where(one_of(t.buildings.c.grid, reach.grids))
    count = await tx.scalar(
        select(func.count()).select_from(unmatched.with_only_columns(t.entrances.c.entrance_id).subquery())
    )
    rows = await tx.all(
        unmatched.order_by(
            t.buildings.c.community, t.buildings.c.compound, t.buildings.c.building, t.entrances.c.name
        ).limit(limit)
    )
    return [_named_from(row) for row in rows], int(count or 0)


async def count_entrances(tx: Transaction) -> int:
    """How many entrances orders has named."""
    return int(await tx.scalar(select(func.count()).select_from(t.entrances)) or 0)


def _named_from(row: Row[Any]) -> NamedEntrance:
    return NamedEntrance(
        entrance_id=row.entrance_id,
        name=row.name,
        building_id=row.building_id,
        building_key=row.building_key,
        building=row.building,
        compound=row.compound,
        community=row.community,
        grid=row.grid,
        zone_id=row.zone_id or "",
        handling=row.handling,
        feature_id=row.feature_id,
        lift_is_out=row.lift_is_out,
    )
