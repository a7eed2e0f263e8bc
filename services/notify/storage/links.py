"""Status links: made again from a key for each message, stored only as a hash.

The token is the first 132 bits of HMAC-SHA-256 over household and generation: 22 signs of URL-safe base64 that
nobody guesses, and that we can write into every message without keeping it.
"""

import base64
import hashlib
import hmac

from sqlalchemy import delete

from services.notify.storage.tables import links
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


async def remove(tx: Transaction, household_id: str) -> None:
    """Forget a household's link. The second time there is nothing to forget."""
    await tx.execute(delete(links).where(links.c.household_id == household_id))
