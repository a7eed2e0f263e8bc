"""One audit: gathers all evidence with the auditor's own logins, and gives the verdict."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from deploy.local.kafka.jars import LOCK
from deploy.rehearsal.auditor.databases import Databases
from deploy.rehearsal.auditor.evidence import Evidence, ProviderLine
from deploy.rehearsal.auditor.records import count_records, read_all
from deploy.rehearsal.auditor.verdict import Verdict, judge
from deploy.rehearsal.history import read_history
from deploy.rehearsal.simulators.provider_log import read_log
from deploy.topics.admin import KafkaAccess as Login
from shared.basics.clock import SystemClock
from shared.basics.randomness import SystemRandomness
from shared.contracts.topics import SERVICES
from shared.messaging.kafka import KafkaAccess, KafkaBroker

BULLETIN = ("communities", "zones", "packages", "households", "residents")
BALANCE = ("accepted", "delivered", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Audit:
    """Where the evidence lies."""

    databases: Databases
    kafka: Login
    provider_log: Path
    history: Path

    async def run(self, script: Mapping[str, int] | None, zone: ZoneInfo) -> tuple[Verdict, dict[str, Any]]:
        """Gather and judge; beside the verdict, what was judged: broker and server by version and address."""
        evidence, cluster_id = await self._gather()
        wanted = None if script is None else {name: script[name] for name in (*BULLETIN, *BALANCE)}
        verdict = await asyncio.to_thread(judge, evidence, wanted, zone)
        broker = {"version": _kafka_version(), "address": self.kafka.bootstrap, "cluster_id": cluster_id}
        return verdict, {"broker": broker, "postgres": await self.databases.server()}

    async def _gather(self) -> tuple[Evidence, str]:
        # Kafka first: what comes later stands in a database already, never the other way round.
        login = self.kafka
        access = KafkaAccess(login.bootstrap, login.username, login.password, login.security_protocol)
        broker = KafkaBroker(access)
        try:
            cluster_id = await broker.identity()
            records = await read_all(broker, SystemClock(), SystemRandomness())
        finally:
            await broker.close()
        messaging = {service: await self.databases.messaging(service) for service in SERVICES}
        routing = await self.databases.routing()
        lines = await asyncio.to_thread(read_log, self.provider_log)
        evidence = Evidence(
            history=await asyncio.to_thread(read_history, self.history),
            messaging=messaging,
            orders=await self.databases.orders(),
            stops=routing.stops,
            bags=routing.bags,
            rounds=routing.rounds,
            crews=routing.crews,
            plans=routing.plans,
            ledger=routing.ledger,
            taps=routing.taps,
            waves=routing.waves,
            messages=await self.databases.messages(),
            provider=tuple(
                ProviderLine(place, line.reference, line.to, line.text) for place, line in enumerate(lines)
            ),
            records=count_records(records),
        )
        return evidence, cluster_id


def _kafka_version() -> str:
    """The version of the jars that the launcher starts brokers from."""
    named = (line.split(" ")[0].split(":") for line in LOCK.read_text().splitlines())
    return next(words[2] for words in named if words[1:2] == ["kafka-clients"])
