"""Slows down guessing at sign-in, per account and per address, in the database so that replicas share it."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import case, delete, select
from sqlalchemy.dialects.postgresql import insert

from shared.database.session import Transaction
from shared.security.accounts import fold_login
from shared.security.tables import sign_in_attempts

WINDOW: Final = timedelta(minutes=15)
MAX_FAILURES_PER_ACCOUNT: Final = 5
# A whole hotline room may sit behind one address.
MAX_FAILURES_PER_ADDRESS: Final = 60


def subjects(index_key: bytes, login: str, address: str) -> tuple[bytes, bytes]:
    """What failures are counted by: hashes, for neither logins nor addresses belong in the clear."""
    return _hash(index_key, f"account|{fold_login(login)}"), _hash(index_key, f"address|{address}")


async def is_throttled(tx: Transaction, counted: tuple[bytes, bytes], real_now: datetime) -> bool:
    """Whether this account or address has failed too often within the window."""
    rows = await tx.all(
        select(sign_in_attempts.c.subject, sign_in_attempts.c.failures)
        .where(sign_in_attempts.c.subject.in_(counted))
        .where(sign_in_attempts.c.window_began_at > real_now - WINDOW)
    )
    limits = dict(zip(counted, (MAX_FAILURES_PER_ACCOUNT, MAX_FAILURES_PER_ADDRESS), strict=True))
    return any(row.failures >= limits[bytes(row.subject)] for row in rows)


async def count_failure(tx: Transaction, counted: tuple[bytes, bytes], real_now: datetime) -> None:
    """Count one failed sign-in against both; a window that is over begins anew."""
    is_over = sign_in_attempts.c.window_began_at <= real_now - WINDOW
    # Sorted, so that two failures at once take the two rows in the same order.
    for subject in sorted(counted):
        await tx.execute(
            insert(sign_in_attempts)
            .values(subject=subject, failures=1, window_began_at=real_now)
            .on_conflict_do_update(
                index_elements=[sign_in_attempts.c.subject],
                set_={
                    "failures": case((is_over, 1), else_=sign_in_attempts.c.failures + 1),
                    "window_began_at": case((is_over, real_now), else_=sign_in_attempts.c.window_began_at),
                },
            )
        )


async def forget_failures(tx: Transaction, counted: tuple[bytes, bytes]) -> None:
    """After a right password the account starts from zero; the address does not."""
    await tx.execute(delete(sign_in_attempts).where(sign_in_attempts.c.subject == counted[0]))


def _hash(index_key: bytes, text: str) -> bytes:
    return hmac.new(index_key, text.encode(), hashlib.sha256).digest()
