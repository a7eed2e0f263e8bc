"""What crews say, on real PostgreSQL: facts kept once, bags followed, other services told."""

import asyncio

import pytest

from services.routing.actions.bags.return_bag import return_bags
from services.routing.actions.rounds.close_round import close_round
from services.routing.actions.rounds.load_round import load_round
from services.routing.actions.rounds.record_tap import TapResult, record_tap
from services.routing.domain.bag import MissReason
from services.routing.domain.tap import Said, ShortBag, TapIdReused, TapType, Verdict
from services.routing.planning.child import SolverProcess
from services.routing.storage.rounds import RoundRow
from shared.contracts.orders_household import OrderCancelled, OrderChanged, OrderRetried
from shared.database.session import transaction
from tests.integration.routing.district import (
    TODAY,
    District,
    a_form,
    a_wave,
    an_order,
    plan_all,
    release,
    released_round,
    say,
    stops_of,
)


async def load(district: District, row: RoundRow, *short: str) -> TapResult:
    async with transaction(district.engine) as tx:
        missing = [ShortBag(bag_id, MissReason.SHORT) for bag_id in short]
        return await load_round(tx, a_form(row, "tap-load"), missing, district.clock.now())


async def deliver(district: District, row: RoundRow, stop_id: str, tap_id: str = "") -> TapResult:
    form = a_form(row, tap_id or f"tap-{stop_id}", stop_id)
    return await say(district, row, form.tap(Said(TapType.DELIVERED), district.clock.now()))


async def miss(district: District, row: RoundRow, stop_id: str, *bag_ids: str) -> TapResult:
    form = a_form(row, f"miss-{stop_id}", stop_id)
    said = Said(TapType.NOT_DELIVERED, bag_ids or None, MissReason.NO_ANSWER)
    tap = form.tap(said, district.clock.now())
    return await say(district, row, tap)


async def places(district: District) -> dict[str, int]:
    rows = await district.rows("SELECT place, count(*) AS n FROM bags GROUP BY place")
    return {str(row["place"]): int(str(row["n"])) for row in rows}


async def the_ledger_agrees(district: District) -> bool:
    """Every bag stands where its moves say, and all moves sum to zero."""
    wrong = await district.rows("""
        SELECT bags.bag_id FROM bags LEFT JOIN LATERAL (
            SELECT there FROM bag_moves WHERE bag_moves.bag_id = bags.bag_id ORDER BY move_id DESC LIMIT 1
        ) AS last ON true WHERE last.there IS DISTINCT FROM bags.place
        UNION ALL
        SELECT bag_id FROM (
            SELECT bag_id, here, lag(there) OVER (PARTITION BY bag_id ORDER BY move_id) AS before FROM bag_moves
        ) AS chained WHERE coalesce(before, 'supplier') <> here
    """)
    return not wrong


async def test_a_whole_round_from_loading_to_closing(district: District, solver: SolverProcess) -> None:
    row = await released_round(district, solver)
    stops = await stops_of(district, row)
    assert (await load(district, row)).outcome.verdict is Verdict.ACCEPTED
    for stop in stops[:3]:
        assert (await deliver(district, row, stop.stop_id)).outcome.verdict is Verdict.ACCEPTED
    await miss(district, row, stops[3].stop_id)
    async with transaction(district.engine) as tx:
        refused = await close_round(tx, a_form(row, "tap-close"), district.clock.now())
    assert (refused.outcome.verdict, refused.outcome.code) == (Verdict.REJECTED, "bags_on_cart")
    back = [bag.bag_id for bag in stops[3].bags]
    async with transaction(district.engine) as tx:
        await return_bags(tx, a_form(row, "tap-return"), back, district.clock.now())
    async with transaction(district.engine) as tx:
        closed = await close_round(tx, a_form(row, "tap-close"), district.clock.now())
    assert closed.outcome.verdict is Verdict.ACCEPTED
    assert await places(district) == {"door": 6, "returned": 2}
    assert await the_ledger_agrees(district)
    assert (await district.told())[5:] == [
        "round_started",
        *["bags_loaded", "out_for_delivery"] * 4,
        *["delivery_completed"] * 3,
        "delivery_failed",
        "bag_returned",
        "round_closed",
    ]
    (event,) = await district.outbox("routing.round_closed")
    assert (event["delivered_bags"], event["returned_bags"]) == (6, 2)
    assert await district.rows("SELECT 1 AS one FROM round_bags WHERE is_active") == []


async def test_the_same_tap_twice_is_told_once_and_answered_the_same(
    district: District, solver: SolverProcess
) -> None:
    row = await released_round(district, solver)
    stop = (await stops_of(district, row))[0]
    await load(district, row)
    tap = a_form(row, "tap-1", stop.stop_id).tap(Said(TapType.DELIVERED), district.clock.now())
    results = await asyncio.gather(*(_record(district, row, tap) for _ in range(6)))
    assert sorted(result.outcome.replayed for result in results) == [False] + [True] * 5
    assert {result.outcome.verdict for result in results} == {Verdict.ACCEPTED}
    assert len(await district.outbox("routing.delivery_completed")) == 1


