"""The system on one page: its servers, databases, topics, services and simulators, and who waits for whom."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local import postgres, state
from deploy.local.given import given_servers
from deploy.local.kafka import broker as kafka
from deploy.local.migrating import migrate
from deploy.local.processes import Keeper, Program, answers_http, claim_port, free_ports, stop_all
from deploy.topics.access_rules import apply_access_rules
from deploy.topics.admin import KafkaAccess, connect
from deploy.topics.create_topics import create_topics
from shared.basics.randomness import SystemRandomness

CHECKOUT = Path(__file__).parents[2]
SERVICES = ("orders", "routing", "notify")
SIMULATORS = ("sms",)
# What a street may switch on for its rounds, and what each is while nobody does.
STREET_RULES = {
    "DISINFECT_S": "0",
    "OWN_CREWS": "false",
    "COLD_LIMIT_S": "0",
    "QUIET_HOURS": "",
    "REST_AFTER_S": "0",
    "REST_S": "0",
}
# What opens doors that are no database's and no topic's.
OTHER_SECRETS = ("orders_administrator", "sms_provider")
READY_PATH = "/readyz"
SERVER_READY_WITHIN_S = 60.0
SERVICE_READY_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens, on 127.0.0.1 alone. Kafka takes two ports a broker from the one named."""

    orders: int = 8001
    routing: int = 8002
    notify: int = 8003
    sms: int = 8011
    postgres: int = 5440
    kafka: int = 9192

    @classmethod
    def from_environment(cls) -> Self:
        """The usual ports, but for those that ORDERS_PORT, POSTGRES_PORT … name."""
        names = [each.name for each in fields(cls)]
        named = {name: os.environ.get(f"{name.upper()}_PORT") for name in names}
        return cls(**{name: int(text) for name, text in named.items() if text})

    @classmethod
    def free(cls, brokers: int = 1) -> Self:
        """Ports nobody uses, for a test or a second system beside the first."""
        row = free_ports(len(fields(cls)) - 1 + kafka.PORTS_PER_NODE * brokers)
        return cls(*row[: len(fields(cls))])


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemPlan:
    """What to start.

    `settings` adds environment variables, for one program by its name, for all services by "all".
    `restart` brings back what dies; without it a killed program stays down until `start_one`.
    """

    folder: Path = field(default_factory=state.default_folder)
    ports: Ports = field(default_factory=Ports.from_environment)
    brokers: int = 1
    clock_origin: datetime | None = None
    clock_factor: float = 1.0
    services: Sequence[str] = SERVICES
    simulators: Sequence[str] = SIMULATORS
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    restart: bool = True


