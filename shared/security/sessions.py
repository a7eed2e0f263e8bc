"""Sessions of staff: kept by the server, ended by idling, by age, by sign-out or by revocation.

All times here are real, never the street's: a rehearsal that runs a day in an hour must not sign people out.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.database.session import Transaction
from shared.security.accounts import StaffAccount, account_from
from shared.security.tables import sessions, staff_accounts

IDLE_LIMIT: Final = timedelta(minutes=30)
AGE_LIMIT: Final = timedelta(hours=12)
# Written at most this often, so that a busy desk does not update a row with every key press.
_SEEN_STEP: Final = timedelta(minutes=1)
_TOKEN_BYTES: Final = 32


# Built once: this is asked before every request of a signed-in person.
_FIND = (
    select(staff_accounts, sessions.c.seen_at)
    .join(sessions, sessions.c.account_id == staff_accounts.c.account_id)
    .where(sessions.c.token_hash == bindparam("token_hash"))
    .where(sessions.c.seen_at > bindparam("seen_after"))
    .where(sessions.c.made_at > bindparam("made_after"))
    .where(staff_accounts.c.active)
)


def cookie_name(service: str) -> str:
    """The session cookie of one service; ports do not separate cookies, so the name does."""
    return f"__Host-baimi-{service}"


async def begin_session(tx: Transaction, account_id: str, real_now: datetime) -> str:
    """Begin a session with a fresh token; the token is returned once and stored only as a hash.

    Sessions of anybody that ended by themselves are cleared on the way.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    await tx.execute(delete(sessions).where(sessions.c.made_at < real_now - AGE_LIMIT))
    await tx.execute(
        insert(sessions).values(
            token_hash=_token_hash(token), account_id=account_id, made_at=real_now, seen_at=real_now
        )
    )
    return token


async def find_session(tx: Transaction, token: str, real_now: datetime) -> StaffAccount | None:
    """Whose session this token is, if it still runs and the account is active; notes that it was seen."""
    row = await tx.first(
        _FIND,
        {
            "token_hash": _token_hash(token),
            "seen_after": real_now - IDLE_LIMIT,
            "made_after": real_now - AGE_LIMIT,
        },
    )
    if row is None:
        return None
    if row.seen_at < real_now - _SEEN_STEP:
        await tx.execute(
            update(sessions).where(sessions.c.token_hash == _token_hash(token)).values(seen_at=real_now)
        )
    return account_from(row)


async def end_session(tx: Transaction, token: str) -> None:
    """End one session; ending it twice is harmless."""
    await tx.execute(delete(sessions).where(sessions.c.token_hash == _token_hash(token)))


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
