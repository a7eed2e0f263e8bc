"""The dispatch board: what waits, waves and their rounds, what is on none and why, what needs a look."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from services.routing.actions.waves.discard_wave import discard_wave
from services.routing.actions.waves.export_wave import export_wave
from services.routing.actions.waves.make_wave import WaveOrder, make_wave
from services.routing.actions.waves.release_rounds import finish_release, release_round, rounds_to_release
from services.routing.domain.wave import Reach, WaveRefused
from services.routing.pages.entries import reach_of, read_date, read_ids, read_seconds
from services.routing.pages.words import (
    BECAUSE,
    REPLAN_STATES,
    REQUEST_STATES,
    ROUND_STATES,
    STAGES,
    TASKS,
    UNPLANNED_REASONS,
    WAVE_STATES,
    ZONE_CLASSES,
)
from services.routing.planning.problem import Reason
from services.routing.storage import estate, replans, running_plans, taps, waves
from services.routing.storage.waves import RequestLine, RoundLine, UnplannedLine, Wave
from shared.basics.errors import NotAllowed, NotFound, Unavailable
from shared.database.session import Transaction, transaction
from shared.observability.logs import get_log
from shared.security.roles import Role
from shared.security.scope import Actor, Scope
from shared.web.error_responses import Malformed, error_text, wants_page
from shared.web.idempotency import Answer, RequestKey, answer_once, see_other
from shared.web.parts import ServiceParts, parts_of
from shared.web.request_keys import GivenKey, respond
from shared.web.routes import ANY_STAFF, CurrentActor, Parts, current_actor, declare
from shared.web.templates import render

router = APIRouter()
_log = get_log("board")
_READERS = (Role.DISPATCHER, Role.OPERATOR, Role.OFFICER, Role.AUDITOR)
_WAVES_SHOWN = 20
_TASKS_SHOWN = 50
_URGENT_SHOWN = 20
_REPLANS_SHOWN = 10
# A release meets events of the same households; the database lets one of two go on and asks the other again.
_TRIES = 3
_FIELDS: Final = {"date_unreadable": "wave_date", "plan_seconds_unreadable": "plan_seconds"}


@router.get("/")
@declare(roles=ANY_STAFF, scope=Scope.NONE)
async def show_first_page(actor: CurrentActor) -> Response:
    """To the page of one's work."""
    return RedirectResponse("/board" if actor.has_role(*_READERS) else "/estate", 303)


class WaveForm(BaseModel):
    """A wave as it was typed; the same zones may come in several fields or in one with commas."""

    wave_date: str = Field(default="", max_length=20)
    zones: list[str] = Field(default_factory=list, max_length=2000)
    plan_seconds: str = Field(default="", max_length=10)


@dataclass(frozen=True, slots=True)
class PlanDefaults:
    """What a wave is planned with unless somebody says otherwise, and whom to wake for it. Units: seconds."""

    seconds: float
    seed: int
    wake: Callable[[], None]


def make_router(defaults: PlanDefaults) -> APIRouter:
    """The board's routes that need to know how waves are planned."""
    with_defaults = APIRouter()

    @with_defaults.get("/board")
    @declare(roles=_READERS, scope=Scope.COMMUNITY)
    async def show_board(request: Request) -> Response:
        """What waits, which waves there are, what needs a look."""
        return await _board(request, defaults, WaveForm(), [])

    @with_defaults.post("/waves")
    @declare(roles={Role.DISPATCHER}, scope=Scope.COMMUNITY)
    async def submit_wave(
        request: Request, actor: CurrentActor, parts: Parts, key: GivenKey, form: Annotated[WaveForm, Form()]
    ) -> Response:
        """Make a wave of what waits; a plan is asked for at each drop point."""
        try:
            order = await _wave_order(actor, parts, form, defaults)

            async def work(tx: Transaction) -> Answer:
                return see_other(f"/waves/{await make_wave(tx, order, parts.clock, parts.randomness)}")

            answer = await answer_once(parts.engine, key, parts.real_clock.now(), work)
        except (Malformed, WaveRefused) as refusal:
            if not wants_page(request):
                raise
            field = _FIELDS.get(refusal.code, "")
            return await _board(request, defaults, form, [{"field": field, "text": error_text(request, refusal)}])
        defaults.wake()
        return respond(answer)

    return with_defaults


