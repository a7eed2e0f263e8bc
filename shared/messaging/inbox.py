"""Events enter once, in order, and never before what their writer had seen.

A stream is one topic and key. Its next event is applied; an older one was applied before and is dropped; one that
comes too early, or whose writer had `seen` more of the household than we have, waits and is taken in the very
transaction that catches up. An event that can never be applied is parked by the consumer and holds back its own
stream only.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text

from shared.contracts.envelope import Contract, Unreadable
from shared.contracts.known_events import decode
from shared.database.session import Transaction, is_passing_trouble
from shared.messaging import parked
from shared.messaging.arrival import Arrival, arrival_from_row, headers_to_json
from shared.observability import tracing


@dataclass(frozen=True, slots=True)
class Received:
    """What a handler may want to know about an event beside its body."""

    event_id: str
    topic: str
    key: str
    sequence: int
    occurred_at: datetime
    correlation_id: str


Handler = Callable[[Transaction, Any, Received], Awaitable[None]]


class CannotApply(Exception):
    """One event of a run could not be applied; the cause is chained, the run is to be rolled back."""

    def __init__(self, arrival: Arrival) -> None:
        super().__init__(arrival.envelope.event_type)
        self.arrival = arrival


@dataclass(slots=True)
class _Position:
    """How far the streams of this run's keys have been read; flushed before anybody writes an event."""

    tx: Transaction
    applied: dict[tuple[str, str], int]
    keys_with_waiting: set[str]
    unflushed: dict[tuple[str, str], int] = field(default_factory=dict)
    claimed: list[Arrival] = field(default_factory=list)

    def last(self, topic: str, key: str) -> int:
        return self.applied.get((topic, key), 0)

    def advance(self, arrival: Arrival) -> None:
        self.applied[arrival.stream] = arrival.envelope.sequence
        self.unflushed[arrival.stream] = arrival.envelope.sequence
        self.claimed.append(arrival)

    async def flush(self) -> None:
        if self.claimed:
            await self.tx.execute(
                _CLAIM,
                {
                    "event_ids": [arrival.envelope.event_id for arrival in self.claimed],
                    "topics": [arrival.topic for arrival in self.claimed],
                    "keys": [arrival.key for arrival in self.claimed],
                    "sequences": [arrival.envelope.sequence for arrival in self.claimed],
                },
            )
            self.claimed.clear()
        if self.unflushed:
            moved = sorted(self.unflushed.items())
            await self.tx.execute(
                _ADVANCE,
                {
                    "topics": [topic for (topic, _), _ in moved],
                    "keys": [key for (_, key), _ in moved],
                    "sequences": [sequence for _, sequence in moved],
                },
            )
            self.unflushed.clear()


# Two topics of one household may be read by two tasks at once: whoever comes second must see what the first one
# left waiting. Locks are taken in sorted order, so two runs never wait for each other.
_LOCK_KEYS = text("""
    SELECT pg_advisory_xact_lock(hashtextextended(key, 17))
    FROM (SELECT DISTINCT key FROM unnest(CAST(:keys AS text[])) AS given (key) ORDER BY key) AS sorted
""")
_LOAD = text("""
    SELECT topic, key, sequence, false AS waits FROM applied_streams WHERE key = ANY(CAST(:keys AS text[]))
    UNION ALL
    SELECT DISTINCT '', key, 0, true FROM waiting WHERE key = ANY(CAST(:keys AS text[]))
""")
_CLAIM = text("""
    INSERT INTO inbox (event_id, topic, key, sequence)
    SELECT * FROM unnest(CAST(:event_ids AS uuid[]), CAST(:topics AS text[]), CAST(:keys AS text[]),
                         CAST(:sequences AS bigint[]))
    ON CONFLICT (event_id) DO NOTHING
""")
_ADVANCE = text("""
    INSERT INTO applied_streams (topic, key, sequence)
    SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[]), CAST(:sequences AS bigint[]))
    ON CONFLICT (key, topic) DO UPDATE SET sequence = excluded.sequence
    WHERE applied_streams.sequence < excluded.sequence
""")
_KEEP_WAITING = text("""
    INSERT INTO waiting (event_id, topic, key, sequence, headers, body, reason)
    VALUES (CAST(:event_id AS uuid), :topic, :key, :sequence, CAST(:headers AS jsonb), :body, :reason)
    ON CONFLICT (event_id) DO NOTHING
""")
_WAITING_OF_KEY = text("""
    SELECT event_id, topic, key, sequence, headers, body FROM waiting
    WHERE key = :key ORDER BY topic, sequence
""")
_STOP_WAITING = text("DELETE FROM waiting WHERE event_id = CAST(:event_id AS uuid)")


