"""What belongs to another community does not exist: on every route that names a thing, and in every list."""

import re
from collections.abc import Mapping

import httpx
from fastapi import FastAPI

from services.routing.planning.child import SolverProcess
from shared.security.roles import Role
from shared.web.app import declared_routes
from shared.web.routes import DeclaredRoute
from tests.integration.routing.browsers import Browser, hire
from tests.integration.routing.district import (
    LOTUS,
    District,
    a_wave,
    an_order,
    open_district,
    plan_all,
    release,
    settle,
)

# It only leads back to the list of crews, whoever asks for whichever crew.
SHOWS_NOTHING = {("GET", "/crews/{crew_id}/admission")}


async def a_street_of_lotus(district: District, solver: SolverProcess) -> Mapping[str, str]:
    """One of everything that an address can name, all of it in the community of Lotus."""
    await open_district(district)
    wave_id = await a_wave(district)
    await plan_all(district, solver)
    await release(district, wave_id)
    await settle(district, 90)
    await district.hear(an_order(district, 90))
    (waiting,) = await district.rows("SELECT stop_id, order_id FROM stops WHERE state = 'waiting'")
    (task,) = await district.rows(
        "INSERT INTO tasks (kind, order_id, stop_id, community, made_at)"
        " VALUES ('delivered_after_cancel', :order, :stop, :community, now()) RETURNING task_id",
        order=waiting["order_id"],
        stop=waiting["stop_id"],
        community=LOTUS,
    )
    (walked,) = await district.rows("SELECT round_id, crew_id FROM rounds LIMIT 1")
    return {
        "wave_id": wave_id,
        "stop_id": str(waiting["stop_id"]),
        "order_id": str(waiting["order_id"]),
        "task_id": str(task["task_id"]),
        "round_id": str(walked["round_id"]),
        "crew_id": str(walked["crew_id"]),
        "entrance_id": "entrance-1",
    }


async def ask(browser: Browser, route: DeclaredRoute, known: Mapping[str, str]) -> httpx.Response:
    """Call a route about these things, with every field that a form of ours may want."""
    path = route.path.format(**known)
    fields = {**known, "mark": "m", "joining": "visit", "works": "no", "visit": "0", "wave_date": "2022-03-04"}
    if route.method == "GET":
        return await browser.client.get(path, params=known)
    return await browser.post(path, **fields)


async def test_a_dispatcher_of_another_community_gets_404_on_every_route_that_names_a_thing(
    app: FastAPI, district: District, solver: SolverProcess
) -> None:
    await hire(district, "banyan", Role.DISPATCHER, "榕荫社区")
    known = await a_street_of_lotus(district, solver)
    stranger = await Browser(app).sign_in("banyan")
    routes = [
        route
        for route in declared_routes(app)
        if re.search(r"{(?!event_id)\w+}", route.path)
        and Role.DISPATCHER in route.declaration.roles
        and (route.method, route.path) not in SHOWS_NOTHING
    ]
    answers = {(route.method, route.path): (await ask(stranger, route, known)).status_code for route in routes}
    assert len(answers) >= 6
    assert answers == dict.fromkeys(answers, 404)


async def test_what_is_shown_to_a_dispatcher_of_another_community_names_nothing(
    app: FastAPI, district: District, solver: SolverProcess
) -> None:
    await hire(district, "banyan", Role.DISPATCHER, "榕荫社区")
    known = await a_street_of_lotus(district, solver)
    stranger = await Browser(app).sign_in("banyan")
    for path in ("/board", "/crews", "/estate"):
        shown = (await stranger.get(path, page=True)).text
        assert LOTUS not in shown, path
        assert [name for name, thing in known.items() if len(thing) > 4 and thing in shown] == [], path


async def test_a_dispatcher_of_the_community_finds_all_of_it(
    app: FastAPI, district: District, solver: SolverProcess
) -> None:
    await hire(district, "lotus", Role.DISPATCHER, LOTUS)
    known = await a_street_of_lotus(district, solver)
    dispatcher = await Browser(app).sign_in("lotus")
    gets = [
        route
        for route in declared_routes(app)
        if route.method == "GET" and "{" in route.path and Role.DISPATCHER in route.declaration.roles
    ]
    answers = {route.path: (await ask(dispatcher, route, known)).status_code for route in gets}
    # A place for a late order may be refused; that it exists is not denied.
    assert {path for path, status in answers.items() if status in {401, 403, 404}} == set()
