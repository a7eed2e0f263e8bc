"""The verdict: figures counted from evidence alone, and every reason why a drill is not all right."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from deploy.rehearsal.auditor.deeds import Losses, find_losses
from deploy.rehearsal.auditor.evidence import Evidence, OrderRow
from deploy.rehearsal.auditor.expected import DELIVERED, RECEIVED, Telling, expected_tellings, tellings_begun
from deploy.rehearsal.auditor.plan_check import plan_violations
from deploy.rehearsal.auditor.provider import MessageFindings, judge_messages
from shared.contracts.topics import TOPICS

AT_DOOR: Final = "door"
CANCELLED: Final = "cancelled"
# Failed for good: what did not stay at the door is back at the drop point.
FAILED: Final = frozenset({"failed", "returned"})
EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the drill prints: figures by name, and why they are not good enough; no reason means all is well."""

    figures: Mapping[str, Any]
    reasons: tuple[str, ...]


def judge(evidence: Evidence, script: Mapping[str, int] | None, zone: ZoneInfo) -> Verdict:
    """Count everything and say what is wrong.

    `script` holds what the played script adds up to: the bulletin's five figures and the balance of orders.
    """
    losses = find_losses(evidence)
    violations = plan_violations(evidence, zone)
    rows = [row for books in evidence.messaging.values() for row in books.outbox]
    expected = expected_tellings(rows)
    # From the orders themselves too: an event that was lost must not take its messages off the list.
    expected |= {Telling(order.order_id, 1, RECEIVED) for order in evidence.orders}
    expected |= {Telling(o.order_id, o.attempt, DELIVERED) for o in evidence.orders if o.state == DELIVERED}
    told = judge_messages(expected, evidence.messages, evidence.provider, tellings_begun(rows))
    figures: dict[str, Any] = {
        "bulletin": bulletin(evidence),
        "orders": balance(evidence.orders),
        "events": events(evidence),
        "messages": _message_figures(told),
        "plan": _plan_figures(evidence, violations),
        "lost": losses.total,
    }
    reasons = [
        *_reasons_of_loss(losses),
        *_reasons_of_events(evidence, figures["events"]),
        *_reasons_of_messages(told),
        *_some("plan violations", violations),
        *_reasons_of_balance(figures["orders"]),
        *_reasons_of_ledger(evidence),
        *_reasons_of_script(figures, script),
    ]
    return Verdict(figures, tuple(reasons))


def bulletin(evidence: Evidence) -> dict[str, int]:
    """The street office's five figures, from bags that lie at doors: a pack counts when its every bag does."""
    place = {bag.bag_id: bag.place for bag in evidence.bags}
    whole = [
        order
        for order in evidence.orders
        if order.bag_ids and all(place.get(bag_id) == AT_DOOR for bag_id in order.bag_ids)
    ]
    households = {order.household_id: order.residents for order in whole}
    return {
        "communities": len({order.community for order in whole}),
        "zones": len({(order.community, order.zone) for order in whole}),
        "packages": len(whole),
        "households": len(households),
        "residents": sum(households.values()),
    }


def balance(orders: Iterable[OrderRow]) -> dict[str, int]:
    """How all accepted orders ended; the last four figures sum to the first."""
    count = Counter(order.state for order in orders)
    ended = {DELIVERED: count[DELIVERED], "failed": sum(count[state] for state in FAILED)}
    accepted = count.total()
    open_orders = accepted - sum(ended.values()) - count[CANCELLED]
    return {"accepted": accepted, **ended, CANCELLED: count[CANCELLED], "open": open_orders}


