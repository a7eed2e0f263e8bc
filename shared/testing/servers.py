"""Real servers for tests: one PostgreSQL and one Kafka for each pytest worker, started when first asked for.

How to use them (fixtures are in tests/conftest.py):

    async def test_an_order_is_kept(fresh_database):
        database = fresh_database("orders")      # own, migrated, empty; dropped after the run (10-60 ms each)
        engine = create_engine(database.url, 5, application="test")  # the service's login: rows only
        # database.owner_url changes tables, database.auditor_url reads

    async def test_an_event_arrives(kafka_server):
        kafka_server.fresh_topics()              # every topic anew: no records, no committed offsets (0.1 s)
        login = kafka_server.login("orders")     # .bootstrap .username .password .security_protocol
        kafka_server.kill(); kafka_server.start(); kafka_server.stop(); kafka_server.wipe()

    def test_a_wall(postgres_server):            # .port, .url(login, database), .kill(), .start()

Ask once a module where you can: a module-scoped fixture of your own over `fresh_database` costs one copy.
A test that uses these fixtures may not be skipped: a skip counts as a failure.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

CHECKOUT = Path(__file__).parents[2]


class ServersUnavailable(Exception):
    """The real servers could not be had; the text says what is missing and which command brings it."""


@dataclass(frozen=True, slots=True)
class FreshDatabase:
    """A migrated, empty database of one service, and its addresses for three logins."""

    name: str
    url: str
    owner_url: str
    auditor_url: str


@dataclass(frozen=True, slots=True)
class KafkaLogin:
    """One user's way into the broker."""

    bootstrap: str
    username: str
    password: str
    security_protocol: str = "SASL_PLAINTEXT"


class LentServers:
    """The lending process (`deploy.local.lent_servers`) and a line of JSON to it.

    A process of its own because `shared` may not import `deploy`, and because the servers then
    outlive no test run: they end when this end of the pipe does.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local.lent_servers"],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def ask(self, what: str, **arguments: str) -> dict[str, object]:
        """Put one request and wait for its answer.

        Errors: ServersUnavailable with the lender's own words.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise ServersUnavailable("the lending process has no pipes")
        self._process.stdin.write(json.dumps({"ask": what, **arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise ServersUnavailable(f"the lending process ended with {self._process.wait()}; its words are above")
        answer: dict[str, object] = json.loads(line)
        if "problem" in answer:
            raise ServersUnavailable(str(answer["problem"]))
        return answer

    def close(self) -> None:
        """End the lending process and all that it lent."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(60)


class PostgresServer:
    """The worker's PostgreSQL."""

    def __init__(self, servers: LentServers) -> None:
        self._servers = servers
        answer = servers.ask("postgres")
        self.port = int(str(answer["port"]))
        self._passwords = _texts(answer["passwords"])

    def url(self, login: str, database: str) -> str:
        """The address of a database for a login, as SQLAlchemy wants it."""
        return f"postgresql+asyncpg://{login}:{quote(self.password(login))}@127.0.0.1:{self.port}/{database}"

    def password(self, login: str) -> str:
        """A login's password: orders, orders_owner, routing, …, auditor, postgres."""
        return self._passwords[login]

    def fresh_database(self, service: str) -> FreshDatabase:
        """Make a migrated, empty database for a service."""
        return FreshDatabase(**_texts(self._servers.ask("database", service=service)))

    def drop_database(self, database: FreshDatabase) -> None:
        """Forget a database, whoever is connected."""
        self._servers.ask("drop_database", name=database.name)

    def kill(self) -> None:
        """SIGKILL the server; it stays down until `start`."""
        self._servers.ask("kill_postgres")

    def start(self) -> None:
        """Start the server again and wait until it answers."""
        self._servers.ask("start_postgres")


class KafkaServer:
    """The worker's broker, with the topics and access rules of shared/contracts/topics.py."""

    def __init__(self, servers: LentServers) -> None:
        self._servers = servers
        answer = servers.ask("kafka")
        self.bootstrap = str(answer["bootstrap"])
        self._passwords = _texts(answer["passwords"])

    def login(self, user: str) -> KafkaLogin:
        """A user's way in: orders, routing, notify, auditor (reads all), admin (may do all)."""
        return KafkaLogin(self.bootstrap, user, self._passwords[user])

    def fresh_topics(self) -> None:
        """Every topic anew: no records, no committed offsets."""
        self._servers.ask("fresh_topics")

    def kill(self) -> None:
        """SIGKILL the broker; it stays down until `start`."""
        self._servers.ask("kill_broker")

    def stop(self) -> None:
        """Stop the broker politely; it stays down until `start`."""
        self._servers.ask("stop_broker")

    def start(self) -> None:
        """Start the broker and wait until it listens."""
        self._servers.ask("start_broker")

    def wipe(self) -> None:
        """Kill the broker and bring it back as a new cluster: users and rules, but no topics."""
        self._servers.ask("wipe_broker")


def _texts(answer: object) -> dict[str, str]:
    if not isinstance(answer, Mapping):
        raise ServersUnavailable(f"an answer without names: {answer!r}")
    return {str(name): str(value) for name, value in answer.items()}
