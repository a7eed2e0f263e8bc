"""What an estate file draws, a roster says and settings switch on reaches every plan and its export."""

import json
from dataclasses import replace
from datetime import time
from typing import Any

import pytest
from fastapi import FastAPI

from services.routing.actions.crews.load_roster import load_roster
from services.routing.actions.estate.load_estate_file import load_estate_file
from services.routing.actions.waves.export_wave import export_wave
from services.routing.actions.waves.run_plan_request import PlanEnd, run_plan_request
from services.routing.domain.roster_file import RosterFileRefused
from services.routing.planning.check import check_plan
from services.routing.planning.child import SolverProcess
from services.routing.planning.problem import Rules
from services.routing.storage.crews import crews_at
from services.routing.storage.estate import last_file, walkable_lines
from shared.contracts.orders_estate import Handling
from shared.database.session import transaction
from shared.security.roles import Role
from tests.integration.routing.browsers import Browser, hire
from tests.integration.routing.district import (
    ROSTER_HEAD,
    District,
    a_building,
    a_planner,
    a_roster,
    a_wave,
    an_estate,
    load_files,
    open_district,
    plan_all,
)

# From the drop point the long way round to both entrances.
AROUND = [[0.0, -15.0], [0.0, -200.0], [200.0, -200.0], [200.0, 10.0], [40.0, 10.0]]
FAR_AWAY = [[9_000.0, 0.0], [9_900.0, 0.0]]


def a_drawn_estate(*paths: dict[str, Any], **entrance_facts: object) -> bytes:
    document = json.loads(an_estate())
    document["features"] += paths
    for feature in document["features"]:
        if feature["properties"]["kind"] == "entrance":
            feature["properties"] |= entrance_facts
    return json.dumps(document).encode()


def a_path(feature_id: str, corners: list[list[float]], **facts: object) -> dict[str, Any]:
    geometry = {"type": "LineString", "coordinates": corners}
    return {"type": "Feature", "id": feature_id, "geometry": geometry, "properties": {"kind": "path", **facts}}


async def load(district: District, estate_file: bytes) -> None:
    async with transaction(district.engine) as tx:
        await load_estate_file(tx, estate_file, "test", district.clock.now())


async def an_export(district: District, solver: SolverProcess) -> dict[str, Any]:
    """Plans a wave and gives it as an instance file's content."""
    wave_id = await a_wave(district)
    assert await plan_all(district, solver) == [PlanEnd.SAVED]
    return await exported(district, wave_id)


async def exported(district: District, wave_id: str) -> dict[str, Any]:
    async with transaction(district.engine) as tx:
        instance: Any = await export_wave(tx, wave_id)
    return dict(json.loads(json.dumps(instance)))


async def a_plan_as_walked(district: District) -> dict[str, Any]:
    """The one round there is, as a plan file's content."""
    rows = await district.rows(
        """SELECT rounds.crew_id, stops.stop_id, stops.entrance_id
           FROM stops JOIN rounds USING (round_id) ORDER BY rounds.number, stops.position"""
    )
    visits: list[dict[str, Any]] = []
    for row in rows:
        if not visits or visits[-1]["entrance"] != row["entrance_id"]:
            visits.append({"entrance": row["entrance_id"], "orders": []})
        visits[-1]["orders"].append(row["stop_id"])
    return {"crews": [{"crew": rows[0]["crew_id"], "rounds": [{"visits": visits}]}]}


async def test_a_plan_follows_the_ways_of_the_estate_file(district: District, solver: SolverProcess) -> None:
    await open_district(district)
    await load(district, a_drawn_estate(a_path("w1", AROUND), a_path("w2", FAR_AWAY)))
    instance = await an_export(district, solver)
    assert instance["ways"] == [AROUND]
    plan = {"instance": instance["name"], **await a_plan_as_walked(district)}
    (request,) = await district.rows("SELECT cost, crew_s FROM plan_requests")
    score = check_plan(instance, plan)
    assert (score.errors, score.crew_s) == ((), request["crew_s"])
    straight = check_plan({**instance, "ways": []}, plan)
    assert score.crew_s - straight.crew_s > 700


async def test_a_closed_way_is_kept_but_walked_by_nobody(district: District, solver: SolverProcess) -> None:
    await open_district(district)
    await load(district, a_drawn_estate(a_path("w1", AROUND, closed=True)))
    assert [row["is_walkable"] for row in await district.rows("SELECT is_walkable FROM estate_ways")] == [False]
    assert "ways" not in await an_export(district, solver)


async def test_another_file_takes_the_ways_of_the_one_before_away(district: District) -> None:
    await load(district, a_drawn_estate(a_path("w1", AROUND), a_path("w2", FAR_AWAY)))
    async with transaction(district.engine) as tx:
        file = await last_file(tx)
        assert len(await walkable_lines(tx)) == 2
    assert file is not None
    assert file.ways == 2
    await load(district, an_estate())
    async with transaction(district.engine) as tx:
        assert await walkable_lines(tx) == ()


