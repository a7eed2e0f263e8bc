"""What we need of a broker, in our own words; Kafka in earnest, a fake held to the same suite in tests."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import NewType, Protocol

Headers = Sequence[tuple[str, bytes]]
Offset = NewType("Offset", int)


@dataclass(frozen=True, slots=True)
class Place:
    """One partition of one topic."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class OutgoingRecord:
    """A record on its way to the broker."""

    topic: str
    key: str
    body: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class IncomingRecord:
    """A record as the broker gave it to us; nothing in it is to be trusted."""

    place: Place
    offset: int
    key: bytes | None
    body: bytes | None
    headers: Headers
    # When the writer's client handed it over, by its own real clock.
    timestamp_s: float


@dataclass(frozen=True, slots=True)
class Ack:
    """Where the broker says it wrote a record; offset is None when it only says that it has it already."""

    place: Place
    offset: int | None


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic to be there before anybody writes to it."""

    name: str
    partitions: int
    retention_hours: int


class BrokerTrouble(Exception):
    """The broker is away, slow or confused; the same call may pass later."""


class Reader(Protocol):
    """One member of a reading group."""

    async def take(self, timeout_s: float, max_records: int) -> Mapping[Place, Sequence[IncomingRecord]]:
        """Wait for records, at most this long; each partition's in order."""

    async def done(self, next_offsets: Mapping[Place, int]) -> None:
        """Remember that everything before these offsets has been taken in; a hint, never a promise."""

    async def backlog(self) -> int:
        """How many records lie ahead of this reader in its partitions."""


class Writer(Protocol):
    """One idempotent producer."""

    async def send_all(self, records: Sequence[OutgoingRecord]) -> Sequence[Ack | None]:
        """Send records in order; None for each that was not acknowledged."""


class Broker(Protocol):
    """A log with topics."""

    def writer(self) -> AbstractAsyncContextManager[Writer]:
        """Open a producer for the length of the block. Errors: BrokerTrouble."""

    def reader(self, topics: Sequence[str], group: str) -> AbstractAsyncContextManager[Reader]:
        """Join a group for the length of the block. Errors: BrokerTrouble."""

    async def identity(self) -> str:
        """The id of this very log; another id means another, empty log. Errors: BrokerTrouble."""

    async def ends(self, topics: Sequence[str]) -> Mapping[Place, int]:
        """Each partition's next offset; a missing topic is left out. Errors: BrokerTrouble."""

    async def ensure_topics(self, topics: Sequence[TopicSpec]) -> None:
        """Make topics that are missing. Errors: BrokerTrouble."""

    async def close(self) -> None:
        """Let go of connections."""
