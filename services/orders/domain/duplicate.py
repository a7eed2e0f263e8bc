"""A household that has an order for the same date already: add to it, replace it, or keep both."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum

from services.orders.domain.order import Order, OrderRefused, OrderRequest, OrderState


class Answer(StrEnum):
    """What the caller wants, once asked."""

    ASK = "ask"
    ADD = "add"
    REPLACE = "replace"
    KEEP_BOTH = "keep_both"


def same_date(others: Sequence[Order], wave_date: date) -> Order | None:
    """The newest order of the household for this date that still counts."""
    counting = [
        order
        for order in others
        if order.request.wave_date == wave_date and order.state is not OrderState.CANCELLED
    ]
    return max(counting, key=lambda order: order.placed_at, default=None)


def ask(other: Order) -> OrderRefused:
    """The question to put to the caller; the data say which answers there are."""
    answers = [Answer.KEEP_BOTH]
    if other.may_cancel:
        answers.insert(0, Answer.REPLACE)
    if other.may_change:
        answers.insert(0, Answer.ADD)
    return OrderRefused(
        "order_same_date",
        number=other.number,
        order_id=other.order_id,
        state=other.state.value,
        answers=[answer.value for answer in answers],
    )


def added(other: Order, request: OrderRequest) -> OrderRequest:
    """The earlier request with the new one's extras and pack on top; the more urgent priority holds."""
    earlier = other.request
    extras = dict(earlier.extras)
    for code, quantity in request.extras.items():
        extras[code] = extras.get(code, 0) + quantity
    return replace(
        earlier,
        has_pack=earlier.has_pack or request.has_pack,
        packs=max(earlier.packs, request.packs),
        extras=extras,
        priority=max(earlier.priority, request.priority, key=lambda priority: priority.rank),
        note="; ".join(note for note in (earlier.note, request.note) if note),
    )
