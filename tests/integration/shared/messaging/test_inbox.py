"""What the inbox lets in, in which order, and what it keeps waiting or parks."""

import asyncio
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.basics.errors import Refused
from shared.contracts.envelope import Contract
from shared.contracts.orders_household import OrderCancelled
from shared.contracts.routing_delivery import DeliveryUnplanned
from shared.contracts.topics import DELIVERY_EVENTS, HOUSEHOLD_EVENTS
from shared.database.session import Transaction, transaction
from shared.messaging.broker import IncomingRecord
from shared.messaging.endpoint import Endpoint, EndpointParts
from shared.messaging.inbox import Handler, Received
from shared.observability.health import Heartbeats
from shared.testing.clocks import FakeClock
from shared.testing.fake_broker import FakeBroker
from tests.integration.shared.messaging.events import cancelled, record, unplanned

_NOTE = text("INSERT INTO streams (topic, key, n) VALUES ('test', :what, 1)")


class Diary:
    """Handlers that write down what they were given, in the database and in memory."""

    def __init__(self) -> None:
        self.applied: list[str] = []
        self.bad: set[str] = set()

    def handlers(self) -> Mapping[type[Contract], Handler]:
        return {OrderCancelled: self._note, DeliveryUnplanned: self._note}

    async def _note(self, tx: Transaction, event: OrderCancelled | DeliveryUnplanned, received: Received) -> None:
        if event.order_id in self.bad:
            raise Refused("test_says_no")
        what = f"{received.topic.split('.')[0]}:{event.household_id}:{event.order_id}"
        # Fails on the second time: the primary key is the proof that an effect happens once.
        await tx.execute(_NOTE, {"what": what})
        tx.on_commit(lambda: self.applied.append(what))


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def endpoint(engine: AsyncEngine, diary: Diary) -> Endpoint:
    return Endpoint(EndpointParts("notify", engine, FakeBroker(), diary.handlers(), Heartbeats(FakeClock())))


async def take(endpoint: Endpoint, *records: IncomingRecord) -> None:
    await endpoint.consumer.take_run(records)


async def count(engine: AsyncEngine, table: str) -> int:
    async with transaction(engine) as tx:
        return int(await tx.scalar(text(f"SELECT count(*) FROM {table}")))


async def test_events_of_one_stream_are_applied_in_order(endpoint: Endpoint, diary: Diary) -> None:
    await take(endpoint, *(record(cancelled("h1", f"o{n}"), n) for n in (1, 2, 3)))
    assert diary.applied == ["orders:h1:o1", "orders:h1:o2", "orders:h1:o3"]


async def test_an_event_that_comes_twice_is_applied_once(endpoint: Endpoint, diary: Diary) -> None:
    first = record(cancelled("h1", "o1"), 1)
    await take(endpoint, first, first)
    await take(endpoint, first)
    assert diary.applied == ["orders:h1:o1"]
    # A second effect would have failed on the diary's key and been parked: nothing may be.
    assert await endpoint.list_parked() == []


async def test_an_older_event_under_another_id_is_dropped(endpoint: Endpoint, diary: Diary) -> None:
    await take(endpoint, record(cancelled("h1", "o1"), 1), record(cancelled("h1", "o2"), 2))
    again = record(cancelled("h1", "o1"), 1, event_id="11111111-1111-4111-8111-111111111111")
    await take(endpoint, again)
    assert diary.applied == ["orders:h1:o1", "orders:h1:o2"]
    assert await endpoint.list_parked() == []


async def test_an_event_after_a_gap_waits_and_follows_at_once(
    endpoint: Endpoint, diary: Diary, engine: AsyncEngine
) -> None:
    await take(endpoint, record(cancelled("h1", "o3"), 3), record(cancelled("h1", "o2"), 2))
    assert diary.applied == []
    assert await count(engine, "waiting") == 2
    await take(endpoint, record(cancelled("h1", "o1"), 1))
    assert diary.applied == ["orders:h1:o1", "orders:h1:o2", "orders:h1:o3"]
    assert await count(engine, "waiting") == 0


async def test_an_event_waits_for_what_its_writer_had_seen(endpoint: Endpoint, diary: Diary) -> None:
    await take(endpoint, record(unplanned("h1", "o1"), 1, saw={HOUSEHOLD_EVENTS: 2}))
    await take(endpoint, record(cancelled("h1", "a"), 1))
    assert diary.applied == ["orders:h1:a"]
    await take(endpoint, record(cancelled("h1", "b"), 2))
    assert diary.applied == ["orders:h1:a", "orders:h1:b", "routing:h1:o1"]


async def test_what_was_seen_on_a_topic_we_do_not_read_is_not_waited_for(endpoint: Endpoint, diary: Diary) -> None:
    await take(endpoint, record(unplanned("h1", "o1"), 1, saw={"notify.message-events": 9}))
    assert diary.applied == ["routing:h1:o1"]


async def test_a_waiting_household_holds_up_no_other(endpoint: Endpoint, diary: Diary) -> None:
    await take(endpoint, record(cancelled("h1", "o2"), 2), record(cancelled("h2", "o1"), 1))
    assert diary.applied == ["orders:h2:o1"]


async def test_a_bad_event_is_parked_and_its_neighbours_go_on(
    endpoint: Endpoint, diary: Diary, engine: AsyncEngine
) -> None:
    diary.bad.add("bad")
    await take(
        endpoint,
        record(cancelled("h1", "o1"), 1),
        record(cancelled("h2", "bad"), 1),
        record(cancelled("h2", "o2"), 2),
        record(cancelled("h3", "o1"), 1),
    )
    assert diary.applied == ["orders:h1:o1", "orders:h3:o1"]
    [stuck] = await endpoint.list_parked()
    assert (stuck.key, stuck.sequence, stuck.held_back) == ("h2", 1, 1)
    assert "test_says_no" in stuck.reason


