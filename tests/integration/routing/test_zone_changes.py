"""Zones of another class (follow_zone, run_replan): what that touches is planned anew, and people are told."""

from datetime import datetime, timedelta

from services.routing.actions.waves.run_plan_request import PlanEnd
from services.routing.planning.child import SolverProcess
from services.routing.planning.running_plan import Joining
from shared.contracts.orders_estate import ZoneChanged, ZoneClass
from tests.integration.routing.district import (
    GRID,
    LOTUS,
    START,
    District,
    a_building,
    a_wave,
    an_order,
    load_files,
    names,
    plan_all,
    release,
    settle,
)
from tests.integration.routing.test_insert_order import offered, take
from tests.integration.routing.test_replans import again, score_of, wishes

NOON = START + timedelta(hours=4)


async def change(
    district: District, zone_class: ZoneClass, *, zone: str = "zone-2", since: datetime = NOON
) -> None:
    await district.hear(
        ZoneChanged(zone_id=zone, name=zone, community=LOTUS, grid=GRID, zone_class=zone_class, valid_from=since)
    )


async def a_wave_of_two_zones(district: District, solver: SolverProcess, *, released: bool = True) -> str:
    """Eight homes, those of even number in the second building and zone, on released rounds."""
    await load_files(district)
    await names(district)
    await change(district, ZoneClass.SEALED, since=START)
    await district.hear(a_building(2).model_copy(update={"zone_id": "zone-2"}))
    for n in range(1, 9):
        await settle(district, n, building=2 - n % 2)
        await district.hear(an_order(district, n, building=2 - n % 2))
    wave_id = await a_wave(district)
    await plan_all(district, solver)
    if released:
        await release(district, wave_id)
    return wave_id


async def numbers(district: District, state: str) -> set[int]:
    rows = await district.rows("SELECT order_id FROM stops WHERE state = :state", state=state)
    return {int(str(row["order_id"]).removeprefix("order-")) for row in rows}


async def test_orders_of_a_zone_that_opens_leave_their_rounds_and_are_told_so(
    district: District, solver: SolverProcess
) -> None:
    wave_id = await a_wave_of_two_zones(district, solver)
    await change(district, ZoneClass.CONTROLLED)
    assert await again(district, solver) is PlanEnd.SAVED
    (wish,) = await wishes(district)
    assert (wish["because"], wish["state"]) == ("zone_changed", "saved")
    assert set(wish["difference"]["left_out"].values()) == {"zone_closed"}
    told = await district.outbox("routing.delivery_unplanned")
    assert {(str(event["order_id"]), event["reason"]) for event in told} == {
        (f"order-{n:04}", "zone_closed") for n in (2, 4, 6, 8)
    }
    assert await numbers(district, "released") == {1, 3, 5, 7}
    assert await numbers(district, "waiting") == {2, 4, 6, 8}
    assert all(error.endswith("is not delivered") for error in (await score_of(district, wave_id)).errors)
    dropped = await district.rows("SELECT round_id FROM rounds WHERE state = 'dropped'")
    assert [event["round_id"] for event in await district.outbox("routing.round_dropped")] == [
        row["round_id"] for row in dropped
    ]


async def test_who_stays_on_a_round_keeps_the_window_that_was_told(
    district: District, solver: SolverProcess
) -> None:
    await a_wave_of_two_zones(district, solver)
    before = {str(event["order_id"]): event for event in await district.outbox("routing.delivery_scheduled")}
    await change(district, ZoneClass.LIFTED)
    await again(district, solver)
    for event in (await district.outbox("routing.delivery_scheduled"))[8:]:
        was = before[str(event["order_id"])]
        (stop,) = await district.rows("SELECT * FROM stops WHERE order_id = :id", id=event["order_id"])
        assert (event["round_id"], event["stop_id"]) == (stop["round_id"], stop["stop_id"])
        window = (event["window_from"], event["window_to"])
        if str(was["window_from"]) <= _text(stop["planned_at"]) <= str(was["window_to"]):
            assert window == (was["window_from"], was["window_to"])
        assert str(window[0]) <= _text(stop["planned_at"]) <= str(window[1])


def _text(moment: object) -> str:
    assert isinstance(moment, datetime)
    return moment.isoformat().replace("+00:00", "Z")


async def test_a_class_that_begins_tomorrow_changes_nothing_today(
    district: District, solver: SolverProcess
) -> None:
    wave_id = await a_wave_of_two_zones(district, solver)
    before = await district.rows("SELECT * FROM stops ORDER BY stop_id")
    # Midnight in the street.
    await change(district, ZoneClass.LIFTED, since=START + timedelta(hours=16))
    await again(district, solver)
    assert await district.rows("SELECT * FROM stops ORDER BY stop_id") == before
    assert (await score_of(district, wave_id)).errors == ()


async def test_the_class_told_again_asks_for_nothing(district: District, solver: SolverProcess) -> None:
    await a_wave_of_two_zones(district, solver)
    await change(district, ZoneClass.SEALED, since=START)
    assert await wishes(district) == []


async def test_a_round_whose_hour_has_come_gives_its_doors_up_till_it_is_loaded(
    district: District, solver: SolverProcess
) -> None:
    await a_wave_of_two_zones(district, solver)
    district.clock.advance(timedelta(hours=1, minutes=5).total_seconds())
    await change(district, ZoneClass.LIFTED)
    await again(district, solver)
    assert await numbers(district, "waiting") == {2, 4, 6, 8}
    starts = await district.rows("SELECT planned_start FROM rounds WHERE state = 'released'")
    assert all(row["planned_start"] > district.clock.now() for row in starts)  # type: ignore[operator]


async def test_what_is_loaded_is_brought_all_the_same(district: District, solver: SolverProcess) -> None:
    await a_wave_of_two_zones(district, solver)
    await district.rows("UPDATE rounds SET state = 'started' RETURNING 1")
    await change(district, ZoneClass.LIFTED)
    await again(district, solver)
    assert await numbers(district, "released") == set(range(1, 9))


async def test_a_zone_that_is_sealed_again_takes_its_orders_back(
    district: District, solver: SolverProcess
) -> None:
    wave_id = await a_wave_of_two_zones(district, solver)
    await change(district, ZoneClass.LIFTED)
    await again(district, solver)
    (stop,) = await district.rows("SELECT stop_id FROM stops WHERE order_id = 'order-0002'")
    assert (await offered(district, wave_id, str(stop["stop_id"]))).places == ()
    await change(district, ZoneClass.SEALED, since=NOON + timedelta(hours=1))
    await again(district, solver)
    offer = await offered(district, wave_id, str(stop["stop_id"]))
    assert offer.places[0].joining is not Joining.VISIT
    await take(district, offer)
    assert await numbers(district, "released") == {1, 2, 3, 5, 7}


async def test_a_new_wave_leaves_out_what_lies_in_a_zone_that_is_open(
    district: District, solver: SolverProcess
) -> None:
    wave_id = await a_wave_of_two_zones(district, solver, released=False)
    await change(district, ZoneClass.PRECAUTION)
    await again(district, solver)
    left = await district.rows("SELECT reason FROM unplanned WHERE wave_id = :id", id=wave_id)
    assert [row["reason"] for row in left] == ["zone_closed"] * 4
    await release(district, wave_id)
    await a_wave(district)
    await plan_all(district, solver)
    assert await numbers(district, "planned") == set()
