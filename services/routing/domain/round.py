"""Owns the life of a round: planned -> released -> started -> closed, and the facts it tells."""

import datetime as dt
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.routing.domain.bag import BagsWereReturned
from services.routing.domain.stop import (
    Stop,
    StopWasMissed,
    StopWasNotPlanned,
    StopWasReopened,
    StopWasScheduled,
    StopWasServed,
)
from services.routing.domain.tap import ShortBag


class RoundState(StrEnum):
    """How far a round is; `dropped` when its doors went elsewhere before anything of it was loaded."""

    PLANNED = "planned"
    RELEASED = "released"
    STARTED = "started"
    CLOSED = "closed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class RoundWasReleased:
    """A round is fixed."""

    round_id: str
    number: str
    wave_id: str
    wave_date: dt.date
    drop_point_id: str
    crew_id: str
    stops: int
    bags: int
    planned_start: datetime
    planned_end: datetime


@dataclass(frozen=True, slots=True)
class RoundWasDropped:
    """A released round is given up before anything of it was loaded; others take its doors, or nobody can."""

    round_id: str
    dropped_at: datetime


@dataclass(frozen=True, slots=True)
class RoundWasStarted:
    """The crew has left the drop point."""

    round_id: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class RoundWasClosed:
    """Every bag has its outcome and the trolley is empty."""

    round_id: str
    closed_at: datetime
    delivered_bags: int
    returned_bags: int


@dataclass(frozen=True, slots=True)
class OrderWasLoaded:
    """An order's bags are on the trolley, or their shortage has a reason."""

    household_id: str
    order_id: str
    round_id: str
    bag_ids: tuple[str, ...]
    short: tuple[ShortBag, ...]


@dataclass(frozen=True, slots=True)
class OrderWentOut:
    """The round with this order has left the drop point."""

    household_id: str
    order_id: str
    round_id: str
    expected_from: datetime
    expected_to: datetime


Fact = (
    RoundWasReleased
    | RoundWasDropped
    | RoundWasStarted
    | RoundWasClosed
    | OrderWasLoaded
    | OrderWentOut
    | StopWasScheduled
    | StopWasNotPlanned
    | StopWasServed
    | StopWasMissed
    | StopWasReopened
    | BagsWereReturned
)


@dataclass(frozen=True, slots=True)
class CrewRound:
    """One trolley load as it stands. A tap at one door needs only that door's stop loaded."""

    round_id: str
    crew_id: str
    state: RoundState
    version: int
    planned_start: datetime
    started_at: datetime | None
    stops: tuple[Stop, ...]
