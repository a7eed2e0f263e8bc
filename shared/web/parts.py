"""What a service hands over to become a web application."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from shared.basics.clock import Clock, SystemClock
from shared.basics.randomness import Randomness
from shared.observability.health import Heartbeats, ReadinessCheck
from shared.security.key_file import ServiceKeys
from shared.security.scope import Actor
from shared.settings import ServiceSettings
from shared.web.idempotency import Engine
from shared.web.loops import Loop, end_process

# Lets somebody in who is no member of staff: a crew by its session, a resident by a link.
Admission = Callable[[Request], Awaitable[Actor | None]]
TroublePage = Callable[[Request, int], Response | None]


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One page in the top bar; shown to those whose role may open it. `label` is a catalogue text."""

    label: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceParts:
    """One service, ready to be put together.

    `folder` is the service's own: `pages/templates`, `pages/static` and `locale` are looked for in it.
    `title` and the texts of `error_texts` (by error code) are catalogue texts, translated when shown.
    `guest_door` is the page that lets those in who are no staff: a crew whose session ended is sent there.
    `trouble_page` may answer in place of the plain page when something failed on our side: a resident should then
    see the hotline, not the staff's first page.
    `real_clock` measures sessions, throttles and tickets and never runs fast.
    """

    name: str
    title: str
    folder: Path
    settings: ServiceSettings
    engine: Engine
    keys: ServiceKeys
    clock: Clock
    randomness: Randomness
    routers: Sequence[APIRouter]
    loops: Mapping[str, Loop] = field(default_factory=dict)
    readiness: Mapping[str, ReadinessCheck] = field(default_factory=dict)
    error_texts: Mapping[str, str] = field(default_factory=dict)
    navigation: Sequence[NavigationEntry] = ()
    admissions: Sequence[Admission] = ()
    has_staff: bool = True
    home_path: str = "/"
    guest_door: str = ""
    trouble_page: TroublePage | None = None
    heartbeats: Heartbeats | None = None
    on_start: Sequence[Callable[[], Awaitable[None]]] = ()
    on_stop: Sequence[Callable[[], Awaitable[None]]] = ()
    on_loop_death: Callable[[str], None] = end_process
    real_clock: Clock = field(default_factory=SystemClock)


def parts_of(request: Request) -> ServiceParts:
    """The parts of the service that answers this request."""
    parts: ServiceParts = request.app.state.parts
    return parts
