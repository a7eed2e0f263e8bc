"""What orders says about a building: where it belongs, so that staff see their own grids only."""

from services.notify.storage import places
from shared.database.session import Transaction


async def follow_building(tx: Transaction, building_id: str, community: str, grid: str) -> None:
    """Keep which community and grid a building belongs to; a newer word replaces the older."""
    await places.save(tx, building_id, community, grid)
