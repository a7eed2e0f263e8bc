"""The dispatcher's pages over HTTP: files, waves, release, scope, both languages."""

import json

import pytest
from fastapi import FastAPI

from services.routing.planning.child import SolverProcess
from shared.security.roles import Role
from shared.web.app import declared_routes
from tests.integration.routing.browsers import Browser, hire
from tests.integration.routing.district import (
    GRID,
    LOTUS,
    District,
    a_building,
    a_roster,
    an_estate,
    an_order,
    names,
    open_district,
    plan_all,
    settle,
)


@pytest.fixture
async def dispatcher(app: FastAPI, district: District) -> Browser:
    await hire(district, "zhao", Role.DISPATCHER)
    return await Browser(app).sign_in("zhao")


async def test_a_street_is_brought_in_planned_and_released(
    dispatcher: Browser, district: District, solver: SolverProcess
) -> None:
    await names(district)
    loaded = await dispatcher.bring_in("/estate/import", an_estate())
    assert loaded.json() == {"entrances": 2, "drop_points": 1, "unmatched": 0}
    assert (await dispatcher.bring_in("/crews/import", a_roster())).json() == {"crews": 2}
    for n in range(1, 5):
        await settle(district, n)
        await district.hear(an_order(district, n))
    made = await dispatcher.post("/waves", wave_date="2022-03-04", zones="*")
    assert made.status_code == 303, made.text
    address = made.headers["location"]
    assert (await dispatcher.get(address)).json()["state"] == "planning"
    await plan_all(district, solver)
    wave = (await dispatcher.get(address)).json()
    assert wave["state"] == "planned"
    assert wave["unassigned"] == []
    assert [(r["crew_id"] in {"k1", "k2"}, r["stops"], r["bags"]) for r in wave["rounds"]] == [(True, 4, 8)]
    assert wave["requests"][0]["stages"]
    for _ in range(2):
        assert (await dispatcher.post(f"{address}/release")).status_code == 303
    assert (await dispatcher.get(address)).json()["state"] == "released"
    assert (await district.told()).count("delivery_scheduled") == 4


async def test_a_plan_can_be_thrown_away_before_it_is_released(
    dispatcher: Browser, district: District, solver: SolverProcess
) -> None:
    await open_district(district)
    address = (await dispatcher.post("/waves", wave_date="2022-03-04")).headers["location"]
    await plan_all(district, solver)
    assert (await dispatcher.post(f"{address}/discard")).headers["location"] == "/board"
    assert (await dispatcher.get(address)).json()["state"] == "discarded"
    assert (await dispatcher.get(f"{address}?lang=en", page=True)).status_code == 200
    assert (await dispatcher.post(f"{address}/release")).status_code == 409


async def test_a_double_click_on_plan_makes_one_wave(dispatcher: Browser, district: District) -> None:
    await open_district(district)
    first = await dispatcher.post("/waves", key="k" * 20, wave_date="2022-03-04", zones="*")
    second = await dispatcher.post("/waves", key="k" * 20, wave_date="2022-03-04", zones="*")
    assert first.headers["location"] == second.headers["location"]
    assert len(await district.rows("SELECT 1 AS one FROM waves")) == 1


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"wave_date": "soon"}, 422, "date_unreadable"),
        ({"wave_date": "2022-03-04", "plan_seconds": "for ever"}, 422, "plan_seconds_unreadable"),
        ({"wave_date": "2022-03-04", "zones": "no-such-zone"}, 404, "zone_unknown"),
        ({"wave_date": "2022-03-04"}, 409, "no_waiting_orders"),
    ],
)
async def test_a_wave_that_cannot_be_is_refused_with_its_reason(
    dispatcher: Browser, fields: dict[str, str], status: int, code: str
) -> None:
    answer = await dispatcher.post("/waves", **fields)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    page = await dispatcher.post("/waves", page=True, **fields)
    assert page.status_code in {status, 422}
    assert "error-summary" in page.text or status == 404


async def test_a_bad_estate_file_is_refused_by_feature_and_field(dispatcher: Browser, district: District) -> None:
    await dispatcher.bring_in("/estate/import", an_estate())
    document = json.loads(an_estate())
    document["features"][-1]["properties"]["floors"] = "many"
    document["features"][-1]["geometry"]["coordinates"] = [float("nan"), 1]
    answer = await dispatcher.bring_in("/estate/import", json.dumps(document).encode())
    assert answer.status_code == 422
    assert answer.json()["error"]["problems"] == [
        {"feature": "entrance b2e1", "field": "coordinates", "wrong": "not_finite"}
    ]
    page = await dispatcher.bring_in("/estate/import", json.dumps(document).encode(), page=True)
    assert "entrance b2e1" in page.text
    assert len(await district.rows("SELECT 1 AS one FROM estate_entrances")) == 2


