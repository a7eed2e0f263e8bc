"""An urgent order comes into a plan that is being carried out (insert_order), on real PostgreSQL."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from services.routing.actions.waves.export_wave import export_wave
from services.routing.actions.waves.insert_order import ChosenPlace, Offer, ask_place, insert_order, offer_places
from services.routing.actions.waves.read_running_plan import RunningPlans
from services.routing.actions.waves.run_plan_request import PlanEnd, run_plan_request
from services.routing.domain.wave import WaveRefused
from services.routing.planning.child import SolverProcess
from services.routing.planning.problem import Rules
from services.routing.planning.running_plan import Joining
from services.routing.storage.plan_inputs import inputs_of_wave, save_input
from services.routing.storage.rounds import find_round
from services.routing.storage.running_plans import close_zones
from shared.basics.errors import NotFound
from shared.basics.randomness import SystemRandomness
from shared.contracts.orders_household import OrderCancelled
from shared.database.session import transaction
from shared.security.roles import Role
from tests.integration.routing.browsers import Browser, hire
from tests.integration.routing.district import (
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

LATE = 99


async def a_wave_and_an_urgent_order(
    district: District, solver: SolverProcess, *, released: bool = False, building: int = 1, **rules: Any
) -> tuple[str, str]:
    """A planned wave of eight homes and, after it, an order that waits; their ids. More are rules of planning."""
    await open_district(district, homes=8)
    wave_id = await a_wave(district)
    parts = a_planner(district, solver)
    assert await run_plan_request(replace(parts, rules=replace(parts.rules, **rules))) is PlanEnd.SAVED
    if released:
        await release(district, wave_id)
    await settle(district, LATE, building=building)
    await district.hear(an_order(district, LATE, building=building).model_copy(update={"priority": 1}))
    (stop,) = await district.rows("SELECT stop_id FROM stops WHERE state = 'waiting'")
    return wave_id, str(stop["stop_id"])


async def offered(district: District, wave_id: str, stop_id: str, plans: RunningPlans | None = None) -> Offer:
    plans = plans or RunningPlans()
    async with transaction(district.engine) as tx:
        asked = await ask_place(tx, plans, (wave_id, stop_id), district.clock.now())
    return offer_places(asked, plans.lay_out(asked.plan))


def chosen(offer: Offer, number: int = 0) -> ChosenPlace:
    place = offer.places[number]
    row = offer.round_at(place)
    return ChosenPlace(offer.state.mark, place.crew, place.joining, row.round_id if row else "", place.visit)


async def take(district: District, offer: Offer, number: int = 0) -> str:
    names = (offer.wave.wave_id, offer.stop.stop_id)
    async with transaction(district.engine) as tx:
        return await insert_order(tx, names, chosen(offer, number), district.clock, SystemRandomness())


class TakenBack(Exception):
    pass


async def take_and_undo(district: District, offer: Offer, number: int) -> None:
    names = (offer.wave.wave_id, offer.stop.stop_id)
    async with transaction(district.engine) as tx:
        await insert_order(tx, names, chosen(offer, number), district.clock, SystemRandomness())
        raise TakenBack


async def stops(district: District) -> Sequence[dict[str, object]]:
    return await district.rows("SELECT * FROM stops ORDER BY stop_id")


async def test_an_urgent_order_joins_a_planned_round_at_the_price_it_was_told(
    district: District, solver: SolverProcess
) -> None:
    wave_id, stop_id = await a_wave_and_an_urgent_order(district, solver)
    offer = await offered(district, wave_id, stop_id)
    assert offer.places[0].joining is Joining.VISIT
    assert len(offer.places) == 3
    (before,) = await district.rows("SELECT cost FROM plan_requests")
    round_id = await take(district, offer)
    (after,) = await district.rows("SELECT cost FROM plan_requests")
    assert after["cost"] == int(str(before["cost"])) + offer.places[0].more_cost
    (stop,) = await district.rows("SELECT * FROM stops WHERE stop_id = :stop", stop=stop_id)
    assert (stop["state"], stop["round_id"], stop["wave_id"]) == ("planned", round_id, wave_id)
    (row,) = await district.rows("SELECT extract(epoch FROM sum(planned_end - planned_start)) AS s FROM rounds")
    assert row["s"] == after["cost"]
    async with transaction(district.engine) as tx:
        instance: Any = await export_wave(tx, wave_id)
    assert stop_id in [order["id"] for order in instance["orders"]]
    await release(district, wave_id)
    assert len(await district.outbox("routing.delivery_scheduled")) == 9


async def test_every_place_offered_can_be_taken(district: District, solver: SolverProcess) -> None:
    wave_id, stop_id = await a_wave_and_an_urgent_order(district, solver)
    for number in range(3):
        with pytest.raises(TakenBack):
            await take_and_undo(district, await offered(district, wave_id, stop_id), number)


async def test_where_there_are_hours_to_keep_only_places_that_keep_them_are_offered(
    district: District, solver: SolverProcess
) -> None:
    rules = Rules(disinfect_s=120, rest_after_s=600, rest_s=300)
    wave_id, stop_id = await a_wave_and_an_urgent_order(district, solver, product=rules)
    offer = await offered(district, wave_id, stop_id)
    assert offer.places
    for number in range(len(offer.places)):
        with pytest.raises(TakenBack):
            await take_and_undo(district, offer, number)
    (before,) = await district.rows("SELECT cost FROM plan_requests")
    await take(district, offer)
    (after,) = await district.rows("SELECT cost FROM plan_requests")
    assert after["cost"] == int(str(before["cost"])) + offer.places[0].more_cost


async def test_a_day_that_is_quiet_offers_no_place_and_takes_none(
    district: District, solver: SolverProcess
) -> None:
    wave_id, stop_id = await a_wave_and_an_urgent_order(district, solver)
    unruled = await offered(district, wave_id, stop_id)
    async with transaction(district.engine) as tx:
        (given,) = await inputs_of_wave(tx, wave_id)
        quiet = {**given.instance, "rules": {"quiet": [[1, 86_400]]}}
        await save_input(tx, replace(given, instance=quiet))
    assert (await offered(district, wave_id, stop_id)).places == ()
    with pytest.raises(WaveRefused, match="plan_has_changed"):
        await take(district, unruled)


async def test_a_released_round_takes_it_and_the_household_is_told(
    district: District, solver: SolverProcess
) -> None:
    wave_id, stop_id = await a_wave_and_an_urgent_order(district, solver, released=True)
    before = {str(row["stop_id"]): row for row in await stops(district)}
    offer = await offered(district, wave_id, stop_id)
    round_id = await take(district, offer)
    told = await district.outbox("routing.delivery_scheduled")
    assert told[-1]["order_id"] == f"order-{LATE:04}"
    async with transaction(district.engine) as tx:
        row = await find_round(tx, round_id)
    assert row is not None
    assert row.version > 1
    active = await district.rows("SELECT bag_id FROM round_bags WHERE stop_id = :stop AND is_active", stop=stop_id)
    assert len(active) == 2
    for row_after in await stops(district):
        was = before[str(row_after["stop_id"])]
        if row_after["stop_id"] != stop_id:
            assert row_after["round_id"] == was["round_id"]
            assert row_after["told_until"] == was["told_until"]
            assert moment(was["planned_at"]) <= moment(row_after["planned_at"]) <= moment(was["told_until"])


def moment(value: object) -> datetime:
    assert isinstance(value, datetime)
    return value


async def test_a_round_that_is_under_way_is_left_alone(district: District, solver: SolverProcess) -> None:
    wave_id, stop_id = await a_wave_and_an_urgent_order(district, solver, released=True)
    await district.rows("UPDATE rounds SET state = 'started' RETURNING 1")
    offer = await offered(district, wave_id, stop_id)
    assert {place.joining for place in offer.places} == {Joining.NEW_ROUND}
    (busy,) = await district.rows("SELECT crew_id, planned_end FROM rounds")
    for place in offer.places:
        assert place.crew != busy["crew_id"] or offer.state.moment(place.served_s) > moment(busy["planned_end"])
    await take(district, offer)
    states = await district.rows("SELECT state FROM rounds ORDER BY planned_start, round_id")
    assert sorted(str(row["state"]) for row in states) == ["released", "started"]
    assert (await district.outbox("routing.delivery_scheduled"))[-1]["order_id"] == f"order-{LATE:04}"


async def test_a_round_whose_hour_has_come_takes_nothing_more(district: District, solver: SolverProcess) -> None:
    wave_id, stop_id = await a_wave_and_an_urgent_order(district, solver, released=True)
    district.clock.advance(timedelta(hours=1).total_seconds())
    offer = await offered(district, wave_id, stop_id)
    assert {place.joining for place in offer.places} == {Joining.NEW_ROUND}


async def test_a_place_in_a_plan_that_has_changed_is_refused(district: District, solver: SolverProcess) -> None:
    wave_id, stop_id = await a_wave_and_an_urgent_order(district, solver)
    offer = await offered(district, wave_id, stop_id)
    await district.hear(OrderCancelled(household_id="household-0001", order_id="order-0001", reason="away"))
    before = await stops(district)
    with pytest.raises(WaveRefused, match="plan_has_changed"):
        await take(district, offer)
    assert await stops(district) == before
    await take(district, await offered(district, wave_id, stop_id))


async def test_of_two_who_take_places_at_once_one_is_refused(district: District, solver: SolverProcess) -> None:
    wave_id, stop_id = await a_wave_and_an_urgent_order(district, solver)
    offer = await offered(district, wave_id, stop_id)
    ends = await asyncio.gather(*(take(district, offer, number) for number in range(2)), return_exceptions=True)
    assert sum(isinstance(end, WaveRefused) for end in ends) == 1
    assert len(await district.rows("SELECT 1 AS one FROM stops WHERE state = 'planned'")) == 9


async def test_a_plan_in_memory_is_read_again_once_it_has_changed(
    district: District, solver: SolverProcess
) -> None:
    wave_id, stop_id = await a_wave_and_an_urgent_order(district, solver)
    plans = RunningPlans()
    first = await offered(district, wave_id, stop_id, plans)
    assert (await offered(district, wave_id, stop_id, plans)).state is first.state
    await district.hear(OrderCancelled(household_id="household-0001", order_id="order-0001", reason="away"))
    assert (await offered(district, wave_id, stop_id, plans)).state is not first.state


async def test_a_plan_in_memory_follows_the_hour_and_who_is_absent(
    district: District, solver: SolverProcess
) -> None:
    wave_id, stop_id = await a_wave_and_an_urgent_order(district, solver, released=True)
    plans = RunningPlans()
    first = (await offered(district, wave_id, stop_id, plans)).state
    (row,) = await district.rows(
        "SELECT crew_id, wave_date, planned_start FROM rounds ORDER BY planned_start LIMIT 1"
    )
    begin_s = (row["planned_start"] - district.clock.now()).total_seconds()
    for seconds in (begin_s - 60, 120):
        district.clock.advance(seconds)
        later = (await offered(district, wave_id, stop_id, plans)).state
        anew = (await offered(district, wave_id, stop_id)).state
        assert (later.rounds_of, later.running.plan) == (anew.rounds_of, anew.running.plan)
        assert later.running.problem == anew.running.problem
    assert sum(map(len, later.rounds_of.values())) < sum(map(len, first.rounds_of.values()))
    await district.rows(
        "INSERT INTO crew_absences VALUES (:crew_id, :wave_date) RETURNING 1",
        crew_id=row["crew_id"],
        wave_date=row["wave_date"],
    )
    district.clock.advance(60)
    assert (await offered(district, wave_id, stop_id, plans)).state.absent == {row["crew_id"]}


async def test_a_plan_in_memory_learns_within_a_minute_that_a_zone_has_closed(
    district: District, solver: SolverProcess
) -> None:
    wave_id, stop_id = await a_wave_and_an_urgent_order(district, solver)
    plans = RunningPlans()
    offer = await offered(district, wave_id, stop_id, plans)
    assert offer.places
    async with transaction(district.engine) as tx:
        await close_zones(tx, offer.state.request_id, [offer.entrance.zone])
    district.clock.advance(60)
    assert (await offered(district, wave_id, stop_id, plans)).places == ()


async def test_what_has_no_place_here_is_refused(district: District, solver: SolverProcess) -> None:
    wave_id, stop_id = await a_wave_and_an_urgent_order(district, solver)
    with pytest.raises(NotFound, match="stop_unknown"):
        await offered(district, wave_id, "no such stop")
    with pytest.raises(NotFound, match="wave_unknown"):
        await offered(district, "no such wave", stop_id)
    planned = str((await district.rows("SELECT stop_id FROM stops WHERE state = 'planned'"))[0]["stop_id"])
    with pytest.raises(WaveRefused, match="stop_not_waiting"):
        await offered(district, wave_id, planned)
    await district.rows("UPDATE bags SET place = 'cart' WHERE order_id = 'order-0099' RETURNING 1")
    with pytest.raises(WaveRefused, match="bags_not_back"):
        await offered(district, wave_id, stop_id)
    await district.rows("UPDATE waves SET state = 'discarded' RETURNING 1")
    with pytest.raises(WaveRefused, match="no_running_plan"):
        await offered(district, wave_id, stop_id)


async def test_nothing_is_changed_while_another_wave_is_planned_there(
    district: District, solver: SolverProcess
) -> None:
    wave_id, stop_id = await a_wave_and_an_urgent_order(district, solver)
    offer = await offered(district, wave_id, stop_id)
    await settle(district, 98)
    await district.hear(an_order(district, 98))
    await district.rows(
        "UPDATE stops SET wave_date = '2022-03-09' WHERE stop_id = :stop RETURNING 1", stop=stop_id
    )
    await a_wave(district)
    with pytest.raises(WaveRefused, match="drop_point_being_planned"):
        await take(district, offer)


async def test_an_entrance_the_plan_did_not_know_comes_into_it(district: District, solver: SolverProcess) -> None:
    await open_district(district, homes=2)
    wave_id = await a_wave(district)
    await plan_all(district, solver)
    await district.hear(a_building(77))
    await settle(district, LATE, building=77)
    await district.hear(an_order(district, LATE, building=77).model_copy(update={"floor": 31}))
    (stop,) = await district.rows("SELECT stop_id FROM stops WHERE state = 'waiting'")
    offer = await offered(district, wave_id, str(stop["stop_id"]))
    await take(district, offer)
    await settle(district, 98, building=77)
    await district.hear(an_order(district, 98, building=77))
    (other,) = await district.rows("SELECT stop_id FROM stops WHERE state = 'waiting'")
    second = await offered(district, wave_id, str(other["stop_id"]))
    assert second.places[0].joining is Joining.VISIT
    await take(district, second)
    async with transaction(district.engine) as tx:
        instance: Any = await export_wave(tx, wave_id)
    assert len(instance["orders"]) == 4
    assert len({place["id"] for place in instance["entrances"]}) == len(instance["entrances"]) == 3


async def test_the_dispatcher_does_it_by_hand(district: District, solver: SolverProcess, app: FastAPI) -> None:
    wave_id, stop_id = await a_wave_and_an_urgent_order(district, solver)
    await hire(district, "zhao", Role.DISPATCHER)
    await hire(district, "qian", Role.DISPATCHER, "榕荫社区")
    zhao, qian = await Browser(app).sign_in("zhao"), await Browser(app).sign_in("qian")
    address = f"/waves/{wave_id}/places"
    assert f"{address}?stop_id={stop_id}" in (await zhao.get(f"/waves/{wave_id}", page=True)).text
    page = (await zhao.get(f"{address}?stop_id={stop_id}", page=True)).text
    assert page.count('name="joining"') == 3
    assert (await qian.get(f"{address}?stop_id={stop_id}")).status_code == 404
    answer = (await zhao.get(f"{address}?stop_id={stop_id}")).json()
    best = answer["places"][0]
    fields = {"stop_id": stop_id, "mark": answer["mark"]} | {
        name: best[name] for name in ("crew_id", "joining", "round_id", "visit")
    }
    assert (await qian.post(address, **fields)).status_code == 404
    taken = await zhao.post(address, key="one-key-for-both", **fields)
    assert (taken.status_code, taken.headers["location"]) == (303, f"/waves/{wave_id}")
    assert (await zhao.post(address, key="one-key-for-both", **fields)).status_code == 303
    assert (await zhao.post(address, **fields)).status_code == 409
