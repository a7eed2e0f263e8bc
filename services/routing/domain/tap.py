"""Owns what a crew's phone may say, and the answer it gets: accepted, in conflict, or rejected."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from services.routing.domain.bag import MissReason
from shared.basics.errors import Refused


class TapType(StrEnum):
    """What a crew can say."""

    ROUND_LOADED = "round_loaded"
    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"
    UNDO = "undo"
    RETURNED = "returned"
    ROUND_CLOSED = "round_closed"


# Taps that speak of one door; the others speak of the whole round.
DOOR_TAPS: Final = frozenset({TapType.DELIVERED, TapType.NOT_DELIVERED, TapType.UNDO})


class Verdict(StrEnum):
    """What became of a tap.

    A conflict is kept as a fact and somebody looks at it; only a rejected tap is not kept, so it may come again.
    """

    ACCEPTED = "accepted"
    CONFLICT = "conflict"
    REJECTED = "rejected"


class TaskKind(StrEnum):
    """What a dispatcher has to look at because facts went against the plan."""

    DELIVERED_AFTER_CANCEL = "delivered_after_cancel"
    CHANGED_AFTER_LOADING = "changed_after_loading"
    ALREADY_DELIVERED = "already_delivered"
    BAG_NOT_ON_CART = "bag_not_on_cart"
    TAP_AFTER_CLOSE = "tap_after_close"


@dataclass(frozen=True, slots=True)
class ShortBag:
    """A bag that is not on the trolley, and why."""

    bag_id: str
    reason: MissReason


@dataclass(frozen=True, slots=True)
class Tap:
    """One thing a crew said. `at` is the phone's time, `offset_ms` what to add to it to get the server's.

    No `bag_ids` means all bags of the stop that have no outcome yet.
    """

    tap_id: str
    device_id: str
    seq: int
    round_id: str
    round_version: int
    stop_id: str | None
    type: TapType
    at: datetime
    offset_ms: int
    body_hash: bytes
    bag_ids: tuple[str, ...] | None = None
    reason: MissReason | None = None
    short: tuple[ShortBag, ...] = ()
    target_tap_id: str | None = None

    def happened_at(self, earliest: datetime, taken_at: datetime) -> datetime:
        """When it happened by the phone's corrected clock; the server's time where that cannot be true."""
        happened = self.at + timedelta(milliseconds=self.offset_ms)
        return happened if earliest <= happened <= taken_at else taken_at


@dataclass(frozen=True, slots=True)
class Said:
    """The words of a tap, without who says it and when."""

    type: TapType
    bag_ids: tuple[str, ...] | None = None
    reason: MissReason | None = None
    short: tuple[ShortBag, ...] = ()
    target_tap_id: str | None = None


@dataclass(frozen=True, slots=True)
class FormTap:
    """What a page without script knows of a tap: the form's own key, who says it, of which round."""

    tap_id: str
    crew_id: str
    round_id: str
    stop_id: str | None = None

    def tap(self, said: Said, at: datetime) -> Tap:
        """The tap this form stands for; said at the server's time."""
        return Tap(
            tap_id=self.tap_id,
            device_id="form",
            seq=0,
            round_id=self.round_id,
            round_version=0,
            stop_id=self.stop_id,
            type=said.type,
            at=at,
            offset_ms=0,
            body_hash=sha256(repr((self.round_id, self.stop_id, said)).encode()).digest(),
            bag_ids=said.bag_ids,
            reason=said.reason,
            short=said.short,
            target_tap_id=said.target_tap_id,
        )


@dataclass(frozen=True, slots=True)
class TapOutcome:
    """What the phone is told about its tap."""

    verdict: Verdict
    code: str = ""
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """Something a dispatcher has to look at."""

    kind: TaskKind
    order_id: str
    stop_id: str


class TapIdReused(Refused):
    """The same tap id came with another body: a phone's fault or worse; nothing was changed."""

    def __init__(self, tap_id: str) -> None:
        super().__init__("id_reused", event_id=tap_id)
