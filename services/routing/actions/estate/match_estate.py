"""Finds which feature of the estate file describes which entrance that orders named."""

from collections.abc import Collection

from services.routing.domain.estate import match_entrances
from services.routing.storage import estate
from shared.database.session import Transaction


async def match_estate(tx: Transaction, building_keys: Collection[str] | None) -> None:
    """Match the entrances of these buildings, or of all; files and names may come in any order.

    A second time changes nothing.
    """
    names = await estate.entrance_names(tx, building_keys)
    if not names:
        return
    facts = await estate.entrance_facts(tx, building_keys)
    matched = match_entrances(names, facts)
    await estate.set_features(tx, {name.entrance_id: matched.get(name.entrance_id) for name in names})
