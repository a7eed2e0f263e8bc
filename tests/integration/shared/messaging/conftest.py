"""A database with the tables of outbox and inbox, and both brokers, for the suites beside."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.topics import TOPICS
from shared.database.engine import create_engine
from shared.database.session import transaction
from shared.messaging.broker import Broker, TopicSpec
from shared.messaging.kafka import KafkaAccess, KafkaBroker
from shared.testing.fake_broker import FakeBroker
from shared.testing.servers import FreshDatabase, KafkaServer

_TABLES = "outbox, streams, relay_offsets, relay_broker, inbox, applied_streams, waiting, parked"


@dataclass(frozen=True)
class BrokerUnderTest:
    """The same suite runs against both."""

    kind: str
    broker: Broker


@pytest.fixture(scope="module")
def notify_database(fresh_database: Callable[[str], FreshDatabase]) -> FreshDatabase:
    return fresh_database("notify")


@pytest.fixture(scope="module")
async def module_engine(notify_database: FreshDatabase) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(notify_database.url, 10, application="test")
    yield engine
    await engine.dispose()


@pytest.fixture
async def engine(module_engine: AsyncEngine, notify_database: FreshDatabase) -> AsyncEngine:
    owner = create_engine(notify_database.owner_url, 2, application="test")
    async with transaction(owner) as tx:
        await tx.execute(text(f"TRUNCATE {_TABLES} RESTART IDENTITY"))
    await owner.dispose()
    return module_engine


@pytest.fixture(params=["fake", "kafka"])
async def broker_under_test(request: pytest.FixtureRequest) -> AsyncIterator[BrokerUnderTest]:
    specs = [TopicSpec(topic.name, topic.partitions, topic.retention_hours) for topic in TOPICS]
    if request.param == "fake":
        fake = FakeBroker()
        await fake.ensure_topics(specs)
        yield BrokerUnderTest("fake", fake)
        return
    server: KafkaServer = request.getfixturevalue("kafka_server")
    server.fresh_topics()
    login = server.login("admin")
    kafka = KafkaBroker(
        KafkaAccess(
            login.bootstrap, login.username, login.password, login.security_protocol, session_timeout_ms=6000
        )
    )
    await kafka.ensure_topics(specs)
    yield BrokerUnderTest("kafka", kafka)
    await kafka.close()
