"""Apache Kafka by aiokafka; the only file that knows either."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, TopicAlreadyExistsError

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
from shared.observability.logs import get_log

_log = get_log(__name__)
_TOPIC_EXISTS = 36
# What aiokafka raises when a broker is away: its own family, and what asyncio and sockets raise below it.
_TROUBLE = (KafkaError, OSError, TimeoutError, asyncio.TimeoutError)


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """Where a cluster is and how a service signs in."""

    bootstrap_servers: str
    username: str = ""
    password: str = field(default="", repr=False)
    security_protocol: str = "PLAINTEXT"
    # A restarted reader under the same name takes its seat at once, without waiting for the dead one's time-out.
    seat: str = "1"
    session_timeout_ms: int = 10_000
    replication: int = 1


class KafkaBroker:
    """A cluster, reached by one service."""

    def __init__(self, access: KafkaAccess) -> None:
        self._access = access
        self._admin: AIOKafkaAdminClient | None = None
        self._admin_lock = asyncio.Lock()

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[Writer]:
        """Open an idempotent producer.

        After any error the caller must leave the block: aiokafka's idempotent producer can be stuck for good on an
        out-of-order sequence (aio-libs/aiokafka#1017), so a fresh one is made each time.
        """
        producer = AIOKafkaProducer(
            **self._connection(),
            enable_idempotence=True,
            acks="all",
            linger_ms=2,
            request_timeout_ms=10_000,
            max_batch_size=131_072,
            compression_type="lz4",
        )
        try:
            await _within(15, producer.start())
            yield _KafkaWriter(producer)
        finally:
            await _leave(producer.stop())

    @asynccontextmanager
    async def reader(self, topics: Sequence[str], group: str) -> AsyncIterator[Reader]:
        """Join a group; offsets are committed by hand, after the database."""
        consumer = AIOKafkaConsumer(
            **self._connection(),
            group_id=group,
            group_instance_id=f"{group}-{self._access.seat}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=self._access.session_timeout_ms,
            heartbeat_interval_ms=min(3000, self._access.session_timeout_ms // 3),
            max_poll_interval_ms=300_000,
            max_partition_fetch_bytes=262_144,
            fetch_max_bytes=8_388_608,
            fetch_max_wait_ms=250,
            metadata_max_age_ms=5_000,
        )
        reader = _KafkaReader(consumer)
        try:
            await _within(30, consumer.start())
            consumer.subscribe(topics=list(topics), listener=reader)
            yield reader
        finally:
            await _leave(consumer.stop())

    async def identity(self) -> str:
        """The cluster's id."""
        answer = await self._ask("describe_cluster")
        return str(answer["cluster_id"])

    async def ends(self, topics: Sequence[str]) -> Mapping[Place, int]:
        """Each partition's next offset."""
        known = set(await self._ask("list_topics"))
        there = [topic for topic in topics if topic in known]
        if not there:
            return {}
        consumer = AIOKafkaConsumer(**self._connection(), enable_auto_commit=False)
        try:
            await _within(15, consumer.start())
            described = await self._ask("describe_topics", there)
            partitions = [
                TopicPartition(topic["topic"], partition["partition"])
                for topic in described
                for partition in topic["partitions"]
            ]
            ends = await _within(15, consumer.end_offsets(partitions))
        finally:
            await _leave(consumer.stop())
        return {Place(partition.topic, partition.partition): end for partition, end in ends.items()}

    async def ensure_topics(self, topics: Sequence[TopicSpec]) -> None:
        """Make topics that are missing; one that is there stays as it is."""
        known = set(await self._ask("list_topics"))
        missing = [
            NewTopic(
                topic.name,
                topic.partitions,
                self._access.replication,
                topic_configs={"retention.ms": str(topic.retention_hours * 3_600_000)},
            )
            for topic in topics
            if topic.name not in known
        ]
        if not missing:
            return
        with suppress(TopicAlreadyExistsError):
            answer = await self._ask("create_topics", missing)
            wrong = [
                tuple(error)[:2] for error in answer.topic_errors if tuple(error)[1] not in (0, _TOPIC_EXISTS)
            ]
            if wrong:
                raise BrokerTrouble(f"topics not made: {wrong}")

    async def close(self) -> None:
        """Close the administrative connection."""
        if self._admin is not None:
            admin, self._admin = self._admin, None
            await _leave(admin.close())

    async def _ask(self, question: str, *arguments: Any) -> Any:
        async with self._admin_lock:
            try:
                if self._admin is None:
                    admin = AIOKafkaAdminClient(**self._connection(), request_timeout_ms=8_000)
                    await asyncio.wait_for(admin.start(), 10)
                    self._admin = admin
                return await asyncio.wait_for(getattr(self._admin, question)(*arguments), 10)
            except _TROUBLE as error:
                await self.close()
                raise BrokerTrouble(f"{question}: {type(error).__name__}") from error

    def _connection(self) -> dict[str, Any]:
        access = self._access
        settings: dict[str, Any] = {
            "bootstrap_servers": access.bootstrap_servers,
            "security_protocol": access.security_protocol,
            "client_id": access.username or "baimi",
        }
        if access.security_protocol.startswith("SASL"):
            settings |= {
                "sasl_mechanism": "SCRAM-SHA-256",
                "sasl_plain_username": access.username,
                "sasl_plain_password": access.password,
            }
        if access.security_protocol.endswith("SSL"):
            settings["ssl_context"] = ssl.create_default_context()
        return settings


class _KafkaWriter:
    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def send_all(self, records: Sequence[OutgoingRecord]) -> Sequence[Ack | None]:
        try:
            async with asyncio.timeout(20):
                futures = [
                    await self._producer.send(
                        record.topic, record.body, key=record.key.encode(), headers=list(record.headers)
                    )
                    for record in records
                ]
                answers = await asyncio.gather(*futures, return_exceptions=True)
        except _TROUBLE as error:
            raise BrokerTrouble(f"send: {type(error).__name__}") from error
        return [_ack(answer) for answer in answers]


def _ack(answer: Any) -> Ack | None:
    if isinstance(answer, BaseException):
        return None
    # Offset -1: the broker had this batch already and no longer knows where.
    offset = answer.offset if answer.offset >= 0 else None
    return Ack(Place(answer.topic, answer.partition), offset)


class _KafkaReader(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Nothing to save: what is applied is in the database, and the next owner is gated by it."""

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Nothing to load: positions come from the group, and a repeated record is dropped."""

    async def take(self, timeout_s: float, max_records: int) -> Mapping[Place, Sequence[IncomingRecord]]:
        try:
            batches = await self._consumer.getmany(timeout_ms=int(timeout_s * 1000), max_records=max_records)
        except _TROUBLE as error:
            raise BrokerTrouble(f"take: {type(error).__name__}") from error
        return {
            Place(partition.topic, partition.partition): [_incoming(record) for record in records]
            for partition, records in batches.items()
        }

    async def done(self, next_offsets: Mapping[Place, int]) -> None:
        owned = self._consumer.assignment()
        offsets = {
            partition: next_offset
            for place, next_offset in next_offsets.items()
            if (partition := TopicPartition(place.topic, place.partition)) in owned
        }
        if not offsets:
            return
        # A partition taken away meanwhile is the next owner's; its inbox drops what we applied.
        with suppress(CommitFailedError, IllegalStateError, *_TROUBLE):
            await asyncio.wait_for(self._consumer.commit(offsets), 10)

    async def backlog(self) -> int:
        partitions = self._consumer.assignment()
        if not partitions:
            return 0
        try:
            # Asking for a position waits for good while the group's coordinator is not found again.
            async with asyncio.timeout(10):
                ends = await self._consumer.end_offsets(list(partitions))
                ahead = [ends[partition] - await self._consumer.position(partition) for partition in partitions]
        except (*_TROUBLE, IllegalStateError) as error:
            raise BrokerTrouble(f"backlog: {type(error).__name__}") from error
        return sum(max(0, count) for count in ahead)


def _incoming(record: Any) -> IncomingRecord:
    return IncomingRecord(
        place=Place(record.topic, record.partition),
        offset=record.offset,
        key=record.key,
        body=record.value,
        headers=[(name, bytes(value or b"")) for name, value in record.headers],
        timestamp_s=record.timestamp / 1000,
    )


async def _within(seconds: float, step: Any) -> Any:
    try:
        return await asyncio.wait_for(step, seconds)
    except _TROUBLE as error:
        raise BrokerTrouble(type(error).__name__) from error


async def _leave(goodbye: Any) -> None:
    """Say goodbye for at most five seconds, then go without it.

    Not `wait_for`: it waits for what it cancels, and aiokafka's stop swallows that while a broker is away.
    """
    task = asyncio.ensure_future(goodbye)
    await asyncio.wait({task}, timeout=5)
    if task.done() and not task.cancelled() and task.exception() is not None:
        _log.info("goodbye_failed", reason=type(task.exception()).__name__)
