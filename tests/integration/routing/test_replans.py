"""Running plans made again (run_replan, save_replan): for the better, without a crew, without a lift."""

import asyncio
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI

from services.routing.actions.waves.ask_replan import (
    Asker,
    ask_improvement,
    change_lift,
    mark_crew_absent,
    mark_crew_back,
)
from services.routing.actions.waves.export_wave import export_wave
from services.routing.actions.waves.run_plan_request import PlanEnd
from services.routing.actions.waves.run_replan import run_replan
from services.routing.planning.check import Score, check_plan
from services.routing.planning.child import SolverProcess
from shared.basics.randomness import SystemRandomness
from shared.contracts.orders_estate import BuildingChanged, Handling
from shared.contracts.orders_household import OrderCancelled
from shared.database.session import transaction
from shared.security.roles import Role
from shared.testing.eventually import eventually
from tests.integration.routing.browsers import Browser, hire
from tests.integration.routing.district import (
    TODAY,
    District,
    a_building,
    a_planner,
    a_wave,
    an_order,
    open_district,
    plan_all,
    release,
    settle,
)
from tests.integration.routing.test_insert_order import LATE, a_wave_and_an_urgent_order, offered, take


def asker(district: District) -> Asker:
    return Asker("zhao", district.clock, SystemRandomness())


async def ask_for_better(district: District) -> None:
    (request,) = await district.rows("SELECT request_id, drop_point_id FROM plan_requests")
    async with transaction(district.engine) as tx:
        await ask_improvement(tx, str(request["request_id"]), str(request["drop_point_id"]), asker(district))


async def absent(district: District, crew_id: str) -> int:
    async with transaction(district.engine) as tx:
        return await mark_crew_absent(tx, crew_id, TODAY, asker(district))


async def lift(district: District, entrance_id: str, *, works: bool) -> int:
    async with transaction(district.engine) as tx:
        return await change_lift(tx, entrance_id, asker(district), works=works)


async def again(district: District, solver: SolverProcess) -> PlanEnd:
    return await run_replan(a_planner(district, solver))


async def wishes(district: District) -> Sequence[dict[str, Any]]:
    return await district.rows("SELECT * FROM replans ORDER BY replan_id")


async def a_planned_wave(district: District, solver: SolverProcess, homes: int = 8) -> str:
    await open_district(district, homes=homes)
    wave_id = await a_wave(district)
    await plan_all(district, solver)
    return wave_id


async def busy_crew(district: District) -> str:
    (row, *_) = await district.rows(
        "SELECT crew_id FROM rounds WHERE state IN ('planned', 'released') ORDER BY planned_start"
    )
    return str(row["crew_id"])


async def score_of(district: District, wave_id: str) -> Score:
    """What the check says to the rounds as they stand in the database."""
    async with transaction(district.engine) as tx:
        instance: Any = await export_wave(tx, wave_id)
    rows = await district.rows(
        """SELECT rounds.crew_id, rounds.round_id, stops.stop_id, stops.entrance_id FROM stops
           JOIN rounds ON rounds.round_id = stops.round_id WHERE rounds.state <> 'dropped'
           ORDER BY rounds.planned_start, rounds.round_id, stops.position"""
    )
    days: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for row in rows:
        visits = days.setdefault(str(row["crew_id"]), {}).setdefault(str(row["round_id"]), [])
        if not visits or visits[-1]["entrance"] != row["entrance_id"]:
            visits.append({"entrance": row["entrance_id"], "orders": []})
        visits[-1]["orders"].append(row["stop_id"])
    crews = [
        {"crew": crew, "rounds": [{"visits": visits} for visits in day.values()]} for crew, day in days.items()
    ]
    return check_plan(instance, {"instance": wave_id, "crews": crews})


async def test_a_plan_that_can_be_better_is_changed_and_says_what_moved(
    district: District, solver: SolverProcess
) -> None:
    wave_id, stop_id = await a_wave_and_an_urgent_order(district, solver)
    offer = await offered(district, wave_id, stop_id)
    await take(district, offer, 2)  # a round of its own: dearer than it need be
    for _ in range(2):
        await ask_for_better(district)
    assert len(await wishes(district)) == 1
    assert await again(district, solver) is PlanEnd.SAVED
    (wish,) = await wishes(district)
    assert wish["state"] == "saved"
    difference = wish["difference"]
    assert difference["cost_before"] - difference["cost_after"] >= 60
    assert stop_id in [moved["stop_id"] for moved in difference["moved"]]
    (request,) = await district.rows("SELECT cost FROM plan_requests")
    score = await score_of(district, wave_id)
    assert (score.errors, score.cost) == ((), request["cost"])
    await release(district, wave_id)
    assert len(await district.outbox("routing.delivery_scheduled")) == 9