async def test_a_replayed_event_takes_along_what_it_held_back(
    endpoint: Endpoint, diary: Diary, engine: AsyncEngine
) -> None:
    diary.bad.add("bad")
    await take(endpoint, record(cancelled("h2", "bad"), 1), record(cancelled("h2", "o2"), 2))
    [stuck] = await endpoint.list_parked()
    with pytest.raises(Refused, match="still_cannot_apply"):
        await endpoint.replay(stuck.event_id)
    diary.bad.clear()
    await endpoint.replay(stuck.event_id)
    assert diary.applied == ["orders:h2:bad", "orders:h2:o2"]
    assert await endpoint.list_parked() == []
    assert await count(engine, "waiting") == 0


async def test_a_waiting_event_that_turns_out_bad_is_parked_without_losing_what_woke_it(
    endpoint: Endpoint, diary: Diary
) -> None:
    diary.bad.add("bad")
    await take(endpoint, record(cancelled("h1", "bad"), 2), record(cancelled("h1", "o3"), 3))
    await take(endpoint, record(cancelled("h1", "o1"), 1))
    assert diary.applied == ["orders:h1:o1"]
    [stuck] = await endpoint.list_parked()
    assert (stuck.sequence, stuck.held_back) == (2, 1)


@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        ({"version": 99}, "unknown event orders.order_cancelled version 99"),
        ({"body": b"\xff\xfe not json"}, "bad body"),
        ({"body": b"{}"}, "bad household_id"),
        ({"body": b"[" * 100_000}, "bad body"),
    ],
)
async def test_an_event_that_cannot_be_read_is_parked_with_its_reason(
    endpoint: Endpoint, diary: Diary, spoiled: dict[str, bytes | int], reason: str
) -> None:
    await take(endpoint, record(cancelled("h1", "o1"), 1, **spoiled), record(cancelled("h2", "o1"), 1))  # type: ignore[arg-type]
    [stuck] = await endpoint.list_parked()
    assert reason in stuck.reason
    assert diary.applied == ["orders:h2:o1"]


@given(
    key=st.none() | st.binary(max_size=20),
    body=st.none() | st.binary(max_size=50),
    headers=st.lists(
        st.tuples(
            st.sampled_from(["ce_id", "ce_type", "ce_sequence", "ce_saw", "ce_time", "x\x00"]),
            st.binary(max_size=12),
        ),
        max_size=6,
    ),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_garbage_never_stops_the_reader(
    endpoint: Endpoint, key: bytes | None, body: bytes | None, headers: list[tuple[str, bytes]]
) -> None:
    sound = record(cancelled("h1", "o1"), 1)
    garbage = IncomingRecord(sound.place, 7, key, body, headers, 0.0)
    await take(endpoint, garbage)
    assert any(event.record_offset == 7 for event in await endpoint.list_parked())


async def test_two_topics_of_one_household_at_once_leave_nothing_waiting(
    endpoint: Endpoint, diary: Diary, engine: AsyncEngine
) -> None:
    """Each delivery event saw the order event of its number; the two topics race each other."""
    orders = [record(cancelled("h1", f"o{n}"), n) for n in range(1, 21)]
    deliveries = [record(unplanned("h1", f"o{n}"), n, saw={HOUSEHOLD_EVENTS: n}) for n in range(1, 21)]
    await asyncio.gather(
        *(take(endpoint, one) for pair in zip(deliveries[::-1], orders[::-1], strict=True) for one in pair)
    )
    assert await count(engine, "waiting") == 0
    assert len(diary.applied) == 40
    for n in range(1, 21):
        assert diary.applied.index(f"orders:h1:o{n}") < diary.applied.index(f"routing:h1:o{n}")


@given(order=st.permutations([(topic, n) for topic in (HOUSEHOLD_EVENTS, DELIVERY_EVENTS) for n in (1, 2, 3)]))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_order_records_come_in_they_are_applied_in_the_right_one(
    engine: AsyncEngine, order: list[tuple[str, int]]
) -> None:
    diary = Diary()
    endpoint = Endpoint(EndpointParts("notify", engine, FakeBroker(), diary.handlers(), Heartbeats(FakeClock())))
    household = f"h-{abs(hash(tuple(order)))}"
    async with transaction(engine) as tx:
        for table in ("inbox", "waiting", "parked"):
            await tx.execute(text(f"DELETE FROM {table} WHERE key = :key"), {"key": household})
        await tx.execute(text("DELETE FROM applied_streams WHERE key = :key"), {"key": household})
        await tx.execute(text("DELETE FROM streams WHERE key LIKE '%' || :key || '%'"), {"key": household})
    for topic, n in order:
        if topic == HOUSEHOLD_EVENTS:
            await take(endpoint, record(cancelled(household, f"{n}"), n))
        else:
            await take(endpoint, record(unplanned(household, f"{n}"), n, saw={HOUSEHOLD_EVENTS: n}))
    for prefix in ("orders", "routing"):
        assert [what for what in diary.applied if what.startswith(prefix)] == [
            f"{prefix}:{household}:{n}" for n in (1, 2, 3)
        ]
    for n in (1, 2, 3):
        assert diary.applied.index(f"orders:{household}:{n}") < diary.applied.index(f"routing:{household}:{n}")
