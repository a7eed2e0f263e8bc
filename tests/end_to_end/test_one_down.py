"""Any one service stands still for a while: the others go on, and all catches up; so does an absent broker."""

import pytest

from shared.testing.eventually import eventually
from tests.end_to_end.test_one_order import has_news
from tests.end_to_end.tiny_street import TinyStreet


@pytest.mark.parametrize("service", ["routing", "notify"])
async def test_orders_are_taken_while_another_service_is_down(street: TinyStreet, service: str) -> None:
    street.system.stop_one(service)
    try:
        order_id = await street.order(3)
        assert (await street.operator.see_order(order_id))["state"] == "accepted"
    finally:
        street.system.start_one(service)
    await eventually(lambda: has_news(street, order_id, ("received",)), within_s=40)
    await street.quiet.until_heard("orders", "routing")
    assert order_id in {stop.order_id for stop in (await street.databases.routing()).stops}


async def test_rounds_are_walked_while_orders_is_down(street: TinyStreet) -> None:
    order_id = await street.order(4)
    wave = await street.release_wave()
    await street.quiet.until_heard("routing", "orders")
    street.system.stop_one("orders")
    try:
        await street.walk(wave)
        await eventually(
            lambda: has_news(street, order_id, ("received", "scheduled", "out", "delivered")), within_s=40
        )
    finally:
        street.system.start_one("orders")
    await street.quiet.until_heard("routing", "orders")
    assert (await street.operator.see_order(order_id))["state"] == "delivered"


async def test_without_broker_orders_are_accepted_and_none_is_scheduled(street: TinyStreet) -> None:
    street.system.stop_one("broker")
    try:
        order_id = await street.order(5)
        assert (await street.operator.see_order(order_id))["state"] == "accepted"
        assert order_id not in {stop.order_id for stop in (await street.databases.routing()).stops}
    finally:
        street.system.start_one("broker")
    await eventually(lambda: has_news(street, order_id, ("received",)), within_s=60)
    assert (await street.operator.see_order(order_id))["state"] == "accepted"
