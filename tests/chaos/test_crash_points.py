"""Each named point kills its process once on an order's way to the door: nothing is lost, nothing doubled."""

import json
from collections import Counter
from urllib.parse import urlsplit

import pytest

from deploy.rehearsal.actors.http_wire import Request, Wire
from deploy.rehearsal.simulators.provider_log import read_log
from shared.basics.crash_points import POINTS
from shared.testing.eventually import eventually
from tests.chaos.armed_service import armed
from tests.end_to_end.test_one_order import NEWS, has_news
from tests.end_to_end.tiny_street import TinyStreet

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]

# Which processes pass a point on the way of an order.
SERVICES_OF = {
    "web": ("orders", "routing"),
    "inbox": ("orders", "routing", "notify"),
    "relay": ("orders", "routing", "notify"),
    "send": ("notify",),
    "fate": ("notify",),
    "plan": ("routing",),
    "loop": ("orders", "routing", "notify"),
}
CASES = sorted((point, service) for point in POINTS for service in SERVICES_OF[point.partition(".")[0]])


@pytest.mark.parametrize(("point", "service"), CASES, ids=[f"{service}-{point}" for point, service in CASES])
async def test_dying_there_once_loses_nothing_and_doubles_nothing(
    street: TinyStreet, point: str, service: str
) -> None:
    await street.quiet.until_rest()
    async with armed(street.system, service, point):
        if point.startswith("fate"):
            await lose_the_next_answer(street)
        await bring_one_order_to_the_door(street)
    told = Counter(line.reference for line in read_log(street.system.provider_log))
    assert max(told.values()) == 1


async def bring_one_order_to_the_door(street: TinyStreet) -> None:
    order_id = await street.order(0)
    wave = await street.release_wave()
    await street.walk(wave)
    await eventually(lambda: has_news(street, order_id, NEWS), within_s=90)
    await street.quiet.until_rest()
    assert (await street.operator.see_order(order_id))["state"] == "delivered"


async def lose_the_next_answer(street: TinyStreet) -> None:
    """The provider takes the next message and then cuts the line: its fate is unknown, and must be asked for."""
    place = urlsplit(street.system.urls["sms"])
    wire = Wire(place.hostname or "", place.port or 0)
    body = json.dumps({"trick": "cut_after_log", "count": 1}).encode()
    key = street.system.state.passwords["sms_provider"]
    reply = await wire.send(Request("POST", "/v1/tricks", {"authorization": f"Bearer {key}"}, body))
    wire.close()
    assert reply.status == 204
