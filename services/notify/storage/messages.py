"""Messages: queued once each, leased in order, and what became of them.

Leases and pauses run on the database's real clock, because senders come and go and the street's clock may run
fast; only `due_at` and `ended_at` are street time.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, text

from services.notify.domain.message import OPEN, MessageEnded, MessageState, Outcome
from services.notify.domain.news import RANK, TOO_LATE, News
from services.notify.domain.order import Window
from services.notify.domain.wording import Telling
from services.notify.storage.tables import messages
from shared.database.session import Transaction

# Longest pause between two tries of one message, and the first; each try doubles it.
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to queue."""

    message_id: str
    household_id: str
    order_id: str
    telling: Telling
    due_at: datetime
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Told:
    """Some news of one telling of an order."""

    order_id: str
    telling: int
    news: tuple[News, ...]


@dataclass(frozen=True, slots=True)
class Lease:
    """One message in the hands of one sender. The fence tells this lease from every other of the same message."""

    message_id: str
    household_id: str
    order_id: str
    fence: int
    calls: int
    telling: Telling
    language: str
    sealed_contact: bytes | None
    link_generation: int
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Question:
    """A message of unknown fate that one asker has taken up."""

    message_id: str
    fence: int
    calls: int
    correlation_id: str


_ENDED_COLUMNS = (
    "messages.message_id, messages.household_id, messages.order_id, messages.news, messages.state,"
    " messages.reason, messages.correlation_id"
)

# One statement an event. News that wait for a decent hour are overtaken by whatever is further on, and what was
# not sent yet by the same news told anew; an orphan whose successor was not known yet when it was taken back is
# given this one.
_QUEUE = text(f"""
    WITH queued AS (
        INSERT INTO messages (message_id, household_id, order_id, news, rank, attempt, telling, facts,
                              state, due_at, correlation_id)
        VALUES (:message_id, :household_id, :order_id, :news, :rank, :attempt, :telling, CAST(:facts AS jsonb),
                'due', :due_at, :correlation_id)
        ON CONFLICT (order_id, news, attempt, telling) DO UPDATE SET facts = excluded.facts
            WHERE messages.state = 'due'
        RETURNING message_id
    ), named AS (
        UPDATE messages SET superseded_by = queued.message_id
        FROM queued
        WHERE messages.order_id = :order_id AND messages.state = 'superseded' AND messages.superseded_by IS NULL
    )
    UPDATE messages SET state = 'superseded', reason = 'newer_news', superseded_by = queued.message_id,
                        ended_at = :now
    FROM queued
    WHERE messages.order_id = :order_id AND messages.state = 'due'
      AND (messages.due_at > :now OR messages.news = :news)
      AND (messages.telling, messages.rank) < (:telling, :rank)
    RETURNING {_ENDED_COLUMNS}
""")  # noqa: S608  (column names of our own)

_QUEUE_STALE = text(f"""
    INSERT INTO messages (message_id, household_id, order_id, news, rank, attempt, telling, facts,
                          state, due_at, correlation_id, reason, superseded_by, ended_at)
    SELECT :message_id, :household_id, :order_id, :news, :rank, :attempt, :telling, CAST(:facts AS jsonb),
           'superseded', :due_at, :correlation_id, 'stale_news',
           (SELECT newer.message_id FROM messages AS newer
            WHERE newer.order_id = :order_id AND newer.state <> 'superseded'
            ORDER BY newer.telling DESC, newer.rank DESC, newer.position DESC LIMIT 1),
           :now
    ON CONFLICT (order_id, news, attempt, telling) DO NOTHING
    RETURNING {_ENDED_COLUMNS}
""")  # noqa: S608

_TAKE_BACK = text(f"""
    UPDATE messages SET state = 'superseded', reason = 'taken_back', ended_at = :now
    WHERE order_id = :order_id AND telling = :telling AND news = ANY (:news) AND state = 'due'
    RETURNING {_ENDED_COLUMNS}
""")  # noqa: S608
_WAS_TOLD = text("""
    SELECT true FROM messages
    WHERE order_id = :order_id AND telling = :telling AND news = ANY (:news) AND state <> 'superseded'
""")

_IS_ANY_DUE = text("""
    SELECT true FROM messages
    WHERE state = 'due' AND due_at <= :now AND (retry_at IS NULL OR retry_at <= clock_timestamp()) LIMIT 1
""")

