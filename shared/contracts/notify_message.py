"""notify.message-events: what became of the messages to a household. Written by notify alone."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from shared.contracts.envelope import Contract
from shared.contracts.topics import MESSAGE_EVENTS


class News(StrEnum):
    """What a message tells a resident."""

    RECEIVED = "received"
    SCHEDULED = "scheduled"
    OUT = "out"
    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"
    CANCELLED = "cancelled"
    CORRECTED = "corrected"


class Fate(StrEnum):
    """How a message ended."""

    ACCEPTED = "accepted"
    UNDELIVERABLE = "undeliverable"
    SUPERSEDED = "superseded"


class MessageFate(Contract):
    """A message about an order was handed over, could not be, or was overtaken by newer news."""

    TOPIC: ClassVar[str] = MESSAGE_EVENTS
    KEY_FIELD: ClassVar[str] = "household_id"
    EVENT_TYPE: ClassVar[str] = "notify.message_fate"

    household_id: str
    message_id: str
    order_id: str
    news: News
    fate: Fate
    channel: str
    reason: str = ""
    at: datetime
