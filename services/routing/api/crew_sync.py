"""The crew's phone: its round as JSON, what happened at the doors, and whether we can be reached."""

import hashlib
import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from services.routing.actions.rounds.record_tap import TapResult, record_tap
from services.routing.domain.bag import MissReason
from services.routing.domain.tap import ShortBag, Tap, TapIdReused, TapType, Verdict
from services.routing.storage import rounds
from services.routing.storage.crew_lists import ListedBag, ListedStop, list_stops
from services.routing.storage.rounds import RoundRow
from shared.database.session import transaction
from shared.observability.logs import get_log
from shared.security.roles import Role
from shared.security.scope import Scope, require_bound
from shared.web.languages import choose_language
from shared.web.routes import CurrentActor, Parts, declare

router = APIRouter()
_log = get_log("crew")
MOST_EVENTS = 20
_Id = Annotated[str, StringConstraints(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class ShortEntry(BaseModel):
    """A bag that is not on the trolley."""

    model_config = ConfigDict(extra="ignore")

    bag_id: _Id
    reason: Literal["short", "damaged", "refused", "no_answer", "no_access", "cancelled"] = "short"


class Payload(BaseModel):
    """What belongs to one kind of tap."""

    model_config = ConfigDict(extra="ignore")

    bag_ids: list[_Id] | None = Field(default=None, max_length=500)
    reason: Literal["short", "damaged", "refused", "no_answer", "no_access", "cancelled"] | None = None
    short: list[ShortEntry] = Field(default_factory=list, max_length=500)
    target_event_id: _Id | None = None


class CrewEvent(BaseModel):
    """One tap as a phone sends it."""

    model_config = ConfigDict(extra="ignore")

    event_id: _Id
    device_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    seq: int = Field(ge=0, le=2**53)
    round_id: _Id
    round_version: int = Field(ge=0, le=2**31)
    stop_id: _Id | None = None
    type: TapType
    at: AwareDatetime
    offset_ms: int = Field(default=0, ge=-(10**10), le=10**10)
    payload: Payload = Field(default_factory=Payload)

    def tap(self) -> Tap:
        """The tap in routing's own words."""
        said = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        payload = self.payload
        return Tap(
            tap_id=self.event_id,
            device_id=self.device_id,
            seq=self.seq,
            round_id=self.round_id,
            round_version=self.round_version,
            stop_id=self.stop_id,
            type=self.type,
            at=self.at,
            offset_ms=self.offset_ms,
            body_hash=hashlib.sha256(said.encode()).digest(),
            bag_ids=None if payload.bag_ids is None else tuple(payload.bag_ids),
            reason=MissReason(payload.reason) if payload.reason else None,
            short=tuple(ShortBag(one.bag_id, MissReason(one.reason)) for one in payload.short),
            target_tap_id=payload.target_event_id,
        )


class EventBatch(BaseModel):
    """At most twenty taps, oldest first."""

    model_config = ConfigDict(extra="ignore")

    events: list[dict[str, Any]] = Field(max_length=MOST_EVENTS)


@router.get("/crew/v1/ping", status_code=204)
@declare(roles={Role.CREW}, scope=Scope.OWN)
async def ping() -> Response:
    """Whether the server can be reached and the crew is still let in."""
    return Response(status_code=204)


@router.get("/crew/v1/round")
@declare(roles={Role.CREW}, scope=Scope.ROUND)
async def show_round(request: Request, actor: CurrentActor, parts: Parts) -> Response:
    """The crew's round: the one it is out on, else its next; `round_id` is null when there is none."""
    async with transaction(parts.engine) as tx:
        row = await rounds.next_of_crew(tx, actor.bound_to)
        require_bound(actor, row.crew_id if row else actor.bound_to)
        stops = [] if row is None else await list_stops(tx, row, parts.keys)
    language = "zh" if choose_language(request) == "zh-Hans" else "en"
    shown = _round_json(row, stops, language) if row else {"round_id": None, "stops": [], "tombstones": []}
    # The same round again costs a phone on a bad line no bytes; the server's time is no part of it.
    tag = f'"{hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:24]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag})
    return JSONResponse({"server_time": parts.clock.now().isoformat(), **shown}, headers={"etag": tag})


@router.post("/crew/v1/events")
@declare(roles={Role.CREW}, scope=Scope.ROUND)
async def receive_events(batch: EventBatch, actor: CurrentActor, parts: Parts) -> Response:
    """Take what a crew's phone says, one transaction a tap; each event's id is its idempotency key.

    A malformed or foreign event is rejected alone and stays on the phone; the others are taken.
    """
    results = []
    version = None
    is_reused = False
    for raw in batch.events:
        event = _read_event(raw)
        if event is None:
            results.append(_result_json(str(raw.get("event_id", ""))[:64], Verdict.REJECTED, "malformed"))
            continue
        try:
            async with transaction(parts.engine) as tx:
                require_bound(actor, actor.bound_to)
                result = await record_tap(tx, event.tap(), actor.bound_to, parts.clock.now())
        except TapIdReused:
            _log.error("tap_id_reused", device=event.device_id, round_id=event.round_id)
            is_reused = True
            results.append(_result_json(event.event_id, Verdict.REJECTED, "id_reused"))
            continue
        version = result.round_version if result.round_version is not None else version
        results.append(_outcome_json(result))
    return JSONResponse({"results": results, "round_version": version}, 409 if is_reused else 200)


def _read_event(raw: dict[str, Any]) -> CrewEvent | None:
    try:
        return CrewEvent.model_validate(raw)
    except ValueError:
        return None


def _outcome_json(result: TapResult) -> dict[str, object]:
    outcome = result.outcome
    told = _result_json(result.tap_id, outcome.verdict, outcome.code)
    stop = {"stop_id": result.stop_id, "state": result.stop_state} if result.stop_id else None
    return {**told, "replayed": outcome.replayed, "stop": stop}


def _result_json(event_id: str, verdict: Verdict, code: str) -> dict[str, object]:
    return {"event_id": event_id, "outcome": verdict.value, "replayed": False, "code": code, "stop": None}


def _round_json(row: RoundRow, stops: list[ListedStop], language: str) -> dict[str, object]:
    return {
        "round_id": row.round_id,
        "number": row.number,
        "version": row.version,
        "state": row.state.value,
        "wave": {"wave_id": row.wave_id, "wave_date": row.wave_date.isoformat()},
        "planned_start": row.planned_start.isoformat(),
        "planned_end": row.planned_end.isoformat(),
        "stops": [_stop_json(stop, language) for stop in stops],
        "tombstones": [stop.stop_id for stop in stops if stop.is_cancelled],
    }


def _stop_json(stop: ListedStop, language: str) -> dict[str, object]:
    return {
        "stop_id": stop.stop_id,
        "order_id": stop.order_id,
        "number": stop.number,
        "seq": stop.position,
        "state": stop.state,
        "cancelled": stop.is_cancelled,
        "compound": stop.compound,
        "building": stop.building,
        "entrance": stop.entrance,
        "floor": stop.floor,
        "lift": stop.has_lift,
        "positive": stop.is_positive,
        "room": stop.room,
        "masked_name": stop.masked_name,
        "notes": list(stop.notes),
        "planned_at": stop.planned_at.isoformat(),
        "window_from": stop.window_from.isoformat(),
        "window_to": stop.window_to.isoformat(),
        "bags": [_bag_json(bag, language) for bag in stop.bags],
    }


def _bag_json(bag: ListedBag, language: str) -> dict[str, object]:
    return {
        "bag_id": bag.bag_id,
        "label": bag.label,
        "grams": bag.grams,
        "crates": bag.crates,
        "cold": bag.cold,
        "items": [_item_text(item, language) for item in bag.items],
        "place": bag.place,
        "outcome": bag.outcome,
        "reason": bag.reason,
    }


def _item_text(item: dict[str, Any], language: str) -> str:
    names = {name["language"]: name["text"] for name in item.get("names", ())}
    text = next((text for code, text in names.items() if code.startswith(language)), item.get("code", ""))
    return f"{text} ×{item.get('quantity', 1)}"
