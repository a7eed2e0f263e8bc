"""One client-made key for each POST: the first answer is kept and given again, whatever the network did.

The key, the hash of what was asked and the answer are stored in the transaction of the act itself.
"""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    bindparam,
    delete,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.basics.errors import Refused, Unavailable
from shared.database.session import Transaction, is_passing_trouble, transaction

# Doors name the type of the pool without importing SQLAlchemy.
Engine = AsyncEngine

KEPT_FOR: Final = timedelta(days=30)
KEY_FORM: Final = re.compile(r"[A-Za-z0-9_-]{8,128}")

metadata = MetaData()

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("route", Text, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", JSONB, nullable=False),
    Column("kept_at", DateTime(timezone=True), nullable=False),
)


# Lock and look in one round trip. The look may miss an answer committed just before the lock was free; then `keep`
# meets that answer's row, everything is rolled back, and the row is read.
_CLAIM = text("""
    SELECT claimed.is_ours, kept.key, kept.route, kept.body_hash, kept.status, kept.answer
    FROM (SELECT pg_try_advisory_xact_lock(:lock_number) AS is_ours) AS claimed
    LEFT JOIN idempotency_keys AS kept ON kept.key = :key
""").columns(body_hash=LargeBinary, answer=JSONB)
_LOOK = select(idempotency_keys).where(idempotency_keys.c.key == bindparam("key"))
_KEEP = insert(idempotency_keys)


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What tells a repeated request from a new one. `body_hash` covers who asked as well."""

    key: str
    route: str
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: a status and a small JSON object of ids and states; for 303 its `location`.

    It is stored in the clear for 30 days, so it must hold no name, phone, room or free text.
    """

    status: int
    body: Mapping[str, Any]
    replayed: bool = False


def see_other(location: str) -> Answer:
    """The answer to a form that was accepted: go and look there."""
    return Answer(303, {"location": location})


def hash_request(who: str, body: bytes) -> bytes:
    """The hash that a repeated request must match: same person, same words."""
    return hashlib.sha256(who.encode() + b"\0" + body).digest()


async def claim(tx: Transaction, request_key: RequestKey) -> Answer | None:
    """Claim a key for the length of this transaction: None if it is fresh, else the answer kept.

    Errors: Refused("idempotency_key_reused") when it came with another route, person or body;
            Refused("request_still_running") while its first request is being worked on.
    """
    row = await tx.first(_CLAIM, {"lock_number": _lock_number(request_key.key), "key": request_key.key})
    if row is None or not row.is_ours:
        raise Refused("request_still_running")
    return None if row.key is None else _answer_of(row, request_key)


async def keep(tx: Transaction, request_key: RequestKey, answer: Answer, real_now: datetime) -> None:
    """Keep the answer under the claimed key; it is committed with the act itself."""
    await tx.execute(
        _KEEP,
        {
            "key": request_key.key,
            "route": request_key.route,
            "body_hash": request_key.body_hash,
            "status": answer.status,
            "answer": json.loads(json.dumps(dict(answer.body))),
            "kept_at": real_now,
        },
    )


async def answer_once(
    engine: Engine,
    request_key: RequestKey,
    real_now: datetime,
    work: Callable[[Transaction], Awaitable[Answer]],
) -> Answer:
    """Do the work in one transaction, once per key, and give its answer however often it is asked for.

    When the connection is lost while committing, nobody knows whether it was done; so the key is looked up
    on a new connection, waiting for the first one's end.

    Errors: those of `claim` and of `work` (nothing is kept then); Unavailable("try_again") when the
            database is away or the commit is known to have failed.
    """
    try:
        async with transaction(engine) as tx:
            before = await claim(tx, request_key)
            if before is not None:
                return before
            answer = await work(tx)
            await keep(tx, request_key, answer, real_now)
    except (DBAPIError, OSError, TimeoutError) as error:
        if not is_passing_trouble(error) and not _was_kept_meanwhile(error):
            raise
        found = await _look_up(engine, request_key)
        if found is None:
            raise Unavailable("try_again") from error
        return found
    return answer


async def forget_old_keys(tx: Transaction, real_now: datetime) -> int:
    """Delete answers kept longer than 30 days; says how many."""
    done = await tx.execute(delete(idempotency_keys).where(idempotency_keys.c.kept_at < real_now - KEPT_FOR))
    return done.rowcount


async def _look_up(engine: Engine, request_key: RequestKey) -> Answer | None:
    try:
        async with transaction(engine) as tx:
            # Blocks while the lost connection's transaction is still ending on the server.
            await tx.execute(select(func.pg_advisory_xact_lock(_lock_number(request_key.key))))
            return await _kept(tx, request_key)
    except (DBAPIError, OSError, TimeoutError) as error:
        if not is_passing_trouble(error):
            raise
        raise Unavailable("try_again") from error


async def _kept(tx: Transaction, request_key: RequestKey) -> Answer | None:
    row = await tx.first(_LOOK, {"key": request_key.key})
    return None if row is None else _answer_of(row, request_key)


def _answer_of(row: Row[Any], request_key: RequestKey) -> Answer:
    if row.route != request_key.route or bytes(row.body_hash) != request_key.body_hash:
        raise Refused("idempotency_key_reused")
    return Answer(row.status, row.answer, replayed=True)


def _was_kept_meanwhile(error: BaseException) -> bool:
    return isinstance(error, IntegrityError) and "idempotency_keys" in str(error.orig)


def _lock_number(key: str) -> int:
    return int.from_bytes(hashlib.sha256(b"idempotency|" + key.encode()).digest()[:8], "big", signed=True)
