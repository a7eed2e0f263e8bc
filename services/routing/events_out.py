"""Turns routing's facts into events of its topics and leaves them in the outbox."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.routing.domain import bag, round, stop  # noqa: A004  (a round is a round)
from services.routing.domain.round import Fact
from shared.contracts import routing_delivery, routing_round
from shared.contracts.envelope import Contract
from shared.database.session import Transaction
from shared.messaging import outbox


async def publish_all(tx: Transaction, facts: Sequence[Fact], at: datetime) -> None:
    """Tell the other services; events leave once the transaction has committed, streams in their order."""
    await outbox.append_all(tx, [to_event(fact) for fact in facts], at=at)


def to_event(fact: Fact) -> Contract:
    """The event that tells a fact. Errors: KeyError for a fact nobody tells."""
    return EVENTS[type(fact)](**asdict(fact))


# Facts and events are worded alike on purpose; a field that one of them lacks fails the test of this table.
EVENTS: Mapping[type[Any], type[Contract]] = {
    round.RoundWasReleased: routing_round.RoundReleased,
    round.RoundWasDropped: routing_round.RoundDropped,
    round.RoundWasStarted: routing_round.RoundStarted,
    round.RoundWasClosed: routing_round.RoundClosed,
    round.OrderWasLoaded: routing_delivery.BagsLoaded,
    round.OrderWentOut: routing_delivery.OutForDelivery,
    stop.StopWasScheduled: routing_delivery.DeliveryScheduled,
    stop.StopWasNotPlanned: routing_delivery.DeliveryUnplanned,
    stop.StopWasServed: routing_delivery.DeliveryCompleted,
    stop.StopWasMissed: routing_delivery.DeliveryFailed,
    stop.StopWasReopened: routing_delivery.DeliveryCorrected,
    bag.BagsWereReturned: routing_delivery.BagReturned,
}
