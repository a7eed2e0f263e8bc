"""An order as its household sees it: how far it has come, when, and what is in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.notify.domain.contact import Language


@dataclass(frozen=True, slots=True)
class Item:
    """So many of one thing, named in each language we have."""

    quantity: int
    names: Mapping[str, str]

    def name_in(self, language: Language) -> str:
        """Its name in this language, else in whatever language there is."""
        wanted = "zh" if language is Language.CHINESE else "en"
        for tag, name in self.names.items():
            if tag.lower().startswith(wanted):
                return name
        return next(iter(self.names.values()), "")


@dataclass(frozen=True, slots=True)
class Window:
    """When an order should come: a range, never a point."""

    begin: datetime
    end: datetime


class Step(StrEnum):
    """The steps of an order that its household follows."""

    RECEIVED = "received"
    SCHEDULED = "scheduled"
    OUT = "out"
    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"
    CANCELLED = "cancelled"


PATH = (Step.RECEIVED, Step.SCHEDULED, Step.OUT, Step.DELIVERED)


@dataclass(frozen=True, slots=True)
class FollowedOrder:
    """One order of a household.

    `attempt` counts how often it is brought. `telling` counts how often its story was begun within them: a retry,
    another date or window than the one told, or a tap taken back at the door begin it anew. `known_rank` is how
    far the household knows it to be in this telling.
    """

    order_id: str
    household_id: str
    number: str
    attempt: int
    telling: int
    known_rank: int
    wave_date: date
    window: Window | None
    items: tuple[Item, ...]
    placed_at: datetime
    scheduled_at: datetime | None
    out_at: datetime | None
    delivered_at: datetime | None
    failed_at: datetime | None
    failed_reason: str
    cancelled_at: datetime | None
    changed_at: datetime

    def step(self) -> Step:
        """How far it is now. What lies at the door is delivered, whatever was said before."""
        if self.delivered_at is not None:
            return Step.DELIVERED
        if self.cancelled_at is not None:
            return Step.CANCELLED
        if self.failed_at is not None:
            return Step.NOT_DELIVERED
        if self.out_at is not None:
            return Step.OUT
        return Step.SCHEDULED if self.scheduled_at is not None else Step.RECEIVED

    def time_of(self, step: Step) -> datetime | None:
        """When it came this far in this telling, if it has."""
        return {
            Step.RECEIVED: self.placed_at,
            Step.SCHEDULED: self.scheduled_at,
            Step.OUT: self.out_at,
            Step.DELIVERED: self.delivered_at,
            Step.NOT_DELIVERED: self.failed_at,
            Step.CANCELLED: self.cancelled_at,
        }[step]

    def ended_at(self) -> datetime | None:
        """When nothing more was to come, if so; a failed order may still be brought again."""
        return self.delivered_at or self.cancelled_at


@dataclass(frozen=True, slots=True)
class OrderWasPlaced:
    """A household is to get these items."""

    order_id: str
    household_id: str
    building_id: str
    number: str
    wave_date: date
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class OrderWasAmended:
    """An order's items or date are other than before."""

    order_id: str
    household_id: str
    wave_date: date
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class OrderWasRetried:
    """An order that failed is to be brought again."""

    order_id: str
    household_id: str
    wave_date: date


@dataclass(frozen=True, slots=True)
class OrderWasCancelled:
    """Nobody brings this order any more."""

    order_id: str
    household_id: str


OrderFact = OrderWasPlaced | OrderWasAmended | OrderWasRetried | OrderWasCancelled


@dataclass(frozen=True, slots=True)
class DeliveryWasScheduled:
    """An order is on a released round."""

    order_id: str
    household_id: str
    wave_date: date
    window: Window


@dataclass(frozen=True, slots=True)
class DeliveryWasPutOff:
    """No round takes an order any more, or none ever did; a time that was told does not hold."""

    order_id: str
    household_id: str


@dataclass(frozen=True, slots=True)
class DeliveryWentOut:
    """The round with this order has left."""

    order_id: str
    household_id: str
    window: Window


@dataclass(frozen=True, slots=True)
class DeliveryWasCompleted:
    """Bags are at the door. `taken_at` is when the server took the crew's tap."""

    order_id: str
    household_id: str
    order_complete: bool
    delivered_at: datetime
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryHasFailed:
    """Bags did not stay at the door."""

    order_id: str
    household_id: str
    reason: str
    failed_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryWasCorrected:
    """A crew took back what it had said about this door."""

    order_id: str
    household_id: str


DeliveryFact = (
    DeliveryWasScheduled
    | DeliveryWasPutOff
    | DeliveryWentOut
    | DeliveryWasCompleted
    | DeliveryHasFailed
    | DeliveryWasCorrected
)
