"""The page of events that could not be applied: why each stands there, what it holds back, and one button."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from shared.basics.errors import BaimiError
from shared.security.roles import Role
from shared.security.scope import Scope
from shared.web.error_responses import error_text
from shared.web.routes import declare
from shared.web.templates import render


class ParkedRow(Protocol):
    """What the page shows of a parked event; never its body."""

    @property
    def event_id(self) -> str: ...
    @property
    def event_type(self) -> str: ...
    @property
    def topic(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def attempts(self) -> int: ...
    @property
    def held_back(self) -> int: ...
    @property
    def parked_at(self) -> datetime: ...


ListParked = Callable[[], Awaitable[Sequence[ParkedRow]]]
Replay = Callable[[str], Awaitable[None]]


def parked_router(list_parked: ListParked, replay: Replay) -> APIRouter:
    """The routes of the page, over the two functions that know the events: `/parked`."""
    router = APIRouter()

    @router.get("/parked")
    @declare(roles={Role.ADMINISTRATOR}, scope=Scope.NONE)
    async def show_parked(request: Request, done: str = "") -> Response:
        context = {"rows": await list_parked(), "problem": "", "was_replayed": done == "yes"}
        return render(request, "parked.html", context)

    @router.post("/parked/{event_id}/replay")
    @declare(roles={Role.ADMINISTRATOR}, scope=Scope.NONE)
    async def replay_parked(request: Request, event_id: str) -> Response:
        """Pressing twice is harmless: an event that passed is no longer there."""
        try:
            await replay(event_id)
        except BaimiError as error:
            context = {
                "rows": await list_parked(),
                "problem": error_text(request, error),
                "was_replayed": False,
            }
            return render(request, "parked.html", context, status=409)
        return RedirectResponse("/parked?done=yes", 303)

    return router
