"""What compose runs before the services: tried here on the lent servers."""

from deploy.local.postgres import SERVICES, Postgres
from deploy.local.set_up_databases import server_from, set_up_databases
from deploy.topics.admin import KafkaAccess, connect, patiently
from deploy.topics.set_up_topics import set_up_topics
from shared.contracts.topics import TOPICS
from shared.testing.servers import KafkaServer, PostgresServer

LOGINS = ("orders", "routing", "notify", "orders_owner", "routing_owner", "notify_owner", "auditor", "postgres")


def _elsewhere(postgres_server: PostgresServer) -> Postgres:
    named = {f"{login.upper()}_PASSWORD": postgres_server.password(login) for login in LOGINS}
    return server_from({**named, "POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": str(postgres_server.port)})


async def _revision(server: Postgres, service: str) -> str:
    connection = await server.connect("auditor", service)
    try:
        return str(await connection.fetchval("SELECT version_num FROM alembic_version"))
    finally:
        await connection.close()


def test_databases_are_set_up_twice_with_the_same_result(postgres_server: PostgresServer) -> None:
    server = _elsewhere(postgres_server)
    set_up_databases(server)
    set_up_databases(server)


async def test_every_database_has_a_revision(postgres_server: PostgresServer) -> None:
    for service in SERVICES:
        assert await _revision(_elsewhere(postgres_server), service) >= "0001"


def test_topics_are_set_up_twice_with_the_same_result(kafka_server: KafkaServer) -> None:
    login = kafka_server.login("admin")
    access = KafkaAccess(login.bootstrap, login.username, login.password)
    set_up_topics(access, copies=1)
    set_up_topics(access, copies=1)
    known = patiently(lambda: connect(access).list_topics(timeout=5)).topics
    assert {topic.name for topic in TOPICS} <= set(known)
