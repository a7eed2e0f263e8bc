"""routing.delivery-events: what became of a household's bags. Written by routing alone."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.envelope import Contract
from shared.contracts.topics import DELIVERY_EVENTS


class FailureReason(StrEnum):
    """Why bags did not stay at a door."""

    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    SHORT = "short"
    DAMAGED = "damaged"
    NO_ACCESS = "no_access"
    CANCELLED = "cancelled"


class _DeliveryEvent(Contract):
    TOPIC: ClassVar[str] = DELIVERY_EVENTS
    KEY_FIELD: ClassVar[str] = "household_id"

    household_id: str
    order_id: str


class DeliveryScheduled(_DeliveryEvent):
    """An order is on a released round; it should come in this window."""

    EVENT_TYPE: ClassVar[str] = "routing.delivery_scheduled"

    wave_id: str
    wave_date: date
    round_id: str
    stop_id: str
    window_from: datetime
    window_to: datetime


class DeliveryUnplanned(_DeliveryEvent):
    """No round of this wave takes the order, for this reason."""

    EVENT_TYPE: ClassVar[str] = "routing.delivery_unplanned"

    wave_id: str
    reason: str


class ShortBag(BaseModel):
    """A bag that is not on the trolley, and why."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    bag_id: str
    reason: FailureReason


class BagsLoaded(_DeliveryEvent):
    """The order's bags are on the trolley, or their shortage has a reason."""

    EVENT_TYPE: ClassVar[str] = "routing.bags_loaded"

    round_id: str
    bag_ids: tuple[str, ...]
    short: tuple[ShortBag, ...] = ()


class OutForDelivery(_DeliveryEvent):
    """The round with this order has left the drop point."""

    EVENT_TYPE: ClassVar[str] = "routing.out_for_delivery"

    round_id: str
    expected_from: datetime
    expected_to: datetime


class DeliveryCompleted(_DeliveryEvent):
    """These bags are at the door. `taken_at` is when the server took the crew's tap."""

    EVENT_TYPE: ClassVar[str] = "routing.delivery_completed"

    round_id: str
    stop_id: str
    bag_ids: tuple[str, ...] = Field(min_length=1)
    order_complete: bool
    delivered_at: datetime
    taken_at: datetime


class DeliveryFailed(_DeliveryEvent):
    """These bags did not stay at the door, for this reason."""

    EVENT_TYPE: ClassVar[str] = "routing.delivery_failed"

    round_id: str
    stop_id: str
    bag_ids: tuple[str, ...] = Field(min_length=1)
    reason: FailureReason
    failed_at: datetime
    taken_at: datetime


class DeliveryCorrected(_DeliveryEvent):
    """A crew took back what it had said about this stop; the stop is open again."""

    EVENT_TYPE: ClassVar[str] = "routing.delivery_corrected"

    round_id: str
    stop_id: str
    corrected_at: datetime


class BagReturned(_DeliveryEvent):
    """These bags are back at the drop point."""

    EVENT_TYPE: ClassVar[str] = "routing.bag_returned"

    round_id: str
    bag_ids: tuple[str, ...] = Field(min_length=1)
    returned_at: datetime