@router.get("/waves/{wave_id}")
@declare(roles=_READERS, scope=Scope.COMMUNITY)
async def show_wave(request: Request, wave_id: str, actor: CurrentActor, parts: Parts) -> Response:
    """One wave: how its plans are, its rounds, what is on none and why."""
    async with transaction(parts.engine) as tx:
        wave = await _wave_within(tx, wave_id, reach_of(actor))
        shown = await _wave_lines(tx, wave_id, reach_of(actor))
        urgent = await running_plans.urgent_lines(tx, wave_id, _URGENT_SHOWN)
        lifts = await replans.lifts_of_wave(tx, wave_id)
        made_again = await replans.replan_lines(tx, wave_id, _REPLANS_SHOWN)
    requests, rounds, unplanned = shown
    if not wants_page(request):
        again = [
            {"because": line.because, "state": line.state, "difference": line.difference} for line in made_again
        ]
        return JSONResponse({**_wave_json(wave, requests, rounds, unplanned), "made_again": again})
    context = {
        "wave": wave,
        "requests": requests,
        "rounds": rounds,
        "unplanned": unplanned,
        "urgent": [line for line in urgent if reach_of(actor).holds(line.community, line.grid)],
        "lifts": [line for line in lifts if reach_of(actor).holds(line.community, line.grid)],
        "made_again": made_again,
        "because_texts": BECAUSE,
        "replan_states": REPLAN_STATES,
        "planned_stops": sum(line.stops for line in rounds),
        "planned_bags": sum(line.bags for line in rounds),
        "wave_states": WAVE_STATES,
        "request_states": REQUEST_STATES,
        "round_states": ROUND_STATES,
        "stage_texts": STAGES,
        "reasons": UNPLANNED_REASONS,
        "explained": frozenset(Reason),
        "may_plan": actor.has_role(Role.DISPATCHER),
    }
    return render(request, "wave.html", context)


@router.get("/waves/{wave_id}/instance")
@declare(roles=_READERS, scope=Scope.COMMUNITY)
async def download_wave(wave_id: str, actor: CurrentActor, parts: Parts) -> Response:
    """What the wave's plans were made from, as an instance file (formats/rounds)."""
    reach = reach_of(actor)
    async with transaction(parts.engine) as tx:
        _require_whole(await _wave_within(tx, wave_id, reach), reach)
        instance = await export_wave(tx, wave_id)
    name = f'attachment; filename="wave-{wave_id}.json"'
    return JSONResponse(instance, headers={"content-disposition": name})


@router.post("/waves/{wave_id}/release")
@declare(roles={Role.DISPATCHER}, scope=Scope.COMMUNITY)
async def release_wave(wave_id: str, actor: CurrentActor, parts: Parts, key: GivenKey) -> Response:
    """Release a wave: one round a transaction, then what is on none; a second press finds nothing left to do."""
    reach = reach_of(actor)
    async with transaction(parts.engine) as tx:
        _require_whole(await _wave_within(tx, wave_id, reach), reach)

    async def finish(tx: Transaction) -> Answer:
        await finish_release(tx, wave_id, parts.clock.now())
        return see_other(f"/waves/{wave_id}")

    for attempt in range(1, _TRIES + 1):
        async with transaction(parts.engine) as tx:
            round_ids = await rounds_to_release(tx, wave_id)
        for round_id in round_ids:
            await _release_one(parts, key, round_id)
        try:
            return respond(await answer_once(parts.engine, key, parts.real_clock.now(), finish))
        except Unavailable:
            # A plan made again in between has put other rounds in their place.
            if attempt == _TRIES:
                raise
    raise AssertionError("the last try answers or raises")


@router.post("/waves/{wave_id}/discard")
@declare(roles={Role.DISPATCHER}, scope=Scope.COMMUNITY)
async def throw_wave_away(wave_id: str, actor: CurrentActor, parts: Parts, key: GivenKey) -> Response:
    """Throw a plan away that nobody was told of; its orders wait again."""
    reach = reach_of(actor)

    async def work(tx: Transaction) -> Answer:
        _require_whole(await _wave_within(tx, wave_id, reach), reach)
        await discard_wave(tx, wave_id)
        return see_other("/board")

    return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))


@router.post("/tasks/{task_id}/done")
@declare(roles={Role.DISPATCHER}, scope=Scope.COMMUNITY)
async def finish_task(task_id: int, actor: CurrentActor, parts: Parts, key: GivenKey) -> Response:
    """Take a task off the board once somebody has looked at it."""
    reach = reach_of(actor)

    async def work(tx: Transaction) -> Answer:
        task = await taps.find_task(tx, task_id)
        if task is not None and not reach.holds(task.community, task.grid):
            raise NotFound("not_found")
        await taps.finish_task(tx, task_id, parts.clock.now())
        return see_other("/board")

    return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))


async def _release_one(parts: ServiceParts, key: RequestKey, round_id: str) -> None:
    """Release one round under a key of its own, so that a lost connection is looked into, not guessed at."""

    async def work(tx: Transaction) -> Answer:
        return Answer(200, {"released": await release_round(tx, round_id, parts.clock.now())})

    own_key = RequestKey(f"release-{round_id}", "release_round", key.body_hash[:0] + round_id.encode())
    for attempt in range(1, _TRIES + 1):
        try:
            await answer_once(parts.engine, own_key, parts.real_clock.now(), work)
        except Unavailable:
            if attempt == _TRIES:
                raise
            _log.warning("release_tried_again", round_id=round_id, attempt=attempt)
        else:
            return


