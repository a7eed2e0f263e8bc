"""The crews page: who carries from where, a form for another roster, and the code that lets a crew in."""

from typing import Annotated

from fastapi import APIRouter, File, Request, UploadFile
from fastapi.responses import JSONResponse, RedirectResponse, Response

from services.routing.actions.crews.admit_crew import offer_admission, shift_end_for
from services.routing.actions.crews.load_roster import load_roster
from services.routing.domain.crew import CODE_LIFE_S
from services.routing.domain.roster_file import RosterFileRefused
from services.routing.pages.entries import MAX_FILE_BYTES, reach_of
from services.routing.pages.estate import FILE_EDITORS, require_whole_street
from services.routing.pages.words import CAPABILITIES, FILE_PROBLEMS
from services.routing.storage import crews
from shared.basics.errors import NotFound
from shared.database.session import Transaction, transaction
from shared.paper.short_code import qr_svg
from shared.security.audit_trail import AuditEntry, write_audit
from shared.security.roles import Role
from shared.security.scope import Actor, Scope, is_in_scope
from shared.web.error_responses import Malformed, error_text, wants_page
from shared.web.idempotency import Answer, answer_once
from shared.web.languages import mark, translate
from shared.web.parts import ServiceParts
from shared.web.request_keys import GivenKey
from shared.web.routes import CurrentActor, Parts, declare
from shared.web.templates import render

router = APIRouter()
_READERS = (Role.DISPATCHER, Role.OFFICER, Role.ADMINISTRATOR, Role.AUDITOR)


@router.get("/crews")
@declare(roles=_READERS, scope=Scope.COMMUNITY)
async def show_crews(request: Request, actor: CurrentActor, parts: Parts, loaded: str = "") -> Response:
    """The crews on duty within reach."""
    return await _page(request, actor, parts, {"was_loaded": loaded == "yes", "problems": [], "problem": ""}, 200)


@router.post("/crews/import", max_body_size=MAX_FILE_BYTES)
@declare(roles=FILE_EDITORS, scope=Scope.STREET)
async def import_crews(
    request: Request,
    actor: CurrentActor,
    parts: Parts,
    key: GivenKey,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Take another roster into use, whole or not at all."""
    require_whole_street(actor)
    if file is None:
        raise Malformed("file_missing")
    body = await file.read()

    async def work(tx: Transaction) -> Answer:
        return Answer(200, {"crews": len(await load_roster(tx, body))})

    try:
        answer = await answer_once(parts.engine, key, parts.real_clock.now(), work)
    except RosterFileRefused as refusal:
        if not wants_page(request):
            return JSONResponse({"error": {"code": refusal.code, **refusal.data}}, 422)
        shown = {
            "was_loaded": False,
            "problems": refusal.data["problems"],
            "problem": error_text(request, refusal),
        }
        return await _page(request, actor, parts, shown, 422)
    if wants_page(request):
        return RedirectResponse("/crews?loaded=yes", 303)
    return JSONResponse(dict(answer.body))


@router.get("/crews/{crew_id}/admission")
@declare(roles={Role.DISPATCHER}, scope=Scope.NONE)
async def back_to_crews(crew_id: str) -> Response:  # noqa: ARG001  (part of the address)
    """A code is made by pressing, never by an address: back to where the button is."""
    return RedirectResponse("/crews", 303)


@router.post("/crews/{crew_id}/admission")
@declare(roles={Role.DISPATCHER}, scope=Scope.COMMUNITY)
async def admit(request: Request, crew_id: str, actor: CurrentActor, parts: Parts) -> Response:
    """Show a code that lets one phone of this crew in, once, within two minutes; each press makes another."""
    async with transaction(parts.engine) as tx:
        line = await crews.find_crew_line(tx, crew_id)
        if line is None or not is_in_scope(actor, line.community):
            raise NotFound("crew_unknown")
        now = parts.clock.now()
        ends_at = await shift_end_for(tx, line.crew, now, parts.settings.zone())
        code = await offer_admission(tx, line.crew, parts.keys, parts.randomness, ends_at)
        await write_audit(tx, actor, AuditEntry("admit_crew", "crew", crew_id, "shift"), parts.real_clock.now())
    if not wants_page(request):
        return JSONResponse({"code": code, "expires_s": CODE_LIFE_S})
    address = f"{parts.settings.routing_url.rstrip('/')}/crew/admission?code={code}"
    context = {
        "line": line,
        "code": f"{code[:4]}-{code[4:]}",
        "picture": qr_svg(address, translate(request, mark("Code that lets the crew in"))),
        "life_s": CODE_LIFE_S,
        "ends_at": ends_at,
    }
    return render(request, "admission.html", context)


async def _page(
    request: Request, actor: Actor, parts: ServiceParts, shown: dict[str, object], status: int
) -> Response:
    reach = reach_of(actor)
    async with transaction(parts.engine) as tx:
        lines = [line for line in await crews.crew_lines(tx) if reach.holds(line.community, None)]
        today = parts.clock.now().astimezone(parts.settings.zone()).date()
        absent = await crews.absent_on(tx, today)
    if not wants_page(request):
        listed = [{"crew_id": line.crew.crew_id, "name": line.crew.name} for line in lines]
        return JSONResponse({"crews": listed}, status)
    context = {
        "lines": lines,
        "absent": absent,
        "capability_texts": CAPABILITIES,
        "problem_texts": FILE_PROBLEMS,
        "may_load": actor.has_role(*FILE_EDITORS),
        "may_admit": actor.has_role(Role.DISPATCHER),
        **shown,
    }
    return render(request, "crews.html", context, status)
