"""One trace from a request through outbox and Kafka to the reader, and the figures of a service's end."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.basics.clock import SystemClock
from shared.basics.errors import Refused
from shared.contracts.envelope import Contract
from shared.contracts.orders_household import OrderCancelled
from shared.contracts.topics import HOUSEHOLD_EVENTS, TOPICS
from shared.database.session import Transaction, transaction
from shared.messaging import outbox
from shared.messaging.broker import Broker, TopicSpec
from shared.messaging.endpoint import Endpoint, EndpointParts
from shared.messaging.inbox import Handler, Received
from shared.messaging.upkeep import measure, prune
from shared.observability.health import Heartbeats
from shared.observability.metrics import render_metrics
from shared.observability.tracing import continue_from, current_correlation_id, current_trace_id
from shared.testing.clocks import FakeClock
from shared.testing.eventually import eventually
from shared.testing.fake_broker import FakeBroker
from tests.integration.shared.messaging.conftest import BrokerUnderTest
from tests.integration.shared.messaging.events import AT, cancelled, record

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


class Listener:
    """Writes down under which ids each event was applied; refuses the order that is called bad."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, str]] = []

    def handlers(self) -> Mapping[type[Contract], Handler]:
        return {OrderCancelled: self._listen}

    async def _listen(self, _: Transaction, event: OrderCancelled, __: Received) -> None:
        if event.order_id == "bad":
            raise Refused("test_says_no")
        self.heard.append((event.order_id, current_correlation_id(), current_trace_id()))


@pytest.fixture
def listener() -> Listener:
    return Listener()


async def hear_what_was_said(engine: AsyncEngine, broker: Broker, listener: Listener) -> None:
    """Let a relay and a consumer run until something was heard, then stop them in good order."""
    parts = EndpointParts("notify", engine, broker, listener.handlers(), Heartbeats(FakeClock()))
    endpoint, stop = Endpoint(parts), asyncio.Event()
    loops = [asyncio.create_task(loop(stop)) for loop in (endpoint.relay.run, endpoint.consumer.run)]

    async def is_heard() -> bool:
        return bool(listener.heard)

    try:
        await eventually(is_heard, within_s=30)
    finally:
        stop.set()
        await asyncio.gather(*loops)


async def test_a_reader_goes_on_in_the_writers_trace(
    engine: AsyncEngine, broker_under_test: BrokerUnderTest, listener: Listener
) -> None:
    with continue_from("operators-click", f"00-{TRACE_ID}-b7ad6b7169203331-01"):
        async with transaction(engine) as tx:
            await outbox.append(tx, cancelled("h1", "o1"), at=AT)
    await hear_what_was_said(engine, broker_under_test.broker, listener)
    assert listener.heard == [("o1", "operators-click", TRACE_ID)]


async def test_the_lag_of_the_inbox_is_the_age_of_what_was_applied_last(
    engine: AsyncEngine, listener: Listener
) -> None:
    # The fake broker stamps every record with the moment its clock shows, here long gone.
    an_hour_ago = FakeClock(SystemClock().now() - timedelta(hours=1))
    broker = FakeBroker(clock=an_hour_ago)
    await broker.ensure_topics(
        [TopicSpec(topic.name, topic.partitions, topic.retention_hours) for topic in TOPICS]
    )
    async with transaction(engine) as tx:
        await outbox.append(tx, cancelled("h1", "o1"), at=AT)
    await hear_what_was_said(engine, broker, listener)
    assert 3600 <= lag_s(HOUSEHOLD_EVENTS) < 3660


async def test_what_is_unsent_waiting_and_parked_is_measured(engine: AsyncEngine, listener: Listener) -> None:
    endpoint = Endpoint(EndpointParts("notify", engine, None, listener.handlers(), Heartbeats(FakeClock())))  # type: ignore[arg-type]
    await measure(engine)
    assert figures() == {"outbox_unsent": 0, "outbox_age": 0, "waiting": 0, "waiting_age": 0, "parked": 0}
    async with transaction(engine) as tx:
        await outbox.append(tx, cancelled("h1", "o1"), at=AT)
        await tx.execute(text("UPDATE outbox SET written_at = written_at - interval '90 s'"))
    await endpoint.consumer.take_run([record(cancelled("h2", "bad"), 1), record(cancelled("h3", "late"), 2)])
    async with transaction(engine) as tx:
        await tx.execute(text("UPDATE waiting SET since = since - interval '61 s'"))
    await measure(engine)
    measured = figures()
    assert (measured["outbox_unsent"], measured["waiting"], measured["parked"]) == (1, 1, 1)
    assert 90 <= measured["outbox_age"] < 150
    assert 61 <= measured["waiting_age"] < 120


async def test_what_was_sent_is_kept_fourteen_days_and_what_was_read_thirty(engine: AsyncEngine) -> None:
    async with transaction(engine) as tx:
        for household, days in (("old", 15), ("young", 13)):
            await outbox.append(tx, cancelled(household, "o"), at=AT)
            await tx.execute(
                text(
                    "UPDATE outbox SET sent_at = clock_timestamp(),"
                    " written_at = clock_timestamp() - make_interval(days => :days) WHERE key = :key"
                ),
                {"days": days, "key": household},
            )
        await outbox.append(tx, cancelled("unsent", "o"), at=AT)
        await tx.execute(
            text("UPDATE outbox SET written_at = written_at - interval '15 days' WHERE key = 'unsent'")
        )
        for number, days in enumerate((31, 29)):
            await tx.execute(
                text(
                    "INSERT INTO inbox (event_id, topic, key, sequence, applied_at) VALUES"
                    " (gen_random_uuid(), 't', 'k', :number, clock_timestamp() - make_interval(days => :days))"
                ),
                {"number": number, "days": days},
            )
    await prune(engine)
    async with transaction(engine) as tx:
        kept = [row.key for row in await tx.all(text("SELECT key FROM outbox ORDER BY key"))]
        read = [row.sequence for row in await tx.all(text("SELECT sequence FROM inbox"))]
    assert (kept, read) == (["unsent", "young"], [1])


def lag_s(topic: str) -> float:
    """The gauge of one topic's lag, as /metrics shows it."""
    families = text_string_to_metric_families(render_metrics()[0].decode())
    lags = next(family for family in families if family.name == "baimi_inbox_lag_seconds")
    return next(sample.value for sample in lags.samples if sample.labels == {"topic": topic})


def figures() -> dict[str, float]:
    """The gauges of one service's end of the log, as /metrics shows them."""
    names = {
        "baimi_outbox_unsent": "outbox_unsent",
        "baimi_outbox_age_seconds": "outbox_age",
        "baimi_waiting_events": "waiting",
        "baimi_waiting_age_seconds": "waiting_age",
        "baimi_parked_events": "parked",
    }
    families = text_string_to_metric_families(render_metrics()[0].decode())
    return {names[family.name]: family.samples[0].value for family in families if family.name in names}
