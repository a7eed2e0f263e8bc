"""From waiting orders to released rounds (make_wave, build_problem, release_rounds), with the real planner."""

import asyncio
import sys
from datetime import timedelta

import pytest

from services.routing.actions.waves.build_problem import build_problem
from services.routing.actions.waves.discard_wave import discard_wave
from services.routing.actions.waves.release_rounds import finish_release, release_round, rounds_to_release
from services.routing.actions.waves.run_plan_request import PlanEnd, run_plan_request
from services.routing.domain.wave import Reach, WaveRefused
from services.routing.planning.child import SolverProcess
from services.routing.storage import plan_requests
from shared.contracts.orders_household import OrderCancelled
from shared.database.session import transaction
from shared.testing.eventually import eventually
from tests.integration.routing.district import (
    GRID,
    LOTUS,
    TODAY,
    District,
    a_building,
    a_planner,
    a_wave,
    a_wave_order,
    an_order,
    open_district,
    plan_all,
    release,
    settle,
)


async def is_being_planned(district: District) -> bool:
    return bool(await district.rows("SELECT 1 AS one FROM plan_requests WHERE state = 'leased'"))


async def test_waiting_orders_become_a_released_round(district: District, solver: SolverProcess) -> None:
    await open_district(district)
    wave_id = await a_wave(district)
    assert await plan_all(district, solver) == [PlanEnd.SAVED]
    (wave,) = await district.rows("SELECT state FROM waves")
    assert wave["state"] == "planned"
    assert await district.told() == []
    await release(district, wave_id)
    assert await district.told() == ["round_released"] + ["delivery_scheduled"] * 4
    scheduled = await district.outbox("routing.delivery_scheduled")
    assert [event["household_id"] for event in scheduled] == sorted(str(e["household_id"]) for e in scheduled)


async def test_a_wave_takes_all_waiting_orders_up_to_its_date(district: District, solver: SolverProcess) -> None:
    await open_district(district, homes=2)
    await settle(district, 9)
    await district.hear(an_order(district, 9, wave_date=TODAY - timedelta(days=1)))
    await settle(district, 8)
    await district.hear(an_order(district, 8, wave_date=TODAY + timedelta(days=1)))
    await a_wave(district)
    rows = await district.rows("SELECT order_id FROM stops WHERE wave_id IS NULL")
    assert [row["order_id"] for row in rows] == ["order-0008"]


async def test_nothing_waiting_is_no_wave(district: District) -> None:
    with pytest.raises(WaveRefused, match="no_waiting_orders"):
        await a_wave(district)


async def test_somebody_elses_grid_is_out_of_reach(district: District) -> None:
    await open_district(district)
    for reach in (Reach(frozenset({"榕荫社区"})), Reach(frozenset({LOTUS}), frozenset({"另一网格"}))):
        with pytest.raises(WaveRefused, match="no_waiting_orders"):
            await a_wave(district, a_wave_order(reach=reach))
    await a_wave(district, a_wave_order(reach=Reach(frozenset({LOTUS}), frozenset({GRID}))))


async def test_one_drop_point_is_planned_by_one_wave_at_a_time(district: District, solver: SolverProcess) -> None:
    await open_district(district, homes=1)
    await a_wave(district)
    await settle(district, 7)
    await district.hear(an_order(district, 7))
    with pytest.raises(WaveRefused, match="drop_point_being_planned"):
        await a_wave(district)
    assert len(await district.rows("SELECT 1 AS one FROM waves")) == 1
    await plan_all(district, solver)
    await a_wave(district)


async def test_an_entrance_no_file_knows_is_planned_with_defaults(
    district: District, solver: SolverProcess
) -> None:
    await open_district(district, homes=1)
    await district.hear(a_building(77))
    await settle(district, 5, building=77)
    await district.hear(an_order(district, 5, building=77))
    wave_id = await a_wave(district)
    await plan_all(district, solver)
    await release(district, wave_id)
    assert len(await district.outbox("routing.delivery_scheduled")) == 2


async def test_a_home_above_the_storeys_we_know_of_is_fed_all_the_same(
    district: District, solver: SolverProcess
) -> None:
    await open_district(district, homes=1)
    await district.hear(a_building(77))
    for n, building in ((5, 77), (6, 1)):
        await settle(district, n, building=building)
        await district.hear(an_order(district, n, building=building).model_copy(update={"floor": 31}))
    wave_id = await a_wave(district)
    await plan_all(district, solver)
    await release(district, wave_id)
    assert len(await district.outbox("routing.delivery_scheduled")) == 3


