"""Every event we know: (type, version) to class; decoding, and the schemas for readers outside."""

from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError

from shared.contracts.envelope import Contract, Unreadable
from shared.contracts.notify_message import MessageFate
from shared.contracts.orders_estate import BuildingChanged, BuildingRegistered, ZoneChanged
from shared.contracts.orders_household import (
    HouseholdChanged,
    HouseholdRegistered,
    HouseholdRemoved,
    OrderCancelled,
    OrderChanged,
    OrderPlaced,
    OrderRetried,
)
from shared.contracts.orders_staff import SessionsRevoked, StaffChanged
from shared.contracts.routing_delivery import (
    BagReturned,
    BagsLoaded,
    DeliveryCompleted,
    DeliveryCorrected,
    DeliveryFailed,
    DeliveryScheduled,
    DeliveryUnplanned,
    OutForDelivery,
)
from shared.contracts.routing_round import RoundClosed, RoundDropped, RoundReleased, RoundStarted

EVENTS: Final[tuple[type[Contract], ...]] = (
    HouseholdRegistered,
    HouseholdChanged,
    HouseholdRemoved,
    OrderPlaced,
    OrderChanged,
    OrderCancelled,
    OrderRetried,
    BuildingRegistered,
    BuildingChanged,
    ZoneChanged,
    StaffChanged,
    SessionsRevoked,
    DeliveryScheduled,
    DeliveryUnplanned,
    BagsLoaded,
    OutForDelivery,
    DeliveryCompleted,
    DeliveryFailed,
    DeliveryCorrected,
    BagReturned,
    RoundReleased,
    RoundDropped,
    RoundStarted,
    RoundClosed,
    MessageFate,
)

_BY_NAME: Final[Mapping[tuple[str, int], type[Contract]]] = {
    (event.EVENT_TYPE, event.VERSION): event for event in EVENTS
}


def decode(event_type: str, version: int, body: bytes) -> Contract:
    """Read an event's body.

    Errors: Unreadable for an unknown type or version and for a body that does not fit; the message names fields,
            never their values.
    """
    contract = _BY_NAME.get((event_type, version))
    if contract is None:
        raise Unreadable(f"unknown event {event_type} version {version}")
    try:
        return contract.model_validate_json(body)
    except ValidationError as error:
        fields = sorted({".".join(map(str, problem["loc"])) or "body" for problem in error.errors()})
        raise Unreadable(f"{event_type} version {version}: bad {', '.join(fields)}") from None
    except RecursionError:
        raise Unreadable(f"{event_type} version {version}: nested too deep") from None
