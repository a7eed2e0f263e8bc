"""A broker in memory, held to the same suite as Kafka, that can be told to misbehave.

It can repeat records, be away, and forget: what a real one does on its bad days, at the moment a test wants it.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from shared.basics.clock import Clock, SystemClock
from shared.messaging.broker import (
    Ack,
    BrokerTrouble,
    IncomingRecord,
    OutgoingRecord,
    Place,
    Reader,
    TopicSpec,
    Writer,
)


@dataclass
class FakeBroker:
    """Topics in memory."""

    cluster_id: str = "fake-1"
    is_away: bool = False
    sends_twice: bool = False
    partitions: dict[str, int] = field(default_factory=dict)
    records: dict[Place, list[IncomingRecord]] = field(default_factory=dict)
    committed: dict[tuple[str, Place], int] = field(default_factory=dict)
    clock: Clock = field(default_factory=SystemClock)

    def forget(self, cluster_id: str | None = None) -> None:
        """Lose everything; under another id if one is given."""
        self.partitions.clear()
        self.records.clear()
        self.committed.clear()
        if cluster_id is not None:
            self.cluster_id = cluster_id

    def put(self, topic: str, key: bytes | None, body: bytes | None, headers: Sequence[tuple[str, bytes]]) -> Ack:
        """Write one record, whatever it holds."""
        count = self.partitions.get(topic)
        if count is None:
            raise BrokerTrouble(f"no topic {topic}")
        place = Place(topic, zlib.crc32(key or b"") % count)
        log = self.records.setdefault(place, [])
        log.append(IncomingRecord(place, len(log), key, body, headers, self.clock.now().timestamp()))
        return Ack(place, len(log) - 1)

    def all_records(self, topic: str) -> list[IncomingRecord]:
        """Every record of a topic, partition by partition."""
        return [
            record
            for place, log in sorted(self.records.items(), key=str)
            if place.topic == topic
            for record in log
        ]

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[Writer]:
        """Open a producer."""
        self.answer()
        yield _FakeWriter(self)

    @asynccontextmanager
    async def reader(self, topics: Sequence[str], group: str) -> AsyncIterator[Reader]:
        """Join a group as its only member."""
        self.answer()
        yield _FakeReader(self, list(topics), group)

    async def identity(self) -> str:
        """This log's id."""
        self.answer()
        return self.cluster_id

    async def ends(self, topics: Sequence[str]) -> Mapping[Place, int]:
        """Each partition's next offset."""
        self.answer()
        return {
            place: len(self.records.get(place, []))
            for topic in topics
            for place in (Place(topic, number) for number in range(self.partitions.get(topic, 0)))
        }

    async def ensure_topics(self, topics: Sequence[TopicSpec]) -> None:
        """Make topics that are missing."""
        self.answer()
        for topic in topics:
            self.partitions.setdefault(topic.name, topic.partitions)

    async def close(self) -> None:
        """Nothing to let go of."""

    def answer(self) -> None:
        """Refuse while away. Errors: BrokerTrouble."""
        if self.is_away:
            raise BrokerTrouble("away")


@dataclass
class _FakeWriter:
    broker: FakeBroker

    async def send_all(self, records: Sequence[OutgoingRecord]) -> Sequence[Ack | None]:
        self.broker.answer()
        acks: list[Ack | None] = []
        for record in records:
            ack = self.broker.put(record.topic, record.key.encode(), record.body, record.headers)
            if self.broker.sends_twice:
                self.broker.put(record.topic, record.key.encode(), record.body, record.headers)
            acks.append(ack)
        await asyncio.sleep(0)
        return acks


class _FakeReader:
    def __init__(self, broker: FakeBroker, topics: list[str], group: str) -> None:
        self._broker = broker
        self._topics = topics
        self._group = group
        self._positions: dict[Place, int] = {}

    async def take(self, timeout_s: float, max_records: int) -> Mapping[Place, Sequence[IncomingRecord]]:
        self._broker.answer()
        taken = {
            place: records
            for topic in self._topics
            for place in (Place(topic, number) for number in range(self._broker.partitions.get(topic, 0)))
            if (records := self._next(place, max_records))
        }
        await asyncio.sleep(0 if taken else min(timeout_s, 0.01))
        return taken

    def _next(self, place: Place, max_records: int) -> list[IncomingRecord]:
        log = self._broker.records.get(place, [])
        start = self._positions.get(place, self._broker.committed.get((self._group, place), 0))
        # As Kafka with auto_offset_reset=earliest: a position beyond the end starts anew.
        start = start if start <= len(log) else 0
        records = log[start : start + max_records]
        self._positions[place] = start + len(records)
        return records

    async def done(self, next_offsets: Mapping[Place, int]) -> None:
        for place, next_offset in next_offsets.items():
            self._broker.committed[self._group, place] = next_offset

    async def backlog(self) -> int:
        self._broker.answer()
        return sum(
            len(log) - self._positions.get(place, 0)
            for place, log in self._broker.records.items()
            if place.topic in self._topics
        )
