"""Lends a real PostgreSQL and a real Kafka to a test run: one JSON request a line in, one JSON answer a line out.

`shared.testing.servers` is the other end. Servers start when first asked for; all ends when the input ends.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeVar

from deploy.local import postgres
from deploy.local.deleting import delete_behind
from deploy.local.kafka import broker as kafka
from deploy.local.missing import Missing
from deploy.local.processes import Keeper, free_ports
from deploy.migrations.migrate import upgrade
from deploy.topics.access_rules import apply_access_rules
from deploy.topics.admin import KafkaAccess, connect
from deploy.topics.create_topics import create_topics, delete_topics
from shared.basics.randomness import SystemRandomness

START_WITHIN_S = 60.0
Answer = dict[str, object]
Thing = TypeVar("Thing")


class Lender:
    """The servers lent so far, and what may be asked of them."""

    def __init__(self, folder: Path) -> None:
        randomness = SystemRandomness()
        users = {*postgres.LOGINS, postgres.ADMINISTRATOR, *kafka.USERS, kafka.CONTROLLER}
        self._passwords = {user: f"demo-{randomness.token_urlsafe(18)}" for user in users}
        self._folder = folder
        self._randomness = randomness
        self._postgres: postgres.Postgres | None = None
        self._postgres_keeper: Keeper | None = None
        self._broker: kafka.Broker | None = None
        self._broker_keeper: Keeper | None = None
        self._templates: set[str] = set()
        self._database_count = 0

    def questions(self) -> dict[str, Callable[..., Answer]]:
        """Every request by its name."""
        return {
            "postgres": self.lend_postgres,
            "database": self.lend_database,
            "drop_database": self.drop_database,
            "kill_postgres": lambda: {"pid": self._running_postgres().kill()},
            "start_postgres": self.start_postgres,
            "kafka": self.lend_kafka,
            "fresh_topics": self.make_fresh_topics,
            "kill_broker": lambda: {"pid": self._running_broker().kill()},
            "stop_broker": self.stop_broker,
            "start_broker": self.start_broker,
            "wipe_broker": self.wipe_broker,
        }

    def lend_postgres(self) -> Answer:
        """The server's port and logins; started at the first call."""
        if self._postgres is None:
            server = postgres.place_server(self._folder, free_ports(1)[0], self._passwords)
            postgres.initialise(server)
            self._postgres = server
            program = postgres.program(server, self._folder / "postgres.log")
            # Immediate: a fast shutdown first brings to disk what `close` deletes next; slow disks take a minute.
            self._postgres_keeper = Keeper(replace(program, stop_signal=signal.SIGQUIT), restart=False)
            self.start_postgres()
            asyncio.run(postgres.make_roles(server))
        return {"port": self._postgres.port, "passwords": self._passwords}

    def lend_database(self, service: str) -> Answer:
        """A new database of this service with all migrations, copied from a template made once."""
        self.lend_postgres()
        server, template = self._server(), f"template_{service}"
        if service not in self._templates:
            asyncio.run(postgres.make_database(server, service, template))
            upgrade(service, server.url(f"{service}_owner", template))
            self._templates.add(service)
        self._database_count += 1
        name = f"{service}_{self._database_count}"
        asyncio.run(postgres.make_database(server, service, name, template))
        logins = {"url": service, "owner_url": f"{service}_owner", "auditor_url": postgres.AUDITOR}
        return {"name": name, **{field: server.url(login, name) for field, login in logins.items()}}

    def drop_database(self, name: str) -> Answer:
        """Forget a lent database."""
        asyncio.run(postgres.drop_database(self._server(), name))
        return {}

    def start_postgres(self) -> Answer:
        """Start the server again after a kill."""
        keeper = self._running_postgres()
        keeper.start()
        keeper.wait_until_ready(START_WITHIN_S)
        return {"pid": keeper.pid}

    def lend_kafka(self) -> Answer:
        """The broker's address and users, with topics and access rules; started at the first call."""
        if self._broker is None:
            first_port = free_ports(kafka.PORTS_PER_NODE)[0]
            self._broker = kafka.Broker(self._folder / "kafka", first_port, nodes=1, passwords=self._passwords)
            self._start_new_broker()
        return {"bootstrap": self._broker.bootstrap, "passwords": self._passwords}

    def make_fresh_topics(self) -> Answer:
        """Delete every topic with its records and committed offsets, and make all anew."""
        admin = connect(self._access())
        delete_topics(admin)
        return {"topics": create_topics(admin, copies=1)}

    def stop_broker(self) -> Answer:
        """Stop the broker politely; it keeps its disk."""
        self._running_broker().stop()
        return {}

    def start_broker(self) -> Answer:
        """Start the broker again after a stop, a kill or a wipe."""
        keeper = self._running_broker()
        keeper.start()
        keeper.wait_until_ready(START_WITHIN_S)
        return {"pid": keeper.pid}

    def wipe_broker(self) -> Answer:
        """Kill the broker, empty its disk and start it as a new cluster with users and rules but no topics."""
        keeper, broker = self._running_broker(), self._known_broker()
        if keeper.pid is not None:
            keeper.kill()
        kafka.wipe(broker)
        kafka.prepare(broker, self._randomness)
        self.start_broker()
        apply_access_rules(connect(self._access()))
        return {"pid": keeper.pid}

    def close(self) -> None:
        """End everything that was lent, at once; its data is deleted behind us."""
        if self._broker_keeper is not None and self._broker_keeper.pid is not None:
            self._broker_keeper.kill()
        if self._postgres_keeper is not None:
            self._postgres_keeper.stop()
        folders = [self._folder, *([self._postgres.data] if self._postgres is not None else [])]
        delete_behind(folders)

    def _start_new_broker(self) -> None:
        broker = self._known_broker()
        kafka.prepare(broker, self._randomness)
        (program,) = kafka.programs(broker, self._folder)
        self._broker_keeper = Keeper(program, restart=False)
        self.start_broker()
        admin = connect(self._access())
        create_topics(admin, copies=1)
        apply_access_rules(admin)

    def _access(self) -> KafkaAccess:
        return KafkaAccess(self._known_broker().bootstrap, "admin", self._passwords["admin"])

    def _server(self) -> postgres.Postgres:
        return _lent(self._postgres)

    def _known_broker(self) -> kafka.Broker:
        return _lent(self._broker)

    def _running_postgres(self) -> Keeper:
        return _lent(self._postgres_keeper)

    def _running_broker(self) -> Keeper:
        return _lent(self._broker_keeper)


def serve() -> None:
    """Answer requests until the input ends."""
    # Ctrl-C belongs to pytest; its end closes our input, and that ends us in good order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lender = Lender(Path(mkdtemp(prefix="baimi-test-")))
    questions = lender.questions()
    try:
        for line in sys.stdin:
            request = json.loads(line)
            answer = _answer(questions[request.pop("ask")], request)
            print(json.dumps(answer), flush=True)
    finally:
        lender.close()


def _answer(question: Callable[..., Answer], arguments: dict[str, str]) -> Answer:
    try:
        return question(**arguments)
    except (Missing, ProcessLookupError) as problem:
        return {"problem": str(problem)}


def _lent(thing: Thing | None) -> Thing:
    if thing is None:
        raise Missing("this server was not lent yet")
    return thing


if __name__ == "__main__":
    serve()