async def test_the_estate_page_counts_the_ways(district: District, app: FastAPI) -> None:
    await load(district, a_drawn_estate(a_path("w1", AROUND)))
    await hire(district, "zhao", Role.DISPATCHER)
    page = await (await Browser(app).sign_in("zhao")).get("/estate", page=True)
    assert "已画的路</dt><dd>1</dd>" in page.text


async def test_a_way_that_is_none_is_refused_on_the_page(district: District, app: FastAPI) -> None:
    await hire(district, "zhao", Role.DISPATCHER)
    zhao = await Browser(app).sign_in("zhao")
    bad = a_drawn_estate(a_path("w1", AROUND[:1]), a_path("w2", [[0.0, 0.0], [float("nan"), 1.0]]))
    answer = await zhao.bring_in("/estate/import", bad, page=True)
    assert answer.status_code == 422
    assert "path w1" in answer.text
    assert "一条路至少有两个点" in answer.text
    async with transaction(district.engine) as tx:
        assert await walkable_lines(tx) == ()


async def test_without_a_word_of_it_a_plan_has_no_rules(district: District, solver: SolverProcess) -> None:
    await open_district(district)
    instance = await an_export(district, solver)
    assert not {"rules", "ways", "locked"} & set(instance)
    for entrance in instance["entrances"]:
        assert "hand_over_s" not in entrance
    for crew in instance["crews"]:
        assert not {"climbers", "may_enter"} & set(crew)


async def test_rules_that_are_switched_on_reach_the_plan_and_its_export(
    district: District, solver: SolverProcess
) -> None:
    await open_district(district)
    parts = a_planner(district, solver)
    on = Rules(disinfect_s=120, cold_limit_s=5_400, rest_after_s=7_200, rest_s=600)
    parts = replace(parts, rules=replace(parts.rules, product=on, quiet=((time(12, 30), time(13, 30)),)))
    wave_id = await a_wave(district)
    assert await run_plan_request(parts) is PlanEnd.SAVED
    instance = await exported(district, wave_id)
    # Time 0 is the shift's beginning at 09:00; it ends at 13:00.
    assert instance["rules"] == {
        "disinfect_s": 120,
        "cold_limit_s": 5_400,
        "quiet": [[12_600, 16_200]],
        "rest_after_s": 7_200,
        "rest_s": 600,
    }


async def test_where_the_building_head_takes_the_goods_nobody_climbs(
    district: District, solver: SolverProcess
) -> None:
    await open_district(district)
    await load(district, a_drawn_estate(hand_over_s=90))
    instance = await an_export(district, solver)
    assert [entrance["hand_over_s"] for entrance in instance["entrances"]] == [90, 90]
    plan = {"instance": instance["name"], **await a_plan_as_walked(district)}
    (request,) = await district.rows("SELECT crew_s FROM plan_requests")
    assert check_plan(instance, plan).crew_s == request["crew_s"]


async def test_a_crew_that_may_not_enter_positive_buildings_is_not_sent_there(
    district: District, solver: SolverProcess
) -> None:
    await open_district(district)
    await district.hear(a_building(1).model_copy(update={"handling": Handling.POSITIVE}))
    head = f"{ROSTER_HEAD},climbers,may_enter"
    lines = (
        "k1,一组,志愿者,2,150000,36,09:00,13:00,z0d0,,1,clean",
        "k2,二组,物业,2,150000,36,09:00,13:00,z0d0,,,positive",
    )
    async with transaction(district.engine) as tx:
        await load_roster(tx, a_roster(*lines).replace(ROSTER_HEAD.encode(), head.encode()))
        on_duty = await crews_at(tx, "z0d0")
    assert [(crew.climbers, crew.may_enter) for crew in on_duty] == [(1, 0), (None, 1)]
    instance = await an_export(district, solver)
    assert [(crew.get("climbers"), crew.get("may_enter")) for crew in instance["crews"]] == [(1, 0), (None, 1)]
    sent = await district.rows(
        "SELECT DISTINCT rounds.crew_id FROM stops JOIN rounds USING (round_id) WHERE entrance_id = 'entrance-1'"
    )
    assert [row["crew_id"] for row in sent] == ["k2"]
    unplanned = await district.rows("SELECT 1 FROM unplanned")
    assert unplanned == []


async def test_a_roster_with_more_climbers_than_people_changes_nothing(district: District) -> None:
    await load_files(district)
    head = f"{ROSTER_HEAD},climbers,may_enter"
    line = "k1,一组,志愿者,2,150000,36,09:00,13:00,z0d0,,3,"
    with pytest.raises(RosterFileRefused):
        async with transaction(district.engine) as tx:
            await load_roster(tx, a_roster(line).replace(ROSTER_HEAD.encode(), head.encode()))
    async with transaction(district.engine) as tx:
        assert [crew.crew_id for crew in await crews_at(tx, "z0d0")] == ["k1", "k2"]
