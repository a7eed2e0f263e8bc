"""The desk for programs: finding households, looking at an order."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from services.orders.actions.office import Asker, Office
from services.orders.actions.register.find_households import find_households
from services.orders.domain.order import OrderNotFound
from services.orders.domain.zone import is_seen
from services.orders.storage import households, orders
from shared.database.session import transaction
from shared.security.roles import Role
from shared.security.scope import Scope
from shared.web.routes import CurrentActor, Parts, declare

router = APIRouter()
DESK = (Role.OPERATOR, Role.DISPATCHER)


@router.get("/api/v1/households")
@declare(roles=DESK, scope=Scope.HOUSEHOLD)
async def find(actor: CurrentActor, parts: Parts, q: str = "") -> JSONResponse:
    """Households by door or phone, each with why it was found; no name and no number in full."""
    office = Office(parts.clock, parts.randomness, parts.keys, parts.settings.zone())
    async with transaction(parts.engine) as tx:
        found = await find_households(tx, office, Asker.of(actor), q)
    rows = [
        {
            "household_id": one.household.household_id,
            "door": one.household.door.spoken(),
            "compound": one.household.door.compound,
            "building": one.household.door.building,
            "entrance": one.household.door.entrance,
            "room": one.household.door.room,
            "masked_name": one.household.masked_name,
            "phone_tail": next((p.phone[-4:] for p in one.household.facts.people if p.phone), ""),
            "community": one.household.place.community,
            "grid": one.household.place.grid,
            "match": one.match.value,
        }
        for one in found
    ]
    return JSONResponse({"households": rows})


@router.get("/api/v1/orders/{order_id}")
@declare(roles=DESK, scope=Scope.HOUSEHOLD)
async def show(actor: CurrentActor, parts: Parts, order_id: str) -> JSONResponse:
    """One order and its bags.

    Errors: OrderNotFound, also outside the asker's sight.
    """
    asker = Asker.of(actor)
    async with transaction(parts.engine) as tx:
        order = await orders.find(tx, order_id)
        household = None if order is None else await households.find(tx, order.household_id)
    if (
        order is None
        or household is None
        or not is_seen(asker.sight, household.place.community, household.place.grid)
    ):
        raise OrderNotFound("not_found")
    window = None if order.window is None else [at.isoformat() for at in order.window]
    return JSONResponse(
        {
            "order_id": order.order_id,
            "number": order.number,
            "household_id": order.household_id,
            "state": order.state.value,
            "reason": order.reason,
            "attempt": order.attempt,
            "wave_date": order.request.wave_date.isoformat(),
            "priority": order.request.priority.value,
            "window": window,
            "placed_at": order.placed_at.isoformat(),
            "bags": [
                {
                    "bag_id": bag.bag_id,
                    "label": bag.label,
                    "grams": bag.grams,
                    "cold": bag.cold,
                    "state": bag.state.value,
                    "reason": bag.reason,
                    "items": [{"code": line.code, "quantity": line.quantity} for line in bag.lines],
                }
                for bag in order.bags
            ],
        }
    )
