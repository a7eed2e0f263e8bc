"""Whose data: what one signed-in person may see, and 404 for everything else."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum

from shared.basics.errors import NotAllowed, NotFound
from shared.security.roles import Permission, Role, has_permission

WHOLE_STREET = "*"


class Scope(StrEnum):
    """What a route's data is bound to; declared with each route."""

    NONE = "none"  # the route shows nothing that belongs to a place or person
    OWN = "own"  # only what belongs to the one who asks: own session, own link, own household
    STREET = "street"  # totals of the whole street, no person in them
    COMMUNITY = "community"
    GRID = "grid"
    HOUSEHOLD = "household"
    ENTRANCE = "entrance"
    ROUND = "round"


# Routes with these scopes must ask this module before they answer.
CHECKED_SCOPES = frozenset({Scope.COMMUNITY, Scope.GRID, Scope.HOUSEHOLD, Scope.ENTRANCE, Scope.ROUND})


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who was let in.

    `communities` may hold `*` for the whole street; no `grids` means all grids of the communities.
    `bound_to` is the crew, entrance or household of somebody who is no account.
    """

    account_id: str
    name: str
    roles: frozenset[Role]
    communities: frozenset[str] = frozenset()
    grids: frozenset[str] = frozenset()
    bound_to: str = ""

    @property
    def sees_whole_street(self) -> bool:
        """Whether no community is out of scope."""
        return WHOLE_STREET in self.communities

    def has_role(self, *roles: Role) -> bool:
        """Whether this person bears one of these roles."""
        return not self.roles.isdisjoint(roles)


def may(actor: Actor, permission: Permission) -> bool:
    """Whether this person may do this at all, wherever it is."""
    return has_permission(actor.roles, permission)


def require(actor: Actor, permission: Permission) -> None:
    """Stop somebody who may not do this.

    Errors: NotAllowed("role_may_not").
    """
    if not may(actor, permission):
        raise NotAllowed("role_may_not", permission=permission.value)


def is_in_scope(actor: Actor, community: str, grid: str | None = None) -> bool:
    """Whether this person's communities and grids hold the place."""
    _note_checked()
    if actor.sees_whole_street:
        return True
    if community not in actor.communities:
        return False
    return not actor.grids or grid is None or grid in actor.grids


def require_in_scope(actor: Actor, community: str, grid: str | None = None) -> None:
    """Act as if what lies outside somebody's scope did not exist.

    Errors: NotFound("not_found").
    """
    if not is_in_scope(actor, community, grid):
        raise NotFound("not_found")


def require_bound(actor: Actor, subject: str) -> None:
    """Act as if anything but a person's own crew, entrance or household did not exist.

    Errors: NotFound("not_found").
    """
    _note_checked()
    if not actor.bound_to or actor.bound_to != subject:
        raise NotFound("not_found")


def visible_communities(actor: Actor) -> frozenset[str] | None:
    """The communities to filter a list by; None for the whole street."""
    _note_checked()
    return None if actor.sees_whole_street else actor.communities


def visible_grids(actor: Actor) -> frozenset[str] | None:
    """The grids to filter a list by; None for all grids of the visible communities."""
    _note_checked()
    return None if actor.sees_whole_street or not actor.grids else actor.grids


class ScopeWatch:
    """Remembers whether a request asked for scope before it answered."""

    __slots__ = ("asked",)

    def __init__(self) -> None:
        self.asked = False


_watch: ContextVar[ScopeWatch | None] = ContextVar("scope_watch", default=None)


@contextmanager
def watching() -> Iterator[ScopeWatch]:
    """Watch one request; the web application fails a test whose route never asked."""
    watch = ScopeWatch()
    token = _watch.set(watch)
    try:
        yield watch
    finally:
        _watch.reset(token)


def _note_checked() -> None:
    watch = _watch.get()
    if watch is not None:
        watch.asked = True