class Inbox:
    """One service's reading of all its topics."""

    def __init__(self, topics: Sequence[str], handlers: Mapping[type[Contract], Handler]) -> None:
        self._topics = frozenset(topics)
        self._handlers = handlers

    async def apply_run(self, tx: Transaction, arrivals: Sequence[Arrival]) -> None:
        """Take in a run of events, in this order, in one transaction.

        A second time changes nothing: what was applied is dropped.
        Errors: CannotApply for the first event whose handler failed for good; passing trouble as it came.
        """
        keys = sorted({arrival.key for arrival in arrivals})
        await tx.execute(_LOCK_KEYS, {"keys": keys})
        position = await self._load_position(tx, keys)
        tx.before_append = position.flush
        for arrival in arrivals:
            if await self._take(tx, position, arrival) and arrival.key in position.keys_with_waiting:
                await self._drain(tx, position, arrival.key)
        await position.flush()
        tx.before_append = None

    async def _load_position(self, tx: Transaction, keys: Sequence[str]) -> _Position:
        applied: dict[tuple[str, str], int] = {}
        keys_with_waiting: set[str] = set()
        for row in await tx.all(_LOAD, {"keys": keys}):
            if row.waits:
                keys_with_waiting.add(row.key)
            else:
                applied[row.topic, row.key] = row.sequence
        return _Position(tx, applied, keys_with_waiting)

    async def _take(self, tx: Transaction, position: _Position, arrival: Arrival) -> bool:
        reason = self._too_early(position, arrival)
        if reason is None:
            await self._apply(tx, position, arrival)
            return True
        if reason:
            position.keys_with_waiting.add(arrival.key)
            await tx.execute(
                _KEEP_WAITING,
                {
                    "event_id": arrival.envelope.event_id,
                    "topic": arrival.topic,
                    "key": arrival.key,
                    "sequence": arrival.envelope.sequence,
                    "headers": headers_to_json(arrival.headers),
                    "body": arrival.body,
                    "reason": reason,
                },
            )
        return False

    def _too_early(self, position: _Position, arrival: Arrival) -> str | None:
        """None: apply now. Empty: was applied before. Else why it has to wait."""
        last = position.last(*arrival.stream)
        if arrival.envelope.sequence <= last:
            return ""
        if arrival.envelope.sequence > last + 1:
            return f"gap: {last} applied, {arrival.envelope.sequence} came"
        for topic, seen in arrival.envelope.saw.items():
            if topic in self._topics and position.last(topic, arrival.key) < seen:
                return f"behind: writer had seen {topic} {seen}"
        return None

    async def _apply(self, tx: Transaction, position: _Position, arrival: Arrival) -> None:
        envelope = arrival.envelope
        with tracing.continue_from(envelope.correlation_id, envelope.traceparent, envelope.event_type):
            try:
                event = decode(envelope.event_type, envelope.version, arrival.body)
                _check_place(arrival, event)
                handler = self._handlers.get(type(event))
                position.advance(arrival)
                if handler is not None:
                    await handler(tx, event, _received(arrival))
            except Exception as error:
                if is_passing_trouble(error):
                    raise
                raise CannotApply(arrival) from error

    async def _drain(self, tx: Transaction, position: _Position, key: str) -> None:
        moved = True
        while moved:
            moved = False
            for row in await tx.all(_WAITING_OF_KEY, {"key": key}):
                arrival = arrival_from_row(row)
                reason = self._too_early(position, arrival)
                if reason:
                    continue
                if reason is None and not await self._apply_waiting(tx, position, arrival):
                    continue
                await tx.execute(_STOP_WAITING, {"event_id": arrival.envelope.event_id})
                moved = True

    async def _apply_waiting(self, tx: Transaction, position: _Position, arrival: Arrival) -> bool:
        """Apply an event that had to wait; if it cannot be, park it without losing what woke it."""
        await position.flush()
        before = dict(position.applied)
        try:
            async with tx.savepoint():
                await self._apply(tx, position, arrival)
                await position.flush()
        except CannotApply as failure:
            position.applied = before
            position.unflushed.clear()
            position.claimed.clear()
            await parked.park_arrival(tx, arrival, parked.reason_of(failure.__cause__))
            await tx.execute(_STOP_WAITING, {"event_id": arrival.envelope.event_id})
            return False
        return True


def _check_place(arrival: Arrival, event: Contract) -> None:
    if arrival.stream != (event.TOPIC, event.stream_key):
        raise Unreadable(f"{event.EVENT_TYPE} does not belong on this topic and key")


def _received(arrival: Arrival) -> Received:
    return Received(
        event_id=arrival.envelope.event_id,
        topic=arrival.topic,
        key=arrival.key,
        sequence=arrival.envelope.sequence,
        occurred_at=arrival.envelope.occurred_at,
        correlation_id=arrival.envelope.correlation_id,
    )