# The head of each household's line: nothing that is ready or in somebody's hands stands before it. What still
# waits for its hour holds back nobody.
_LEASE = text("""
    WITH picked AS (
        SELECT message_id FROM messages AS head
        WHERE state = 'due' AND due_at <= :now AND (retry_at IS NULL OR retry_at <= clock_timestamp())
          AND NOT EXISTS (
              SELECT 1 FROM messages AS earlier
              WHERE earlier.household_id = head.household_id AND earlier.position < head.position
                AND earlier.state IN ('due', 'leased', 'unknown')
                AND (earlier.state <> 'due' OR earlier.due_at <= :now))
        ORDER BY due_at, position
        LIMIT :limit
        FOR UPDATE SKIP LOCKED
    ), leased AS (
        UPDATE messages
        SET state = 'leased', fence = fence + 1, calls = calls + 1, retry_at = NULL,
            leased_until = clock_timestamp() + make_interval(secs => :lease_s)
        FROM picked WHERE messages.message_id = picked.message_id
        RETURNING messages.*
    )
    SELECT leased.message_id, leased.household_id, leased.order_id, leased.fence, leased.calls, leased.news,
           leased.attempt, leased.telling, leased.facts, leased.correlation_id, leased.position,
           coalesce(contacts.language, '') AS language, contacts.sealed,
           coalesce(links.generation, 0) AS link_generation
    FROM leased
    LEFT JOIN contacts USING (household_id)
    LEFT JOIN links USING (household_id)
    ORDER BY leased.position
""")

_LAPSE = text("""
    UPDATE messages SET state = 'unknown', retry_at = clock_timestamp()
    WHERE state = 'leased' AND leased_until < clock_timestamp()
""")
_IS_ANY_UNSURE = text("""
    SELECT true FROM messages
    WHERE (state = 'leased' AND leased_until < clock_timestamp())
       OR (state = 'unknown' AND retry_at <= clock_timestamp())
    LIMIT 1
""")
_ASK = text("""
    WITH picked AS (
        SELECT message_id FROM messages
        WHERE state = 'unknown' AND retry_at <= clock_timestamp()
        ORDER BY position LIMIT :limit
        FOR UPDATE SKIP LOCKED
    )
    UPDATE messages
    SET fence = fence + 1, calls = calls + 1, retry_at = clock_timestamp() + make_interval(secs => :lease_s)
    FROM picked WHERE messages.message_id = picked.message_id
    RETURNING messages.message_id, messages.fence, messages.calls, messages.correlation_id
""")

# An unknown one is asked about once its lease is over, for until then the provider may still be taking it.
_RECORD = text(f"""
    UPDATE messages
    SET state = outcome.state, reason = outcome.reason,
        provider_id = coalesce(nullif(outcome.provider_id, ''), messages.provider_id),
        retry_at = CASE WHEN outcome.pause_s > 0 THEN clock_timestamp() + make_interval(secs => outcome.pause_s)
                        WHEN outcome.state = 'unknown' THEN messages.leased_until END,
        ended_at = CASE WHEN outcome.state IN ('accepted', 'rejected', 'undeliverable')
                        THEN CAST(:now AS timestamptz) END
    FROM unnest(CAST(:message_ids AS text[]), CAST(:fences AS int[]), CAST(:states AS text[]),
                CAST(:reasons AS text[]), CAST(:provider_ids AS text[]), CAST(:pauses_s AS float8[]))
        AS outcome (message_id, fence, state, reason, provider_id, pause_s)
    WHERE messages.message_id = outcome.message_id AND messages.fence = outcome.fence
      AND messages.state IN ('leased', 'unknown')
    RETURNING {_ENDED_COLUMNS}
""")  # noqa: S608

_SUPERSEDE_LATE = text(f"""
    UPDATE messages SET state = 'superseded', reason = 'waited_too_long', superseded_by = newer.message_id,
                        ended_at = :now
    FROM (
        SELECT DISTINCT ON (order_id) order_id, message_id, position FROM messages
        WHERE (state = 'due' AND due_at <= :now) OR state IN ('leased', 'unknown')
        ORDER BY order_id, position DESC
    ) AS newer
    WHERE messages.order_id = newer.order_id AND messages.position < newer.position AND messages.state = 'due'
      AND messages.queued_at < clock_timestamp() - make_interval(secs => :too_late_s)
    RETURNING {_ENDED_COLUMNS}
""")  # noqa: S608


async def queue(tx: Transaction, new: NewMessage, now: datetime) -> list[MessageEnded]:
    """Queue a message; answers the ones it overtakes. A state told already is not queued again."""
    return _ended(await tx.all(_QUEUE, {**_values(new), "now": now}))


async def queue_stale(tx: Transaction, new: NewMessage, now: datetime) -> list[MessageEnded]:
    """Write down a message that came too late to be told, naming the newer one."""
    return _ended(await tx.all(_QUEUE_STALE, {**_values(new), "now": now}))


async def take_back(tx: Transaction, about: Told, now: datetime) -> list[MessageEnded]:
    """Silence what was to be told and has not been; answers what was silenced."""
    return _ended(await tx.all(_TAKE_BACK, {**_told(about), "now": now}))


async def was_told(tx: Transaction, about: Told) -> bool:
    """Whether the household was, or may have been, told any of it."""
    return bool(await tx.scalar(_WAS_TOLD, _told(about)))


