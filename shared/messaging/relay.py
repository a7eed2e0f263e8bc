"""Sends what the outbox holds, in order, and notices a broker that has forgotten.

One relay a service works at a time: it holds an advisory lock on the very connection it reads and marks by, so a
lost connection is a lost lock. Rows are taken by "unsent", never by "after the last id seen": ids are drawn
before commits, and a cursor would step over a slow one.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.basics import crash_points
from shared.contracts.envelope import Envelope
from shared.contracts.topics import topics_written_by
from shared.database.session import HeldConnection, held_connection, is_passing_trouble
from shared.messaging import forgetful_broker
from shared.messaging.broker import Ack, Broker, BrokerTrouble, OutgoingRecord, Place, TopicSpec, Writer
from shared.observability import metrics
from shared.observability.logs import get_log

_BATCH = 500
_IDLE_S = (0.02, 0.25)
# After a batch this small the next one is let grow a moment: a round trip costs more than the rows it carries.
_FEW = 64
_LINGER_S = 0.04
_LOCK_NAMESPACE = 4711
_CHECK_EVERY_S = 5.0

_TRY_LOCK = text("SELECT pg_try_advisory_lock(:namespace, 1)")
_UNSENT = text("""
    SELECT id, event_id, topic, key, sequence, event_type, version, body::text AS body, saw, occurred_at,
           correlation_id, traceparent
    FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT :most
""")
_MARK_SENT = text("""
    UPDATE outbox SET sent_at = clock_timestamp(), sent_partition = given.partition, sent_offset = given.place
    FROM unnest(CAST(:ids AS bigint[]), CAST(:partitions AS int[]), CAST(:offsets AS bigint[]))
        AS given (id, partition, place)
    WHERE outbox.id = given.id
""")

_log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class RelayParts:
    """What a relay works with."""

    service: str
    engine: AsyncEngine
    broker: Broker


class Relay:
    """The one way out for a service's events."""

    def __init__(self, parts: RelayParts) -> None:
        self._parts = parts
        self._topics = [
            TopicSpec(topic.name, topic.partitions, topic.retention_hours)
            for topic in topics_written_by(parts.service)
        ]
        self.has_lock = False

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until told to stop; trouble with database or broker is waited out, never given up on."""
        pause_s = 0.1
        while not stop.is_set():
            try:
                async with held_connection(self._parts.engine) as held:
                    if await self._take_lock(held):
                        await self._relay_with_lock(held, stop)
                    else:
                        await _rest(stop, 1.0)
                pause_s = 0.1
            except BrokerTrouble as error:
                _log.warning("relay_waits", reason=str(error))
                await _rest(stop, pause_s)
                pause_s = min(2.0, pause_s * 2)
            except Exception as error:
                if not is_passing_trouble(error):
                    raise
                _log.warning("relay_waits", reason=type(error).__name__)
                await _rest(stop, pause_s)
                pause_s = min(2.0, pause_s * 2)
            finally:
                self.has_lock = False

    async def _take_lock(self, held: HeldConnection) -> bool:
        async with held.transaction("loop") as tx:
            self.has_lock = bool(await tx.scalar(_TRY_LOCK, {"namespace": _LOCK_NAMESPACE}))
        return self.has_lock

    async def _relay_with_lock(self, held: HeldConnection, stop: asyncio.Event) -> None:
        await self._parts.broker.ensure_topics(self._topics)
        await forgetful_broker.check(held, self._parts.broker, self._topics)
        async with self._parts.broker.writer() as writer:
            checked_at = asyncio.get_running_loop().time()
            idle_s = _IDLE_S[0]
            while not stop.is_set():
                sent = await self.relay_batch(held, writer)
                if sent > 0:
                    idle_s = _IDLE_S[0]
                    if sent < _FEW:
                        await _rest(stop, _LINGER_S)
                else:
                    await _rest(stop, idle_s)
                    idle_s = min(_IDLE_S[1], idle_s * 1.5)
                if asyncio.get_running_loop().time() - checked_at > _CHECK_EVERY_S:
                    await self._parts.broker.ensure_topics(self._topics)
                    await forgetful_broker.check(held, self._parts.broker, self._topics)
                    checked_at = asyncio.get_running_loop().time()

    async def relay_batch(self, held: HeldConnection, writer: Writer) -> int:
        """Send the oldest unsent rows and mark those acknowledged; answers how many there were.

        A second time sends what is still unsent; a row sent but not marked is sent again, and readers drop it.
        Errors: BrokerTrouble when not all were acknowledged, after marking those that were.
        """
        async with held.transaction("loop") as tx:
            rows = await tx.all(_UNSENT, {"most": _BATCH})
        if not rows:
            return 0
        crash_points.reach("relay.before_produce")
        acks = await writer.send_all([_record(self._parts.service, row) for row in rows])
        crash_points.reach("relay.after_produce")
        await self._mark(held, rows, acks)
        if any(ack is None for ack in acks):
            raise BrokerTrouble("not all records were acknowledged")
        return len(rows)

    async def _mark(self, held: HeldConnection, rows: Sequence[Any], acks: Sequence[Ack | None]) -> None:
        sent = [(row.id, ack) for row, ack in zip(rows, acks, strict=True) if ack is not None]
        if not sent:
            return
        async with held.transaction("relay") as tx:
            if await forgetful_broker.forgot_by_acks(tx, _span(ack for _, ack in sent)):
                await forgetful_broker.send_again(tx, "an acknowledged offset went back")
                return
            await tx.execute(
                _MARK_SENT,
                {
                    "ids": [row_id for row_id, _ in sent],
                    "partitions": [ack.place.partition for _, ack in sent],
                    "offsets": [ack.offset for _, ack in sent],
                },
            )
        for topic, count in Counter(ack.place.topic for _, ack in sent).items():
            metrics.events_sent.labels(topic).inc(count)


def _record(service: str, row: Any) -> OutgoingRecord:
    envelope = Envelope(
        event_id=str(row.event_id),
        source=service,
        event_type=row.event_type,
        version=row.version,
        sequence=row.sequence,
        occurred_at=row.occurred_at,
        saw=row.saw,
        correlation_id=row.correlation_id,
        traceparent=row.traceparent,
    )
    return OutgoingRecord(row.topic, row.key, row.body.encode(), envelope.to_headers())


def _span(acks: Any) -> Mapping[Place, tuple[int, int]]:
    """The first and the last offset each partition answered."""
    spans: dict[Place, tuple[int, int]] = {}
    for ack in acks:
        if ack.offset is None:
            continue
        first, last = spans.get(ack.place, (ack.offset, ack.offset))
        spans[ack.place] = (min(first, ack.offset), max(last, ack.offset))
    return spans


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
