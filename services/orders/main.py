"""Puts orders together: settings, database, log, pages. The only place that knows all of them."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from services.orders import events_in
from services.orders.actions.office import Office
from services.orders.actions.staff.change_staff import make_first_administrator
from services.orders.api import desk as desk_api
from services.orders.pages import desk, first, households, orders, register, staff, zones
from services.orders.pages.words import ERROR_TEXTS, NAVIGATION
from services.orders.settings import OrdersSettings
from shared.basics.clock import SystemClock
from shared.basics.randomness import SystemRandomness
from shared.contracts.topics import ORDERS
from shared.database.engine import create_engine
from shared.database.session import transaction
from shared.messaging.endpoint import Endpoint, EndpointParts
from shared.messaging.kafka import KafkaAccess, KafkaBroker
from shared.observability.health import Heartbeats
from shared.security.key_file import load_keys
from shared.security.passwords import make_verifier
from shared.settings import settings_or_exit
from shared.web.app import run
from shared.web.languages import mark
from shared.web.parked_pages import parked_router
from shared.web.parts import ServiceParts

FOLDER = Path(__file__).parent


def make_parts(settings: OrdersSettings) -> ServiceParts:
    """Everything orders is made of, connected and not yet running.

    Errors: KeyFileWrong when the key file cannot be used.
    """
    engine = create_engine(
        settings.database_url.get_secret_value(), settings.database_pool_size, application=ORDERS
    )
    keys = load_keys(settings.key_file)
    office = Office(settings.clock(), SystemRandomness(), keys, settings.zone())
    heartbeats = Heartbeats(SystemClock())
    broker = KafkaBroker(
        KafkaAccess(
            settings.kafka_bootstrap_servers,
            settings.kafka_username,
            settings.kafka_password.get_secret_value(),
            settings.kafka_security_protocol,
        )
    )
    endpoint = Endpoint(EndpointParts(ORDERS, engine, broker, events_in.handlers(), heartbeats))

    async def let_first_administrator_in() -> None:
        password = settings.admin_password.get_secret_value()
        if password:
            async with transaction(engine) as tx:
                await make_first_administrator(tx, office, settings.admin_login, make_verifier(password))

    async def let_go() -> None:
        await broker.close()
        await engine.dispose()

    on_start: list[Callable[[], Awaitable[None]]] = [let_first_administrator_in]
    return ServiceParts(
        name=ORDERS,
        title=mark("Hotline"),
        folder=FOLDER,
        settings=settings,
        engine=engine,
        keys=keys,
        clock=office.clock,
        randomness=office.randomness,
        routers=[
            first.router,
            desk.router,
            orders.router,
            households.router,
            register.router,
            zones.router,
            staff.router,
            parked_router(endpoint.list_parked, endpoint.replay),
            desk_api.router,
        ],
        loops=endpoint.loops(),
        readiness=endpoint.readiness(),
        error_texts=ERROR_TEXTS,
        navigation=NAVIGATION,
        heartbeats=heartbeats,
        on_start=on_start,
        on_stop=[let_go],
    )


if __name__ == "__main__":
    run(make_parts(settings_or_exit(OrdersSettings)))
