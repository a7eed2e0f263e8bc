"""The estate page: which file is in use, which entrances it does not know, and a form for another file."""

from typing import Annotated

from fastapi import APIRouter, File, Request, UploadFile
from fastapi.responses import JSONResponse, RedirectResponse, Response

from services.routing.actions.estate.load_estate_file import load_estate_file
from services.routing.domain.estate import DEFAULT_FLOORS, DEFAULT_GATE_S
from services.routing.domain.estate_file import EstateFileRefused
from services.routing.domain.wave import Reach
from services.routing.pages.entries import MAX_FILE_BYTES, reach_of
from services.routing.pages.words import FILE_PROBLEMS
from services.routing.storage import estate
from shared.basics.errors import NotAllowed
from shared.database.session import Transaction, transaction
from shared.security.roles import Role
from shared.security.scope import Actor, Scope
from shared.web.error_responses import Malformed, error_text, wants_page
from shared.web.idempotency import Answer, answer_once
from shared.web.parts import ServiceParts
from shared.web.request_keys import GivenKey
from shared.web.routes import CurrentActor, Parts, declare
from shared.web.templates import render

router = APIRouter()
_UNMATCHED_SHOWN = 200
_READERS = (Role.DISPATCHER, Role.OFFICER, Role.ADMINISTRATOR, Role.AUDITOR)
FILE_EDITORS = (Role.DISPATCHER, Role.ADMINISTRATOR)


@router.get("/estate")
@declare(roles=_READERS, scope=Scope.COMMUNITY)
async def show_estate(request: Request, actor: CurrentActor, parts: Parts, loaded: str = "") -> Response:
    """What the estate file says and what it leaves open."""
    return await _page(request, actor, parts, {"was_loaded": loaded == "yes", "problems": [], "problem": ""}, 200)


@router.post("/estate/import", max_body_size=MAX_FILE_BYTES)
@declare(roles=FILE_EDITORS, scope=Scope.STREET)
async def import_estate(
    request: Request,
    actor: CurrentActor,
    parts: Parts,
    key: GivenKey,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Take another estate file into use, whole or not at all."""
    require_whole_street(actor)
    if file is None:
        raise Malformed("file_missing")
    body = await file.read()

    async def work(tx: Transaction) -> Answer:
        read = await load_estate_file(tx, body, actor.name, parts.clock.now())
        _, unmatched = await estate.unmatched_entrances(tx, Reach(), 1)
        return Answer(
            200,
            {"entrances": len(read.entrances), "drop_points": len(read.drop_points), "unmatched": unmatched},
        )

    try:
        answer = await answer_once(parts.engine, key, parts.real_clock.now(), work)
    except EstateFileRefused as refusal:
        problems = refusal.data["problems"]
        if not wants_page(request):
            return JSONResponse({"error": {"code": refusal.code, **refusal.data}}, 422)
        shown = {"was_loaded": False, "problems": problems, "problem": error_text(request, refusal)}
        return await _page(request, actor, parts, shown, 422)
    if wants_page(request):
        return RedirectResponse("/estate?loaded=yes", 303)
    return JSONResponse(dict(answer.body))


def require_whole_street(actor: Actor) -> None:
    """Files that replace the street's need somebody who sees the street.

    Errors: NotAllowed("whole_street_needed").
    """
    if not actor.sees_whole_street and not actor.has_role(Role.ADMINISTRATOR):
        raise NotAllowed("whole_street_needed")


async def _page(
    request: Request, actor: Actor, parts: ServiceParts, shown: dict[str, object], status: int
) -> Response:
    reach = reach_of(actor)
    async with transaction(parts.engine) as tx:
        file = await estate.last_file(tx)
        drops = [drop for drop in await estate.drop_points(tx) if reach.holds(drop.community, None)]
        unmatched, unmatched_count = await estate.unmatched_entrances(tx, reach, _UNMATCHED_SHOWN)
        named_count = await estate.count_entrances(tx)
    if not wants_page(request):
        body = {
            "file": file.name if file else None,
            "entrances": named_count,
            "unmatched": unmatched_count,
            "drop_points": [{"id": drop.drop_point_id, "name": drop.name} for drop in drops],
        }
        return JSONResponse(body, status)
    context = {
        "file": file,
        "drops": drops,
        "unmatched": unmatched,
        "unmatched_count": unmatched_count,
        "named_count": named_count,
        "default_floors": DEFAULT_FLOORS,
        "default_gate_s": DEFAULT_GATE_S,
        "problem_texts": FILE_PROBLEMS,
        "may_load": actor.has_role(*FILE_EDITORS),
        **shown,
    }
    return render(request, "estate.html", context, status)
