"""Zones with their classes, compounds, buildings and entrances."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, Select, func, select, true, update
from sqlalchemy.dialects.postgresql import insert

from services.orders.domain.door import building_key, compound_key, entrance_key
from services.orders.domain.zone import (
    Building,
    ClassChange,
    Entrance,
    Handling,
    Sight,
    Zone,
    ZoneClass,
)
from services.orders.storage.tables import buildings, compounds, entrances, zone_classes, zones
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class Compound:
    """A compound and the zone it lies in."""

    compound_id: str
    name: str
    zone: Zone


@dataclass(frozen=True, slots=True)
class ZoneOverview:
    """A zone with its classes, oldest first, its compounds and how many buildings are known."""

    zone: Zone
    changes: tuple[ClassChange, ...]
    compounds: tuple[str, ...]
    buildings: int


async def insert_zone(tx: Transaction, zone: Zone) -> None:
    """Write a new zone down."""
    await tx.execute(
        insert(zones).values(zone_id=zone.zone_id, community=zone.community, grid=zone.grid, name=zone.name)
    )


async def save_class(tx: Transaction, zone_id: str, change: ClassChange) -> None:
    """Add a class from a moment on; the same moment again is replaced."""
    await tx.execute(
        insert(zone_classes)
        .values(zone_id=zone_id, valid_from=change.valid_from, zone_class=change.zone_class.value)
        .on_conflict_do_update(
            index_elements=[zone_classes.c.zone_id, zone_classes.c.valid_from],
            set_={"zone_class": change.zone_class.value},
        )
    )


async def insert_compounds(tx: Transaction, zone_id: str, named: Iterable[tuple[str, str]]) -> None:
    """Write (id, name) pairs of a zone's compounds down."""
    rows = [
        {"compound_id": compound_id, "zone_id": zone_id, "name": name, "name_key": compound_key(name)}
        for compound_id, name in named
    ]
    if rows:
        await tx.execute(insert(compounds), rows)


async def find_zone(tx: Transaction, zone_id: str) -> Zone | None:
    """One zone, locked until the transaction ends."""
    row = await tx.first(select(zones).where(zones.c.zone_id == zone_id).with_for_update())
    return None if row is None else _zone(row)


async def find_zone_by_name(tx: Transaction, community: str, name: str) -> Zone | None:
    """One zone by what people call it."""
    row = await tx.first(select(zones).where(zones.c.community == community, zones.c.name == name))
    return None if row is None else _zone(row)


async def list_zones(tx: Transaction, sight: Sight) -> list[ZoneOverview]:
    """The zones somebody may see, by community and name."""
    found = await tx.all(_in_sight(select(zones), sight).order_by(zones.c.community, zones.c.name))
    ids = [row.zone_id for row in found]
    changes: defaultdict[str, list[ClassChange]] = defaultdict(list)
    for row in await tx.all(
        select(zone_classes).where(zone_classes.c.zone_id.in_(ids)).order_by(zone_classes.c.valid_from)
    ):
        changes[row.zone_id].append(ClassChange(ZoneClass(row.zone_class), row.valid_from))
    names: defaultdict[str, list[str]] = defaultdict(list)
    counts: defaultdict[str, int] = defaultdict(int)
    for row in await tx.all(
        select(compounds.c.zone_id, compounds.c.name, func.count(buildings.c.building_id).label("how_many"))
        .outerjoin(buildings, buildings.c.compound_id == compounds.c.compound_id)
        .where(compounds.c.zone_id.in_(ids))
        .group_by(compounds.c.compound_id)
        .order_by(compounds.c.name)
    ):
        names[row.zone_id].append(row.name)
        counts[row.zone_id] += row.how_many
    return [
        ZoneOverview(_zone(row), tuple(changes[row.zone_id]), tuple(names[row.zone_id]), counts[row.zone_id])
        for row in found
    ]


async def list_compounds(tx: Transaction, sight: Sight) -> list[Compound]:
    """The compounds somebody may see."""
    rows = await tx.all(
        _in_sight(
            select(compounds.c.compound_id, compounds.c.name.label("compound"), zones).join(
                zones, zones.c.zone_id == compounds.c.zone_id
            ),
            sight,
        )
    )
    return [Compound(row.compound_id, row.compound, _zone(row)) for row in rows]


async def lock_compounds(tx: Transaction, compound_ids: Sequence[str]) -> None:
    """Keep others from adding buildings to these compounds until the transaction ends."""
    await tx.execute(
        select(compounds.c.compound_id)
        .where(compounds.c.compound_id.in_(compound_ids))
        .order_by(compounds.c.compound_id)
        .with_for_update()
    )


async def load_buildings(tx: Transaction, compound_ids: Sequence[str]) -> dict[tuple[str, str], Building]:
    """All buildings of these compounds, by (compound id, name key)."""
    rows = await tx.all(
        select(
            buildings,
            compounds.c.name.label("compound"),
            zones.c.community,
            zones.c.grid,
            zones.c.zone_id,
            entrances.c.entrance_id,
            entrances.c.name.label("entrance"),
        )
        .join(compounds, compounds.c.compound_id == buildings.c.compound_id)
        .join(zones, zones.c.zone_id == compounds.c.zone_id)
        .outerjoin(entrances, entrances.c.building_id == buildings.c.building_id)
        .where(buildings.c.compound_id.in_(compound_ids))
        .order_by(buildings.c.building_id, entrances.c.entrance_id)
    )
    grouped: defaultdict[tuple[str, str], list[Row[tuple[object, ...]]]] = defaultdict(list)
    for row in rows:
        grouped[row.compound_id, row.name_key].append(row)
    return {place: _building(of_building) for place, of_building in grouped.items()}


async def insert_buildings(tx: Transaction, made: Sequence[Building]) -> None:
    """Write new buildings down, without their entrances."""
    rows = [
        {
            "building_id": building.building_id,
            "compound_id": building.compound_id,
            "name": building.name,
            "name_key": building_key(building.name),
            "handling": building.handling.value,
        }
        for building in made
    ]
    if rows:
        await tx.execute(insert(buildings), rows)


async def insert_entrances(tx: Transaction, made: Sequence[tuple[str, Entrance]]) -> None:
    """Write new entrances down, as (building id, entrance)."""
    rows = [
        {
            "entrance_id": entrance.entrance_id,
            "building_id": building_id,
            "name": entrance.name,
            "name_key": entrance_key(entrance.name),
        }
        for building_id, entrance in made
    ]
    if rows:
        await tx.execute(insert(entrances), rows)


async def save_handling(tx: Transaction, building_id: str, handling: Handling) -> None:
    """Write down whether a building is clean."""
    await tx.execute(
        update(buildings).where(buildings.c.building_id == building_id).values(handling=handling.value)
    )


def _in_sight(query: Select[tuple[object, ...]], sight: Sight) -> Select[tuple[object, ...]]:
    return query.where(
        true() if sight.communities is None else zones.c.community.in_(sight.communities),
        true() if sight.grids is None else zones.c.grid.in_(sight.grids),
    )


def _zone(row: Row[tuple[object, ...]]) -> Zone:
    return Zone(row.zone_id, row.name, row.community, row.grid)


def _building(rows: Sequence[Row[tuple[object, ...]]]) -> Building:
    first = rows[0]
    return Building(
        building_id=first.building_id,
        compound_id=first.compound_id,
        compound=first.compound,
        name=first.name,
        community=first.community,
        grid=first.grid,
        zone_id=first.zone_id,
        handling=Handling(first.handling),
        entrances=tuple(Entrance(row.entrance_id, row.entrance) for row in rows if row.entrance_id is not None),
    )
