"""A small street whose books are in perfect order, and ways to spoil one of them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time

from deploy.rehearsal.auditor.evidence import (
    BagRow,
    CrewRow,
    Evidence,
    LedgerRow,
    MessageRow,
    MessagingBooks,
    OrderRow,
    OutboxRow,
    PlanRow,
    ProviderLine,
    RoundRow,
    StopRow,
    TopicRecords,
)
from deploy.rehearsal.history import Deed, Kind, Line
from shared.contracts.topics import DELIVERY_EVENTS, HOUSEHOLD_EVENTS, TOPICS

DAY = date(2022, 3, 2)
NEWS = ("received", "scheduled", "out", "delivered")
SCRIPT = {
    "packages": 1,
    "households": 1,
    "residents": 3,
    "accepted": 1,
    "delivered": 1,
    "failed": 0,
    "cancelled": 0,
}


def an_outbox_row(event_type: str, sequence: int, saw: Mapping[str, int] | None = None) -> OutboxRow:
    topic = HOUSEHOLD_EVENTS if event_type.startswith("orders.") else DELIVERY_EVENTS
    is_complete = event_type == "routing.delivery_completed"
    return OutboxRow(
        event_type, topic, "h1", sequence, event_type, "o1", None, is_complete, saw or {}, is_sent=True
    )


def a_message(news: str, attempt: int = 1) -> MessageRow:
    return MessageRow(f"m-{news}-{attempt}", "h1", "o1", news, attempt, "accepted", None, "")


def a_line(place: int, news: str, attempt: int = 1) -> ProviderLine:
    return ProviderLine(place, f"m-{news}-{attempt}", "13800000001", f"{news} {attempt}")


def an_order() -> OrderRow:
    return OrderRow("o1", "h1", "莲香社区", "一号封控区", 3, DAY, "delivered", 1, ("b1", "b2"))


def a_round() -> RoundRow:
    start = datetime(2022, 3, 2, 1, tzinfo=UTC)
    end = datetime(2022, 3, 2, 2, tzinfo=UTC)
    return RoundRow("r1", "w1", DAY, "c1", "d1", "closed", start, end, False, ("b1", "b2"))


def a_street_in_order() -> Evidence:
    orders = (an_outbox_row("orders.order_placed", 1),)
    saw = {HOUSEHOLD_EVENTS: 1}
    names = ("delivery_scheduled", "bags_loaded", "out_for_delivery", "delivery_completed")
    routing = tuple(an_outbox_row(f"routing.{name}", place, saw) for place, name in enumerate(names, start=1))
    said = frozenset(row.event_id for row in (*orders, *routing))
    deed = Deed("order", "key-1", "operator1", "orders", {"household_id": "h1"})
    taps = Deed("taps", "key-2", "crew c1", "routing", {"taps": [{"event_id": "t1", "type": "delivered"}]})
    return Evidence(
        history=(
            Line(0.1, Kind.INVOKE, deed),
            Line(0.2, Kind.OK, deed, 303, {"location": "/desk/households/h1?placed=o1"}),
            Line(0.3, Kind.OK, taps, 200),
        ),
        messaging={
            "orders": MessagingBooks(orders, said),
            "routing": MessagingBooks(routing, said),
            "notify": MessagingBooks((), said),
        },
        orders=(an_order(),),
        stops=(StopRow("s1", "o1", "closed", "r1", 1, "e1", "d1", is_positive=False),),
        bags=(BagRow("b1", "o1", 5000, 1, "door"), BagRow("b2", "o1", 3000, 1, "door")),
        rounds=(a_round(),),
        crews=(CrewRow("c1", 150_000, 36, time(9), time(13), "d1"),),
        plans=(PlanRow("planned", 3600, 2.0, ("batching",)),),
        ledger=(
            LedgerRow("supplier", "drop_point", 2),
            LedgerRow("drop_point", "cart", 2),
            LedgerRow("cart", "door", 2),
        ),
        taps=frozenset({"t1"}),
        messages=tuple(a_message(news) for news in NEWS),
        provider=tuple(a_line(place, news) for place, news in enumerate(NEWS)),
        records={
            topic.name: TopicRecords({row.event_id: 1 for row in (*orders, *routing) if row.topic == topic.name})
            for topic in TOPICS
        },
    )


def without_outbox_row(evidence: Evidence, event_type: str) -> Evidence:
    books = {
        service: replace(each, outbox=tuple(row for row in each.outbox if row.event_type != event_type))
        for service, each in evidence.messaging.items()
    }
    return replace(evidence, messaging=books)