async def _record(district: District, row: RoundRow, tap: object) -> TapResult:
    async with transaction(district.engine) as tx:
        return await record_tap(tx, tap, row.crew_id, district.clock.now())  # type: ignore[arg-type]


async def test_the_same_tap_id_with_another_body_changes_nothing(
    district: District, solver: SolverProcess
) -> None:
    row = await released_round(district, solver)
    stops = await stops_of(district, row)
    await load(district, row)
    await deliver(district, row, stops[0].stop_id, "tap-1")
    with pytest.raises(TapIdReused):
        await deliver(district, row, stops[1].stop_id, "tap-1")
    assert len(await district.outbox("routing.delivery_completed")) == 1


async def test_another_crews_round_is_foreign(district: District, solver: SolverProcess) -> None:
    row = await released_round(district, solver)
    tap = a_form(row, "tap-x").tap(Said(TapType.ROUND_LOADED), district.clock.now())
    result = await say(district, row, tap, crew_id="somebody-else")
    assert (result.outcome.verdict, result.outcome.code) == (Verdict.REJECTED, "foreign_round")
    assert await district.rows("SELECT 1 AS one FROM taps") == []


async def test_delivered_after_cancel_is_a_fact_and_a_task(district: District, solver: SolverProcess) -> None:
    row = await released_round(district, solver)
    stop = (await stops_of(district, row))[0]
    await load(district, row)
    await district.hear(_cancel(stop.order_id))
    result = await deliver(district, row, stop.stop_id)
    assert (result.outcome.verdict, result.outcome.code) == (Verdict.CONFLICT, "delivered_after_cancel")
    assert result.round_version == row.version + 1
    assert len(await district.outbox("routing.delivery_completed")) == 1
    (task,) = await district.rows("SELECT kind, order_id FROM tasks")
    assert (task["kind"], task["order_id"]) == ("delivered_after_cancel", stop.order_id)


async def test_a_stop_cancelled_before_loading_stays_at_the_drop_point(
    district: District, solver: SolverProcess
) -> None:
    row = await released_round(district, solver)
    stops = await stops_of(district, row)
    await district.hear(_cancel(stops[0].order_id))
    await load(district, row)
    assert await places(district) == {"cart": 6, "drop_point": 2}
    assert len(await district.outbox("routing.bags_loaded")) == 3
    for stop in stops[1:]:
        await deliver(district, row, stop.stop_id)
    async with transaction(district.engine) as tx:
        closed = await close_round(tx, a_form(row, "tap-close"), district.clock.now())
    assert closed.outcome.verdict is Verdict.ACCEPTED


async def test_a_crew_with_an_old_list_may_still_have_taken_a_cancelled_stops_bags(
    district: District, solver: SolverProcess
) -> None:
    row = await released_round(district, solver)
    stop = (await stops_of(district, row))[0]
    await district.hear(_cancel(stop.order_id))
    await load(district, row)
    result = await deliver(district, row, stop.stop_id)
    assert (result.outcome.verdict, result.outcome.code) == (Verdict.CONFLICT, "delivered_after_cancel")
    assert await places(district) == {"cart": 6, "door": 2}
    assert await the_ledger_agrees(district)


def _cancel(order_id: str) -> OrderCancelled:
    return OrderCancelled(household_id=order_id.replace("order", "household"), order_id=order_id, reason="away")


async def test_bag_by_bag_the_order_is_complete_with_its_last_bag(
    district: District, solver: SolverProcess
) -> None:
    row = await released_round(district, solver, homes=1, bags=3)
    (stop,) = await stops_of(district, row)
    await load(district, row)
    for n, bag in enumerate(stop.bags):
        form = a_form(row, f"tap-{n}", stop.stop_id)
        await say(district, row, form.tap(Said(TapType.DELIVERED, (bag.bag_id,)), district.clock.now()))
    completed = await district.outbox("routing.delivery_completed")
    assert [event["order_complete"] for event in completed] == [False, False, True]


async def test_undo_reopens_the_door_and_is_told(district: District, solver: SolverProcess) -> None:
    row = await released_round(district, solver)
    stop = (await stops_of(district, row))[0]
    await load(district, row)
    await deliver(district, row, stop.stop_id, "tap-1")
    undo = a_form(row, "tap-2").tap(Said(TapType.UNDO, target_tap_id="tap-1"), district.clock.now())
    assert (await say(district, row, undo)).outcome.verdict is Verdict.ACCEPTED
    assert await places(district) == {"cart": 8}
    await miss(district, row, stop.stop_id)
    assert (await district.told())[-3:] == ["delivery_completed", "delivery_corrected", "delivery_failed"]
    assert await the_ledger_agrees(district)


