"""routing.round-events: the life of a round. Written by routing alone."""

from datetime import date, datetime
from typing import ClassVar

from shared.contracts.envelope import Contract
from shared.contracts.topics import ROUND_EVENTS


class _RoundEvent(Contract):
    TOPIC: ClassVar[str] = ROUND_EVENTS
    KEY_FIELD: ClassVar[str] = "round_id"

    round_id: str


class RoundReleased(_RoundEvent):
    """A round is fixed: this crew, from this drop point, so many stops and bags."""

    EVENT_TYPE: ClassVar[str] = "routing.round_released"

    number: str
    wave_id: str
    wave_date: date
    drop_point_id: str
    crew_id: str
    stops: int
    bags: int
    planned_start: datetime
    planned_end: datetime


class RoundDropped(_RoundEvent):
    """A released round is given up before anything of it was loaded."""

    EVENT_TYPE: ClassVar[str] = "routing.round_dropped"

    dropped_at: datetime


class RoundStarted(_RoundEvent):
    """The crew has left the drop point."""

    EVENT_TYPE: ClassVar[str] = "routing.round_started"

    started_at: datetime


class RoundClosed(_RoundEvent):
    """Every stop has its outcome and the trolley is back."""

    EVENT_TYPE: ClassVar[str] = "routing.round_closed"

    closed_at: datetime
    delivered_bags: int
    returned_bags: int
