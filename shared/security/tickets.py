"""Signed tickets that carry a person from one service's page to another's: five minutes, once."""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidSignature
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from shared.basics.errors import NotAllowed
from shared.database.session import Transaction
from shared.security.key_file import ServiceKeys
from shared.security.tables import used_tickets

LIFE: Final = timedelta(minutes=5)
# Two machines' clocks may differ by this much.
_CLOCK_SKEW: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket says. `subject` and `claims` hold ids only: the ticket travels in an address."""

    issuer: str
    audience: str
    purpose: str
    subject: str
    claims: Mapping[str, str] = field(default_factory=dict)


def make_ticket(keys: ServiceKeys, ticket: Ticket, real_now: datetime) -> str:
    """Sign a ticket into URL-safe text."""
    content = asdict(ticket) | {
        "id": secrets.token_urlsafe(16),
        "expires_at": int((real_now + LIFE).timestamp()),
    }
    body = json.dumps(content, separators=(",", ":"), sort_keys=True).encode()
    return f"{_text(body)}.{_text(keys.ticket_private.sign(body))}"


async def use_ticket(
    tx: Transaction, keys: ServiceKeys, text: str, wanted: tuple[str, str], real_now: datetime
) -> Ticket:
    """Check a ticket for this `(audience, purpose)` and use it up.

    Errors: NotAllowed("ticket_invalid") for anything forged, foreign, used or too old: one answer for all.
    """
    ticket, ticket_id, expires_at = _read(keys, text)
    is_fresh = real_now - _CLOCK_SKEW <= expires_at <= real_now + LIFE + _CLOCK_SKEW
    if (ticket.audience, ticket.purpose) != wanted or not is_fresh:
        raise NotAllowed("ticket_invalid")
    await tx.execute(delete(used_tickets).where(used_tickets.c.expires_at < real_now - timedelta(hours=1)))
    done = await tx.execute(
        insert(used_tickets).values(ticket_id=ticket_id, expires_at=expires_at).on_conflict_do_nothing()
    )
    if done.rowcount == 0:
        raise NotAllowed("ticket_invalid")
    return ticket


def _read(keys: ServiceKeys, text: str) -> tuple[Ticket, str, datetime]:
    try:
        body_text, signature_text = text.split(".")
        body = base64.urlsafe_b64decode(body_text + "==")
        content = json.loads(body)
        ticket = Ticket(
            issuer=content["issuer"],
            audience=content["audience"],
            purpose=content["purpose"],
            subject=content["subject"],
            claims=content["claims"],
        )
        keys.ticket_public[ticket.issuer].verify(base64.urlsafe_b64decode(signature_text + "=="), body)
        return ticket, content["id"], datetime.fromtimestamp(content["expires_at"], UTC)
    except (ValueError, KeyError, TypeError, InvalidSignature):
        raise NotAllowed("ticket_invalid") from None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
