"""Every topic: who alone writes it, what keys it, who reads it, how long it is kept."""

from dataclasses import dataclass
from typing import Final

ORDERS: Final = "orders"
ROUTING: Final = "routing"
NOTIFY: Final = "notify"
SERVICES: Final = (ORDERS, ROUTING, NOTIFY)


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of the log between the services."""

    name: str
    writer: str
    key: str
    readers: tuple[str, ...]
    partitions: int = 6
    # Readers keep what they need; the topic is a wake-up, PostgreSQL the record (design 3 and 4).
    retention_hours: int = 72


HOUSEHOLD_EVENTS: Final = "orders.household-events"
ESTATE_EVENTS: Final = "orders.estate-events"
STAFF_EVENTS: Final = "orders.staff-events"
DELIVERY_EVENTS: Final = "routing.delivery-events"
ROUND_EVENTS: Final = "routing.round-events"
MESSAGE_EVENTS: Final = "notify.message-events"

TOPICS: Final = (
    Topic(HOUSEHOLD_EVENTS, ORDERS, "household", readers=(ROUTING, NOTIFY)),
    Topic(ESTATE_EVENTS, ORDERS, "building or zone", readers=(ROUTING, NOTIFY), partitions=3),
    Topic(STAFF_EVENTS, ORDERS, "account", readers=(ROUTING, NOTIFY), partitions=1),
    Topic(DELIVERY_EVENTS, ROUTING, "household", readers=(ORDERS, NOTIFY)),
    # Nobody follows rounds yet; the board is routing's own. The auditor counts them.
    Topic(ROUND_EVENTS, ROUTING, "round", readers=(), partitions=3),
    Topic(MESSAGE_EVENTS, NOTIFY, "household", readers=(ORDERS,)),
)

# Streams of one household in several topics: between these an event says what its writer had `seen`.
HOUSEHOLD_TOPICS: Final = tuple(topic.name for topic in TOPICS if topic.key == "household")


def topics_written_by(service: str) -> tuple[Topic, ...]:
    """The topics this service alone writes."""
    return tuple(topic for topic in TOPICS if topic.writer == service)


def topics_read_by(service: str) -> tuple[Topic, ...]:
    """The topics this service reads."""
    return tuple(topic for topic in TOPICS if service in topic.readers)
