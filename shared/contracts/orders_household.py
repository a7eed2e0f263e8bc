"""orders.household-events: who lives behind a door and what they asked for. Written by orders alone."""

from datetime import date, datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.envelope import Contract
from shared.contracts.sealed_parts import Sealed
from shared.contracts.topics import HOUSEHOLD_EVENTS


class _HouseholdEvent(Contract):
    TOPIC: ClassVar[str] = HOUSEHOLD_EVENTS
    KEY_FIELD: ClassVar[str] = "household_id"

    household_id: str


class _HouseholdAsItStands(_HouseholdEvent):
    building_id: str
    entrance_id: str
    floor: int | None
    language: str
    for_routing: Sealed
    for_notify: Sealed


class HouseholdRegistered(_HouseholdAsItStands):
    """A household is known behind a door."""

    EVENT_TYPE: ClassVar[str] = "orders.household_registered"


class HouseholdChanged(_HouseholdAsItStands):
    """A household's facts are other than before; the event carries all of them."""

    EVENT_TYPE: ClassVar[str] = "orders.household_changed"


class HouseholdRemoved(_HouseholdEvent):
    """A household is to be forgotten: readers destroy its key, contacts and unsent messages."""

    EVENT_TYPE: ClassVar[str] = "orders.household_removed"


class ItemName(BaseModel):
    """An item's name in one language."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    language: str
    text: str


class ItemLine(BaseModel):
    """So many of one item."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str
    quantity: int = Field(ge=1)
    names: tuple[ItemName, ...]


class BagContent(BaseModel):
    """One bag of an order: one thing to carry, to scan and to count."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    bag_id: str
    grams: int = Field(ge=1)
    crates: int = Field(ge=0)
    cold: bool
    items: tuple[ItemLine, ...]


class _OrderAsItStands(_HouseholdEvent):
    order_id: str
    number: str
    building_id: str
    entrance_id: str
    floor: int | None
    language: str
    priority: int = Field(ge=0)
    wave_date: date
    due_at: datetime | None
    bags: tuple[BagContent, ...] = Field(min_length=1)
    for_routing: Sealed
    for_notify: Sealed


class OrderPlaced(_OrderAsItStands):
    """A household is to get these bags."""

    EVENT_TYPE: ClassVar[str] = "orders.order_placed"


class OrderChanged(_OrderAsItStands):
    """An order's bags or date are other than before; the event carries the whole order."""

    EVENT_TYPE: ClassVar[str] = "orders.order_changed"


class OrderCancelled(_HouseholdEvent):
    """Nobody need bring this order any more."""

    EVENT_TYPE: ClassVar[str] = "orders.order_cancelled"

    order_id: str
    reason: str


class OrderRetried(_HouseholdEvent):
    """An order that failed at the door is to be brought again: these bags, on this date."""

    EVENT_TYPE: ClassVar[str] = "orders.order_retried"

    order_id: str
    attempt: int = Field(ge=2)
    wave_date: date
    due_at: datetime | None
    bag_ids: tuple[str, ...] = Field(min_length=1)
