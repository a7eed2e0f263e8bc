"""The page of one household's status link, where it is stopped when it has come into wrong hands."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, Response

from services.notify.actions.links.revoke_link import Revocation, revoke_link
from services.notify.storage import links
from services.notify.storage.links import HouseholdsLink
from shared.basics.errors import NotFound, Refused
from shared.database.session import Transaction, transaction
from shared.security.roles import Role
from shared.security.scope import Actor, Scope, require_in_scope
from shared.web.error_responses import error_text, wants_page
from shared.web.idempotency import Answer, Engine, answer_once, see_other
from shared.web.request_keys import GivenKey, respond
from shared.web.routes import CurrentActor, Parts, declare
from shared.web.templates import render

router = APIRouter()
_DESK = (Role.OPERATOR, Role.DISPATCHER)


@router.get("/links/{household_id}")
@declare(roles=_DESK, scope=Scope.HOUSEHOLD)
async def show_link(
    request: Request, actor: CurrentActor, parts: Parts, household_id: str, stopped: str = ""
) -> Response:
    """Which orders the link shows, and the button that stops it."""
    link = await _find(parts.engine, actor, household_id)
    return _page(request, link, was_stopped=stopped == "yes")


@router.post("/links/{household_id}/revoke")
@declare(roles=_DESK, scope=Scope.HOUSEHOLD)
async def submit_revocation(
    request: Request,
    actor: CurrentActor,
    parts: Parts,
    key: GivenKey,
    *,
    household_id: str,
    generation: Annotated[int, Form(ge=1)],
) -> Response:
    """Stop the link that was looked at; one that has taken its place meanwhile goes on."""
    link = await _find(parts.engine, actor, household_id)
    real_now = parts.real_clock.now()

    async def work(tx: Transaction) -> Answer:
        await revoke_link(tx, Revocation(household_id, generation, actor, parts.keys.link_key), real_now)
        return see_other(f"/links/{household_id}?stopped=yes")

    try:
        return respond(await answer_once(parts.engine, key, real_now, work))
    except Refused as refusal:
        if not wants_page(request):
            raise
        return _page(request, link, problem=error_text(request, refusal))


async def _find(engine: Engine, actor: Actor, household_id: str) -> HouseholdsLink:
    async with transaction(engine) as tx:
        link = await links.find(tx, household_id)
    require_in_scope(actor, link.community if link else "", link.grid or None if link else None)
    if link is None:
        raise NotFound("not_found")
    return link


def _page(request: Request, link: HouseholdsLink, *, was_stopped: bool = False, problem: str = "") -> Response:
    if not wants_page(request):
        body = {"household_id": link.household_id, "generation": link.generation, "numbers": list(link.numbers)}
        return JSONResponse(body)
    context = {"link": link, "was_stopped": was_stopped, "problem": problem}
    return render(request, "link.html", context, status=409 if problem else 200)
