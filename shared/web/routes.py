"""Every route says who may call it and whose data it shows; a bare route stops the start-up."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute

from shared.basics.errors import NotAllowed
from shared.database.session import reading
from shared.security.roles import STAFF_ROLES, Role
from shared.security.scope import Actor, Scope
from shared.security.sessions import cookie_name, find_session
from shared.web.parts import ServiceParts, parts_of

Endpoint = TypeVar("Endpoint", bound=Callable[..., object])

ANY_STAFF: Final = STAFF_ROLES
_MARK: Final = "__declared_access__"


class NotSignedIn(NotAllowed):
    """Nobody we know; pages send them to the sign-in, JSON gets 401."""

    def __init__(self) -> None:
        super().__init__("not_signed_in")


class BareRoute(Exception):
    """A route without a declaration; the service does not start."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """Who may call a route and whose data it shows; no roles means everybody, for `reason`."""

    roles: frozenset[Role]
    scope: Scope
    reason: str = ""

    @property
    def is_public(self) -> bool:
        """Whether nobody needs to be signed in."""
        return not self.roles


@dataclass(frozen=True, slots=True)
class DeclaredRoute:
    """One method of one route, for the table of roles and routes and for the tests made from it."""

    method: str
    path: str
    endpoint: str
    declaration: Declaration


def declare(*, roles: Iterable[Role], scope: Scope) -> Callable[[Endpoint], Endpoint]:
    """Say who may call this route and whose data it shows; stands below `@router.get(...)`.

    A scope that belongs to a place or person obliges the route to ask `shared.security.scope` before it
    answers; in the test environment a route that did not is an error.
    """
    wanted = frozenset(roles)
    if not wanted:
        message = "a route for nobody; use public(reason) for an open one"
        raise BareRoute(message)
    return _mark(Declaration(wanted, scope))


def public(reason: str) -> Callable[[Endpoint], Endpoint]:
    """Say that this route is open to anybody, and why that is right."""
    if not reason:
        message = "an open route needs its reason"
        raise BareRoute(message)
    return _mark(Declaration(frozenset(), Scope.NONE, reason))


def list_routes(routers: Sequence[APIRouter]) -> list[DeclaredRoute]:
    """Every method of every route with its declaration.

    Errors: BareRoute for the first route without one, and for anything that is no plain route
            (a mount, a nested router): access to it could not be checked.
    """
    found = []
    for router in routers:
        for route in router.routes:
            if not isinstance(route, APIRoute):
                message = f"{type(route).__name__} {getattr(route, 'path', '')}: only plain routes can be declared"
                raise BareRoute(message)
            declaration = declaration_of(route.endpoint)
            if declaration is None:
                message = f"{route.path} ({route.endpoint.__qualname__}) declares no role and scope"
                raise BareRoute(message)
            found += [
                DeclaredRoute(method, route.path, route.endpoint.__qualname__, declaration)
                for method in sorted(route.methods or ())
            ]
    return found


def declaration_of(endpoint: object) -> Declaration | None:
    """What was declared for this endpoint, if anything."""
    found = getattr(endpoint, _MARK, None)
    return found if isinstance(found, Declaration) else None


async def admit(request: Request) -> None:
    """Let the right people through; runs before every route of a service.

    Errors: NotSignedIn; NotAllowed("role_may_not") for somebody whose roles do not fit.
    """
    request.state.actor = None
    # Whoever it is, allowed or not: the top bar of a refusal still shows who is signed in.
    request.state.known = None
    declaration = declaration_of(request.scope["route"].endpoint)
    if declaration is None:
        message = f"{request.scope['route'].path} declares no role and scope"
        raise BareRoute(message)
    if declaration.is_public:
        return
    for find_actor in (_staff_actor, *parts_of(request).admissions):
        actor = await find_actor(request)
        if actor is None:
            continue
        request.state.known = actor
        if actor.has_role(*declaration.roles):
            request.state.actor = actor
            return
    if request.state.known is None:
        raise NotSignedIn
    raise NotAllowed("role_may_not")


async def current_actor(request: Request) -> Actor:
    """Whoever was let in to this route.

    Errors: NotSignedIn on a public route.
    """
    actor: Actor | None = request.state.actor
    if actor is None:
        raise NotSignedIn
    return actor


async def _parts(request: Request) -> ServiceParts:
    # Not `parts_of` itself: FastAPI would send a plain function to a thread, which costs more than the look-up.
    return parts_of(request)


CurrentActor = Annotated[Actor, Depends(current_actor)]
Parts = Annotated[ServiceParts, Depends(_parts)]


async def _staff_actor(request: Request) -> Actor | None:
    parts = parts_of(request)
    token = request.cookies.get(cookie_name(parts.name))
    if not token or not parts.has_staff:
        return None
    async with reading(parts.engine) as tx:
        account = await find_session(tx, token, parts.real_clock.now())
    return None if account is None else account.actor()


def _mark(declaration: Declaration) -> Callable[[Endpoint], Endpoint]:
    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _MARK, declaration)
        return endpoint

    return mark
