"""Whatever goes wrong in the street: what was told last of each order is what plan and crew's phone say."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from services.routing.actions.waves.ask_replan import change_lift, mark_crew_absent
from services.routing.actions.waves.run_plan_request import PlanEnd
from services.routing.planning.child import SolverProcess
from services.routing.storage.rounds import find_round
from shared.basics.randomness import SeededRandomness
from shared.contracts.orders_estate import BuildingChanged, Handling, ZoneClass
from shared.contracts.orders_household import OrderCancelled
from shared.database.session import transaction
from tests.integration.routing.district import TODAY, District, a_building, stops_of
from tests.integration.routing.test_replans import again, asker
from tests.integration.routing.test_zone_changes import NOON, a_wave_of_two_zones, change

TROUBLES = 5


async def told_last(district: District) -> dict[str, tuple[str, datetime, datetime] | None]:
    """By order: the round and window told last, None where it was told that no round takes it."""
    told: dict[str, tuple[str, datetime, datetime] | None] = {}
    for row in await district.rows("SELECT event_type, body FROM outbox ORDER BY id"):
        body = row["body"]
        assert isinstance(body, dict)
        if row["event_type"] == "routing.delivery_scheduled":
            window = (datetime.fromisoformat(body[name]) for name in ("window_from", "window_to"))
            told[body["order_id"]] = (body["round_id"], *window)
        elif row["event_type"] == "routing.delivery_unplanned":
            told[body["order_id"]] = None
    return told


async def released_rounds(district: District) -> set[str]:
    """The rounds that were told to be released and not to be given up since."""
    released = {str(event["round_id"]) for event in await district.outbox("routing.round_released")}
    return released - {str(event["round_id"]) for event in await district.outbox("routing.round_dropped")}


async def on_phones(district: District) -> dict[str, tuple[str, datetime, datetime]]:
    """By order: the round it is on and the window its crew sees."""
    seen = {}
    for row in await district.rows("SELECT round_id FROM rounds WHERE state = 'released'"):
        async with transaction(district.engine) as tx:
            found = await find_round(tx, str(row["round_id"]))
        assert found is not None
        for stop in await stops_of(district, found):
            if not stop.is_done:
                assert stop.window_from <= stop.planned_at <= stop.window_to
                seen[stop.order_id] = (found.round_id, stop.window_from, stop.window_to)
    return seen


async def trouble(district: District, dice: SeededRandomness, number: int) -> None:
    """Something goes wrong, or is put right."""

    async def crew_away() -> None:
        async with transaction(district.engine) as tx:
            await mark_crew_absent(tx, "k1", TODAY, asker(district))

    async def lift() -> None:
        async with transaction(district.engine) as tx:
            await change_lift(tx, "entrance-1", asker(district), works=dice.randint(0, 1) == 1)

    async def zone() -> None:
        zone_class = (ZoneClass.SEALED, ZoneClass.LIFTED)[dice.randint(0, 1)]
        await change(district, zone_class, since=NOON + timedelta(minutes=number))

    async def handling() -> None:
        same = a_building(1).model_dump() | {"handling": (Handling.CLEAN, Handling.POSITIVE)[dice.randint(0, 1)]}
        await district.hear(BuildingChanged(**same))

    async def cancel() -> None:
        n = dice.randint(1, 8)
        await district.hear(
            OrderCancelled(household_id=f"household-{n:04}", order_id=f"order-{n:04}", reason="away")
        )

    async def time_passes() -> None:
        district.clock.advance(60 * dice.randint(5, 40))

    kinds: tuple[Callable[[], Awaitable[None]], ...] = (crew_away, lift, zone, zone, handling, cancel, time_passes)
    await kinds[dice.randint(0, len(kinds) - 1)]()


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(n, marks=pytest.mark.long) for n in range(3, 20))])
async def test_orders_residents_and_crews_know_the_plan_as_it_is(
    district: District, solver: SolverProcess, seed: int
) -> None:
    dice = SeededRandomness(seed)
    await a_wave_of_two_zones(district, solver)
    for number in range(TROUBLES):
        await trouble(district, dice, number)
        while await again(district, solver) is not PlanEnd.NOTHING_TO_DO:
            pass
        told = await told_last(district)
        planned = await district.rows("SELECT * FROM stops WHERE NOT is_cancelled")
        for stop in planned:
            last = told[str(stop["order_id"])]
            if stop["state"] == "waiting":
                assert last is None
                continue
            assert last is not None
            assert (stop["round_id"], stop["told_from"], stop["told_until"]) == last
            assert last[1] <= stop["planned_at"] <= last[2]  # type: ignore[operator]
        phones = await on_phones(district)
        assert phones == {order: told[order] for order in phones}
        assert phones.keys() == {stop["order_id"] for stop in planned if stop["state"] == "released"}
        current = await district.rows("SELECT round_id FROM rounds WHERE state = 'released'")
        assert await released_rounds(district) == {row["round_id"] for row in current}
