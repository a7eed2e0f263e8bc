"""Puts routing together and runs it: pages, crew's doors, inbox, outbox, planning."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from services.routing import events_in
from services.routing.actions.crews.load_roster import load_roster
from services.routing.actions.estate.load_estate_file import load_estate_file
from services.routing.actions.waves.export_wave import export_wave
from services.routing.actions.waves.read_running_plan import RunningPlans
from services.routing.actions.waves.run_plan_request import PlannerParts
from services.routing.api import crew_admission, crew_sync
from services.routing.pages import board, crew, crews, estate, trouble, urgent
from services.routing.pages.words import ERROR_TEXTS, NAVIGATION
from services.routing.plan_loop import PlanLoop
from services.routing.planning.child import SolverProcess
from services.routing.settings import RoutingSettings
from services.routing.storage.crews import crew_lines
from services.routing.storage.estate import last_file
from shared.basics.randomness import SystemRandomness
from shared.contracts.topics import ROUTING
from shared.database.engine import create_engine
from shared.database.session import transaction
from shared.messaging.endpoint import Endpoint, EndpointParts
from shared.messaging.kafka import KafkaAccess, KafkaBroker
from shared.observability.health import Heartbeats
from shared.security.key_file import load_keys
from shared.settings import read_settings, settings_or_exit
from shared.web.app import run
from shared.web.idempotency import Engine
from shared.web.languages import mark
from shared.web.parked_pages import parked_router
from shared.web.parts import ServiceParts

FOLDER = Path(__file__).parent
_ROUTERS = (
    board.router,
    estate.router,
    crews.router,
    crew.router,
    trouble.router,
    crew_sync.router,
    crew_admission.router,
)


def make_parts(settings: RoutingSettings) -> ServiceParts:
    """Everything routing is made of, connected and not yet running.

    Errors: KeyFileWrong when the key file cannot be used.
    """
    engine = create_engine(
        settings.database_url.get_secret_value(), settings.database_pool_size, application=ROUTING
    )
    clock, randomness, keys = settings.clock(), SystemRandomness(), load_keys(settings.key_file)
    heartbeats = Heartbeats(clock)
    broker = _broker(settings)
    handlers = events_in.handlers(keys, clock, randomness)
    endpoint = Endpoint(EndpointParts(ROUTING, engine, broker, handlers, heartbeats))
    solver = SolverProcess(workers=settings.plan_workers, memory_mib=settings.plan_memory_mib)
    planner = PlannerParts(engine, solver, settings.planning_rules(), clock, randomness)
    planning = PlanLoop(planner, settings.plan_workers, heartbeats)
    defaults = board.PlanDefaults(settings.plan_seconds, settings.plan_seed, planning.wake)

    return ServiceParts(
        name=ROUTING,
        title=mark("Dispatch"),
        folder=FOLDER,
        settings=settings,
        engine=engine,
        keys=keys,
        clock=clock,
        randomness=randomness,
        routers=[
            *_ROUTERS,
            board.make_router(defaults),
            urgent.make_router(RunningPlans()),
            parked_router(endpoint.list_parked, endpoint.replay),
        ],
        loops={**endpoint.loops(), "plan": planning.run},
        readiness=endpoint.readiness(),
        error_texts=ERROR_TEXTS,
        navigation=NAVIGATION,
        admissions=[crew_admission.crew_actor],
        guest_door="/crew/admission",
        heartbeats=heartbeats,
        on_start=[partial(_load_first_files, engine, settings)],
        on_stop=[broker.close, engine.dispose],
    )


async def exported_wave(wave_id: str) -> Mapping[str, object]:
    """Read a running wave as an instance from the database that the environment names.

    Errors: UnusableSettings; what `export_wave` and the database say.
    """
    settings = read_settings(RoutingSettings)
    engine = create_engine(settings.database_url.get_secret_value(), 2, application=ROUTING)
    try:
        async with transaction(engine) as tx:
            return await export_wave(tx, wave_id)
    finally:
        await engine.dispose()


def _broker(settings: RoutingSettings) -> KafkaBroker:
    return KafkaBroker(
        KafkaAccess(
            settings.kafka_bootstrap_servers,
            settings.kafka_username,
            settings.kafka_password.get_secret_value(),
            settings.kafka_security_protocol,
        )
    )


async def _load_first_files(engine: Engine, settings: RoutingSettings) -> None:
    """Take the files named in the settings into use, unless some were loaded before."""
    async with transaction(engine) as tx:
        if settings.estate_file is not None and await last_file(tx) is None:
            await load_estate_file(tx, settings.estate_file.read_bytes(), "settings", settings.clock().now())
        if settings.roster_file is not None and not await crew_lines(tx):
            await load_roster(tx, settings.roster_file.read_bytes())


if __name__ == "__main__":
    run(make_parts(settings_or_exit(RoutingSettings)))