async def test_a_crew_without_shift_is_refused_by_line_and_column(dispatcher: Browser, district: District) -> None:
    answer = await dispatcher.bring_in("/crews/import", a_roster("k1,一组,志愿者,2,150000,36,,13:00,z0d0,"))
    assert answer.status_code == 422
    assert answer.json()["error"]["problems"] == [
        {"feature": "line 2 k1", "field": "shift_start", "wrong": "missing"}
    ]
    assert await district.rows("SELECT 1 AS one FROM crews") == []


async def test_entrances_no_file_knows_are_listed_with_their_defaults(
    dispatcher: Browser, district: District
) -> None:
    await names(district)
    await district.hear(a_building(9))
    await dispatcher.bring_in("/estate/import", an_estate())
    assert (await dispatcher.get("/estate")).json()["unmatched"] == 1
    page = (await dispatcher.get("/estate?lang=en", page=True)).text
    assert "9号楼" in page
    assert "6 storeys" in page


async def test_events_after_the_file_are_matched_too(dispatcher: Browser, district: District) -> None:
    await dispatcher.bring_in("/estate/import", an_estate())
    await names(district)
    assert (await dispatcher.get("/estate")).json()["unmatched"] == 0


async def test_another_communitys_wave_is_not_there(
    app: FastAPI, dispatcher: Browser, district: District, solver: SolverProcess
) -> None:
    await hire(district, "banyan", Role.DISPATCHER, "榕荫社区")
    await hire(district, "lotus", Role.DISPATCHER, LOTUS, grids=(GRID,))
    await open_district(district)
    address = (await dispatcher.post("/waves", wave_date="2022-03-04")).headers["location"]
    await plan_all(district, solver)
    banyan = await Browser(app).sign_in("banyan")
    lotus = await Browser(app).sign_in("lotus")
    assert (await banyan.get(address)).status_code == 404
    assert (await banyan.post(f"{address}/release")).status_code == 404
    assert (await banyan.post(f"{address}/discard")).status_code == 404
    assert (await banyan.post("/crews/k1/admission")).status_code == 404
    assert (await banyan.get("/crews")).json() == {"crews": []}
    assert (await banyan.post("/waves", wave_date="2022-03-04", zones="zone-1")).status_code == 404
    assert len((await lotus.get(address)).json()["rounds"]) == 1
    assert (await banyan.bring_in("/estate/import", an_estate())).status_code == 403


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.OFFICER, Role.AUDITOR])
async def test_only_a_dispatcher_plans(app: FastAPI, district: District, role: Role) -> None:
    await hire(district, "looker", role)
    looker = await Browser(app).sign_in("looker")
    assert (await looker.get("/board", page=True)).status_code == 200
    assert (await looker.post("/waves", wave_date="2022-03-04")).status_code == 403


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
async def test_every_page_opens_in_both_languages(
    dispatcher: Browser, district: District, solver: SolverProcess, language: str
) -> None:
    for path in ("/board", "/estate", "/crews"):
        assert (await dispatcher.get(f"{path}?lang={language}", page=True)).status_code == 200, path
    await open_district(district)
    await district.hear(a_building(9))
    address = (await dispatcher.post("/waves", wave_date="2022-03-04")).headers["location"]
    for path in ("/board", "/estate", "/crews", address):
        assert (await dispatcher.get(f"{path}?lang={language}", page=True)).status_code == 200, path
    await plan_all(district, solver)
    assert (await dispatcher.get(f"{address}?lang={language}", page=True)).status_code == 200
    assert (await dispatcher.post(f"{address}/release")).status_code == 303
    assert (await dispatcher.get(f"{address}?lang={language}", page=True)).status_code == 200
    assert (await dispatcher.post("/crews/k1/admission", page=True)).status_code == 200


async def test_nobody_gets_in_without_signing_in(app: FastAPI) -> None:
    stranger = Browser(app)
    for route in declared_routes(app):
        if route.declaration.is_public or "{" in route.path:
            continue
        answer = await stranger.client.request(route.method, route.path, headers={"accept": "application/json"})
        assert answer.status_code == 401, route
