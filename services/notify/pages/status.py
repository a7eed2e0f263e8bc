"""The resident's page behind the status link: how the order stands, in words and times, without any script."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from services.notify.actions.links.open_link import open_link
from services.notify.domain.contact import Language, language_of
from services.notify.domain.guessing import MissedLinks, MissLimits
from services.notify.domain.order import PATH, FollowedOrder, Step, Window
from services.notify.domain.wording import why_not_delivered
from services.notify.pages.words import HEADLINE_AGAIN, HEADLINES, STEP_TEXTS
from shared.basics.errors import NotFound
from shared.database.session import transaction
from shared.observability.metrics import missed_links
from shared.security.blind_index import link_hash
from shared.web.languages import choose_language
from shared.web.packing import packed
from shared.web.routes import Parts, public
from shared.web.templates import render

# How each step looks, by the shared status names.
_LOOKS = {
    Step.RECEIVED: "received",
    Step.SCHEDULED: "packed",
    Step.OUT: "out",
    Step.DELIVERED: "delivered",
    Step.NOT_DELIVERED: "no_answer",
    Step.CANCELLED: "cancelled",
}


@dataclass(frozen=True, slots=True)
class TimelineStep:
    """One step as the shared timeline draws it; `state` is done, now or next."""

    name: str
    text: str
    at: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class OrderShown:
    """One order in the words of the page. `items` are pairs of quantity and name."""

    number: str
    look: str
    headline: str
    window: Window | None
    steps: Sequence[TimelineStep]
    items: Sequence[tuple[int, str]]
    why: str
    what_next: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Sender:
    """How residents know us: the hotline, and the sender's name in the messages (a catalogue text)."""

    hotline: str
    sign: str


def make_router(sender: Sender, limits: MissLimits) -> APIRouter:
    """The routes of the status page; misses are counted in this process."""
    router = APIRouter()
    missed = MissedLinks(limits)

    @router.get("/s/{token}")
    @public("a capability: whoever holds the link sees the state of the household's orders, no person")
    async def show_status(
        request: Request, parts: Parts, token: str, large: Annotated[str, Query(max_length=1)] = ""
    ) -> Response:
        """How the household's orders stand. Opening it changes nothing."""
        known = _known(request, sender, is_large=large == "1")
        address = request.client.host if request.client is not None else "unknown"
        wait_s = missed.wait_s(address, parts.clock.monotonic())
        if wait_s > 0:
            missed_links.labels("made_to_wait").inc()
            return packed(request, _wait_page(request, known, wait_s))
        try:
            async with transaction(parts.engine) as tx:
                orders = await open_link(tx, link_hash(parts.keys.link_key, token), parts.clock.now())
        except NotFound:
            missed_links.labels("showed_nothing").inc()
            missed.note_miss(address, parts.clock.monotonic())
            return packed(request, _unreferred(render(request, "status_gone.html", known, status=404)))
        language = language_of(choose_language(request))
        shown = [show_order(order, language, sender.hotline) for order in orders]
        return packed(request, _unreferred(render(request, "status.html", {**known, "orders": shown})))

    return router


def _known(request: Request, sender: Sender, *, is_large: bool) -> dict[str, object]:
    return {
        "hotline": sender.hotline,
        "sign": sender.sign,
        "is_large": is_large,
        "large_href": f"?{request.url.include_query_params(large='' if is_large else '1').query}",
        # A page about nobody: not even for a member of staff who opens the link at the desk.
        "actor": None,
    }


def _wait_page(request: Request, known: Mapping[str, object], wait_s: float) -> Response:
    page = render(request, "status_wait.html", {**known, "wait_s": ceil(wait_s)}, status=429)
    page.headers["retry-after"] = str(ceil(wait_s))
    return _unreferred(page)


def make_trouble_page(sender: Sender) -> Callable[[Request, int], Response | None]:
    """What a resident sees when we cannot answer: the hotline, and the same link to try again."""

    def trouble_page(request: Request, status: int) -> Response | None:
        if not request.url.path.startswith("/s/"):
            return None
        known = _known(request, sender, is_large=request.query_params.get("large") == "1")
        return _unreferred(render(request, "status_away.html", known, status))

    return trouble_page


def show_order(order: FollowedOrder, language: Language, hotline: str) -> OrderShown:
    """One order in the words of the page; what happened is shown, and after it only what may still come."""
    step = order.step()
    why, what_next = ("", "")
    if step is Step.NOT_DELIVERED:
        why, what_next = why_not_delivered(order.failed_reason, language, hotline)
    return OrderShown(
        number=order.number,
        look=_LOOKS[step],
        headline=HEADLINE_AGAIN if step is Step.RECEIVED and order.attempt > 1 else HEADLINES[step],
        window=order.window if step in {Step.SCHEDULED, Step.OUT} else None,
        steps=_timeline(order, step),
        items=[(item.quantity, item.name_in(language)) for item in order.items],
        why=why,
        what_next=what_next,
        changed_at=order.changed_at,
    )


def _timeline(order: FollowedOrder, now: Step) -> list[TimelineStep]:
    path = list(PATH)
    if now in {Step.NOT_DELIVERED, Step.CANCELLED}:
        happened = [step for step in PATH if order.time_of(step) is not None]
        path = [*happened, now]
    reached = path.index(now)
    return [
        TimelineStep(
            name=_LOOKS[step],
            text=STEP_TEXTS[step],
            at=order.time_of(step),
            state="done" if index < reached else "now" if index == reached else "next",
        )
        for index, step in enumerate(path)
    ]


def _unreferred(response: Response) -> Response:
    # The address is the key: it must not travel to any other page, not even one of ours.
    response.headers["referrer-policy"] = "no-referrer"
    return response
