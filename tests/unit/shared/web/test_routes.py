"""A bare route stops the start-up, whatever it hides behind."""

import pytest
from fastapi import APIRouter, FastAPI

from shared.security.roles import Role
from shared.security.scope import Scope
from shared.web.routes import BareRoute, declare, list_routes, public


def test_a_route_without_role_and_scope_is_refused() -> None:
    router = APIRouter()

    @router.get("/bare")
    async def bare() -> None: ...

    with pytest.raises(BareRoute, match=r"/bare .*bare.* declares no role and scope"):
        list_routes([router])


def test_a_mounted_application_is_refused() -> None:
    router = APIRouter()
    router.mount("/hidden", FastAPI())
    with pytest.raises(BareRoute, match="only plain routes"):
        list_routes([router])


def test_a_nested_router_is_refused() -> None:
    inner, outer = APIRouter(), APIRouter()

    @inner.get("/nested")
    @public("nothing to hide")
    async def nested() -> None: ...

    outer.include_router(inner)
    with pytest.raises(BareRoute, match="only plain routes"):
        list_routes([outer])


def test_declared_routes_are_listed_method_by_method() -> None:
    router = APIRouter(prefix="/households")

    @router.api_route("/{household_id}", methods=["GET", "POST"])
    @declare(roles={Role.OPERATOR}, scope=Scope.HOUSEHOLD)
    async def household() -> None: ...

    listed = list_routes([router])
    assert [(route.method, route.path) for route in listed] == [
        ("GET", "/households/{household_id}"),
        ("POST", "/households/{household_id}"),
    ]
    assert listed[0].declaration.roles == {Role.OPERATOR}
    assert listed[0].declaration.scope is Scope.HOUSEHOLD


def test_a_route_for_nobody_and_an_open_one_without_reason_are_refused() -> None:
    with pytest.raises(BareRoute):
        declare(roles=set(), scope=Scope.NONE)
    with pytest.raises(BareRoute):
        public("")
