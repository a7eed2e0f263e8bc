"""The loop that takes records from the broker and has each applied before its offset is committed.

What can happen to a record has four names. Applied: its effects and its place in the stream are committed, then
its offset. Waiting: it came too early and is kept (`inbox`). Parked: it can never be applied as things stand and
is kept with its reason. Retried: the database is away, so the same record is tried again until it passes; nothing
overtakes it.
"""

import asyncio
import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.basics import crash_points
from shared.basics.clock import SystemClock
from shared.basics.errors import Unavailable
from shared.contracts.envelope import Unreadable
from shared.database.session import Transaction, is_passing_trouble, transaction
from shared.messaging import parked
from shared.messaging.arrival import Arrival, read_arrival
from shared.messaging.broker import Broker, BrokerTrouble, IncomingRecord, Place, Reader
from shared.messaging.inbox import CannotApply, Inbox
from shared.observability import metrics
from shared.observability.logs import get_log

# A run shares one commit; a record that fails is tried alone, so a bad one costs its neighbours nothing.
_RUN_LENGTH = 128
_TAKE_AT_MOST = 1000
# A take this small is worth a moment's wait for its neighbours: a commit costs more than the events it carries.
_FEW = 32
_LINGER_S = 0.04
_TAKE_S = 0.25
_PARTITIONS_AT_ONCE = 4
_LOOK_EVERY_S = 3.0
# So long records may lie ahead and none come before the reader joins anew; and before joining anew is given up.
_DEAF_S = 6.0
_STUCK_S = 60.0

_log = get_log(__name__)


class _Again(Unavailable):
    """The handler asked for another try."""

    def __init__(self) -> None:
        super().__init__("handler_asks_again")


class _Deaf(BrokerTrouble):
    """Records lie ahead and none come: a broker that was away for a moment can leave aiokafka like this."""


class ReaderStuck(Exception):
    """Records lie ahead and none arrive: this process must end, so that a fresh one reads on.

    Source: aio-libs/aiokafka#1154, a consumer that hangs for good after a broker restart gives no other sign.
    """


@dataclass(frozen=True, slots=True)
class ConsumerParts:
    """What a consumer works with."""

    service: str
    engine: AsyncEngine
    broker: Broker
    inbox: Inbox
    topics: Sequence[str]
    beat: Callable[[], None]


