"""What clients were told was done, held against what the databases say was done."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from deploy.rehearsal.auditor.evidence import Evidence, StopRow
from deploy.rehearsal.history import Kind, Line, placed_order
from shared.contracts.topics import TOPICS

ENDED: Final = frozenset({"delivered", "returned", "cancelled"})
STOP_ENDED: Final = frozenset({"closed", "cancelled"})
_ABOUT_ORDERS: Final = frozenset({"change", "cancel", "retry"})


@dataclass(frozen=True, slots=True)
class Losses:
    """Everything that was promised and is not there, or is there and was never asked for."""

    requests: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()
    unapplied: tuple[str, ...] = ()
    invented: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """The issue's `lost`: requests without effect, orders without an end, events not applied."""
        return len(self.requests) + len(self.unfinished) + len(self.unapplied)


def find_losses(evidence: Evidence) -> Losses:
    """Hold history, orders, routing and inboxes against each other."""
    placed = _placed(evidence.history)
    known = {order.order_id for order in evidence.orders}
    unsure = _unsure_orders(evidence.history)
    invented = sorted(known - set(placed.values()))
    return Losses(
        requests=tuple(_without_effect(evidence, placed, known)),
        unfinished=tuple(_without_end(evidence)),
        unapplied=tuple(_unapplied(evidence)),
        # A request that was never answered may have been done: so many orders may be unknown to clients.
        invented=tuple(invented if len(invented) > unsure else ()),
        doubled=tuple(key for key, count in Counter(placed.values()).items() if count > 1),
    )


def _placed(history: Iterable[Line]) -> dict[str, str]:
    """The order each acknowledged key was answered with."""
    return {
        line.deed.key: placed_order(line) for line in history if line.kind is Kind.OK and line.deed.act == "order"
    }


def _unsure_orders(history: Sequence[Line]) -> int:
    asked = {line.deed.key for line in history if line.deed.act == "order" and line.kind is Kind.INVOKE}
    answered = {
        line.deed.key for line in history if line.deed.act == "order" and line.kind in {Kind.OK, Kind.FAIL}
    }
    return len(asked - answered)


def _without_effect(evidence: Evidence, placed: Mapping[str, str], known: set[str]) -> list[str]:
    missing = [f"order {order_id}" for order_id in placed.values() if order_id not in known]
    attempts = {order.order_id: order.attempt for order in evidence.orders}
    cancelled = {order.order_id for order in evidence.orders if order.state == "cancelled"}
    for line in evidence.history:
        if line.kind is not Kind.OK:
            continue
        deed, what = line.deed, line.deed.what
        if deed.act in _ABOUT_ORDERS and what["order_id"] not in known:
            missing.append(f"{deed.act} of {what['order_id']}")
        if deed.act == "retry" and attempts.get(what["order_id"], 0) < 2:
            missing.append(f"retry of {what['order_id']}")
        if deed.act == "cancel" and what["order_id"] not in cancelled:
            missing.append(f"cancel of {what['order_id']}")
        if deed.act == "taps":
            missing += [f"tap {tap['event_id']}" for tap in what["taps"] if tap["event_id"] not in evidence.taps]
        if deed.act == "wave" and line.answer["location"].rpartition("/")[2] not in evidence.waves:
            missing.append(f"wave {line.answer['location']}")
    return missing


def _without_end(evidence: Evidence) -> list[str]:
    """Orders that are open in orders, or whose turns in routing are not over or never were."""
    turns: dict[str, list[StopRow]] = defaultdict(list)
    for stop in evidence.stops:
        turns[stop.order_id].append(stop)
    found = []
    for order in evidence.orders:
        own = turns[order.order_id]
        if order.state not in ENDED:
            found.append(f"order {order.order_id} is {order.state} in orders")
        elif not own:
            found.append(f"order {order.order_id} is unknown in routing")
        elif any(stop.state not in STOP_ENDED for stop in own):
            found.append(f"order {order.order_id} is open in routing")
    return found


def _unapplied(evidence: Evidence) -> list[str]:
    found = []
    for topic in TOPICS:
        rows = [row for row in evidence.messaging[topic.writer].outbox if row.topic == topic.name]
        for reader in topic.readers:
            applied = evidence.messaging[reader].applied
            found += [
                f"{row.event_type} {row.event_id} at {reader}" for row in rows if row.event_id not in applied
            ]
    return found
