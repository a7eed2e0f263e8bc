"""Each service's Kafka user, refused by the broker where it does not belong."""

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from confluent_kafka import KafkaError

from deploy.topics.admin import KafkaAccess, connect, is_answering, patiently
from shared.contracts.topics import SERVICES, TOPICS, Topic
from shared.testing.servers import KafkaServer

ANSWER_WITHIN_S = 20.0
USERS = (*SERVICES, "auditor")


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
async def test_only_the_writer_writes_a_topic(kafka_server: KafkaServer, topic: Topic) -> None:
    taken = {user: await _write(kafka_server, user, topic.name) for user in USERS}
    assert {user for user, was_taken in taken.items() if was_taken} == {topic.writer}


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
async def test_only_the_writer_the_listed_readers_and_the_auditor_read_a_topic(
    kafka_server: KafkaServer, topic: Topic
) -> None:
    await _write(kafka_server, topic.writer, topic.name)
    given = {user: await _read(kafka_server, user, topic.name) for user in USERS}
    assert {user for user, was_given in given.items() if was_given} == {topic.writer, *topic.readers, "auditor"}


@pytest.mark.parametrize("user", SERVICES)
async def test_nobody_commits_in_anothers_group(kafka_server: KafkaServer, user: str) -> None:
    topic = next(topic for topic in TOPICS if user in topic.readers)
    allowed = [group for group in USERS if await _commit(kafka_server, user, group, topic.name)]
    assert allowed == [user]


def test_an_unknown_user_cannot_connect(kafka_server: KafkaServer) -> None:
    login = kafka_server.login("orders")
    assert not is_answering(KafkaAccess(login.bootstrap, "stranger", login.password))


def _sign_in(kafka_server: KafkaServer, user: str) -> dict[str, str]:
    login = kafka_server.login(user)
    return {
        "bootstrap_servers": login.bootstrap,
        "security_protocol": login.security_protocol,
        "sasl_mechanism": "SCRAM-SHA-256",
        "sasl_plain_username": login.username,
        "sasl_plain_password": login.password,
    }


async def _write(kafka_server: KafkaServer, user: str, topic: str) -> bool:
    """Write one record as this user; return whether the broker took it."""
    producer = AIOKafkaProducer(**_sign_in(kafka_server, user))
    await producer.start()
    try:
        await producer.send_and_wait(topic, b"proof", partition=0)
    except TopicAuthorizationFailedError:
        return False
    finally:
        await producer.stop()
    return True


async def _read(kafka_server: KafkaServer, user: str, topic: str) -> bool:
    """Read one record as this user; return whether the broker gave it."""
    login = kafka_server.login(user)
    access = KafkaAccess(login.bootstrap, login.username, login.password)
    seen = await asyncio.to_thread(lambda: patiently(lambda: connect(access).list_topics(topic, timeout=5)))
    if seen.topics[topic].error is not None:
        # aiokafka's consumer would ask again for ever.
        assert seen.topics[topic].error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
        return False
    consumer = AIOKafkaConsumer(**_sign_in(kafka_server, user), auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        await asyncio.wait_for(consumer.getone(), ANSWER_WITHIN_S)
    finally:
        await consumer.stop()
    return True


async def _commit(kafka_server: KafkaServer, user: str, group: str, topic: str) -> bool:
    consumer = AIOKafkaConsumer(**_sign_in(kafka_server, user), group_id=group, enable_auto_commit=False)
    place = TopicPartition(topic, 0)
    try:
        await consumer.start()
        consumer.assign([place])
        await asyncio.wait_for(consumer.commit({place: 1}), ANSWER_WITHIN_S)
    except GroupAuthorizationFailedError:
        return False
    finally:
        await consumer.stop()
    return True
