"""What stands on the desk page: found doors, one household, its orders, the order form."""

from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from services.orders.actions.office import Asker
from services.orders.actions.register.find_households import FoundHousehold, find_households, show_household
from services.orders.domain.catalogue import ITEMS
from services.orders.domain.household import Household, HouseholdFacts, masked_phone
from services.orders.domain.order import CancelReason, Order, OrderState
from services.orders.pages.asked import office_of
from services.orders.pages.order_form import OrderForm, form_of_order, fresh_form, known_items
from services.orders.pages.words import (
    BAG_LABELS,
    LANGUAGE_NAMES,
    MATCHES,
    NEEDS,
    REASONS,
    STATES,
    TASKS,
)
from services.orders.storage import desk_tasks, orders
from services.orders.storage.household_keys import open_keys
from shared.database.session import Transaction, transaction
from shared.security.roles import Permission
from shared.security.scope import may
from shared.web.languages import choose_language
from shared.web.parts import parts_of
from shared.web.templates import render


@dataclass(frozen=True, slots=True)
class DeskView:
    """What to show; everything but the search is optional."""

    typed: str = ""
    household_id: str = ""
    placed_id: str = ""
    changing_id: str = ""
    shows_phones: bool = False
    form: OrderForm | None = None
    read_back: Order | None = None
    duplicate: dict[str, Any] | None = None
    answer: str = ""
    errors: list[dict[str, str]] = field(default_factory=list)
    status: int = 200


async def show_desk(request: Request, asker: Asker, view: DeskView) -> Response:
    """The desk page.

    Errors: HouseholdNotFound for a household that this person cannot see.
    """
    parts = parts_of(request)
    office = office_of(parts)
    async with transaction(parts.engine) as tx:
        found = await find_households(tx, office, asker, view.typed) if view.typed.strip() else None
        shown = None
        if view.household_id:
            action = "reveal_phone" if view.shows_phones else "show"
            household = await show_household(tx, office, asker, view.household_id, action=action)
            shown = await _household(tx, request, asker, household, view)
    language = choose_language(request)
    form = view.form or (shown and shown["form"]) or fresh_form(office.clock.now(), office.local_zone)
    page = {
        "typed": view.typed,
        "found": None if found is None else _found_groups(found),
        "household": shown,
        "form": form.template_values(),
        "items": known_items(),
        "item_name": lambda code: ITEMS[code].zh if language == "zh-Hans" else ITEMS[code].en,
        "read_back": None if view.read_back is None else _order(view.read_back),
        "duplicate": view.duplicate,
        "answer": view.answer,
        "errors": view.errors,
        "reasons": REASONS,
        "cancel_reasons": [reason.value for reason in _OFFERED],
        "bag_labels": BAG_LABELS,
        "matches": MATCHES,
    }
    return render(request, "desk.html", page, status=view.status)


_OFFERED = (CancelReason.NOT_NEEDED, CancelReason.AWAY, CancelReason.WRONG_ENTRY, CancelReason.OTHER)


async def _household(
    tx: Transaction, request: Request, asker: Asker, household: Household, view: DeskView
) -> dict[str, Any]:
    keys = await open_keys(tx, parts_of(request).keys, [household.household_id])
    latest = await orders.latest(tx, household.household_id, keys[household.household_id])
    tasks = await desk_tasks.open_tasks(tx, household.household_id)
    changing = next((order for order in latest if order.order_id == view.changing_id), None)
    sees_contact = may(asker.actor, Permission.SEE_CONTACT)
    return {
        "id": household.household_id,
        "door": household.door.spoken(),
        "compound": household.door.compound,
        "community": household.place.community,
        "grid": household.place.grid,
        "sees_contact": sees_contact,
        "shows_phones": view.shows_phones and sees_contact,
        "people": [
            {
                "name": (person.name or "") if sees_contact else household.masked_name,
                "phone": person.phone if view.shows_phones and sees_contact else masked_phone(person.phone),
            }
            for person in household.facts.people
        ],
        "sees_needs": may(asker.actor, Permission.SEE_NEEDS),
        **_facts(household.facts),
        "orders": [_order(order) for order in latest],
        "open_orders": sum(order.is_open for order in latest),
        "placed": next((_order(order) for order in latest if order.order_id == view.placed_id), None),
        "tasks": [{"id": task.task_id, "text": TASKS[task.kind.value]} for task in tasks],
        "form": form_of_order(changing) if changing is not None and changing.may_change else None,
    }


def _facts(facts: HouseholdFacts) -> dict[str, Any]:
    return {
        "residents": facts.residents,
        "pets": facts.pets,
        "floor": facts.floor,
        "language": LANGUAGE_NAMES.get(facts.language, facts.language),
        "needs": [NEEDS[need] for need in sorted(facts.needs)],
    }


def _order(order: Order) -> dict[str, Any]:
    status, text = STATES[order.state]
    return {
        "id": order.order_id,
        "number": order.number,
        "status": status,
        "state_text": text,
        "state": order.state.value,
        "reason": order.reason,
        "wave_date": order.request.wave_date,
        "placed_at": order.placed_at,
        "window": order.window,
        "priority": order.request.priority.value,
        "note": order.request.note,
        "attempt": order.attempt,
        "grams": sum(bag.grams for bag in order.bags),
        "bags": [
            {
                "label": bag.label,
                "grams": bag.grams,
                "cold": bag.cold,
                "state": bag.state.value,
                "lines": [{"code": line.code, "quantity": line.quantity} for line in bag.lines],
            }
            for bag in order.bags
        ],
        "may_change": order.may_change,
        "may_cancel": order.may_cancel,
        "may_retry": order.may_retry,
        "is_over": order.state in {OrderState.DELIVERED, OrderState.CANCELLED},
    }


def _found_groups(found: list[FoundHousehold]) -> list[dict[str, Any]]:
    rows = [
        {
            "id": one.household.household_id,
            "door": one.household.door.spoken(),
            "compound": one.household.door.compound,
            "community": one.household.place.community,
            "name": one.household.masked_name,
            "tail": next((p.phone[-4:] for p in one.household.facts.people if p.phone), ""),
            "match": one.match.value,
        }
        for one in found
    ]
    return [
        {"name": name, "rows": group}
        for name, group in (
            ("doors", [row for row in rows if str(row["match"]).startswith("door")]),
            ("phones", [row for row in rows if str(row["match"]).startswith("phone")]),
        )
        if group
    ]
