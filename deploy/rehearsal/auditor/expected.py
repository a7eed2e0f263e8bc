"""Which messages residents should have been told, worked out from the events alone."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from deploy.rehearsal.auditor.evidence import OutboxRow
from shared.contracts.topics import HOUSEHOLD_EVENTS

RECEIVED, SCHEDULED, OUT, DELIVERED, NOT_DELIVERED, CANCELLED, CORRECTED = (
    "received",
    "scheduled",
    "out",
    "delivered",
    "not_delivered",
    "cancelled",
    "corrected",
)
# How far an order has come when this is told: within one attempt it only grows.
RANK: Final[Mapping[str, int]] = {
    RECEIVED: 0,
    SCHEDULED: 1,
    OUT: 2,
    CORRECTED: 2,
    DELIVERED: 3,
    NOT_DELIVERED: 3,
    CANCELLED: 3,
}
_TOLD_BY: Final[Mapping[str, str]] = {
    "orders.order_placed": RECEIVED,
    "orders.order_retried": RECEIVED,
    "orders.order_cancelled": CANCELLED,
    "routing.delivery_scheduled": SCHEDULED,
    "routing.out_for_delivery": OUT,
    "routing.delivery_completed": DELIVERED,
    "routing.delivery_failed": NOT_DELIVERED,
}
_PLACED, _RETRIED = "orders.order_placed", "orders.order_retried"
# What makes an order's story begin anew, so that a state told before may be told again.
_BEGINS_ANEW: Final = frozenset(
    {_RETRIED, "orders.order_changed", "routing.delivery_corrected", "routing.delivery_unplanned"}
)
_SCHEDULED = "routing.delivery_scheduled"


@dataclass(frozen=True, slots=True, order=True)
class Telling:
    """One state of one order, in one attempt, that its household is to hear of once."""

    order_id: str
    attempt: int
    news: str


def tellings_begun(rows: Iterable[OutboxRow]) -> Counter[str]:
    """How often each order's story was begun anew, by the events and not by what notify counted.

    A window told once more than the order was tried is another window.
    """
    types: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if row.order_id is not None:
            types[row.order_id][row.event_type] += 1
    return Counter(
        {
            order_id: sum(count for event_type, count in seen.items() if event_type in _BEGINS_ANEW)
            + max(0, seen[_SCHEDULED] - 1 - seen[_RETRIED])
            for order_id, seen in types.items()
        }
    )


def expected_tellings(rows: Iterable[OutboxRow]) -> set[Telling]:
    """Every state that the events of orders and routing make worth telling.

    A delivery belongs to the attempt that routing had seen begin when it spoke: the retries among the household's
    events up to what the event `saw`. Part of an order at the door is not told before the rest is settled.
    """
    rows = list(rows)
    retries: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row.event_type == _RETRIED and row.order_id is not None:
            retries[row.order_id].append(row.sequence)
    tellings = set()
    for row in rows:
        news = _TOLD_BY.get(row.event_type)
        if news is None or row.order_id is None or (news == DELIVERED and not row.order_complete):
            continue
        seen = row.sequence if row.topic == HOUSEHOLD_EVENTS else row.saw.get(HOUSEHOLD_EVENTS, 0)
        attempt = 1 + sum(begun <= seen for begun in retries[row.order_id])
        tellings.add(Telling(row.order_id, attempt, news))
    return tellings