async def test_an_order_without_any_drop_point_is_told_why_and_waits_again(
    district: District, solver: SolverProcess
) -> None:
    await open_district(district, homes=1)
    await district.hear(a_building(78, community="远方社区"))
    await settle(district, 6, building=78)
    await district.hear(an_order(district, 6, building=78))
    wave_id = await a_wave(district)
    await plan_all(district, solver)
    await release(district, wave_id)
    (told,) = await district.outbox("routing.delivery_unplanned")
    assert (told["order_id"], told["reason"]) == ("order-0006", "no_drop_point")
    (stop,) = await district.rows("SELECT state, wave_id FROM stops WHERE order_id = 'order-0006'")
    assert (stop["state"], stop["wave_id"]) == ("waiting", None)


async def test_without_crews_every_order_is_told_so(district: District, solver: SolverProcess) -> None:
    await open_district(district, homes=2)
    await district.rows("UPDATE crews SET is_current = false RETURNING 1")
    wave_id = await a_wave(district)
    await plan_all(district, solver)
    await release(district, wave_id)
    assert [event["reason"] for event in await district.outbox("routing.delivery_unplanned")] == ["no_crew"] * 2


async def test_releasing_twice_tells_once(district: District, solver: SolverProcess) -> None:
    await open_district(district)
    wave_id = await a_wave(district)
    await plan_all(district, solver)
    async with transaction(district.engine) as tx:
        (round_id,) = await rounds_to_release(tx, wave_id)

    async def press() -> bool:
        async with transaction(district.engine) as tx:
            return await release_round(tx, round_id, district.clock.now())

    async def finish() -> bool:
        async with transaction(district.engine) as tx:
            return await finish_release(tx, wave_id, district.clock.now())

    assert sorted(await asyncio.gather(press(), press(), press())) == [False, False, True]
    assert sorted(await asyncio.gather(finish(), finish())) == [False, True]
    assert await district.told() == ["round_released"] + ["delivery_scheduled"] * 4


async def test_a_wave_still_being_planned_cannot_be_released(district: District) -> None:
    await open_district(district)
    wave_id = await a_wave(district)
    async with transaction(district.engine) as tx:
        with pytest.raises(WaveRefused, match="wave_still_planning"):
            await rounds_to_release(tx, wave_id)


async def test_a_stop_cancelled_after_planning_is_left_out_of_the_release(
    district: District, solver: SolverProcess
) -> None:
    await open_district(district)
    wave_id = await a_wave(district)
    await plan_all(district, solver)
    await district.hear(OrderCancelled(household_id="household-0002", order_id="order-0002", reason="away"))
    await release(district, wave_id)
    assert len(await district.outbox("routing.delivery_scheduled")) == 3
    assert await district.outbox("routing.delivery_unplanned") == []
    (released,) = await district.outbox("routing.round_released")
    assert (released["stops"], released["bags"]) == (3, 6)


async def test_a_stop_cancelled_during_the_search_is_left_out_of_the_plan(
    district: District, solver: SolverProcess
) -> None:
    await open_district(district)
    await a_wave(district)
    planner = a_planner(district, solver)
    planning = asyncio.create_task(run_plan_request(planner))
    await eventually(lambda: is_being_planned(district))
    await district.hear(OrderCancelled(household_id="household-0001", order_id="order-0001", reason="away"))
    assert await planning is PlanEnd.SAVED
    planned = await district.rows("SELECT order_id FROM stops WHERE state = 'planned' ORDER BY order_id")
    assert [row["order_id"] for row in planned] == ["order-0002", "order-0003", "order-0004"]


async def test_a_lapsed_lease_is_taken_over_and_its_first_holder_saves_nothing(
    district: District, solver: SolverProcess
) -> None:
    await open_district(district)
    await a_wave(district)
    planner = a_planner(district, solver)
    async with transaction(district.engine) as tx:
        slow = await plan_requests.take_request(tx, 8.0)
    assert slow is not None
    async with transaction(district.engine) as tx:
        assert await plan_requests.take_request(tx, 8.0) is None
    await district.rows("UPDATE plan_requests SET leased_until = clock_timestamp() - interval '1 s' RETURNING 1")
    assert await run_plan_request(planner) is PlanEnd.SAVED
    async with transaction(district.engine) as tx:
        assert not await plan_requests.still_holds(tx, slow)
        assert (await build_problem(tx, slow, planner.rules, district.clock.now())).problem.orders == ()
    (request,) = await district.rows("SELECT state, fence, attempts FROM plan_requests")
    assert (request["state"], request["fence"], request["attempts"]) == ("planned", 2, 2)
    assert len(await district.rows("SELECT 1 AS one FROM rounds")) == 1


async def test_a_newer_plan_version_throws_a_slower_plan_away(district: District, solver: SolverProcess) -> None:
    await open_district(district)
    await a_wave(district)
    planning = asyncio.create_task(run_plan_request(a_planner(district, solver)))
    await eventually(lambda: is_being_planned(district))
    await district.rows("UPDATE drop_points SET plan_version = plan_version + 1 RETURNING 1")
    assert await planning is PlanEnd.OVERTAKEN
    assert await district.rows("SELECT 1 AS one FROM rounds") == []


