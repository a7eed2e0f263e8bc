"""The list of messages for the desk: what was told, and whom somebody has to call."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from services.notify.domain.message import MessageState
from services.notify.pages.words import ALL_STATES, NEWS_TEXTS, REASON_TEXTS, STATE_LOOKS, STATE_TEXTS
from services.notify.storage.message_list import PAGE_LENGTH, ListedMessage, Wanted, list_messages
from shared.database.session import transaction
from shared.security.roles import Role
from shared.security.scope import Scope, visible_communities, visible_grids
from shared.web.error_responses import wants_page
from shared.web.languages import translate
from shared.web.routes import CurrentActor, Parts, declare
from shared.web.templates import render

router = APIRouter()
_READERS = (Role.OPERATOR, Role.DISPATCHER)


@router.get("/")
@declare(roles=(*_READERS, Role.ADMINISTRATOR), scope=Scope.NONE)
async def show_first_page(actor: CurrentActor) -> Response:
    """To the page of one's work."""
    return RedirectResponse("/messages" if actor.has_role(*_READERS) else "/parked", 303)


class MessageFilter(BaseModel):
    """What of the list is wanted, as the address says it."""

    state: str = Field(default="", max_length=20)
    number: str = Field(default="", max_length=20)
    before: int | None = Field(default=None, ge=1)
    lang: str = ""

    def known_state(self) -> MessageState | None:
        """The state asked for, if it is one."""
        return MessageState(self.state) if self.state in set(MessageState) else None


@router.get("/messages")
@declare(roles=_READERS, scope=Scope.COMMUNITY)
async def show_messages(
    request: Request, actor: CurrentActor, parts: Parts, asked: Annotated[MessageFilter, Query()]
) -> Response:
    """Messages to the households of one's own grids, newest first."""
    wanted = Wanted(
        communities=visible_communities(actor),
        grids=visible_grids(actor),
        state=asked.known_state(),
        number=asked.number.strip().upper(),
        before=asked.before,
    )
    async with transaction(parts.engine) as tx:
        found = await list_messages(tx, wanted)
    shown, has_more = found[:PAGE_LENGTH], len(found) > PAGE_LENGTH
    if not wants_page(request):
        return JSONResponse({"messages": [_as_json(message) for message in shown], "has_more": has_more})
    states = [("", translate(request, ALL_STATES))]
    states += [(state.value, translate(request, text)) for state, text in STATE_TEXTS.items()]
    older = request.url.include_query_params(before=shown[-1].position).query if has_more else ""
    context = {
        "messages": shown,
        "has_more": has_more,
        "older_href": f"?{older}",
        "state": wanted.state.value if wanted.state else "",
        "number": wanted.number,
        "states_shown": states,
        "news_texts": NEWS_TEXTS,
        "state_texts": STATE_TEXTS,
        "state_looks": STATE_LOOKS,
        "reason_texts": REASON_TEXTS,
    }
    return render(request, "messages.html", context)


def _as_json(message: ListedMessage) -> dict[str, object]:
    return {
        "message_id": message.message_id,
        "order_id": message.order_id,
        "number": message.number,
        "news": message.news.value,
        "attempt": message.attempt,
        "state": message.state.value,
        "reason": message.reason,
        "due_at": message.due_at.isoformat(),
        "ended_at": message.ended_at.isoformat() if message.ended_at else None,
    }
