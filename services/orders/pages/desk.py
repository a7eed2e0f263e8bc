"""The hotline desk: find the door, take the order while talking, read it back, place it."""

from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.orders.actions.office import Asker
from services.orders.actions.ordering.change_order import change_order
from services.orders.actions.ordering.place_order import place_order
from services.orders.actions.ordering.preview_order import preview_order
from services.orders.domain.order import Order
from services.orders.pages.asked import office_of, read_entries, shown_error, status_of
from services.orders.pages.desk_view import DeskView, show_desk
from services.orders.pages.order_form import OrderForm, form_of_entries, read_placing, read_request
from shared.basics.errors import BaimiError, NotFound, Unavailable
from shared.database.session import Transaction, transaction
from shared.security.roles import Role
from shared.security.scope import Scope
from shared.web.error_responses import wants_page
from shared.web.idempotency import Answer, answer_once, see_other
from shared.web.parts import parts_of
from shared.web.request_keys import GivenKey, respond
from shared.web.routes import CurrentActor, Parts, declare

router = APIRouter()
DESK = (Role.OPERATOR, Role.DISPATCHER)


@router.get("/desk")
@declare(roles=DESK, scope=Scope.HOUSEHOLD)
async def show_search(request: Request, actor: CurrentActor, q: str = "") -> Response:
    """The desk, with what a search finds."""
    return await show_desk(request, Asker.of(actor), DeskView(typed=q))


@router.get("/desk/households/{household_id}")
@declare(roles=DESK, scope=Scope.HOUSEHOLD)
async def show_household(request: Request, actor: CurrentActor, household_id: str) -> Response:
    """One household; a fresh key is in its order form, so that a double click is one order."""
    asked = request.query_params
    view = DeskView(
        typed=asked.get("q", ""),
        household_id=household_id,
        placed_id=asked.get("placed", ""),
        changing_id=asked.get("order", ""),
        shows_phones=asked.get("show") == "phones",
    )
    return await show_desk(request, Asker.of(actor), view)


@router.post("/desk/orders")
@declare(roles=DESK, scope=Scope.HOUSEHOLD)
async def submit_order(request: Request, actor: CurrentActor, parts: Parts, key: GivenKey) -> Response:
    """Place an order; or read it back first, or go back to the form, when the form says so."""
    asker, office = Asker.of(actor), office_of(parts)
    entries = await read_entries(request)
    form = form_of_entries(entries)
    answer = entries.get("duplicate", "")
    view = DeskView(
        typed=entries.get("q", ""), household_id=entries.get("household_id", ""), form=form, answer=answer
    )

    async def work(tx: Transaction) -> Answer:
        placing = read_placing(view.household_id, form, answer)
        order = await place_order(tx, office, asker, placing)
        return _placed(order)

    try:
        if entries.get("step") == "read_back":
            return await _read_back(request, asker, view)
        if entries.get("step") == "edit":
            return await show_desk(request, asker, view)
        return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))
    except BaimiError as error:
        return await _refused(request, asker, view, error)


@router.post("/desk/orders/{order_id}/change")
@declare(roles=DESK, scope=Scope.HOUSEHOLD)
async def submit_change(
    request: Request, actor: CurrentActor, parts: Parts, key: GivenKey, order_id: str
) -> Response:
    """Give an order other contents or another date."""
    asker, office = Asker.of(actor), office_of(parts)
    entries = await read_entries(request)
    form = form_of_entries(entries, order_id)
    view = DeskView(household_id=entries.get("household_id", ""), form=form)

    async def work(tx: Transaction) -> Answer:
        order = await change_order(tx, office, asker, order_id, read_request(form))
        return _placed(order)

    try:
        return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))
    except BaimiError as error:
        return await _refused(request, asker, view, error)


async def _read_back(request: Request, asker: Asker, view: DeskView) -> Response:
    form = view.form or OrderForm("")
    placing = read_placing(view.household_id, form, view.answer)
    parts = parts_of(request)
    async with transaction(parts.engine) as tx:
        preview = await preview_order(tx, office_of(parts), asker, placing)
    return await show_desk(request, asker, replace(view, read_back=preview.order))


async def _refused(request: Request, asker: Asker, view: DeskView, error: BaimiError) -> Response:
    """The form again, as it was typed, with what is wrong; programs get the error itself."""
    if not wants_page(request) or not view.household_id or isinstance(error, NotFound | Unavailable):
        raise error
    shown = replace(view, errors=[shown_error(request, error)], status=status_of(error))
    if error.code == "order_same_date":
        shown = replace(shown, duplicate=error.data)
    return await show_desk(request, asker, shown)


def _placed(order: Order) -> Answer:
    return see_other(f"/desk/households/{order.household_id}?placed={order.order_id}")