def events(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """For each topic: rows in its writer's outbox, how many of them Kafka holds, how many each reader applied."""
    found = {}
    for topic in TOPICS:
        rows = {row.event_id for row in _books(evidence, topic.writer).outbox if row.topic == topic.name}
        in_kafka = evidence.records[topic.name].ids.keys() if topic.name in evidence.records else set()
        found[topic.name] = {
            "outbox": len(rows),
            "kafka": len(rows & in_kafka),
            "applied": {reader: len(rows & _books(evidence, reader).applied) for reader in topic.readers},
        }
    return found


def _books(evidence: Evidence, service: str) -> Any:
    return evidence.messaging[service]


def _message_figures(told: MessageFindings) -> dict[str, int]:
    return {
        "sent": told.sent,
        "duplicates": len(told.duplicates),
        "out_of_order": len(told.out_of_order),
        "missing": len(told.missing),
        "superseded": told.superseded,
        "unreachable": told.unreachable,
    }


def _plan_figures(evidence: Evidence, violations: Sequence[str]) -> dict[str, Any]:
    walked = [each for each in evidence.rounds if each.state not in {"dropped", "planned"}]
    return {
        "rounds": len(walked),
        "crew_s": sum(plan.crew_s for plan in evidence.plans),
        "planned_in_s": round(sum(plan.planned_in_s for plan in evidence.plans), 1),
        "stages": dict(Counter(stage for plan in evidence.plans for stage in plan.stages)),
        "violations": len(violations),
    }


def _reasons_of_loss(losses: Losses) -> list[str]:
    return [
        *_some("acknowledged requests without effect", losses.requests),
        *_some("accepted orders without an end", losses.unfinished),
        *_some("events a reader never applied", losses.unapplied),
        *_some("orders nobody asked for", losses.invented),
        *_some("orders placed twice under one key", losses.doubled),
    ]


def _reasons_of_events(evidence: Evidence, counted: Mapping[str, Mapping[str, Any]]) -> list[str]:
    reasons = [
        f"{topic}: {figures['outbox'] - figures['kafka']} of {figures['outbox']} events are not in Kafka"
        for topic, figures in counted.items()
        if figures["kafka"] != figures["outbox"]
    ]
    for topic in TOPICS:
        records = evidence.records.get(topic.name)
        if records is None:
            continue
        rows = {row.event_id for row in _books(evidence, topic.writer).outbox}
        strange = sorted(records.ids.keys() - rows)
        reasons += _some(f"{topic.name}: records that no outbox knows", strange)
        if records.unreadable:
            reasons.append(f"{topic.name}: {records.unreadable} records without a readable event id")
    for service, books in evidence.messaging.items():
        reasons += _some(f"{service}: gaps in a stream's sequence", _gaps(books.outbox))
        reasons += _some(f"{service}: parked events", books.parked)
        if books.waiting:
            reasons.append(f"{service}: {books.waiting} events still waiting")
    return reasons


def _gaps(rows: Iterable[Any]) -> list[str]:
    streams: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        streams.setdefault((row.topic, row.key), []).append(row.sequence)
    return [
        f"{topic} {key}"
        for (topic, key), sequences in streams.items()
        if sorted(sequences) != list(range(1, len(sequences) + 1))
    ]


def _reasons_of_messages(told: MessageFindings) -> list[str]:
    return [
        *_some("messages sent twice", told.duplicates),
        *_some("messages out of order", told.out_of_order),
        *_some("messages missing", [f"{each.order_id} {each.attempt} {each.news}" for each in told.missing]),
        *_some("messages at the provider that notify does not know", told.strangers),
    ]


def _reasons_of_balance(orders: Mapping[str, int]) -> list[str]:
    return [f"{orders['open']} orders are still open"] if orders["open"] else []


def _reasons_of_ledger(evidence: Evidence) -> list[str]:
    """Bags come from the supplier and go somewhere: the ledger's sums must be where the bags are."""
    sums: Counter[str] = Counter()
    for row in evidence.ledger:
        sums[row.here] -= row.count
        sums[row.there] += row.count
    lie = Counter(bag.place for bag in evidence.bags)
    return [
        f"bags at {place}: the ledger says {sums[place]}, the bags {count}"
        for place, count in sorted(lie.items())
        if place != "supplier" and sums[place] != count
    ]


def _reasons_of_script(figures: Mapping[str, Any], script: Mapping[str, int] | None) -> list[str]:
    if script is None:
        return []
    counted = {**figures["bulletin"], **figures["orders"]}
    return [
        f"{name}: {counted[name]} counted, {wanted} in the script"
        for name, wanted in script.items()
        if name in counted and counted[name] != wanted
    ]


def _some(what: str, which: Sequence[str]) -> list[str]:
    """One line for all findings of a kind: how many, and the first few."""
    if not which:
        return []
    shown = ", ".join(which[:EXAMPLES])
    return [f"{len(which)} {what}: {shown}{' …' if len(which) > EXAMPLES else ''}"]
