"""The first page after signing in: the one a person works on."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from shared.security.roles import Role
from shared.security.scope import Scope
from shared.web.routes import ANY_STAFF, CurrentActor, declare

router = APIRouter()

_PAGES = (
    (Role.OPERATOR, "/desk"),
    (Role.DISPATCHER, "/desk"),
    (Role.OFFICER, "/zones"),
    (Role.ADMINISTRATOR, "/staff"),
)


@router.get("/")
@declare(roles=ANY_STAFF, scope=Scope.NONE)
async def show_first(actor: CurrentActor) -> Response:
    """Go where this person works."""
    target = next((path for role, path in _PAGES if actor.has_role(role)), "/zones")
    return RedirectResponse(target, 303)