async def test_a_short_bag_has_its_reason_and_is_told_with_the_last_bag(
    district: District, solver: SolverProcess
) -> None:
    row = await released_round(district, solver, homes=1)
    (stop,) = await stops_of(district, row)
    await load(district, row, stop.bags[0].bag_id)
    (loaded,) = await district.outbox("routing.bags_loaded")
    assert loaded["short"] == [{"bag_id": stop.bags[0].bag_id, "reason": "short"}]
    await deliver(district, row, stop.stop_id)
    assert (await district.told())[-3:] == ["delivery_completed", "delivery_failed", "bag_returned"]
    assert await places(district) == {"door": 1, "drop_point": 1}


async def test_a_failed_order_is_brought_again_with_the_bags_that_came_back(
    district: District, solver: SolverProcess
) -> None:
    row = await released_round(district, solver, homes=1)
    (stop,) = await stops_of(district, row)
    await load(district, row)
    await miss(district, row, stop.stop_id, stop.bags[1].bag_id)
    await deliver(district, row, stop.stop_id)
    again = OrderRetried(
        household_id="household-0001",
        order_id="order-0001",
        attempt=2,
        wave_date=TODAY,
        due_at=None,
        bag_ids=(stop.bags[1].bag_id,),
    )
    await district.hear(again)
    first = await a_wave(district)
    await release(district, first)
    (told,) = await district.outbox("routing.delivery_unplanned")
    assert told["reason"] == "bags_not_back"
    async with transaction(district.engine) as tx:
        await return_bags(tx, a_form(row, "tap-return"), [stop.bags[1].bag_id], district.clock.now())
    wave_id = await a_wave(district)
    await plan_all(district, solver)
    await release(district, wave_id)
    (second,) = await district.rows("SELECT * FROM stops WHERE turn = 2")
    assert (second["state"], second["bag_ids"]) == ("released", [stop.bags[1].bag_id])
    assert await the_ledger_agrees(district)


async def test_a_changed_order_leaves_its_released_round_and_waits_anew(
    district: District, solver: SolverProcess
) -> None:
    row = await released_round(district, solver)
    changed = an_order(district, 1, building=2, bags=1)
    await district.hear(OrderChanged(**changed.model_dump()))
    turns = await district.rows(
        "SELECT turn, state, is_cancelled FROM stops WHERE order_id = 'order-0001' ORDER BY turn"
    )
    assert [tuple(turn.values()) for turn in turns] == [(1, "released", True), (2, "waiting", False)]
    await load(district, row)
    assert len(await district.outbox("routing.bags_loaded")) == 3
    assert len(await district.rows("SELECT 1 AS one FROM bags WHERE order_id = 'order-0001'")) == 1


async def test_a_change_after_loading_comes_too_late_and_is_looked_at(
    district: District, solver: SolverProcess
) -> None:
    row = await released_round(district, solver)
    await load(district, row)
    await district.hear(OrderChanged(**an_order(district, 1, building=2, bags=1).model_dump()))
    (task,) = await district.rows("SELECT kind FROM tasks")
    assert task["kind"] == "changed_after_loading"
    assert len(await district.rows("SELECT 1 AS one FROM stops WHERE order_id = 'order-0001'")) == 1


async def test_a_tap_after_the_close_leaves_the_bags_free(district: District, solver: SolverProcess) -> None:
    row = await released_round(district, solver, homes=1)
    (stop,) = await stops_of(district, row)
    await load(district, row)
    await deliver(district, row, stop.stop_id)
    async with transaction(district.engine) as tx:
        await close_round(tx, a_form(row, "tap-close"), district.clock.now())
    late = await miss(district, row, stop.stop_id)
    assert (late.outcome.verdict, late.outcome.code) == (Verdict.CONFLICT, "tap_after_close")
    assert await district.rows("SELECT 1 AS one FROM round_bags WHERE is_active") == []
    assert (await district.rows("SELECT kind FROM tasks")) == [{"kind": "tap_after_close"}]


async def test_the_database_refuses_a_bag_on_two_active_rounds(district: District, solver: SolverProcess) -> None:
    row = await released_round(district, solver, homes=1)
    (stop,) = await stops_of(district, row)
    with pytest.raises(Exception, match="one_active_round_a_bag"):
        await district.rows(
            "INSERT INTO round_bags (round_id, bag_id, stop_id) VALUES ('other', :bag, 'other') RETURNING 1",
            bag=stop.bags[0].bag_id,
        )


async def test_names_and_notes_are_sealed_at_rest_and_open_for_the_crew(
    district: District, solver: SolverProcess
) -> None:
    row = await released_round(district, solver, homes=1)
    (stop,) = await stops_of(district, row)
    assert (stop.room, stop.masked_name, stop.notes) == ("501", "王*", ("听障,敲门后等待", "轻放"))
    dump = str(await district.rows("SELECT * FROM households")) + str(await district.rows("SELECT * FROM stops"))
    assert "王*" not in dump
    assert "听障" not in dump
