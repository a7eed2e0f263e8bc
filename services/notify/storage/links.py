"""Status links: made again from a key for each message, stored only as a hash.

The token is the first 132 bits of HMAC-SHA-256 over household and generation: 22 signs of URL-safe base64 that
nobody guesses, and that we can write into every message without keeping it.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update

from services.notify.storage.tables import links, orders, places
from shared.database.session import Transaction
from shared.security.blind_index import link_hash

TOKEN_LENGTH = 22
FIRST_GENERATION = 1


def token_of(link_key: bytes, household_id: str, generation: int) -> str:
    """The token of a household's link. Shape: 22 signs of URL-safe base64."""
    drawn = hmac.new(link_key, f"status link|{household_id}|{generation}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(drawn).decode()[:TOKEN_LENGTH]


def hash_of(link_key: bytes, household_id: str, generation: int) -> bytes:
    """What is stored of a household's link."""
    return link_hash(link_key, token_of(link_key, household_id, generation))


@dataclass(frozen=True, slots=True)
class HouseholdsLink:
    """Which link of a household's opens its page now, where the household is, and its orders, newest first."""

    household_id: str
    generation: int
    community: str
    grid: str
    numbers: Sequence[str]


async def find(tx: Transaction, household_id: str) -> HouseholdsLink | None:
    """A household's link, if it has one: it has since its first order."""
    found = (
        select(links.c.generation, orders.c.number, places.c.community, places.c.grid)
        .outerjoin(orders, orders.c.household_id == links.c.household_id)
        .outerjoin(places, places.c.building_id == orders.c.building_id)
        .where(links.c.household_id == household_id)
        .order_by(orders.c.placed_at.desc(), orders.c.order_id.desc())
    )
    rows = await tx.all(found)
    if not rows:
        return None
    numbers = [row.number for row in rows if row.number is not None]
    return HouseholdsLink(household_id, rows[0].generation, rows[0].community or "", rows[0].grid or "", numbers)


async def replace(tx: Transaction, household_id: str, generation: int, next_hash: bytes) -> bool:
    """Put the next generation's link in the place of this one; False when it is another one by now."""
    done = await tx.execute(
        update(links)
        .where(links.c.household_id == household_id, links.c.generation == generation)
        .values(generation=generation + 1, token_hash=next_hash)
    )
    return bool(done.rowcount)


async def remove(tx: Transaction, household_id: str) -> None:
    """Forget a household's link. The second time there is nothing to forget."""
    await tx.execute(delete(links).where(links.c.household_id == household_id))