class Consumer:
    """One service's reading loop."""

    def __init__(self, parts: ConsumerParts) -> None:
        self._parts = parts
        self._slots = asyncio.Semaphore(_PARTITIONS_AT_ONCE)
        # Real time by design: watchdog and lag are about this machine, not about the street.
        self._clock = SystemClock()
        self._moved_at_s = self._clock.monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Read until told to stop; a broker that is away is waited for.

        Errors: ReaderStuck when the library under us has gone deaf.
        """
        pause_s = 0.2
        while not stop.is_set():
            try:
                async with self._parts.broker.reader(self._parts.topics, self._parts.service) as reader:
                    identity = await self._parts.broker.identity()
                    await self._read(reader, identity, stop)
                pause_s = 0.2
            except _Deaf as error:
                _log.warning("consumer_joins_anew", reason=str(error))
            except BrokerTrouble as error:
                self._moved()
                _log.warning("consumer_waits", reason=str(error))
                self._parts.beat()
                await _pause(stop, pause_s)
                pause_s = min(2.0, pause_s * 2)

    async def _read(self, reader: Reader, identity: str, stop: asyncio.Event) -> None:
        joined_at_s = looked_at_s = self._clock.monotonic()
        while not stop.is_set():
            taken = await reader.take(_TAKE_S, _TAKE_AT_MOST)
            self._parts.beat()
            if taken:
                self._moved()
                await self._take_in(reader, await self._gather_neighbours(reader, taken, stop), stop)
                self._moved()
            if self._clock.monotonic() - looked_at_s > _LOOK_EVERY_S:
                looked_at_s = self._clock.monotonic()
                await self._look_around(reader, identity, joined_at_s)

    async def _look_around(self, reader: Reader, identity: str, joined_at_s: float) -> None:
        """Join anew when the log is another one; give up when records lie ahead and none come."""
        if await self._parts.broker.identity() != identity:
            message = "another cluster answers"
            raise BrokerTrouble(message)
        if await reader.backlog() == 0:
            self._moved()
        elif self._clock.monotonic() - self._moved_at_s > _STUCK_S:
            raise ReaderStuck
        elif self._clock.monotonic() - max(joined_at_s, self._moved_at_s) > _DEAF_S:
            message = "records lie ahead and none come"
            raise _Deaf(message)

    async def _gather_neighbours(
        self, reader: Reader, taken: Mapping[Place, Sequence[IncomingRecord]], stop: asyncio.Event
    ) -> Mapping[Place, Sequence[IncomingRecord]]:
        if sum(map(len, taken.values())) >= _FEW:
            return taken
        await _pause(stop, _LINGER_S)
        more = await reader.take(0, _TAKE_AT_MOST)
        return {place: [*taken.get(place, ()), *more.get(place, ())] for place in {**taken, **more}}

    async def _take_in(
        self, reader: Reader, taken: Mapping[Place, Sequence[IncomingRecord]], stop: asyncio.Event
    ) -> None:
        """Apply what came, oldest first; after a failure each partition goes its own way."""
        oldest_first = list(heapq.merge(*taken.values(), key=lambda record: record.timestamp_s))
        for start in range(0, len(oldest_first), _RUN_LENGTH):
            run = oldest_first[start : start + _RUN_LENGTH]
            if not await self._applied_together(run):
                by_place = _by_place(oldest_first[start:])
                await asyncio.gather(*(self._take_in_alone(reader, one, stop) for one in by_place.values()))
                return
            await self._done(reader, run)

    async def _applied_together(self, run: Sequence[IncomingRecord]) -> bool:
        try:
            await self._apply(run)
        except Exception as error:
            if isinstance(error, CannotApply) or _may_pass(error):
                return False
            raise
        return True

    async def _take_in_alone(self, reader: Reader, records: Sequence[IncomingRecord], stop: asyncio.Event) -> None:
        async with self._slots:
            for start in range(0, len(records), _RUN_LENGTH):
                run = records[start : start + _RUN_LENGTH]
                if not await self._until_passed(run, stop):
                    return
                await self._done(reader, run)

    async def _done(self, reader: Reader, run: Sequence[IncomingRecord]) -> None:
        last = {record.place: record for record in run}
        crash_points.reach("inbox.before_offset")
        await reader.done({place: record.offset + 1 for place, record in last.items()})
        crash_points.reach("inbox.after_offset")
        now_s = self._clock.now().timestamp()
        for place, record in last.items():
            metrics.inbox_lag_seconds.labels(place.topic).set(max(0.0, now_s - record.timestamp_s))

    async def _until_passed(self, run: Sequence[IncomingRecord], stop: asyncio.Event) -> bool:
        pause_s = 0.05
        while not stop.is_set():
            try:
                await self.take_run(run)
            except Exception as error:
                if not _may_pass(error):
                    raise
                self._parts.beat()
                self._moved()
                _log.warning("consumer_waits", reason=type(error).__name__)
                await _pause(stop, pause_s)
                pause_s = min(2.0, pause_s * 2)
            else:
                return True
        return False

    async def take_run(self, run: Sequence[IncomingRecord]) -> None:
        """Take in records, each partition's in order: applied, kept waiting or parked when this returns.

        Errors: passing trouble as it came; then the same run is to be given again.
        """
        try:
            await self._apply(run)
        except CannotApply as failure:
            if _may_pass(failure.__cause__):
                raise _Again from failure
            if len(run) == 1:
                await self._park(run[0], failure)
            else:
                for record in run:
                    await self.take_run([record])

    async def _apply(self, run: Sequence[IncomingRecord]) -> None:
        async with transaction(self._parts.engine, "inbox") as tx:
            arrivals = [arrival for record in run if (arrival := await _read_or_park(tx, record)) is not None]
            if arrivals:
                await self._parts.inbox.apply_run(tx, arrivals)
        for place, records in _by_place(run).items():
            metrics.events_applied.labels(place.topic, "taken").inc(len(records))

    async def _park(self, record: IncomingRecord, failure: CannotApply) -> None:
        reason = parked.reason_of(failure.__cause__)
        async with transaction(self._parts.engine, "inbox") as tx:
            await parked.park_arrival(tx, failure.arrival, reason, record)
        metrics.events_applied.labels(record.place.topic, "parked").inc()
        _log.error(
            "event_parked",
            event_id=failure.arrival.envelope.event_id,
            event_type=failure.arrival.envelope.event_type,
            topic=record.place.topic,
            reason=reason,
            exc_info=failure.__cause__,
        )

    def _moved(self) -> None:
        self._moved_at_s = self._clock.monotonic()


async def _read_or_park(tx: Transaction, record: IncomingRecord) -> Arrival | None:
    try:
        return read_arrival(record)
    except Unreadable as error:
        await parked.park_unreadable(tx, record, str(error))
        metrics.events_applied.labels(record.place.topic, "unreadable").inc()
        _log.error(
            "record_parked", topic=record.place.topic, partition=record.place.partition, offset=record.offset,
            reason=str(error),
        )  # fmt: skip
        return None


def _by_place(records: Sequence[IncomingRecord]) -> dict[Place, list[IncomingRecord]]:
    places: dict[Place, list[IncomingRecord]] = {}
    for record in records:
        places.setdefault(record.place, []).append(record)
    return places


def _may_pass(error: BaseException | None) -> bool:
    return error is not None and (isinstance(error, Unavailable) or is_passing_trouble(error))


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
