"""Somebody declares a zone: where it is, which compounds lie in it, how closed it is from when on."""

from dataclasses import dataclass

from services.orders import events_out
from services.orders.actions.office import Asker, Office
from services.orders.domain.door import compound_key
from services.orders.domain.zone import (
    ClassChange,
    Sight,
    Zone,
    ZoneNotFound,
    ZoneRefused,
    ZoneWasChanged,
    check_declaration,
    is_seen,
)
from services.orders.storage import estate
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the declaring person wrote."""

    community: str
    grid: str
    name: str
    compounds: tuple[str, ...]
    change: ClassChange


async def declare_zone(tx: Transaction, office: Office, asker: Asker, declaration: Declaration) -> Zone:
    """Write a zone down and tell the others; a known one gets the new class and the compounds it lacked.

    Errors: ZoneRefused("zone_text_missing" | "compound_named_twice" | "zone_in_other_grid" |
            "compound_in_other_zone"); ZoneNotFound for a community or grid the asker does not see.
    """
    check_declaration(declaration.community, declaration.grid, declaration.name, declaration.compounds)
    if not is_seen(asker.sight, declaration.community, declaration.grid):
        raise ZoneNotFound("not_found")
    zone = await _zone(tx, office, declaration)
    new = await _new_compounds(tx, zone, declaration)
    await estate.insert_compounds(tx, zone.zone_id, [(office.new_id(), name) for name in new])
    await estate.save_class(tx, zone.zone_id, declaration.change)
    fact = ZoneWasChanged(zone, declaration.change)
    await events_out.publish(tx, fact, events_out.NO_KEYS, office.clock.now())
    return zone


async def _zone(tx: Transaction, office: Office, declaration: Declaration) -> Zone:
    known = await estate.find_zone_by_name(tx, declaration.community, declaration.name)
    if known is not None:
        if known.grid != declaration.grid:
            raise ZoneRefused("zone_in_other_grid", zone=known.name, grid=known.grid)
        return known
    zone = Zone(office.new_id(), declaration.name, declaration.community, declaration.grid)
    await estate.insert_zone(tx, zone)
    return zone


async def _new_compounds(tx: Transaction, zone: Zone, declaration: Declaration) -> list[str]:
    of_community = Sight(frozenset({declaration.community}), None)
    known = {compound_key(c.name): c for c in await estate.list_compounds(tx, of_community)}
    new = []
    for name in declaration.compounds:
        before = known.get(compound_key(name))
        if before is None:
            new.append(name)
        elif before.zone.zone_id != zone.zone_id:
            # One name in two zones of a community: no register row could say which one it means.
            raise ZoneRefused("compound_in_other_zone", compound=name, zone=before.zone.name)
    return new
