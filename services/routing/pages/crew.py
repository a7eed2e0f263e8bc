"""The crew's list on its phone: the next door large, bags, note, big buttons; works without script."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from services.routing.actions.bags.return_bag import return_bags
from services.routing.actions.rounds.close_round import close_round
from services.routing.actions.rounds.load_round import load_round
from services.routing.actions.rounds.record_tap import TapResult, record_tap
from services.routing.domain.bag import MissReason
from services.routing.domain.round import RoundState
from services.routing.domain.tap import FormTap, Said, ShortBag, TapType, Verdict
from services.routing.pages.words import BAG_OUTCOMES, MISS_REASONS, TAP_REFUSALS
from services.routing.storage import rounds
from services.routing.storage.crew_lists import ListedStop, list_stops
from shared.database.session import Transaction, transaction
from shared.security.roles import Role
from shared.security.scope import Scope, require_bound
from shared.web.error_responses import Malformed
from shared.web.request_keys import GivenKey
from shared.web.routes import CurrentActor, Parts, declare
from shared.web.templates import render

router = APIRouter()
# What a crew may choose at a door; shortage is told when loading.
_DOOR_REASONS = (MissReason.NO_ANSWER, MissReason.REFUSED, MissReason.NO_ACCESS, MissReason.DAMAGED)


class TapForm(BaseModel):
    """A tap as a page without script sends it; `short` are bags that are not on the trolley."""

    round_id: str = Field(min_length=8, max_length=64)
    type: TapType
    stop_id: str = Field(default="", max_length=64)
    reason: str = Field(default="", max_length=20)
    target: str = Field(default="", max_length=64)
    bag_ids: list[str] = Field(default_factory=list, max_length=500)
    short: list[str] = Field(default_factory=list, max_length=500)


@dataclass(frozen=True, slots=True)
class _Entrance:
    """Neighbouring stops behind one entrance."""

    name: str
    stops: list[ListedStop] = field(default_factory=list)

    @property
    def done(self) -> int:
        return sum(stop.is_done for stop in self.stops)


@router.get("/crew")
@declare(roles={Role.CREW}, scope=Scope.ROUND)
async def show_crew(request: Request, actor: CurrentActor, parts: Parts, code: str = "") -> Response:
    """The crew's round: the next door first."""
    async with transaction(parts.engine) as tx:
        row = await rounds.next_of_crew(tx, actor.bound_to)
        require_bound(actor, row.crew_id if row else actor.bound_to)
        stops = [] if row is None else await list_stops(tx, row, parts.keys)
    open_stops = [stop for stop in stops if not stop.is_done]
    is_out = row is not None and row.state is RoundState.STARTED
    context = {
        "round": row,
        "is_out": is_out,
        "stops": stops,
        "now_stop": open_stops[0] if is_out and open_stops else None,
        "done": sum(stop.is_done for stop in stops),
        "entrances": _by_entrance(stops),
        "back": [bag for stop in stops for bag in stop.bags if bag.place == "cart" and bag.outcome is not None],
        "all_told": is_out and not open_stops,
        "reasons": [(reason.value, MISS_REASONS[reason]) for reason in _DOOR_REASONS],
        "reason_texts": MISS_REASONS,
        "outcome_texts": BAG_OUTCOMES,
        "problem": TAP_REFUSALS.get(code, ""),
    }
    return render(request, "crew.html", context)


@router.post("/crew/tap")
@declare(roles={Role.CREW}, scope=Scope.ROUND)
async def submit_tap(
    actor: CurrentActor, parts: Parts, key: GivenKey, form: Annotated[TapForm, Form()]
) -> Response:
    """Take one tap from a plain form; the form's key is the tap's id, so pressing twice says it once."""
    require_bound(actor, actor.bound_to)
    tap = FormTap(key.key, actor.bound_to, form.round_id, form.stop_id or None)
    async with transaction(parts.engine) as tx:
        result = await _take(tx, tap, form, parts.clock.now())
    is_refused = result.outcome.verdict is Verdict.REJECTED
    return RedirectResponse(f"/crew?code={result.outcome.code}" if is_refused else "/crew", 303)


async def _take(tx: Transaction, tap: FormTap, form: TapForm, at: datetime) -> TapResult:
    bag_ids = tuple(form.bag_ids) or None
    match form.type:
        case TapType.ROUND_LOADED:
            return await load_round(tx, tap, [ShortBag(bag_id, MissReason.SHORT) for bag_id in form.short], at)
        case TapType.RETURNED:
            return await return_bags(tx, tap, form.bag_ids, at)
        case TapType.ROUND_CLOSED:
            return await close_round(tx, tap, at)
        case TapType.UNDO:
            said = Said(TapType.UNDO, target_tap_id=form.target)
        case TapType.DELIVERED:
            said = Said(TapType.DELIVERED, bag_ids)
        case TapType.NOT_DELIVERED:
            said = Said(TapType.NOT_DELIVERED, bag_ids, _reason(form.reason))
    return await record_tap(tx, tap.tap(said, at), tap.crew_id, at)


def _reason(text: str) -> MissReason:
    try:
        return MissReason(text)
    except ValueError:
        raise Malformed("malformed") from None


def _by_entrance(stops: list[ListedStop]) -> list[_Entrance]:
    grouped: list[_Entrance] = []
    last = None
    for stop in stops:
        here = (stop.compound, stop.building, stop.entrance)
        if here != last:
            name = " ".join(part for part in (stop.compound, stop.building, stop.entrance) if part)
            grouped.append(_Entrance(name))
            last = here
        grouped[-1].stops.append(stop)
    return grouped
