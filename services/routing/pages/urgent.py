"""An urgent order's way into a wave that is planned or under way: its best places, and taking one of them."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from services.routing.actions.waves.ask_replan import ask_improvement
from services.routing.actions.waves.explain_stop import explain_stop, read_question
from services.routing.actions.waves.insert_order import (
    AskedPlace,
    ChosenPlace,
    Offer,
    ask_place,
    insert_order,
    offer_places,
)
from services.routing.actions.waves.read_running_plan import RunningPlans
from services.routing.domain.wave import Reach
from services.routing.pages.entries import reach_of
from services.routing.pages.trouble import asker_of
from services.routing.pages.words import BINDINGS, JOININGS, RELAXINGS, UNPLANNED_REASONS
from services.routing.planning.explanation import WhyHere
from services.routing.storage import crews, estate, stops
from services.routing.storage.replans import plan_of_stop
from shared.basics.errors import NotFound
from shared.database.session import Transaction, reading, transaction
from shared.security.roles import Role
from shared.security.scope import Scope
from shared.web.error_responses import wants_page
from shared.web.idempotency import Answer, answer_once, see_other
from shared.web.request_keys import GivenKey, respond
from shared.web.routes import CurrentActor, Parts, declare
from shared.web.templates import render

_DISPATCHERS: Final = {Role.DISPATCHER}


class PlaceForm(BaseModel):
    """A place as it was offered."""

    stop_id: str = Field(max_length=80)
    mark: str = Field(max_length=120)
    crew_id: str = Field(max_length=80)
    joining: str = Field(max_length=20)
    round_id: str = Field(default="", max_length=80)
    visit: int = Field(default=0, ge=0)


def make_router(plans: RunningPlans) -> APIRouter:
    """The routes that look into running plans, kept in memory by `plans`."""
    router = APIRouter()

    @router.get("/waves/{wave_id}/places")
    @declare(roles=_DISPATCHERS, scope=Scope.COMMUNITY)
    async def show_places(
        request: Request, wave_id: str, stop_id: str, actor: CurrentActor, parts: Parts
    ) -> Response:
        """The three cheapest places for an order that waits."""
        async with reading(parts.engine) as tx:
            asked = await ask_place(tx, plans, (wave_id, stop_id), parts.clock.now())
            await _require_within(tx, asked.stop.entrance_id, reach_of(actor))
        offer = await asyncio.to_thread(_offer, plans, asked)
        lines = [_line(offer, number) for number in range(len(offer.places))]
        if not wants_page(request):
            return JSONResponse(
                {
                    "stop_id": stop_id,
                    "mark": offer.state.mark,
                    "places": [line | {"served_at": str(line["served_at"])} for line in lines],
                }
            )
        async with transaction(parts.engine) as tx:
            names = await crews.crews_named(tx, {place.crew for place in offer.places})
        context = {
            "wave": offer.wave,
            "stop": offer.stop,
            "mark": offer.state.mark,
            "lines": lines,
            "crew_names": {crew_id: crew.name for crew_id, crew in names.items()},
            "joinings": JOININGS,
        }
        return render(request, "places.html", context)

    @router.get("/waves/{wave_id}/why")
    @declare(roles=_DISPATCHERS, scope=Scope.COMMUNITY)
    async def show_why(
        request: Request, wave_id: str, stop_id: str, actor: CurrentActor, parts: Parts
    ) -> Response:
        """Why an order is in no round and what would help, or what keeps it where it is."""
        async with transaction(parts.engine) as tx:
            await _require_stop_within(tx, stop_id, reach_of(actor))
            question = await read_question(tx, wave_id, stop_id)
            crew_names = await crews.crews_named(tx, [crew.id for crew in question.problem.crews])
        why = await asyncio.to_thread(explain_stop, question)
        if not wants_page(request):
            return JSONResponse(asdict(why))
        context = {
            "wave_id": wave_id,
            "stop": question.stop,
            "why": why,
            "is_placed": isinstance(why, WhyHere),
            "names": {crew_id: crew.name for crew_id, crew in crew_names.items()},
            "reasons": UNPLANNED_REASONS,
            "relaxings": RELAXINGS,
            "bindings": BINDINGS,
        }
        return render(request, "why.html", context)

    @router.post("/waves/{wave_id}/places")
    @declare(roles=_DISPATCHERS, scope=Scope.COMMUNITY)
    async def take_place(
        wave_id: str, actor: CurrentActor, parts: Parts, key: GivenKey, form: Annotated[PlaceForm, Form()]
    ) -> Response:
        """Put the order there, if the plan is still the one the place was offered for."""
        reach = reach_of(actor)
        chosen = ChosenPlace(form.mark, form.crew_id, form.joining, form.round_id, form.visit)

        async def work(tx: Transaction) -> Answer:
            await _require_stop_within(tx, form.stop_id, reach)
            await insert_order(tx, (wave_id, form.stop_id), chosen, parts.clock, parts.randomness)
            await ask_improvement(tx, *await plan_of_stop(tx, form.stop_id), asker_of(actor, parts))
            return see_other(f"/waves/{wave_id}")

        return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))

    return router


def _offer(plans: RunningPlans, asked: AskedPlace) -> Offer:
    return offer_places(asked, plans.lay_out(asked.plan))


def _line(offer: Offer, number: int) -> dict[str, object]:
    place = offer.places[number]
    row = offer.round_at(place)
    return {
        "crew_id": place.crew,
        "joining": place.joining.value,
        "round_id": row.round_id if row else "",
        "round": row.number if row else "",
        "visit": place.visit,
        "more_cost": place.more_cost,
        "more_crew_s": place.more_crew_s,
        "more_late_s": place.more_late_s,
        "served_at": offer.state.moment(place.served_s),
    }


async def _require_stop_within(tx: Transaction, stop_id: str, reach: Reach) -> None:
    """Errors: NotFound("stop_unknown")."""
    stop = await stops.find_stop(tx, stop_id)
    if stop is None:
        raise NotFound("stop_unknown")
    await _require_within(tx, stop.entrance_id, reach)


async def _require_within(tx: Transaction, entrance_id: str, reach: Reach) -> None:
    """Errors: NotFound("stop_unknown") for a door out of reach."""
    named = (await estate.named_entrances(tx, [entrance_id])).get(entrance_id)
    if named is None or not reach.holds(named.community, named.grid):
        raise NotFound("stop_unknown")
