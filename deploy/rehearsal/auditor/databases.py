"""What the three databases say, read by the auditor's own login, which may select and nothing else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

from deploy.rehearsal.auditor.evidence import (
    BagRow,
    CrewRow,
    LedgerRow,
    MessageRow,
    MessagingBooks,
    OrderRow,
    OutboxRow,
    PlanRow,
    RoundRow,
    StopRow,
)
from deploy.rehearsal.trouble import Trouble

_OUTBOX = """
    SELECT event_id::text, topic, key, sequence, event_type, body ->> 'order_id' AS order_id,
           (body ->> 'attempt')::int AS attempt,
           coalesce((body ->> 'order_complete')::bool, false) AS order_complete,
           saw::text AS saw, sent_at IS NOT NULL AS is_sent
    FROM outbox
"""
_ORDERS = """
    SELECT o.order_id, o.household_id, z.community, z.name AS zone, coalesce(h.residents, 1) AS residents,
           o.wave_date, o.state, o.attempt,
           ARRAY(SELECT bag ->> 'bag_id' FROM jsonb_array_elements(o.bags) AS bag) AS bag_ids
    FROM orders AS o
    JOIN households AS h USING (household_id) JOIN entrances AS e USING (entrance_id)
    JOIN buildings AS b USING (building_id) JOIN compounds AS c USING (compound_id) JOIN zones AS z USING (zone_id)
"""
_STOPS = """
    SELECT s.stop_id, s.order_id, s.state, s.round_id, coalesce(s.position, 0) AS position, s.entrance_id,
           f.drop_point_id, coalesce(b.handling, 'clean') = 'positive' AS is_positive
    FROM stops AS s
    LEFT JOIN entrances AS e USING (entrance_id) LEFT JOIN buildings AS b USING (building_id)
    LEFT JOIN estate_entrances AS f ON f.feature_id = e.feature_id
"""
_ROUNDS = """
    SELECT r.round_id, r.wave_id, r.wave_date, r.crew_id, r.drop_point_id, r.state, r.planned_start, r.planned_end,
           r.is_late,
           ARRAY(SELECT bag_id FROM round_bags WHERE round_bags.round_id = r.round_id) AS bag_ids
    FROM rounds AS r
"""
_CREWS = "SELECT crew_id, cap_g, cap_crates, shift_start, shift_end, drop_point_id FROM crews"
_PLANS = """
    SELECT state, coalesce(crew_s, 0) AS crew_s, coalesce(planned_in_s, 0) AS planned_in_s, stages
    FROM plan_requests
"""
_MESSAGES = """
    SELECT message_id, household_id, order_id, news, attempt, state, superseded_by, reason, telling
    FROM messages
"""
# The login may do no more than select; this says it once more.
_READ_ONLY = {"default_transaction_read_only": "on"}
_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    OSError,
    TimeoutError,
)


class DatabaseAway(Trouble):
    """The server does not answer at this moment; it may have been killed and comes back."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a service has still to do: zero everywhere means that it rests.

    `due` counts messages that notify has not brought to an end; `open_plans` plan requests.
    """

    unsent: int
    waiting: int
    applied: int
    due: int = 0

    @property
    def rests(self) -> bool:
        """Whether nothing is left to send or to wait for."""
        return self.unsent == self.waiting == self.due == 0


@dataclass(frozen=True, slots=True)
class RoutingBooks:
    """Everything of routing's that the verdict needs."""

    stops: tuple[StopRow, ...]
    bags: tuple[BagRow, ...]
    rounds: tuple[RoundRow, ...]
    crews: tuple[CrewRow, ...]
    plans: tuple[PlanRow, ...]
    ledger: tuple[LedgerRow, ...]
    taps: frozenset[str]
    waves: frozenset[str]


