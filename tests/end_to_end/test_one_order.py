"""One order, from the operator's click to the message that it lies at the door; and nobody's data in passing."""

import json
from collections.abc import Mapping, Sequence

from deploy.rehearsal.actors.resident import link_in, open_link
from deploy.rehearsal.auditor.records import read_all
from deploy.rehearsal.simulators.provider_log import TakenMessage, read_log
from shared.basics.clock import SystemClock
from shared.basics.randomness import SystemRandomness
from shared.contracts.envelope import read_headers
from shared.messaging.kafka import KafkaAccess, KafkaBroker
from shared.testing.eventually import eventually
from tests.end_to_end.canary import find_leaks
from tests.end_to_end.tiny_street import TinyStreet, correlation_of_order

NEWS = ("received", "scheduled", "out", "delivered")


async def test_an_order_travels_to_the_door_and_back_to_the_phone(street: TinyStreet) -> None:
    order_id = await street.order(0)
    wave = await street.release_wave()
    assert wave["unassigned"] == []
    await street.walk(wave)
    await eventually(lambda: has_news(street, order_id, NEWS), within_s=30)
    seen = await street.operator.see_order(order_id)
    assert seen["state"] == "delivered"
    told = await messages_of(street, order_id)
    assert [message.to for message in told] == [told[0].to] * len(told)
    page = await open_link(street.world, next(link for m in told if (link := link_in(m.text))))
    assert seen["number"] in page


async def test_every_named_entrance_finds_its_feature_in_the_estate(street: TinyStreet) -> None:
    await street.quiet.until_heard("orders", "routing")
    await street.order(1)
    await street.quiet.until_heard("orders", "routing")
    books = await street.databases.routing()
    assert books.stops
    assert [stop for stop in books.stops if stop.drop_point_id is None] == []


async def test_one_correlation_id_leads_from_the_click_to_the_provider_and_back(street: TinyStreet) -> None:
    order_id = await street.order(2)
    await eventually(lambda: has_news(street, order_id, ("received",)), within_s=30)
    correlation_id = correlation_of_order(street, order_id)
    (reference,) = [message.reference for message in await messages_of(street, order_id)]

    def calls() -> list[Mapping[str, object]]:
        return [line for line in log_lines(street, "notify") if line.get("message_id") == reference]

    async def is_logged() -> bool:
        return bool(calls())

    # The provider writes its line before it answers, notify its own after.
    await eventually(is_logged, within_s=30)
    assert {line["correlation_id"] for line in calls()} == {correlation_id}
    told = {"orders.order_placed", "notify.message_fate"}

    async def ids_by_event() -> dict[str, str]:
        headers = [
            read_headers(record.headers)
            for records in (await all_records(street)).values()
            for record in records
            if order_id.encode() in (record.body or b"")
        ]
        return {envelope.event_type: envelope.correlation_id for envelope in headers}

    async def is_told() -> bool:
        return told <= (await ids_by_event()).keys()

    await eventually(is_told, within_s=30)
    assert await ids_by_event() == dict.fromkeys(told, correlation_id)


async def test_no_name_phone_or_room_is_ever_said_in_the_clear(street: TinyStreet) -> None:
    await street.quiet.until_rest()
    records = [record for found in (await all_records(street)).values() for record in found]
    places: dict[str, Sequence[bytes]] = {
        "records": [record.body or b"" for record in records],
        "keys": [record.key or b"" for record in records],
        "headers": [value for record in records for _, value in record.headers],
        "logs": [
            street.system.log_path(name).read_bytes()
            for name in ("orders", "routing", "notify", "broker", "postgres")
        ],
        "parked": await street.databases.parked_bytes(),
    }
    assert all(places[name] for name in ("records", "headers", "logs"))
    secrets = secrets_of(street)
    assert find_leaks(secrets, places) == []
    planted = {name: [*texts, f"…{secrets[0]}…".encode()] for name, texts in places.items()}
    assert {leak.place for leak in find_leaks(secrets, planted)} == set(places)


def secrets_of(street: TinyStreet) -> list[str]:
    """Names and phones of everybody behind the doors, and rooms as a JSON value would hold them."""
    homes = [home for home in street.scenario.homes if home.residents]
    names = {home.name for home in homes}
    phones = {phone for home in homes for phone in home.phones}
    rooms = {f'"{home.room}"' for home in homes} | {f"{home.room}室" for home in homes}
    return sorted(names | phones | rooms)


async def has_news(street: TinyStreet, order_id: str, wanted: Sequence[str]) -> bool:
    """Whether the provider has taken these states of the order, in this order."""
    return [news for news in await news_of(street, order_id) if news in wanted] == list(wanted)


async def news_of(street: TinyStreet, order_id: str) -> list[str]:
    """What the provider has taken about an order, in its own order."""
    by_id = {message.message_id: message for message in await street.databases.messages()}
    lines = read_log(street.system.provider_log)
    return [
        by_id[line.reference].news
        for line in lines
        if line.reference in by_id and by_id[line.reference].order_id == order_id
    ]


async def messages_of(street: TinyStreet, order_id: str) -> list[TakenMessage]:
    """The provider's own lines about an order."""
    references = {m.message_id for m in await street.databases.messages() if m.order_id == order_id}
    return [line for line in read_log(street.system.provider_log) if line.reference in references]


async def all_records(street: TinyStreet) -> Mapping[object, Sequence[object]]:
    """Everything that stands in Kafka, read as the auditor."""
    login = street.system.kafka("auditor")
    broker = KafkaBroker(KafkaAccess(login.bootstrap, login.username, login.password, login.security_protocol))
    try:
        return await read_all(broker, SystemClock(), SystemRandomness())
    finally:
        await broker.close()


def log_lines(street: TinyStreet, service: str) -> list[dict[str, object]]:
    """A service's log, line by line."""
    lines = street.system.log_path(service).read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]
