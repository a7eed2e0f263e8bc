"""orders.staff-events: who works here, with which roles, where. Written by orders alone."""

from datetime import datetime
from typing import ClassVar

from shared.contracts.envelope import Contract
from shared.contracts.sealed_parts import Sealed
from shared.contracts.topics import STAFF_EVENTS


class StaffChanged(Contract):
    """An account as it stands; login, name and password verifier are sealed for each reader."""

    TOPIC: ClassVar[str] = STAFF_EVENTS
    KEY_FIELD: ClassVar[str] = "account_id"
    EVENT_TYPE: ClassVar[str] = "orders.staff_changed"

    account_id: str
    roles: tuple[str, ...]
    communities: tuple[str, ...]
    grids: tuple[str, ...]
    active: bool
    for_routing: Sealed
    for_notify: Sealed


class SessionsRevoked(Contract):
    """Every session of this account opened before this moment has ended."""

    TOPIC: ClassVar[str] = STAFF_EVENTS
    KEY_FIELD: ClassVar[str] = "account_id"
    EVENT_TYPE: ClassVar[str] = "orders.sessions_revoked"

    account_id: str
    before: datetime
