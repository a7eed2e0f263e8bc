"""Roles and places: deny by default, and what is out of scope does not exist."""

import pytest

from shared.basics.errors import NotAllowed, NotFound
from shared.security.roles import PERMISSIONS, Permission, Role
from shared.security.scope import (
    Actor,
    is_in_scope,
    may,
    require,
    require_bound,
    require_in_scope,
    visible_communities,
    visible_grids,
    watching,
)


def an_actor(*roles: Role, communities: str = "", grids: str = "", bound_to: str = "") -> Actor:
    return Actor("a", "A", frozenset(roles), frozenset(communities.split()), frozenset(grids.split()), bound_to)


@pytest.mark.parametrize(
    ("communities", "grids", "community", "grid", "expected"),
    [
        ("A", "", "A", None, True),
        ("A", "", "A", "g1", True),
        ("A", "", "B", None, False),
        ("A", "g1", "A", "g1", True),
        ("A", "g1", "A", "g2", False),
        ("A", "g1", "B", "g1", False),
        ("A", "g1", "A", None, True),
        ("", "", "A", None, False),
        ("*", "", "B", "g9", True),
    ],
)
def test_a_place_is_in_scope_or_does_not_exist(
    communities: str, grids: str, community: str, grid: str | None, expected: bool
) -> None:
    actor = an_actor(Role.OPERATOR, communities=communities, grids=grids)
    assert is_in_scope(actor, community, grid) is expected
    if expected:
        require_in_scope(actor, community, grid)
    else:
        with pytest.raises(NotFound, match="not_found"):
            require_in_scope(actor, community, grid)


def test_every_role_has_its_row_and_nobody_has_all() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert all(permissions < set(Permission) for permissions in PERMISSIONS.values())


def test_an_administrator_sees_nobodys_data() -> None:
    seen = {Permission.SEE_CONTACT, Permission.SEE_MASKED_CONTACT, Permission.SEE_NEEDS}
    assert not PERMISSIONS[Role.ADMINISTRATOR] & seen


def test_a_crew_never_sees_a_phone_number() -> None:
    assert not may(an_actor(Role.CREW), Permission.SEE_CONTACT)


def test_what_a_role_may_not_is_not_allowed() -> None:
    with pytest.raises(NotAllowed, match="role_may_not"):
        require(an_actor(Role.OPERATOR), Permission.PLAN_ROUNDS)
    require(an_actor(Role.OPERATOR, Role.DISPATCHER), Permission.PLAN_ROUNDS)


def test_somebody_bound_sees_only_what_they_are_bound_to() -> None:
    require_bound(an_actor(Role.RESIDENT, bound_to="h-1"), "h-1")
    for actor, subject in [(an_actor(Role.RESIDENT, bound_to="h-1"), "h-2"), (an_actor(Role.RESIDENT), "")]:
        with pytest.raises(NotFound):
            require_bound(actor, subject)


def test_lists_are_filtered_by_the_same_scope() -> None:
    assert visible_communities(an_actor(communities="A B")) == {"A", "B"}
    assert visible_communities(an_actor(communities="*")) is None
    assert visible_grids(an_actor(communities="A", grids="g1")) == {"g1"}
    assert visible_grids(an_actor(communities="A")) is None


def test_asking_for_scope_is_noticed() -> None:
    with watching() as watch:
        assert not watch.asked
        visible_communities(an_actor(communities="A"))
        assert watch.asked
