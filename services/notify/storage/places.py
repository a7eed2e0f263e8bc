"""Where a building belongs: what staff scope is asked about."""

from sqlalchemy.dialects.postgresql import insert

from services.notify.storage.tables import places
from shared.database.session import Transaction


async def save(tx: Transaction, building_id: str, community: str, grid: str) -> None:
    """Write where a building belongs; a newer word replaces it."""
    values = {"community": community, "grid": grid}
    await tx.execute(
        insert(places)
        .values(building_id=building_id, **values)
        .on_conflict_do_update(index_elements=[places.c.building_id], set_=values)
    )
