"""Orders placed, changed, cancelled and brought again, on a real database."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from services.orders.actions.office import Asker
from services.orders.actions.ordering.cancel_order import cancel_order
from services.orders.actions.ordering.change_order import change_order
from services.orders.actions.ordering.place_order import Placing, place_order
from services.orders.actions.ordering.preview_order import preview_order
from services.orders.actions.ordering.retry_order import retry_order
from services.orders.domain.duplicate import Answer
from services.orders.domain.household import HouseholdNotFound
from services.orders.domain.order import CancelReason, Order, OrderNotFound, OrderRefused, OrderRequest, OrderState
from services.orders.domain.zone import ZoneClass
from services.orders.storage import orders
from shared.database.session import transaction
from shared.security.data_keys import unwrap_as_reader
from shared.security.sealing import open_sealed
from tests.integration.orders.street import BANYAN, LOTUS, TODAY, Street, a_request, an_asker, declare, settle


async def place(
    street: Street,
    household_id: str,
    request: OrderRequest | None = None,
    answer: Answer = Answer.ASK,
    asker: Asker | None = None,
) -> Order:
    placing = Placing(household_id, request or a_request(), answer)
    async with transaction(street.engine) as tx:
        return await place_order(tx, street.office, asker or an_asker(), placing)


async def bodies(street: Street, event_type: str) -> list[dict[str, object]]:
    async with transaction(street.engine) as tx:
        rows = await tx.all(text("SELECT body FROM outbox WHERE event_type = :t ORDER BY id"), {"t": event_type})
    return [row.body for row in rows]


async def stored(street: Street, order_id: str) -> Order:
    async with transaction(street.engine) as tx:
        found = await orders.find(tx, order_id)
    assert found is not None
    return found


async def test_an_order_and_its_event_are_written_together(street: Street) -> None:
    await declare(street)
    household_id = await settle(street)
    order = await place(street, household_id, a_request(extras={"EGGS": 1}, note="放门口"))
    (body,) = await bodies(street, "orders.order_placed")
    assert (body["order_id"], body["number"]) == (order.order_id, order.number)
    assert [bag["bag_id"] for bag in body["bags"]] == [bag.bag_id for bag in order.bags]  # type: ignore[attr-defined]
    assert (await stored(street, order.order_id)).bags == order.bags


async def test_each_reader_opens_its_own_part_and_no_other(street: Street) -> None:
    await declare(street)
    household_id = await settle(street)
    await place(street, household_id, a_request(note="放门口"))
    (body,) = await bodies(street, "orders.order_placed")
    for_notify = body["for_notify"]
    key = unwrap_as_reader(street.keys["notify"], "notify", household_id, for_notify["wrapped_key"])  # type: ignore[index]
    part = open_sealed(key, for_notify["sealed"], f"for_notify|{household_id}")  # type: ignore[index]
    assert part["people"][0]["phone"] == "13800001802"
    for_routing = body["for_routing"]
    key = unwrap_as_reader(street.keys["routing"], "routing", household_id, for_routing["wrapped_key"])  # type: ignore[index]
    assert open_sealed(key, for_routing["sealed"], f"for_routing|{household_id}") == {"crew_note": "放门口"}  # type: ignore[index]
    assert "1802" not in str({k: v for k, v in body.items() if not k.startswith("for_")})


async def test_order_numbers_differ(street: Street) -> None:
    await declare(street)
    household_id = await settle(street)
    numbers = {(await place(street, household_id, a_request(), Answer.KEEP_BOTH)).number for _ in range(5)}
    assert len(numbers) == 5


async def test_a_second_order_for_the_same_date_is_a_question(street: Street) -> None:
    await declare(street)
    household_id = await settle(street)
    first = await place(street, household_id)
    with pytest.raises(OrderRefused) as refusal:
        await place(street, household_id)
    assert refusal.value.code == "order_same_date"
    assert refusal.value.data["number"] == first.number
    assert refusal.value.data["answers"] == ["add", "replace", "keep_both"]


async def test_adding_puts_the_extras_into_the_first_order(street: Street) -> None:
    await declare(street)
    household_id = await settle(street)
    first = await place(street, household_id, a_request(extras={"MILK": 1}))
    same = await place(street, household_id, a_request(has_pack=False, extras={"MILK": 2}), Answer.ADD)
    assert same.order_id == first.order_id
    assert dict((await stored(street, first.order_id)).request.extras) == {"MILK": 3}
    assert len(await bodies(street, "orders.order_changed")) == 1


async def test_replacing_cancels_the_first_order(street: Street) -> None:
    await declare(street)
    household_id = await settle(street)
    first = await place(street, household_id)
    second = await place(street, household_id, a_request(extras={"EGGS": 1}), Answer.REPLACE)
    assert (await stored(street, first.order_id)).state is OrderState.CANCELLED
    assert (await stored(street, second.order_id)).state is OrderState.ACCEPTED
    assert (await bodies(street, "orders.order_cancelled"))[0]["reason"] == "replaced"


async def test_two_desks_at_once_make_one_order_and_one_question(street: Street) -> None:
    await declare(street)
    household_id = await settle(street)
    answers = await asyncio.gather(*(place(street, household_id) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(answer, Order) for answer in answers) == 1
    assert sum(isinstance(answer, OrderRefused) for answer in answers) == 3


async def test_a_household_of_another_community_does_not_exist(street: Street) -> None:
    await declare(street)
    household_id = await settle(street)
    with pytest.raises(HouseholdNotFound):
        await place(street, household_id, asker=an_asker(BANYAN))
    with pytest.raises(HouseholdNotFound):
        await place(street, household_id, asker=an_asker(LOTUS, grids=("第二网格",)))
    with pytest.raises(HouseholdNotFound):
        await place(street, "nobody")


async def test_an_order_is_refused_where_the_zone_is_not_sealed_on_that_day(street: Street) -> None:
    await declare(street, valid_from=datetime(2022, 3, 5, 16, tzinfo=UTC))  # midnight of 6 March in the street
    household_id = await settle(street)
    with pytest.raises(OrderRefused) as refusal:
        await place(street, household_id, a_request(wave_date=date(2022, 3, 5)))
    assert (refusal.value.code, refusal.value.data["zone_class"]) == ("zone_not_sealed", "none")
    await place(street, household_id, a_request(wave_date=date(2022, 3, 6)))


async def test_a_lifted_zone_gets_no_orders(street: Street) -> None:
    await declare(street)
    await declare(street, zone_class=ZoneClass.LIFTED, valid_from=datetime(2022, 3, 3, tzinfo=UTC))
    household_id = await settle(street)
    with pytest.raises(OrderRefused, match="zone_not_sealed"):
        await place(street, household_id)


async def test_a_changed_order_keeps_its_number_and_note(street: Street) -> None:
    await declare(street)
    household_id = await settle(street)
    first = await place(street, household_id, a_request(note="放门口"))
    async with transaction(street.engine) as tx:
        changed = await change_order(
            tx, street.office, an_asker(), first.order_id, a_request(extras={"TOFU": 2}, note="敲三下")
        )
    assert changed.number == first.number
    assert changed.bags[0].bag_id == first.bags[0].bag_id
    (body,) = await bodies(street, "orders.order_changed")
    assert body["order_id"] == first.order_id


async def test_a_scheduled_order_cannot_be_changed_but_cancelled(street: Street) -> None:
    await declare(street)
    household_id = await settle(street)
    order = await place(street, household_id)
    await set_state(street, order, "scheduled")
    async with transaction(street.engine) as tx:
        with pytest.raises(OrderRefused, match="order_not_changeable"):
            await change_order(tx, street.office, an_asker(), order.order_id, a_request())
    async with transaction(street.engine) as tx:
        await cancel_order(tx, street.office, an_asker(), order.order_id, CancelReason.AWAY)
    assert (await stored(street, order.order_id)).state is OrderState.CANCELLED
    async with transaction(street.engine) as tx:
        with pytest.raises(OrderRefused, match="order_has_ended"):
            await cancel_order(tx, street.office, an_asker(), order.order_id, CancelReason.AWAY)


async def test_a_failed_order_is_brought_again_on_another_date(street: Street) -> None:
    await declare(street)
    household_id = await settle(street)
    order = await place(street, household_id)
    await set_state(street, order, "failed", bag_state="failed")
    tomorrow = TODAY + timedelta(days=1)
    async with transaction(street.engine) as tx:
        again = await retry_order(tx, street.office, an_asker(), order.order_id, tomorrow)
    assert (again.state, again.attempt, again.request.wave_date) == (OrderState.ACCEPTED, 2, tomorrow)
    (body,) = await bodies(street, "orders.order_retried")
    assert body["bag_ids"] == [bag.bag_id for bag in order.bags]
    async with transaction(street.engine) as tx:
        with pytest.raises(OrderRefused, match="order_not_failed"):
            await retry_order(tx, street.office, an_asker(), order.order_id, tomorrow)


async def test_orders_of_another_community_cannot_be_touched(street: Street) -> None:
    await declare(street)
    household_id = await settle(street)
    order = await place(street, household_id)
    stranger = an_asker(BANYAN)
    async with transaction(street.engine) as tx:
        with pytest.raises(OrderNotFound):
            await change_order(tx, street.office, stranger, order.order_id, a_request())
        with pytest.raises(OrderNotFound):
            await cancel_order(tx, street.office, stranger, order.order_id, CancelReason.AWAY)
        with pytest.raises(OrderNotFound):
            await retry_order(tx, street.office, stranger, order.order_id, TODAY)


async def set_state(street: Street, order: Order, state: str, bag_state: str = "waiting") -> None:
    async with transaction(street.engine) as tx:
        await tx.execute(
            text(
                "UPDATE orders SET state = :state, bags = (SELECT jsonb_agg(bag || jsonb_build_object("
                "'state', CAST(:bag_state AS text))) FROM jsonb_array_elements(bags) AS bag) WHERE order_id = :id"
            ),
            {"state": state, "bag_state": bag_state, "id": order.order_id},
        )


async def test_a_preview_is_the_order_to_come_and_writes_nothing(street: Street) -> None:
    await declare(street)
    household_id = await settle(street)
    placing = Placing(household_id, a_request(extras={"EGGS": 1}))
    async with transaction(street.engine) as tx:
        preview = await preview_order(tx, street.office, an_asker(), placing)
    assert await bodies(street, "orders.order_placed") == []
    order = await place(street, household_id, placing.request)
    assert [bag.lines for bag in order.bags] == [bag.lines for bag in preview.order.bags]


async def test_a_preview_of_adding_is_the_whole_order(street: Street) -> None:
    await declare(street)
    household_id = await settle(street)
    await place(street, household_id, a_request(extras={"MILK": 1}))
    placing = Placing(household_id, a_request(extras={"MILK": 2}), Answer.ADD)
    async with transaction(street.engine) as tx:
        preview = await preview_order(tx, street.office, an_asker(), placing)
    assert dict(preview.order.request.extras) == {"MILK": 3}


async def test_a_preview_refuses_what_placing_would(street: Street) -> None:
    await declare(street)
    household_id = await settle(street)
    await place(street, household_id)
    async with transaction(street.engine) as tx:
        with pytest.raises(OrderRefused, match="order_same_date"):
            await preview_order(tx, street.office, an_asker(), Placing(household_id, a_request()))
        yesterday = a_request(wave_date=TODAY - timedelta(days=1))
        with pytest.raises(OrderRefused, match="wave_date_past"):
            await preview_order(tx, street.office, an_asker(), Placing(household_id, yesterday))
        with pytest.raises(HouseholdNotFound):
            await preview_order(tx, street.office, an_asker(BANYAN), Placing(household_id, a_request()))
