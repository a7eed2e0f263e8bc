"""Events and records for the messaging suites: real contracts, made-up contents."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from shared.contracts.envelope import Contract, Envelope
from shared.contracts.orders_household import HouseholdRemoved, OrderCancelled
from shared.contracts.routing_delivery import DeliveryUnplanned
from shared.messaging.arrival import Arrival, read_arrival
from shared.messaging.broker import IncomingRecord, Place

AT = datetime(2022, 3, 4, 2, 0, tzinfo=UTC)


def cancelled(household: str, order: str) -> OrderCancelled:
    return OrderCancelled(household_id=household, order_id=order, reason="asked")


def removed(household: str) -> HouseholdRemoved:
    return HouseholdRemoved(household_id=household)


def unplanned(household: str, order: str) -> DeliveryUnplanned:
    return DeliveryUnplanned(household_id=household, order_id=order, wave_id="w", reason="no_crew")


def record(
    event: Contract,
    sequence: int,
    *,
    saw: dict[str, int] | None = None,
    event_id: str | None = None,
    version: int | None = None,
    body: bytes | None = None,
    offset: int | None = None,
) -> IncomingRecord:
    envelope = Envelope(
        event_id=event_id or str(uuid.uuid5(uuid.NAMESPACE_OID, f"{event.TOPIC}/{event.stream_key}/{sequence}")),
        source="test",
        event_type=event.EVENT_TYPE,
        version=version or event.VERSION,
        sequence=sequence,
        occurred_at=AT,
        saw=saw or {},
        correlation_id="corr-0001",
    )
    return IncomingRecord(
        place=Place(event.TOPIC, 0),
        offset=sequence - 1 if offset is None else offset,
        key=event.stream_key.encode(),
        body=event.model_dump_json().encode() if body is None else body,
        headers=envelope.to_headers(),
        timestamp_s=AT.timestamp(),
    )


def arrivals(records: Sequence[IncomingRecord]) -> list[Arrival]:
    return [read_arrival(one) for one in records]