class System:
    """The running system. Use it as a context manager, or call `stop`."""

    def __init__(self, plan: SystemPlan, kept: state.State, lock: int) -> None:
        self.plan = plan
        self.state = kept
        self._lock = lock
        self._given = given_servers()
        self._postgres = postgres.place_server(kept.folder, plan.ports.postgres, kept.passwords)
        self._broker = kafka.Broker(kept.folder / "kafka", plan.ports.kafka, kept.brokers, kept.passwords)
        self._keepers: dict[str, Keeper] = {}

    @classmethod
    def start(cls, plan: SystemPlan) -> Self:
        """Start everything and return when every service says it is ready.

        Errors: Missing, in one line, when this machine lacks something; nothing is left running then.
        """
        lock = state.hold(plan.folder)
        wishes = state.Wishes(
            users=(*postgres.LOGINS, postgres.ADMINISTRATOR, *kafka.USERS, kafka.CONTROLLER, *OTHER_SECRETS),
            services=SERVICES,
            brokers=plan.brokers,
            clock_origin=plan.clock_origin,
            clock_factor=plan.clock_factor,
        )
        try:
            system = cls(plan, state.open_state(plan.folder, wishes), lock)
        except BaseException:
            state.release(lock)
            raise
        try:
            system._start_all()
        except BaseException:
            system.stop()
            raise
        return system

    # Who waits for whom: services wait for both servers, so that no consumer meets a broker without topics.

    def _start_all(self) -> None:
        self._claim_ports()
        with ThreadPoolExecutor(max_workers=2) as threads:
            branches = [threads.submit(self._start_databases), threads.submit(self._start_topics)]
            for branch in branches:
                branch.result()
        self.provider_log.parent.mkdir(exist_ok=True)
        programs = [self._simulator(name) for name in self.plan.simulators]
        programs += [self._service(name) for name in self.plan.services]
        for program in programs:
            self._keep(program)
        for program in programs:
            self._keepers[program.name].wait_until_ready(SERVICE_READY_WITHIN_S)

    def _start_databases(self) -> None:
        if not self._given.has_databases:
            postgres.initialise(self._postgres)
            self._keep(postgres.program(self._postgres, self.state.log_path("postgres")))
            self._keepers["postgres"].wait_until_ready(SERVER_READY_WITHIN_S)
            asyncio.run(self._make_databases())
        migrate({service: self.database_url(f"{service}_owner") for service in self.plan.services})

    async def _make_databases(self) -> None:
        await postgres.make_roles(self._postgres)
        for service in SERVICES:
            await postgres.make_database(self._postgres, service, service)

    def _start_topics(self) -> None:
        if not self._given.has_kafka:
            kafka.prepare(self._broker, SystemRandomness())
            self._start_broker()
        admin = connect(self.kafka("admin"))
        create_topics(admin, copies=self._copies())
        if self._given.wants_access_rules:
            apply_access_rules(admin)

    def _start_broker(self) -> None:
        programs = kafka.programs(self._broker, self.state.logs)
        for program in programs:
            self._keep(program)
        for program in programs:
            self._keepers[program.name].wait_until_ready(SERVER_READY_WITHIN_S)

    def _service(self, name: str) -> Program:
        port = getattr(self.plan.ports, name)
        return Program(
            name=name,
            command=(sys.executable, "-m", f"services.{name}.main"),
            environment={**os.environ, **self.service_settings(name)},
            log_path=self.state.log_path(name),
            folder=CHECKOUT,
            stop_within_s=20.0,
            is_ready=partial(answers_http, f"http://127.0.0.1:{port}{READY_PATH}"),
        )

    def service_settings(self, name: str) -> dict[str, str]:
        """Every setting a service is started with; secrets among them."""
        access = self.kafka(name)
        own = {
            "orders": {"ADMIN_PASSWORD": self.state.passwords["orders_administrator"]},
            "routing": {name: os.environ.get(name, off) for name, off in STREET_RULES.items()},
            "notify": {
                "SMS_PROVIDER_URL": self.urls["sms"],
                "SMS_PROVIDER_KEY": self.state.passwords["sms_provider"],
            },
        }
        return {
            "ENVIRONMENT": "demo",
            "ROLE": "all",
            "DATABASE_URL": self.database_url(name),
            "KAFKA_BOOTSTRAP_SERVERS": access.bootstrap,
            "KAFKA_USERNAME": access.username,
            "KAFKA_PASSWORD": access.password,
            "KAFKA_SECURITY_PROTOCOL": access.security_protocol,
            "HTTP_HOST": "127.0.0.1",
            "HTTP_PORT": str(getattr(self.plan.ports, name)),
            **{f"{each.upper()}_URL": self.urls[each] for each in SERVICES},
            "CLOCK_ORIGIN": self.state.clock.origin,
            "CLOCK_ANCHOR": self.state.clock.anchor,
            "CLOCK_FACTOR": str(self.state.clock.factor),
            "KEY_FILE": str(self.state.key_file(name)),
            **own[name],
            **self.plan.settings.get("all", {}),
            **self.plan.settings.get(name, {}),
        }

    def _simulator(self, name: str) -> Program:
        settings = {
            "SMS_SIMULATOR_PORT": str(self.plan.ports.sms),
            "SMS_SIMULATOR_LOG": str(self.provider_log),
            "SMS_PROVIDER_KEY": self.state.passwords["sms_provider"],
        }
        return Program(
            name=name,
            command=(sys.executable, "-m", f"deploy.rehearsal.simulators.{name}"),
            environment={**os.environ, **settings, **self.plan.settings.get(name, {})},
            log_path=self.state.log_path(name),
            folder=CHECKOUT,
            is_ready=partial(answers_http, f"{self.urls[name]}/healthz"),
        )

    # What others ask of a running system.

    @property
    def urls(self) -> dict[str, str]:
        """Where each service and simulator answers, by name."""
        return {name: f"http://127.0.0.1:{getattr(self.plan.ports, name)}" for name in (*SERVICES, *SIMULATORS)}

    @property
    def admin_password(self) -> str:
        """The first administrator's password at orders."""
        return self.state.passwords["orders_administrator"]

    @property
    def provider_log(self) -> Path:
        """The SMS simulator's log of every call, one JSON line each."""
        return self.state.folder / "provider" / "sms.jsonl"

    def database_url(self, login: str, database: str | None = None) -> str:
        """A database's address for a login; a service's login needs no database named, the auditor's does."""
        service = database or login.removesuffix("_owner")
        if self._given.has_databases:
            return self._given.database_url(login, service)
        return self._postgres.url(login, service)

    def kafka(self, user: str) -> KafkaAccess:
        """A user's way into the broker: orders, routing, notify, auditor, admin."""
        if self._given.has_kafka:
            return self._given.kafka(user)
        return KafkaAccess(self._broker.bootstrap, user, self.state.passwords[user])

    @property
    def postgres_data(self) -> Path:
        """Where PostgreSQL's data lies; as root, not in the state folder."""
        return self._postgres.data

    @property
    def names(self) -> list[str]:
        """Every program that the launcher keeps, in the order of their start."""
        return list(self._keepers)

    def pid(self, name: str) -> int | None:
        """A program's process id while it runs."""
        return self._keepers[name].pid

    def log_path(self, name: str) -> Path:
        """A program's output."""
        return self.state.log_path(name)

    def kill(self, name: str) -> int:
        """SIGKILL a program and return the pid it had; it comes back by itself if the plan says restart."""
        return self._keepers[name].kill()

    def stop_one(self, name: str) -> None:
        """Stop one program politely; it stays down until `start_one`."""
        self._keepers[name].stop()

    def start_one(self, name: str) -> None:
        """Start one program again and wait until it is ready."""
        self._keepers[name].start()
        self.wait_until_ready(name)

    def wait_until_ready(self, name: str) -> None:
        """Wait until one program answers.

        Errors: Missing when it does not within a minute.
        """
        self._keepers[name].wait_until_ready(SERVICE_READY_WITHIN_S)

    def wait_until_back(self, name: str, killed_pid: int) -> None:
        """Wait until a killed program runs under another pid and answers.

        Errors: Missing when it does not within a minute.
        """
        self._keepers[name].wait_until_replaced(killed_pid, SERVICE_READY_WITHIN_S)
        self.wait_until_ready(name)

    def wipe_broker(self) -> None:
        """Lose the broker's disk: a new cluster, same users and rules; topics are the relays' to remake."""
        names = [program.name for program in kafka.programs(self._broker, self.state.logs)]
        stop_all([self._keepers[name] for name in names])
        kafka.wipe(self._broker)
        kafka.prepare(self._broker, SystemRandomness())
        self._start_broker()
        apply_access_rules(connect(self.kafka("admin")))

    def stop(self) -> None:
        """Stop everything: services first, so that they can finish, then the servers they stand on."""
        servers = {"postgres", *(name for name in self._keepers if name.startswith("broker"))}
        stop_all([keeper for name, keeper in self._keepers.items() if name not in servers])
        stop_all([keeper for name, keeper in self._keepers.items() if name in servers])
        state.release(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _keep(self, program: Program) -> None:
        keeper = self._keepers.get(program.name) or Keeper(program, restart=self.plan.restart)
        self._keepers[program.name] = keeper
        keeper.start()

    def _copies(self) -> int:
        return self._given.copies if self._given.has_kafka else min(3, self.plan.brokers)

    def _claim_ports(self) -> None:
        ports = self.plan.ports
        wanted = {name: getattr(ports, name) for name in (*self.plan.services, *self.plan.simulators)}
        if not self._given.has_databases:
            wanted["postgres"] = ports.postgres
        if not self._given.has_kafka:
            for node in self._broker.node_ids:
                wanted[f"kafka-{node}"] = self._broker.client_port(node)
                wanted[f"kafka-{node}-controller"] = self._broker.controller_port(node)
        for name, port in wanted.items():
            claim_port(name.partition("-")[0], port)


def forget(folder: Path) -> None:
    """Delete everything a stopped system kept, its databases too, wherever they lie."""
    postgres.forget(postgres.place_server(folder, port=0, passwords={}))
    state.forget(folder)
