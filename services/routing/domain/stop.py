"""Owns one order's turn at one door: waiting -> planned -> released -> closed, and what is told about it."""

import datetime as dt
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.routing.domain.bag import Bag, BagOutcome, MissReason

WINDOW_STEP_MINUTES: Final = 5
# Residents are promised the planned minute less a quarter of an hour, plus half an hour: crews run late more often
# than early, and a door that was told too early a time is told wrong for longer.
WINDOW_BEFORE: Final = timedelta(minutes=15)
WINDOW_AFTER: Final = timedelta(minutes=30)


class StopState(StrEnum):
    """How far an order's turn at a door is."""

    WAITING = "waiting"
    PLANNED = "planned"
    RELEASED = "released"
    OUT = "out"
    CLOSED = "closed"
    CANCELLED = "cancelled"


# Until the goods are on the trolley a plan may still change; after it only what happens at the door counts.
BEFORE_LOADING: Final = frozenset({StopState.WAITING, StopState.PLANNED, StopState.RELEASED})


@dataclass(frozen=True, slots=True)
class Stop:
    """One order's turn at one door on one round.

    `rest_is_delivered`: every other bag of the order is at the door already.
    """

    stop_id: str
    order_id: str
    household_id: str
    position: int
    state: StopState
    is_cancelled: bool
    planned_at: datetime
    bags: tuple[Bag, ...]
    rest_is_delivered: bool = True

    @property
    def open_bags(self) -> tuple[Bag, ...]:
        """Bags of which nobody has said yet what became of them."""
        return tuple(bag for bag in self.bags if bag.outcome is None)

    @property
    def is_order_complete(self) -> bool:
        """Whether every bag of the order is at the door."""
        return self.rest_is_delivered and all(bag.outcome is BagOutcome.DELIVERED for bag in self.bags)


@dataclass(frozen=True, slots=True)
class StopWasScheduled:
    """A stop is on a released round."""

    household_id: str
    order_id: str
    wave_id: str
    wave_date: dt.date
    round_id: str
    stop_id: str
    window_from: datetime
    window_to: datetime


@dataclass(frozen=True, slots=True)
class StopWasNotPlanned:
    """No round of the wave takes the order."""

    household_id: str
    order_id: str
    wave_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class StopWasServed:
    """These bags are at the door."""

    household_id: str
    order_id: str
    round_id: str
    stop_id: str
    bag_ids: tuple[str, ...]
    order_complete: bool
    delivered_at: datetime
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class StopWasMissed:
    """These bags did not stay at the door."""

    household_id: str
    order_id: str
    round_id: str
    stop_id: str
    bag_ids: tuple[str, ...]
    reason: MissReason
    failed_at: datetime
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class StopWasReopened:
    """The crew took back what it had said about this stop."""

    household_id: str
    order_id: str
    round_id: str
    stop_id: str
    corrected_at: datetime


def window_around(planned_at: datetime) -> tuple[datetime, datetime]:
    """The time a resident is told: from a quarter of an hour before the plan to half an hour after it.

    Units: both ends on full five minutes, the first rounded down, the last rounded up.
    """
    return _step_down(planned_at - WINDOW_BEFORE), _step_up(planned_at + WINDOW_AFTER)


def window_to_tell(planned_at: datetime, told: tuple[datetime, datetime] | None) -> tuple[datetime, datetime]:
    """The window a household knows as long as the plan keeps to it, else a new one around the plan."""
    if told is not None and told[0] <= planned_at <= told[1]:
        return told
    return window_around(planned_at)


def _step_down(moment: datetime) -> datetime:
    spare = timedelta(
        minutes=moment.minute % WINDOW_STEP_MINUTES, seconds=moment.second, microseconds=moment.microsecond
    )
    return moment - spare


def _step_up(moment: datetime) -> datetime:
    lower = _step_down(moment)
    return lower if lower == moment else lower + timedelta(minutes=WINDOW_STEP_MINUTES)
