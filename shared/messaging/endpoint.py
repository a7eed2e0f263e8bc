"""One service's end of the log: what comes in, what goes out, and what got stuck."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.basics.errors import NotFound, Refused
from shared.contracts.envelope import Contract
from shared.contracts.topics import topics_read_by
from shared.database.session import Transaction, transaction
from shared.messaging import outbox, parked
from shared.messaging.arrival import arrival_from_row
from shared.messaging.broker import Broker
from shared.messaging.consumer import Consumer, ConsumerParts
from shared.messaging.inbox import CannotApply, Handler, Inbox
from shared.messaging.relay import Relay, RelayParts
from shared.messaging.upkeep import keep_up
from shared.observability.health import Heartbeats

Loop = Callable[[asyncio.Event], Awaitable[None]]
ReadinessCheck = Callable[[], Awaitable[None]]

_PROBE = text("SELECT 1")


@dataclass(frozen=True, slots=True)
class EndpointParts:
    """What an endpoint is made from."""

    service: str
    engine: AsyncEngine
    broker: Broker
    handlers: Mapping[type[Contract], Handler]
    heartbeats: Heartbeats


class Endpoint:
    """Relay, consumer and parked events of one service."""

    def __init__(self, parts: EndpointParts) -> None:
        self._parts = parts
        topics = [topic.name for topic in topics_read_by(parts.service)]
        self.inbox = Inbox(topics, parts.handlers)
        self.relay = Relay(RelayParts(parts.service, parts.engine, parts.broker))
        self.consumer = Consumer(
            ConsumerParts(
                service=parts.service,
                engine=parts.engine,
                broker=parts.broker,
                inbox=self.inbox,
                topics=topics,
                beat=lambda: parts.heartbeats.beat("consumer"),
            )
        )

    def loops(self) -> dict[str, Loop]:
        """The background loops this endpoint needs, by name."""
        return {
            "relay": self.relay.run,
            "consumer": self.consumer.run,
            "upkeep": lambda stop: keep_up(self._parts.engine, stop),
        }

    def readiness(self) -> dict[str, ReadinessCheck]:
        """Whether the database answers; a broker that is away is no reason to turn people away."""
        return {"database": self._database_answers}

    async def list_parked(self) -> list[parked.ParkedEvent]:
        """Every event that could not be applied, with its reason and what it holds back."""
        async with transaction(self._parts.engine) as tx:
            return await parked.list_parked(tx)

    async def replay(self, event_id: str) -> None:
        """Try a parked event once more; once it passes, all it held back follows in the same transaction.

        A second time: NotFound, since it is no longer parked.
        Errors: NotFound; Refused(code=still_cannot_apply, reason) when it fails again, and stays parked.
        """
        try:
            async with transaction(self._parts.engine) as tx:
                row = await parked.load_for_replay(tx, event_id)
                if row is None:
                    raise NotFound("parked_event_unknown")
                await self.inbox.apply_run(tx, [arrival_from_row(row)])
                await parked.forget(tx, event_id)
        except CannotApply as failure:
            raise Refused("still_cannot_apply", reason=parked.reason_of(failure.__cause__)) from failure

    async def _database_answers(self) -> None:
        async with transaction(self._parts.engine) as tx:
            await tx.scalar(_PROBE)


async def blank_sealed_parts(tx: Transaction, key: str) -> None:
    """Empty every sealed part this service still keeps under a key: outbox, parked and waiting events."""
    await outbox.blank_sealed_parts(tx, key)
    await parked.blank_sealed_parts(tx, key)
