"""The list of orders, and what can be done to one: cancel it, bring it again."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from services.orders.actions.following.close_task import close_task
from services.orders.actions.office import Asker
from services.orders.actions.ordering.cancel_order import cancel_order
from services.orders.actions.ordering.retry_order import retry_order
from services.orders.domain.order import CancelReason, Order, OrderState
from services.orders.pages.asked import office_of, read_choice, read_day, read_entries, read_number
from services.orders.pages.desk import DESK
from services.orders.pages.words import REASONS, STATES
from services.orders.storage import orders
from services.orders.storage.orders import PAGE_SIZE, ListedOrder, Wanted
from shared.database.session import Transaction, transaction
from shared.security.scope import Scope
from shared.web.error_responses import wants_page
from shared.web.idempotency import Answer, answer_once, see_other
from shared.web.request_keys import GivenKey, respond
from shared.web.routes import CurrentActor, Parts, declare
from shared.web.templates import render

router = APIRouter()


@router.get("/orders")
@declare(roles=DESK, scope=Scope.COMMUNITY)
async def show_orders(request: Request, actor: CurrentActor, parts: Parts) -> Response:
    """The orders this person may see, newest first; JSON for programs."""
    asker = Asker.of(actor)
    asked = request.query_params
    state, date = asked.get("state", ""), asked.get("date", "")
    wanted = Wanted(
        state=read_choice(OrderState, state) if state else None,
        wave_date=read_day(date) if date else None,
        page=max(1, read_number(asked.get("page", "1"))),
    )
    async with transaction(parts.engine) as tx:
        listed = await orders.list_orders(tx, wanted, asker.sight)
        counts = await orders.count_by_state(tx, wanted, asker.sight)
    by_state = {known.value: counts.get(known, 0) for known in OrderState}
    if not wants_page(request):
        return JSONResponse({"orders": [_listed(one) for one in listed], "counts": by_state, "page": wanted.page})
    shown = {
        "listed": listed,
        "states": STATES,
        "reasons": REASONS,
        "by_state": by_state,
        "total": sum(by_state.values()),
        "wanted": wanted,
        "date": date,
        "has_more": len(listed) == PAGE_SIZE,
    }
    return render(request, "orders.html", shown)


@router.post("/desk/orders/{order_id}/cancel")
@declare(roles=DESK, scope=Scope.HOUSEHOLD)
async def submit_cancel(
    request: Request, actor: CurrentActor, parts: Parts, key: GivenKey, order_id: str
) -> Response:
    """Cancel an order. A reason that is none of the fixed words counts as another reason: it travels in clear."""
    asker, office = Asker.of(actor), office_of(parts)
    entries = await read_entries(request)
    given = entries.get("reason", "")
    reason = CancelReason(given) if given in set(CancelReason) else CancelReason.OTHER

    async def work(tx: Transaction) -> Answer:
        return _back_to(await cancel_order(tx, office, asker, order_id, reason))

    return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))


@router.post("/desk/orders/{order_id}/retry")
@declare(roles=DESK, scope=Scope.HOUSEHOLD)
async def submit_retry(
    request: Request, actor: CurrentActor, parts: Parts, key: GivenKey, order_id: str
) -> Response:
    """Have an order that failed brought again."""
    asker, office = Asker.of(actor), office_of(parts)
    entries = await read_entries(request)

    async def work(tx: Transaction) -> Answer:
        wave_date = read_day(entries.get("wave_date", ""))
        return _back_to(await retry_order(tx, office, asker, order_id, wave_date))

    return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))


@router.post("/desk/households/{household_id}/tasks/{task_id}")
@declare(roles=DESK, scope=Scope.HOUSEHOLD)
async def submit_task_done(
    actor: CurrentActor, parts: Parts, key: GivenKey, household_id: str, task_id: int
) -> Response:
    """Note that a task at this household is done."""
    asker, office = Asker.of(actor), office_of(parts)

    async def work(tx: Transaction) -> Answer:
        await close_task(tx, office, asker, household_id, task_id)
        return see_other(f"/desk/households/{household_id}")

    return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))


def _back_to(order: Order) -> Answer:
    return see_other(f"/desk/households/{order.household_id}")


def _listed(one: ListedOrder) -> dict[str, Any]:
    order = one.order
    return {
        "order_id": order.order_id,
        "number": order.number,
        "household_id": order.household_id,
        "door": one.door,
        "community": one.community,
        "state": order.state.value,
        "reason": order.reason,
        "wave_date": order.request.wave_date.isoformat(),
        "attempt": order.attempt,
        "bags": [{"bag_id": bag.bag_id, "state": bag.state.value, "grams": bag.grams} for bag in order.bags],
    }
