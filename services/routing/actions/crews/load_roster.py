"""Takes a crew roster into use, whole or not at all."""

from collections.abc import Sequence

from services.routing.domain.crew import Crew
from services.routing.domain.roster_file import read_roster_file
from services.routing.storage import crews, estate
from shared.database.session import Transaction


async def load_roster(tx: Transaction, body: bytes) -> Sequence[Crew]:
    """Put this roster in the place of the one in use. The same file a second time changes nothing.

    Errors: RosterFileRefused, naming each line and column; the roster in use stays.
    """
    drop_points = {drop.drop_point_id for drop in await estate.drop_points(tx)}
    read = read_roster_file(body, drop_points)
    await crews.replace_crews(tx, read)
    return read
