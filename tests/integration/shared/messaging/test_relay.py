"""What leaves the outbox: all of it, in order, and again when the broker has forgotten. On both brokers."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.envelope import read_headers
from shared.contracts.notify_message import Fate, MessageFate, News
from shared.contracts.topics import HOUSEHOLD_EVENTS, MESSAGE_EVENTS
from shared.database.session import held_connection, transaction
from shared.messaging import outbox
from shared.messaging.broker import Broker, BrokerTrouble, IncomingRecord, Place, TopicSpec
from shared.messaging.relay import Relay, RelayParts
from shared.observability import metrics
from shared.testing.eventually import eventually
from shared.testing.fake_broker import FakeBroker
from tests.integration.shared.messaging.conftest import BrokerUnderTest
from tests.integration.shared.messaging.events import AT

_SPECS = [TopicSpec(MESSAGE_EVENTS, 6, 72)]


def fate(household: str, message: str) -> MessageFate:
    return MessageFate(
        household_id=household,
        message_id=message,
        order_id="o",
        news=News.OUT,
        fate=Fate.ACCEPTED,
        channel="sms",
        at=AT,
    )


async def say(engine: AsyncEngine, *events: MessageFate) -> None:
    async with transaction(engine) as tx:
        await outbox.append_all(tx, events, at=AT)


async def unsent(engine: AsyncEngine) -> int:
    async with transaction(engine) as tx:
        return int(await tx.scalar(text("SELECT count(*) FROM outbox WHERE sent_at IS NULL")))


async def relayed(engine: AsyncEngine, broker: Broker) -> None:
    """Run a relay until the outbox is empty."""
    relay = Relay(RelayParts("notify", engine, broker))
    stop = asyncio.Event()
    task = asyncio.create_task(relay.run(stop))
    try:
        await eventually(lambda: _is_empty(engine), within_s=30)
    finally:
        stop.set()
        await task


async def _is_empty(engine: AsyncEngine) -> bool:
    return await unsent(engine) == 0


async def read_all(broker: Broker, group: str, count: int) -> list[IncomingRecord]:
    records: list[IncomingRecord] = []
    async with broker.reader([MESSAGE_EVENTS], group) as reader:

        async def enough() -> bool:
            for taken in (await reader.take(0.2, 1000)).values():
                records.extend(taken)
            return len(records) >= count

        await eventually(enough, within_s=20)
    return records


def streams_of(records: Sequence[IncomingRecord]) -> dict[str, list[int]]:
    streams: dict[str, list[int]] = defaultdict(list)
    for record in records:
        streams[(record.key or b"").decode()].append(read_headers(record.headers).sequence)
    return streams


async def test_what_was_committed_arrives_in_order_with_its_envelope(
    engine: AsyncEngine, broker_under_test: BrokerUnderTest
) -> None:
    await say(engine, fate("h1", "a"), fate("h2", "b"), fate("h1", "c"))
    await relayed(engine, broker_under_test.broker)
    records = await read_all(broker_under_test.broker, "orders-relay-test", 3)
    assert streams_of(records) == {"h1": [1, 2], "h2": [1]}
    envelope = read_headers(records[0].headers)
    assert (envelope.source, envelope.event_type, envelope.version) == ("notify", "notify.message_fate", 1)
    assert dict(records[0].headers)["ce_specversion"] == b"1.0"


async def test_what_was_sent_is_counted_by_topic(engine: AsyncEngine) -> None:
    def sent() -> float:
        return metrics.registry.get_sample_value("baimi_events_sent_total", {"topic": MESSAGE_EVENTS}) or 0.0

    before = sent()
    await say(engine, fate("h1", "a"), fate("h2", "b"))
    await relayed(engine, FakeBroker())
    assert sent() - before == 2


async def test_a_rolled_back_event_is_never_sent_and_leaves_no_gap(engine: AsyncEngine) -> None:
    async def fail_after_append() -> None:
        async with transaction(engine) as tx:
            await outbox.append(tx, fate("h1", "a"), at=AT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_after_append()
    await say(engine, fate("h1", "b"))
    async with transaction(engine) as tx:
        rows = await tx.all(text("SELECT sequence FROM outbox"))
    assert [row.sequence for row in rows] == [1]


async def test_sixteen_writers_at_once_lose_nothing_and_keep_each_stream_in_order(
    engine: AsyncEngine, broker_under_test: BrokerUnderTest
) -> None:
    """The trap of reliability.md 4.1: ids are drawn before commits, and slow commits are overtaken."""
    draw = random.Random(7)

    async def write(writer: int) -> None:
        for turn in range(12):
            keys = sorted(draw.sample([f"h{n}" for n in range(12)], draw.randint(1, 3)))
            async with transaction(engine) as tx:
                await outbox.append_all(tx, [fate(key, f"{writer}-{turn}") for key in keys], at=AT)
                if draw.random() < 0.3:
                    await tx.execute(text("SELECT pg_sleep(0.005)"))

    relay = Relay(RelayParts("notify", engine, broker_under_test.broker))
    stop = asyncio.Event()
    task = asyncio.create_task(relay.run(stop))
    await asyncio.gather(*(write(writer) for writer in range(8)))
    await eventually(lambda: _is_empty(engine), within_s=30)
    stop.set()
    await task
    async with transaction(engine) as tx:
        total = int(await tx.scalar(text("SELECT count(*) FROM outbox")))
    streams = streams_of(await read_all(broker_under_test.broker, "orders-many", total))
    assert sum(len(sequences) for sequences in streams.values()) == total
    for sequences in streams.values():
        assert sequences == list(range(1, len(sequences) + 1))


async def test_only_one_relay_of_a_service_works_at_a_time(engine: AsyncEngine) -> None:
    broker = FakeBroker()
    await broker.ensure_topics(_SPECS)
    relays = [Relay(RelayParts("notify", engine, broker)) for _ in range(3)]
    stop = asyncio.Event()
    tasks = [asyncio.create_task(relay.run(stop)) for relay in relays]

    async def one_leads() -> bool:
        return sum(relay.has_lock for relay in relays) == 1

    await eventually(one_leads)
    for n in range(20):
        await say(engine, fate("h1", str(n)))
    await eventually(lambda: _is_empty(engine))
    assert sum(relay.has_lock for relay in relays) == 1
    stop.set()
    await asyncio.gather(*tasks)
    assert streams_of(broker.all_records(MESSAGE_EVENTS)) == {"h1": list(range(1, 21))}


async def test_a_broker_that_is_away_is_waited_for(engine: AsyncEngine) -> None:
    broker = FakeBroker(is_away=True)
    relay = Relay(RelayParts("notify", engine, broker))
    stop = asyncio.Event()
    task = asyncio.create_task(relay.run(stop))
    await say(engine, fate("h1", "a"))
    broker.is_away = False
    await eventually(lambda: _is_empty(engine), within_s=10)
    stop.set()
    await task
    assert streams_of(broker.all_records(MESSAGE_EVENTS)) == {"h1": [1]}


@pytest.mark.parametrize("cluster_id", ["fake-2", None], ids=["another cluster", "same id, empty disk"])
async def test_a_broker_that_forgot_is_told_everything_again(engine: AsyncEngine, cluster_id: str | None) -> None:
    broker = FakeBroker()
    await say(engine, *(fate(f"h{n % 3}", str(n)) for n in range(9)))
    await relayed(engine, broker)
    broker.forget(cluster_id)
    await say(engine, fate("h0", "after"))
    await relayed(engine, broker)

    async def has_all() -> bool:
        return {
            key: sorted(set(found)) for key, found in streams_of(broker.all_records(MESSAGE_EVENTS)).items()
        } == {
            "h0": [1, 2, 3, 4],
            "h1": [1, 2, 3],
            "h2": [1, 2, 3],
        }

    if not await has_all():
        await relayed(engine, broker)
    assert await has_all()


async def test_an_event_carries_what_its_writer_had_applied(engine: AsyncEngine) -> None:
    async with transaction(engine) as tx:
        await tx.execute(
            text(
                "INSERT INTO applied_streams (topic, key, sequence)"
                " VALUES (:topic, 'h1', 5), ('orders.staff-events', 'h1', 3)"
            ),
            {"topic": HOUSEHOLD_EVENTS},
        )
        await outbox.append(tx, fate("h1", "a"), at=AT)
        saw = await tx.scalar(text("SELECT saw FROM outbox"))
    assert saw == {HOUSEHOLD_EVENTS: 5}


async def test_a_row_that_was_sent_but_not_marked_is_sent_again(engine: AsyncEngine) -> None:
    broker = FakeBroker()
    await broker.ensure_topics(_SPECS)
    await say(engine, fate("h1", "a"))
    relay = Relay(RelayParts("notify", engine, broker))
    async with held_connection(engine) as held, broker.writer() as writer:
        rows_sent = await relay.relay_batch(held, writer)
    assert rows_sent == 1
    async with transaction(engine) as tx:
        await tx.execute(text("UPDATE outbox SET sent_at = NULL"))
    async with held_connection(engine) as held, broker.writer() as writer:
        await relay.relay_batch(held, writer)
    assert streams_of(broker.all_records(MESSAGE_EVENTS)) == {"h1": [1, 1]}


async def test_records_that_were_not_acknowledged_stay_unsent(engine: AsyncEngine) -> None:
    broker = FakeBroker()
    await broker.ensure_topics(_SPECS)
    await say(engine, fate("h1", "a"), fate("h2", "b"))

    class HalfWriter:
        async def send_all(self, records: Sequence[object]) -> list[None]:
            return [None for _ in records]

    relay = Relay(RelayParts("notify", engine, broker))
    async with held_connection(engine) as held:
        with pytest.raises(BrokerTrouble):
            await relay.relay_batch(held, HalfWriter())  # type: ignore[arg-type]
    assert await unsent(engine) == 2
    assert await broker.ends([MESSAGE_EVENTS]) == {Place(MESSAGE_EVENTS, n): 0 for n in range(6)}
