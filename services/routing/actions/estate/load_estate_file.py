"""Takes an estate file into use, whole or not at all."""

from datetime import datetime

from services.routing.actions.estate.match_estate import match_estate
from services.routing.domain.estate import Estate
from services.routing.domain.estate_file import read_estate_file
from services.routing.storage import estate
from shared.database.session import Transaction


async def load_estate_file(tx: Transaction, body: bytes, by: str, at: datetime) -> Estate:
    """Put this file in the place of the one in use, and match it with the names known so far.

    The same file a second time changes nothing but its date.

    Errors: EstateFileRefused, naming each feature and field; the file in use stays.
    """
    read = read_estate_file(body)
    # A building named meanwhile would see the old file, and this file would not see the building: no match ever.
    await estate.hold_file(tx)
    await estate.replace_estate(tx, read, at, by)
    await match_estate(tx, None)
    return read