async def test_a_plan_as_good_as_it_gets_stays(district: District, solver: SolverProcess) -> None:
    await a_planned_wave(district, solver)
    before = await district.rows("SELECT * FROM stops ORDER BY stop_id")
    await ask_for_better(district)
    await again(district, solver)
    assert [wish["state"] for wish in await wishes(district)] == ["kept"]
    assert await district.rows("SELECT * FROM stops ORDER BY stop_id") == before


async def test_what_was_told_is_not_moved_for_being_better(district: District, solver: SolverProcess) -> None:
    wave_id, stop_id = await a_wave_and_an_urgent_order(district, solver, released=True)
    await take(district, await offered(district, wave_id, stop_id), 2)
    before = await district.rows("SELECT * FROM stops ORDER BY stop_id")
    await ask_for_better(district)
    await again(district, solver)
    assert [wish["state"] for wish in await wishes(district)] == ["kept"]
    assert await district.rows("SELECT * FROM stops ORDER BY stop_id") == before


async def test_an_absent_crews_doors_go_to_another_crew(district: District, solver: SolverProcess) -> None:
    wave_id = await a_planned_wave(district, solver)
    crew_id = await busy_crew(district)
    assert await absent(district, crew_id) == 1
    await again(district, solver)
    (wish,) = await wishes(district)
    assert wish["state"] == "saved"
    assert {moved["from_crew"] for moved in wish["difference"]["moved"]} == {crew_id}
    assert await busy_crew(district) != crew_id
    assert (await score_of(district, wave_id)).errors == ()
    await settle(district, LATE)
    await district.hear(an_order(district, LATE))
    await a_wave(district)
    await plan_all(district, solver)
    rows = await district.rows("SELECT DISTINCT crew_id FROM rounds WHERE state <> 'dropped'")
    assert crew_id not in [row["crew_id"] for row in rows]


async def back(district: District, crew_id: str) -> int:
    async with transaction(district.engine) as tx:
        return await mark_crew_back(tx, crew_id, TODAY, asker(district))


async def test_a_crew_that_is_back_before_the_plan_is_made_anew_keeps_its_rounds(
    district: District, solver: SolverProcess
) -> None:
    await a_planned_wave(district, solver)
    crew_id = await busy_crew(district)
    before = await district.rows("SELECT * FROM stops ORDER BY stop_id")
    await absent(district, crew_id)
    searching = asyncio.create_task(again(district, solver))
    await eventually(lambda: is_leased(district))
    assert await back(district, crew_id) == 1
    assert await searching is PlanEnd.OVERTAKEN
    while await again(district, solver) is not PlanEnd.NOTHING_TO_DO:
        pass
    assert await district.rows("SELECT * FROM stops ORDER BY stop_id") == before


async def test_a_crew_that_is_back_can_be_planned_with_again(district: District, solver: SolverProcess) -> None:
    wave_id, stop_id = await a_wave_and_an_urgent_order(district, solver)
    crew_id = await busy_crew(district)
    await absent(district, crew_id)
    await again(district, solver)
    assert crew_id not in {place.crew for place in (await offered(district, wave_id, stop_id)).places}
    await back(district, crew_id)
    assert {wish["because"] for wish in await wishes(district)} == {"crew_absent", "better"}
    assert crew_id in {place.crew for place in (await offered(district, wave_id, stop_id)).places}


async def test_a_crew_said_to_be_back_twice_or_by_two_at_once_is_asked_for_once(
    district: District, solver: SolverProcess
) -> None:
    await a_planned_wave(district, solver)
    crew_id = await busy_crew(district)
    assert await back(district, crew_id) == 0
    await absent(district, crew_id)
    assert sorted(await asyncio.gather(*(back(district, crew_id) for _ in range(2)))) == [0, 1]
    assert await back(district, crew_id) == 0
    assert sorted(wish["because"] for wish in await wishes(district)) == ["better", "crew_absent"]


async def test_households_of_an_absent_crews_released_round_are_told_anew(
    district: District, solver: SolverProcess
) -> None:
    wave_id = await a_planned_wave(district, solver)
    await release(district, wave_id)
    crew_id = await busy_crew(district)
    await absent(district, crew_id)
    await again(district, solver)
    assert len(await district.outbox("routing.delivery_scheduled")) == 16
    assert {row["state"] for row in await district.rows("SELECT state FROM stops")} == {"released"}
    states = await district.rows("SELECT crew_id, state FROM rounds ORDER BY state")
    assert [(row["crew_id"] == crew_id, row["state"]) for row in states] == [
        (True, "dropped"),
        (False, "released"),
    ]
    bags = await district.rows("SELECT count(*) AS n FROM round_bags WHERE is_active")
    assert bags[0]["n"] == 16


async def test_what_an_absent_crew_has_loaded_stays_with_it(district: District, solver: SolverProcess) -> None:
    wave_id = await a_planned_wave(district, solver)
    await release(district, wave_id)
    crew_id = await busy_crew(district)
    await district.rows("UPDATE rounds SET state = 'started' RETURNING 1")
    assert await absent(district, crew_id) == 0
    assert await again(district, solver) is PlanEnd.NOTHING_TO_DO