async def _wave_order(actor: Actor, parts: ServiceParts, form: WaveForm, defaults: PlanDefaults) -> WaveOrder:
    zone_ids = read_ids(",".join(form.zones))
    reach = reach_of(actor)
    async with transaction(parts.engine) as tx:
        known = {zone.zone_id for zone in await estate.list_zones(tx) if reach.holds(zone.community, zone.grid)}
    if not zone_ids <= known:
        raise NotFound("zone_unknown")
    return WaveOrder(
        wave_date=read_date(form.wave_date),
        zone_ids=zone_ids,
        seconds=read_seconds(form.plan_seconds, defaults.seconds),
        seed=defaults.seed,
        reach=reach,
        made_by=actor.name,
    )


async def _board(
    request: Request, defaults: PlanDefaults, form: WaveForm, errors: list[dict[str, str]]
) -> Response:
    parts, actor = parts_of(request), await current_actor(request)
    reach = reach_of(actor)
    async with transaction(parts.engine) as tx:
        waiting = [line for line in await waves.waiting_lines(tx) if reach.holds(line.community, line.grid)]
        listed = [wave for wave in await waves.recent_waves(tx, _WAVES_SHOWN) if _is_within(wave, reach)]
        zones = [zone for zone in await estate.list_zones(tx) if reach.holds(zone.community, zone.grid)]
        tasks = [
            task for task in await taps.open_tasks(tx, _TASKS_SHOWN) if reach.holds(task.community, task.grid)
        ]
    context = {
        "waiting": waiting,
        "waiting_orders": sum(line.orders for line in waiting),
        "waiting_urgent": sum(line.urgent for line in waiting),
        "waves": listed,
        "zones": zones,
        "tasks": tasks,
        "errors": errors,
        "form": form,
        "today": parts.clock.now().astimezone(parts.settings.zone()).date().isoformat(),
        "wave_states": WAVE_STATES,
        "task_texts": TASKS,
        "zone_classes": ZONE_CLASSES,
        "default_seconds": f"{defaults.seconds:g}",
        "may_plan": actor.has_role(Role.DISPATCHER),
    }
    return render(request, "board.html", context, 422 if errors else 200)


def _is_within(wave: Wave, reach: Reach) -> bool:
    return any(reach.holds(community, None) for community in wave.communities)


async def _wave_within(tx: Transaction, wave_id: str, reach: Reach) -> Wave:
    wave = await waves.find_wave(tx, wave_id)
    if wave is None or not _is_within(wave, reach):
        raise NotFound("wave_unknown")
    return wave


def _require_whole(wave: Wave, reach: Reach) -> None:
    """What changes a whole wave needs somebody who sees all of it.

    Errors: NotAllowed("wave_reaches_further").
    """
    if not all(reach.holds(community, None) for community in wave.communities):
        raise NotAllowed("wave_reaches_further")


async def _wave_lines(
    tx: Transaction, wave_id: str, reach: Reach
) -> tuple[list[RequestLine], list[RoundLine], list[UnplannedLine]]:
    requests = await waves.request_lines(tx, wave_id)
    rounds = await waves.round_lines(tx, wave_id)
    unplanned = await waves.unplanned_lines(tx, wave_id)
    return (
        [line for line in requests if reach.holds(line.community, line.grid)],
        [line for line in rounds if reach.holds(line.community, line.grid)],
        [line for line in unplanned if reach.holds(line.community, line.grid)],
    )


def _wave_json(
    wave: Wave, requests: list[RequestLine], rounds: list[RoundLine], unplanned: list[UnplannedLine]
) -> dict[str, object]:
    return {
        "wave_id": wave.wave_id,
        "wave_date": wave.wave_date.isoformat(),
        "state": wave.state.value,
        "requests": [
            {
                "drop_point": line.drop_point,
                "drop_point_id": line.drop_point_id,
                "state": line.state.value,
                "cost": line.cost,
                "crew_s": line.crew_s,
                "late_s": line.late_s,
                "stages": list(line.stages),
                "planned_in_s": line.planned_in_s,
                "reason": line.reason,
            }
            for line in requests
        ],
        "rounds": [
            {
                "round_id": line.round_id,
                "number": line.number,
                "crew_id": line.crew_id,
                "stops": line.stops,
                "bags": line.bags,
                "state": line.state,
            }
            for line in rounds
        ],
        "unassigned": [
            {"order_id": line.order_id, "number": line.number, "reason": line.reason} for line in unplanned
        ],
    }
