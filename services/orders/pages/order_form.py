"""The order form: what was typed becomes a request, and what was refused is shown again as typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from services.orders.actions.ordering.place_order import Placing
from services.orders.domain.catalogue import ITEMS
from services.orders.domain.duplicate import Answer
from services.orders.domain.order import Order, OrderRequest, Priority
from services.orders.domain.quick_entry import read_quick_entry
from services.orders.pages.asked import Entries, read_choice, read_day, read_number

_LAST_HOUR_FOR_TODAY = 14


class _Pack(StrEnum):
    STANDARD = "standard"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class OrderForm:
    """What stands in the form's fields. `order_id` is the order being changed, if any."""

    wave_date: str
    pack: str = "standard"
    packs: str = "1"
    quick: str = ""
    items: Mapping[str, str] = field(default_factory=dict)
    priority: str = Priority.NORMAL.value
    note: str = ""
    order_id: str = ""
    key: str = ""

    def template_values(self) -> dict[str, Any]:
        """What the template asks for."""
        return {
            "wave_date": self.wave_date,
            "pack": self.pack,
            "packs": self.packs,
            "quick": self.quick,
            "items": self.items,
            "priority": self.priority,
            "note": self.note,
            "order_id": self.order_id,
            "key": self.key,
        }


def fresh_form(now: datetime, local_zone: ZoneInfo) -> OrderForm:
    """An empty form for today, or for tomorrow once today's wave is made."""
    local = now.astimezone(local_zone)
    day = local.date() if local.hour < _LAST_HOUR_FOR_TODAY else local.date() + timedelta(days=1)
    return OrderForm(day.isoformat())


def form_of_order(order: Order) -> OrderForm:
    """A form that holds what an order holds, for changing it."""
    request = order.request
    return OrderForm(
        wave_date=request.wave_date.isoformat(),
        pack="standard" if request.has_pack else "none",
        packs=str(request.packs),
        items={code: str(quantity) for code, quantity in request.extras.items()},
        priority=request.priority.value,
        note=request.note,
        order_id=order.order_id,
    )


def form_of_entries(entries: Entries, order_id: str = "") -> OrderForm:
    """A form as it was sent."""
    return OrderForm(
        wave_date=entries.get("wave_date", ""),
        pack=entries.get("pack", "standard"),
        packs=entries.get("packs", "1"),
        quick=entries.get("quick", ""),
        items={name.removeprefix("item_"): v for name, v in entries.items() if name.startswith("item_")},
        priority=entries.get("priority", Priority.NORMAL.value),
        note=entries.get("note", ""),
        order_id=order_id,
        key=entries.get("idempotency_key", ""),
    )


def read_request(form: OrderForm) -> OrderRequest:
    """The request a form means; quick entry and fields add up.

    Errors: Malformed for what cannot be read; PackRefused("quick_entry_unknown").
    """
    extras = {code: read_number(text) for code, text in form.items.items() if text.strip()}
    for code, quantity in read_quick_entry(form.quick).items():
        extras[code] = extras.get(code, 0) + quantity
    has_pack = read_choice(_Pack, form.pack) is _Pack.STANDARD
    return OrderRequest(
        wave_date=read_day(form.wave_date),
        has_pack=has_pack,
        packs=read_number(form.packs or "1"),
        extras=extras,
        priority=read_choice(Priority, form.priority or "normal"),
        note=form.note.strip(),
    )


def read_placing(household_id: str, form: OrderForm, answer: str) -> Placing:
    """Who is to get what, and the answer about a duplicate.

    Errors: those of `read_request`.
    """
    return Placing(household_id, read_request(form), read_choice(Answer, answer or Answer.ASK.value))


def known_items() -> list[dict[str, Any]]:
    """The catalogue as the form shows it."""
    return [
        {"code": i.code, "zh": i.zh, "en": i.en, "limit": i.limit, "quick": i.quick, "cold": i.cold}
        for i in ITEMS.values()
    ]