async def test_a_plan_thrown_away_lets_its_orders_wait_again(district: District, solver: SolverProcess) -> None:
    await open_district(district)
    first = await a_wave(district)
    await plan_all(district, solver)
    for _ in range(2):
        await throw_away(district, first)
    async with transaction(district.engine) as tx:
        with pytest.raises(WaveRefused, match="wave_was_discarded"):
            await rounds_to_release(tx, first)
    second = await a_wave(district)
    await plan_all(district, solver)
    await release(district, second)
    assert len(await district.outbox("routing.delivery_scheduled")) == 4
    with pytest.raises(WaveRefused, match="wave_is_told"):
        await throw_away(district, second)


async def test_a_plan_thrown_away_during_the_search_is_never_saved(
    district: District, solver: SolverProcess
) -> None:
    await open_district(district)
    wave_id = await a_wave(district)
    planning = asyncio.create_task(run_plan_request(a_planner(district, solver)))
    await eventually(lambda: is_being_planned(district))
    await throw_away(district, wave_id)
    assert await planning is PlanEnd.OVERTAKEN
    assert await district.rows("SELECT 1 AS one FROM rounds") == []
    assert len(await district.rows("SELECT 1 AS one FROM stops WHERE wave_id IS NULL")) == 4


async def throw_away(district: District, wave_id: str) -> None:
    async with transaction(district.engine) as tx:
        await discard_wave(tx, wave_id)


async def test_two_planners_never_hold_one_request(district: District) -> None:
    await open_district(district)
    await a_wave(district)

    async def take() -> bool:
        async with transaction(district.engine) as tx:
            return await plan_requests.take_request(tx, 8.0) is not None

    assert sum(await asyncio.gather(*(take() for _ in range(8)))) == 1


async def test_a_dead_solver_is_tried_again_and_then_done_without(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    await open_district(district)
    await a_wave(district)
    async with SolverProcess(workers=1) as dead:
        ends = await plan_all(district, dead)
    assert ends == [PlanEnd.GIVEN_BACK, PlanEnd.GIVEN_BACK, PlanEnd.SAVED]
    (request,) = await district.rows("SELECT stages FROM plan_requests")
    assert request["stages"] == ["savings_in_process"]


async def test_a_request_tried_too_often_fails_and_its_orders_are_told(
    district: District, solver: SolverProcess
) -> None:
    await open_district(district, homes=1)
    wave_id = await a_wave(district)
    await district.rows("UPDATE plan_requests SET attempts = 3 RETURNING 1")
    assert await plan_all(district, solver) == [PlanEnd.FAILED]
    await release(district, wave_id)
    (told,) = await district.outbox("routing.delivery_unplanned")
    assert told["reason"] == "plan_failed"


async def test_a_second_wave_of_the_day_plans_crews_after_their_first_rounds(
    district: District, solver: SolverProcess
) -> None:
    await open_district(district)
    await district.rows("UPDATE crews SET is_current = false WHERE crew_id = 'k2' RETURNING 1")
    first = await a_wave(district)
    await plan_all(district, solver)
    await release(district, first)
    await settle(district, 11)
    await district.hear(an_order(district, 11))
    await a_wave(district)
    await plan_all(district, solver)
    rows = await district.rows("SELECT planned_start, planned_end FROM rounds ORDER BY planned_start")
    assert len(rows) == 2
    assert rows[1]["planned_start"] >= rows[0]["planned_end"]  # type: ignore[operator]


async def test_a_crew_that_was_behind_sealed_doors_enters_no_clean_ones_in_the_days_next_wave(
    district: District, solver: SolverProcess
) -> None:
    await open_district(district, homes=2)
    await district.rows("UPDATE buildings SET handling = 'positive' WHERE building_id = 'building-1' RETURNING 1")
    await district.rows("UPDATE crews SET is_current = false WHERE crew_id = 'k2' RETURNING 1")
    await release(district, await first_wave(district, solver))
    await settle(district, 11, building=2)
    await district.hear(an_order(district, 11, building=2))
    await a_wave(district)
    assert await plan_all(district, solver) == [PlanEnd.SAVED]
    assert [row["reason"] for row in await district.rows("SELECT reason FROM unplanned")] == ["rules_keep_out"]
    await district.rows("UPDATE crews SET is_current = true RETURNING 1")
    await district.rows("UPDATE stops SET wave_id = NULL WHERE state = 'waiting' RETURNING 1")
    await a_wave(district)
    await plan_all(district, solver)
    rows = await district.rows(
        "SELECT crew_id FROM rounds JOIN stops ON stops.round_id = rounds.round_id WHERE order_id = 'order-0011'"
    )
    assert [row["crew_id"] for row in rows] == ["k2"]


async def first_wave(district: District, solver: SolverProcess) -> str:
    wave_id = await a_wave(district)
    await plan_all(district, solver)
    return wave_id