class Databases:
    """One read-only connection to each service's database; opened anew when a server was killed meanwhile."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = urls
        self._connections: dict[str, asyncpg.Connection] = {}

    async def close(self) -> None:
        """Close what is open."""
        for connection in self._connections.values():
            await connection.close(timeout=5)
        self._connections.clear()

    async def server(self) -> dict[str, Any]:
        """The server's version and where it listens."""
        version = await self._value("orders", "SHOW server_version")
        address = await self._value("orders", "SELECT host(inet_server_addr()) || ':' || inet_server_port()")
        return {"version": version, "address": address}

    async def logins(self) -> dict[str, list[str]]:
        """Which logins are connected to each database at this moment, the auditor aside."""
        query = """SELECT DISTINCT datname, usename FROM pg_stat_activity
                   WHERE datname = ANY($1::text[]) AND usename <> current_user ORDER BY 1, 2"""
        found: dict[str, list[str]] = {service: [] for service in self._urls}
        for row in await self._rows("orders", query, list(self._urls)):
            found[row["datname"]].append(row["usename"])
        return found

    async def backlog(self, service: str) -> Backlog:
        """What this service has still to do."""
        query = """SELECT (SELECT count(*) FROM outbox WHERE sent_at IS NULL) AS unsent,
                          (SELECT count(*) FROM waiting) AS waiting, (SELECT count(*) FROM inbox) AS applied"""
        row = (await self._rows(service, query))[0]
        due = 0
        if service == "notify":
            due = await self._value(
                service, "SELECT count(*) FROM messages WHERE state IN ('due', 'leased', 'unknown')"
            )
        return Backlog(row["unsent"], row["waiting"], row["applied"], due)

    async def event_count(self, service: str) -> dict[str, int]:
        """How many events this service has written, by topic."""
        rows = await self._rows(service, "SELECT topic, count(*) AS n FROM outbox GROUP BY topic")
        return {row["topic"]: row["n"] for row in rows}

    async def applied_count(self, service: str) -> dict[str, int]:
        """How many events this service has applied, by topic."""
        rows = await self._rows(service, "SELECT topic, count(*) AS n FROM inbox GROUP BY topic")
        return {row["topic"]: row["n"] for row in rows}

    async def parked_bytes(self) -> list[bytes]:
        """Everything that waits or is parked anywhere: headers, bodies and reasons."""
        query = """SELECT headers::text AS headers, body, reason FROM parked
                   UNION ALL SELECT headers::text, body, reason FROM waiting"""
        rows = [row for service in self._urls for row in await self._rows(service, query)]
        return [part for row in rows for part in (row["headers"].encode(), row["body"], row["reason"].encode())]

    async def open_orders(self) -> int:
        """Accepted orders that have not ended yet."""
        query = "SELECT count(*) FROM orders WHERE state NOT IN ('delivered', 'returned', 'cancelled')"
        return int(await self._value("orders", query))

    async def messaging(self, service: str) -> MessagingBooks:
        """What this service wrote, applied, keeps waiting and has parked."""
        rows = await self._rows(service, _OUTBOX)
        applied = await self._rows(service, "SELECT event_id::text FROM inbox")
        parked = await self._rows(service, "SELECT topic, reason FROM parked")
        return MessagingBooks(
            outbox=tuple(OutboxRow(**{**row, "saw": json.loads(row["saw"])}) for row in rows),
            applied=frozenset(row["event_id"] for row in applied),
            waiting=await self._value(service, "SELECT count(*) FROM waiting"),
            parked=tuple(f"{row['topic']}: {row['reason']}" for row in parked),
        )

    async def orders(self) -> tuple[OrderRow, ...]:
        """Every order with its household's place."""
        rows = await self._rows("orders", _ORDERS)
        return tuple(OrderRow(**{**row, "bag_ids": tuple(row["bag_ids"])}) for row in rows)

    async def routing(self) -> RoutingBooks:
        """Everything of routing's."""
        bags = "SELECT bag_id, order_id, grams, crates, place FROM bags"
        ledger = "SELECT here, there, count(*) AS count FROM bag_moves GROUP BY here, there"
        return RoutingBooks(
            stops=tuple(StopRow(**row) for row in await self._rows("routing", _STOPS)),
            bags=tuple(BagRow(**row) for row in await self._rows("routing", bags)),
            rounds=tuple(
                RoundRow(**{**row, "bag_ids": tuple(row["bag_ids"])})
                for row in await self._rows("routing", _ROUNDS)
            ),
            crews=tuple(CrewRow(**row) for row in await self._rows("routing", _CREWS)),
            plans=tuple(
                PlanRow(**{**row, "stages": tuple(row["stages"])}) for row in await self._rows("routing", _PLANS)
            ),
            ledger=tuple(LedgerRow(**row) for row in await self._rows("routing", ledger)),
            taps=frozenset(row["tap_id"] for row in await self._rows("routing", "SELECT tap_id FROM taps")),
            waves=frozenset(row["wave_id"] for row in await self._rows("routing", "SELECT wave_id FROM waves")),
        )

    async def messages(self) -> tuple[MessageRow, ...]:
        """Every message of notify's."""
        return tuple(MessageRow(**row) for row in await self._rows("notify", _MESSAGES))

    async def _value(self, service: str, query: str, *arguments: Any) -> Any:
        return next(iter((await self._rows(service, query, *arguments))[0].values()))

    async def _rows(self, service: str, query: str, *arguments: Any) -> list[dict[str, Any]]:
        connection = self._connections.get(service)
        if connection is None or connection.is_closed():
            connection = await self._connect(service)
        try:
            rows = await connection.fetch(query, *arguments)
        except _AWAY as error:
            connection.terminate()
            raise DatabaseAway(type(error).__name__) from error
        return [dict(row) for row in rows]

    async def _connect(self, service: str) -> asyncpg.Connection:
        url = self._urls[service].replace("+asyncpg", "")
        try:
            connection = await asyncpg.connect(url, timeout=10, server_settings=_READ_ONLY)
        except _AWAY as error:
            raise DatabaseAway(type(error).__name__) from error
        self._connections[service] = connection
        return connection
