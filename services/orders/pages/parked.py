"""Events that could not be taken in: why, and once more."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from shared.messaging.endpoint import Endpoint
from shared.security.roles import Role
from shared.security.scope import Scope
from shared.web.error_responses import wants_page
from shared.web.request_keys import read_request_key
from shared.web.routes import declare
from shared.web.templates import render


def routes(endpoint: Endpoint) -> APIRouter:
    """The pages over one endpoint's parked events."""
    router = APIRouter()

    @router.get("/parked")
    @declare(roles=(Role.ADMINISTRATOR,), scope=Scope.NONE)
    async def show_parked(request: Request) -> Response:
        """Every parked event with its reason; never its body."""
        events = await endpoint.list_parked()
        if not wants_page(request):
            rows = [{"event_id": e.event_id, "topic": e.topic, "reason": e.reason} for e in events]
            return JSONResponse({"parked": rows})
        return render(request, "parked.html", {"events": events})

    @router.post("/parked/{event_id}/replay", dependencies=[Depends(read_request_key)])
    @declare(roles=(Role.ADMINISTRATOR,), scope=Scope.NONE)
    async def submit_replay(event_id: str) -> Response:
        """Try an event once more; a second time it is no longer parked."""
        await endpoint.replay(event_id)
        return RedirectResponse("/parked", 303)

    return router