async def test_without_any_crew_left_each_household_is_told_so(district: District, solver: SolverProcess) -> None:
    wave_id = await a_planned_wave(district, solver)
    await release(district, wave_id)
    for crew_id in ("k1", "k2"):
        await absent(district, crew_id)
    while await again(district, solver) is not PlanEnd.NOTHING_TO_DO:
        pass
    assert [event["reason"] for event in await district.outbox("routing.delivery_unplanned")] == ["no_crew"] * 8
    rows = await district.rows("SELECT DISTINCT state, wave_id FROM stops")
    assert [(row["state"], row["wave_id"]) for row in rows] == [("waiting", None)]


async def test_rounds_that_come_to_a_broken_lift_take_the_stairs_time(
    district: District, solver: SolverProcess
) -> None:
    wave_id = await a_planned_wave(district, solver)
    before = await score_of(district, wave_id)
    assert await lift(district, "entrance-1", works=False) == 1
    assert await lift(district, "entrance-1", works=False) == 0
    await again(district, solver)
    after = await score_of(district, wave_id)
    assert after.errors == ()
    assert after.cost > before.cost
    (request,) = await district.rows("SELECT cost FROM plan_requests")
    assert request["cost"] == after.cost
    assert await lift(district, "entrance-1", works=True) == 1
    await again(district, solver)
    assert (await score_of(district, wave_id)).cost <= before.cost


async def test_a_building_found_positive_comes_after_the_clean_ones(
    district: District, solver: SolverProcess
) -> None:
    wave_id = await a_planned_wave(district, solver)
    (first,) = await district.rows("SELECT entrance_id FROM stops WHERE position = 1 ORDER BY planned_at LIMIT 1")
    number = int(str(first["entrance_id"]).removeprefix("entrance-"))
    same = a_building(number).model_dump() | {"handling": Handling.POSITIVE}
    await district.hear(BuildingChanged(**same))
    await again(district, solver)
    assert [wish["because"] for wish in await wishes(district)] == ["handling_changed"]
    assert (await score_of(district, wave_id)).errors == ()
    order = await district.rows("SELECT entrance_id FROM stops ORDER BY planned_at")
    assert order[-1]["entrance_id"] == first["entrance_id"]


async def test_a_plan_changed_during_the_search_is_not_overwritten(
    district: District, solver: SolverProcess
) -> None:
    await a_planned_wave(district, solver)
    await absent(district, await busy_crew(district))
    searching = asyncio.create_task(again(district, solver))
    await eventually(lambda: is_leased(district))
    await district.hear(OrderCancelled(household_id="household-0001", order_id="order-0001", reason="away"))
    assert await searching is PlanEnd.OVERTAKEN
    assert [wish["state"] for wish in await wishes(district)] == ["waiting"]
    assert await again(district, solver) is PlanEnd.SAVED
    planned = await district.rows("SELECT 1 AS one FROM stops WHERE state = 'planned'")
    assert len(planned) == 7


async def is_leased(district: District) -> bool:
    return bool(await district.rows("SELECT 1 AS one FROM replans WHERE state = 'leased'"))


async def test_the_dispatcher_asks_by_hand(district: District, solver: SolverProcess, app: FastAPI) -> None:
    wave_id = await a_planned_wave(district, solver)
    await hire(district, "zhao", Role.DISPATCHER)
    await hire(district, "qian", Role.DISPATCHER, "榕荫社区")
    zhao, qian = await Browser(app).sign_in("zhao"), await Browser(app).sign_in("qian")
    page = (await zhao.get(f"/waves/{wave_id}", page=True)).text
    assert "entrance-1" in page
    for browser, status in ((qian, 404), (zhao, 303)):
        crew_id = await busy_crew(district)
        assert (await browser.post(f"/crews/{crew_id}/absent")).status_code == status
        fields = {"entrance_id": "entrance-1", "works": "no", "wave_id": wave_id}
        assert (await browser.post("/lifts", **fields)).status_code == status
    assert (await zhao.post(f"/waves/{wave_id}/improve")).status_code == 303
    assert [wish["because"] for wish in await wishes(district)] == ["crew_absent", "lift_changed", "better"]
    while await again(district, solver) is not PlanEnd.NOTHING_TO_DO:
        pass
    made_again = (await zhao.get(f"/waves/{wave_id}")).json()["made_again"]
    assert [line["because"] for line in made_again] == ["better", "lift_changed", "crew_absent"]
    assert (await zhao.get(f"/waves/{wave_id}", page=True)).status_code == 200
    page = (await zhao.get("/crews", page=True)).text
    assert (page.count('/absent"'), page.count('/back"')) == (1, 1)
    for browser, status in ((qian, 404), (zhao, 303), (zhao, 303)):
        assert (await browser.post(f"/crews/{crew_id}/back")).status_code == status
    page = (await zhao.get("/crews", page=True)).text
    assert (page.count('/absent"'), page.count('/back"')) == (2, 0)
