"""What the auditor found, in plain rows: nothing here judges, nothing here asks a service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from deploy.rehearsal.history import Line


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One event as its writer keeps it. `attempt`, `bag_ids`, `order_complete` stand where the event has them."""

    event_id: str
    topic: str
    key: str
    sequence: int
    event_type: str
    order_id: str | None
    attempt: int | None
    order_complete: bool
    saw: Mapping[str, int]
    is_sent: bool


@dataclass(frozen=True, slots=True)
class MessagingBooks:
    """One service's end of the log: what it wrote, what it applied, what it could not take."""

    outbox: tuple[OutboxRow, ...] = ()
    applied: frozenset[str] = frozenset()
    waiting: int = 0
    parked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order as orders keeps it, and where its household lives. Units: `residents` people."""

    order_id: str
    household_id: str
    community: str
    zone: str
    residents: int
    wave_date: date
    state: str
    attempt: int
    bag_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StopRow:
    """One turn of an order at a door, as routing keeps it."""

    stop_id: str
    order_id: str
    state: str
    round_id: str | None
    position: int
    entrance_id: str
    drop_point_id: str | None
    is_positive: bool


@dataclass(frozen=True, slots=True)
class BagRow:
    """One bag as routing keeps it, and the loads it was part of. Units: grams, crates."""

    bag_id: str
    order_id: str
    grams: int
    crates: int
    place: str


@dataclass(frozen=True, slots=True)
class RoundRow:
    """One round as routing keeps it; `bag_ids` is what was planned onto it.

    `is_late`: planned when its shift had begun already, so the crew keeps the shift's length and not its end.
    """

    round_id: str
    wave_id: str
    wave_date: date
    crew_id: str
    drop_point_id: str
    state: str
    planned_start: datetime
    planned_end: datetime
    is_late: bool
    bag_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CrewRow:
    """What a crew can carry, and when it works, in local time. Units: grams, crates."""

    crew_id: str
    cap_g: int
    cap_crates: int
    shift_start: time
    shift_end: time
    drop_point_id: str


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One plan request's result. Units: seconds of crews, seconds of search."""

    state: str
    crew_s: int
    planned_in_s: float
    stages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """How many bags the ledger moved from one place to another."""

    here: str
    there: str
    count: int


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message as notify keeps it; `telling` counts how often the order's story was begun anew."""

    message_id: str
    household_id: str
    order_id: str
    news: str
    attempt: int
    state: str
    superseded_by: str | None
    reason: str
    telling: int = 1


@dataclass(frozen=True, slots=True)
class ProviderLine:
    """One message as the provider took it; `place` counts its lines from 0."""

    place: int
    reference: str
    to: str
    text: str


@dataclass(frozen=True, slots=True)
class TopicRecords:
    """What one topic holds: every event id with how often it stands there; `unreadable` has no id."""

    ids: Mapping[str, int] = field(default_factory=dict)
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that the verdict is made of."""

    history: Sequence[Line] = ()
    messaging: Mapping[str, MessagingBooks] = field(default_factory=dict)
    orders: Sequence[OrderRow] = ()
    stops: Sequence[StopRow] = ()
    bags: Sequence[BagRow] = ()
    rounds: Sequence[RoundRow] = ()
    crews: Sequence[CrewRow] = ()
    plans: Sequence[PlanRow] = ()
    ledger: Sequence[LedgerRow] = ()
    taps: frozenset[str] = frozenset()
    waves: frozenset[str] = frozenset()
    messages: Sequence[MessageRow] = ()
    provider: Sequence[ProviderLine] = ()
    records: Mapping[str, TopicRecords] = field(default_factory=dict)