async def is_any_due(tx: Transaction, now: datetime) -> bool:
    """Whether there is something to send."""
    return bool(await tx.scalar(_IS_ANY_DUE, {"now": now}))


async def lease(tx: Transaction, now: datetime, limit: int, lease_s: float) -> list[Lease]:
    """Take the heads of up to so many households' lines; no other sender gets them while the lease lasts."""
    rows = await tx.all(_LEASE, {"now": now, "limit": limit, "lease_s": lease_s})
    return [
        Lease(
            message_id=row.message_id,
            household_id=row.household_id,
            order_id=row.order_id,
            fence=row.fence,
            calls=row.calls,
            telling=_telling(row),
            language=row.language,
            sealed_contact=row.sealed,
            link_generation=row.link_generation,
            correlation_id=row.correlation_id,
        )
        for row in rows
    ]


async def is_any_unsure(tx: Transaction) -> bool:
    """Whether there is a message whose fate has to be found out."""
    return bool(await tx.scalar(_IS_ANY_UNSURE))


async def ask(tx: Transaction, limit: int, lease_s: float) -> list[Question]:
    """Call lapsed leases unknown, and take up to so many unknown messages to ask about."""
    await tx.execute(_LAPSE)
    rows = await tx.all(_ASK, {"limit": limit, "lease_s": lease_s})
    return [Question(row.message_id, row.fence, row.calls, row.correlation_id) for row in rows]


async def record(tx: Transaction, outcomes: Sequence[Outcome], now: datetime) -> list[MessageEnded]:
    """Write what became of leases and questions; one whose fence has passed is dropped.

    Shape: the messages that are at their end now.
    """
    rows = await tx.all(
        _RECORD,
        {
            "message_ids": [outcome.message_id for outcome in outcomes],
            "fences": [outcome.fence for outcome in outcomes],
            "states": [outcome.verdict.state.value for outcome in outcomes],
            "reasons": [outcome.verdict.reason for outcome in outcomes],
            "provider_ids": [outcome.provider_id for outcome in outcomes],
            "pauses_s": [pause_s(outcome) for outcome in outcomes],
            "now": now,
        },
    )
    return [ended for ended in _ended(rows) if ended.state not in OPEN]


async def supersede_late(tx: Transaction, now: datetime) -> list[MessageEnded]:
    """Pass over what waited so long that only an order's newest news is worth a message."""
    return _ended(await tx.all(_SUPERSEDE_LATE, {"now": now, "too_late_s": TOO_LATE.total_seconds()}))


async def remove_unsent(tx: Transaction, household_id: str) -> None:
    """Forget what a household has not been told. The second time there is nothing to forget."""
    unsent = messages.c.state.in_([state.value for state in OPEN])
    await tx.execute(delete(messages).where(messages.c.household_id == household_id, unsent))


def pause_s(outcome: Outcome) -> float:
    """Real seconds before this message is tried again; 0 for at once."""
    if not outcome.verdict.pauses:
        return 0.0
    return min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(outcome.calls - 1, 10))


def _told(about: Told) -> dict[str, object]:
    news = [one.value for one in about.news]
    return {"order_id": about.order_id, "telling": about.telling, "news": news}


def _values(new: NewMessage) -> dict[str, object]:
    telling = new.telling
    facts: dict[str, object] = {"number": telling.number, "reason": telling.reason}
    if telling.happened_at is not None:
        facts["happened_at"] = telling.happened_at.isoformat()
    if telling.window is not None:
        facts["window"] = [telling.window.begin.isoformat(), telling.window.end.isoformat()]
    return {
        "message_id": new.message_id,
        "household_id": new.household_id,
        "order_id": new.order_id,
        "news": telling.news.value,
        "rank": RANK[telling.news],
        "attempt": telling.attempt,
        "telling": telling.telling,
        "facts": json.dumps(facts),
        "due_at": new.due_at,
        "correlation_id": new.correlation_id,
    }


def _telling(row: Row[Any]) -> Telling:
    facts = row.facts
    window = facts.get("window")
    happened_at = facts.get("happened_at")
    return Telling(
        news=News(row.news),
        number=facts["number"],
        attempt=row.attempt,
        telling=row.telling,
        window=Window(*(datetime.fromisoformat(moment) for moment in window)) if window else None,
        happened_at=datetime.fromisoformat(happened_at) if happened_at else None,
        reason=facts["reason"],
    )


def _ended(rows: Sequence[Row[Any]]) -> list[MessageEnded]:
    return [
        MessageEnded(
            message_id=row.message_id,
            household_id=row.household_id,
            order_id=row.order_id,
            news=News(row.news),
            state=MessageState(row.state),
            reason=row.reason,
            correlation_id=row.correlation_id,
        )
        for row in rows
    ]
