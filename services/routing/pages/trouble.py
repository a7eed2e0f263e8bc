"""What goes wrong in the street while plans run: a crew that is missing, a lift that stands still."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import Response
from pydantic import BaseModel, Field

from services.routing.actions.waves.ask_replan import (
    Asker,
    ask_improvement,
    change_lift,
    mark_crew_absent,
    mark_crew_back,
)
from services.routing.domain.wave import Reach
from services.routing.pages.entries import reach_of
from services.routing.storage import crews, estate, replans, waves
from shared.basics.errors import NotFound
from shared.database.session import Transaction
from shared.security.roles import Role
from shared.security.scope import Actor, Scope
from shared.web.idempotency import Answer, RequestKey, answer_once, see_other
from shared.web.parts import ServiceParts
from shared.web.request_keys import GivenKey, respond
from shared.web.routes import CurrentActor, Parts, declare

router = APIRouter()


class LiftForm(BaseModel):
    """Which lift, whether it runs, and the wave page to go back to."""

    entrance_id: str = Field(max_length=80)
    works: Literal["yes", "no"]
    wave_id: str = Field(default="", max_length=80)


@router.post("/crews/{crew_id}/absent")
@declare(roles={Role.DISPATCHER}, scope=Scope.COMMUNITY)
async def note_absence(crew_id: str, actor: CurrentActor, parts: Parts, key: GivenKey) -> Response:
    """A crew does not come today: what it has not loaded goes to others."""
    return await _note(mark_crew_absent, crew_id, actor, parts, key)


@router.post("/crews/{crew_id}/back")
@declare(roles={Role.DISPATCHER}, scope=Scope.COMMUNITY)
async def note_return(crew_id: str, actor: CurrentActor, parts: Parts, key: GivenKey) -> Response:
    """A crew that was absent is there after all: it keeps what others do not have yet, and may take more."""
    return await _note(mark_crew_back, crew_id, actor, parts, key)


@router.post("/lifts")
@declare(roles={Role.DISPATCHER}, scope=Scope.COMMUNITY)
async def note_lift(
    actor: CurrentActor, parts: Parts, key: GivenKey, form: Annotated[LiftForm, Form()]
) -> Response:
    """A lift stands still or runs again: the rounds that come there are looked into."""

    async def work(tx: Transaction) -> Answer:
        await _require_entrance(tx, form.entrance_id, reach_of(actor))
        await change_lift(tx, form.entrance_id, asker_of(actor, parts), works=form.works == "yes")
        return see_other(f"/waves/{form.wave_id}" if form.wave_id else "/board")

    return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))


@router.post("/waves/{wave_id}/improve")
@declare(roles={Role.DISPATCHER}, scope=Scope.COMMUNITY)
async def improve_wave(wave_id: str, actor: CurrentActor, parts: Parts, key: GivenKey) -> Response:
    """See whether rounds that nobody was told of can be better now."""

    async def work(tx: Transaction) -> Answer:
        reach = reach_of(actor)
        wave = await waves.find_wave(tx, wave_id)
        if wave is None or not any(reach.holds(community, None) for community in wave.communities):
            raise NotFound("wave_unknown")
        for one in await replans.requests_of_wave(tx, wave_id):
            if reach.holds(one.community, one.grid):
                await ask_improvement(tx, one.request_id, one.drop_point_id, asker_of(actor, parts))
        return see_other(f"/waves/{wave_id}")

    return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))


def asker_of(actor: Actor, parts: ServiceParts) -> Asker:
    """Who asks, by name."""
    return Asker(actor.name, parts.clock, parts.randomness)


async def _note(
    said: Callable[[Transaction, str, date, Asker], Awaitable[int]],
    crew_id: str,
    actor: Actor,
    parts: ServiceParts,
    key: RequestKey,
) -> Response:
    """Errors: NotFound("crew_unknown") for a crew out of reach."""
    today = parts.clock.now().astimezone(parts.settings.zone()).date()

    async def work(tx: Transaction) -> Answer:
        line = await crews.find_crew_line(tx, crew_id)
        if line is None or not reach_of(actor).holds(line.community, None):
            raise NotFound("crew_unknown")
        await said(tx, crew_id, today, asker_of(actor, parts))
        return see_other("/crews")

    return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))


async def _require_entrance(tx: Transaction, entrance_id: str, reach: Reach) -> None:
    """Errors: NotFound("entrance_unknown")."""
    named = (await estate.named_entrances(tx, [entrance_id])).get(entrance_id)
    if named is None or not reach.holds(named.community, named.grid):
        raise NotFound("entrance_unknown")
