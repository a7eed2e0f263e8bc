"""A status link in wrong hands is stopped; the household's next message brings another one."""

from dataclasses import dataclass, field
from datetime import datetime

from services.notify.storage import links
from shared.basics.errors import Refused
from shared.database.session import Transaction
from shared.security.audit_trail import AuditEntry, write_audit
from shared.security.scope import Actor


@dataclass(frozen=True, slots=True)
class Revocation:
    """Which link of which household, who stops it, and the key that links are made from."""

    household_id: str
    generation: int
    actor: Actor
    link_key: bytes = field(repr=False)


async def revoke_link(tx: Transaction, asked: Revocation, real_now: datetime) -> None:
    """Make the next link the one that opens the page, and write down who did so.

    Errors: Refused("link_is_another") the second time, or when somebody else was quicker: nothing is changed, so
            that the link a resident was sent meanwhile goes on.
    """
    next_hash = links.hash_of(asked.link_key, asked.household_id, asked.generation + 1)
    if not await links.replace(tx, asked.household_id, asked.generation, next_hash):
        raise Refused("link_is_another")
    entry = AuditEntry("revoke_link", "household", asked.household_id, "desk")
    await write_audit(tx, asked.actor, entry, real_now)
