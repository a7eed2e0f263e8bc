"""Lets crews in: the form for the code, and the cookie that stands for a crew afterwards."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from services.routing.actions.crews.admit_crew import admit_crew, find_admitted
from services.routing.domain.crew import SESSION_LIMIT_S
from shared.basics.errors import NotAllowed
from shared.database.session import transaction
from shared.security.roles import Role
from shared.security.scope import Actor
from shared.web.error_responses import error_text, wants_page
from shared.web.parts import parts_of
from shared.web.request_keys import GivenKey
from shared.web.routes import Parts, public
from shared.web.templates import render

router = APIRouter()
COOKIE: Final = "__Host-baimi-crew"


@router.get("/crew/admission")
@public("the crews' door: a code shown by a supervisor is asked for")
async def show_admission(request: Request, code: str = "") -> Response:
    """The form for the code; the picture a supervisor shows opens it filled in."""
    return render(request, "crew_door.html", {"code": code[:20], "problem": ""})


@router.post("/crew/admission")
@public("the crews' door; a code holds two minutes, works once and is too long to guess")
async def enter(
    request: Request, parts: Parts, key: GivenKey, code: Annotated[str, Form(max_length=40)] = ""
) -> Response:
    """Use a code up; the crew's phone gets its cookie, and the same one when it sends the same form again."""
    try:
        async with transaction(parts.engine) as tx:
            admitted = await admit_crew(tx, code, key.key, parts.keys)
    except NotAllowed as refusal:
        if not wants_page(request):
            raise
        return render(request, "crew_door.html", {"code": "", "problem": error_text(request, refusal)}, status=403)
    response = RedirectResponse("/crew", 303)
    response.set_cookie(
        COOKIE,
        admitted.token,
        max_age=SESSION_LIMIT_S,
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )
    return response


async def crew_actor(request: Request) -> Actor | None:
    """The crew whose cookie a request carries, if its admission still holds."""
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    parts = parts_of(request)
    async with transaction(parts.engine) as tx:
        session = await find_admitted(tx, token, parts.clock.now())
    if session is None:
        return None
    return Actor(
        account_id=f"crew:{session.crew_id}",
        name=session.name,
        roles=frozenset({Role.CREW}),
        communities=frozenset({session.community}),
        bound_to=session.crew_id,
    )
