"""The servers that tests stand on: own walls, own data, back after a kill."""

from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from confluent_kafka import KafkaException

from deploy.local.lent_servers import Lender
from deploy.local.postgres import ADMINISTRATOR, place_server
from deploy.topics.admin import KafkaAccess, connect, is_answering, patiently
from shared.contracts.topics import TOPICS
from shared.testing.servers import FreshDatabase, KafkaServer, PostgresServer


async def _connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url.replace("+asyncpg", ""))


def _admin(kafka_server: KafkaServer) -> KafkaAccess:
    login = kafka_server.login("admin")
    return KafkaAccess(login.bootstrap, login.username, login.password)


async def test_a_login_works_on_rows_and_not_on_tables(fresh_database: Callable[[str], FreshDatabase]) -> None:
    database = fresh_database("orders")
    owner = await _connect(database.owner_url)
    await owner.execute("CREATE TABLE proof (word text)")
    await owner.close()
    service = await _connect(database.url)
    await service.execute("INSERT INTO proof VALUES ('kept')")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.execute("CREATE TABLE own (word text)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.execute("DROP TABLE proof")
    await service.close()
    auditor = await _connect(database.auditor_url)
    assert await auditor.fetchval("SELECT word FROM proof") == "kept"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await auditor.execute("INSERT INTO proof VALUES ('forged')")
    await auditor.close()


async def test_no_login_opens_anothers_database(
    fresh_database: Callable[[str], FreshDatabase], postgres_server: PostgresServer
) -> None:
    database = fresh_database("orders")
    for login in ("routing", "notify", "routing_owner"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await _connect(postgres_server.url(login, database.name))


async def test_a_wrong_password_is_refused(fresh_database: Callable[[str], FreshDatabase]) -> None:
    database = fresh_database("orders")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(database.url.replace("+asyncpg", ""), password="guessed")


def test_every_topic_of_the_table_is_there(kafka_server: KafkaServer) -> None:
    kafka_server.fresh_topics()
    known = patiently(lambda: connect(_admin(kafka_server)).list_topics(timeout=5)).topics
    assert {topic.name: topic.partitions for topic in TOPICS} == {
        name: len(topic.partitions) for name, topic in known.items() if not name.startswith("__")
    }


def test_a_wrong_kafka_password_is_refused(kafka_server: KafkaServer) -> None:
    login = kafka_server.login("orders")
    assert is_answering(KafkaAccess(login.bootstrap, login.username, login.password))
    assert not is_answering(KafkaAccess(login.bootstrap, login.username, "guessed"))


def test_a_wiped_broker_is_another_cluster_without_topics(kafka_server: KafkaServer) -> None:
    before = patiently(lambda: connect(_admin(kafka_server)).list_topics(timeout=5)).cluster_id
    kafka_server.wipe()
    after = patiently(lambda: connect(_admin(kafka_server)).list_topics(timeout=5))
    assert after.cluster_id != before
    assert not [name for name in after.topics if not name.startswith("__")]
    kafka_server.fresh_topics()


def test_a_killed_broker_comes_back_with_what_it_had(kafka_server: KafkaServer) -> None:
    kafka_server.kill()
    with pytest.raises(KafkaException):
        connect(_admin(kafka_server)).list_topics(timeout=0.5)
    kafka_server.start()
    assert TOPICS[0].name in patiently(lambda: connect(_admin(kafka_server)).list_topics(timeout=5)).topics


# Recovery reads what every database of this run has written: with a whole suite behind it that takes minutes.
@pytest.mark.long
def test_a_killed_postgresql_comes_back_with_what_it_had(postgres_server: PostgresServer) -> None:
    postgres_server.kill()
    postgres_server.start()
    assert postgres_server.fresh_database("notify").name.startswith("notify")


def test_what_was_lent_ends_without_writing_down_what_is_deleted_next(tmp_path: Path) -> None:
    folder = tmp_path / "lent"
    folder.mkdir()
    data = place_server(folder, 0, {}).data
    lender = Lender(folder)
    try:
        lender.lend_database("notify")
        lender.lend_kafka()
        logs = {name: (folder / name).open() for name in ("postgres.log", "broker.log")}
    finally:
        lender.close()
    assert not folder.exists()
    assert not data.exists()
    said = {name: log.read() for name, log in logs.items()}
    assert "immediate shutdown" in said["postgres.log"]
    assert "shutting down" not in said["broker.log"]


def test_data_of_a_state_that_is_gone_is_out_of_the_way_at_once(tmp_path: Path) -> None:
    first = place_server(tmp_path / "state", 0, {})
    first.data.mkdir(parents=True)
    (first.data / "kept").touch()
    # Where root's data lies, apart from the state; an ordinary user's goes with the state.
    if first.account is not None:
        place_server(tmp_path / "other", 0, {})
        assert not first.data.exists()


def test_data_of_a_state_that_was_deleted_by_hand_and_made_anew_is_not_used(tmp_path: Path) -> None:
    first = place_server(tmp_path, 0, {ADMINISTRATOR: "demo-first"})
    first.data.mkdir(parents=True)
    for passwords in ({}, {ADMINISTRATOR: "demo-first"}):
        assert place_server(tmp_path, 0, passwords).data.exists()
    if first.account is not None:
        assert not place_server(tmp_path, 0, {ADMINISTRATOR: "demo-second"}).data.exists()
