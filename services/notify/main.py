"""Puts notify together and runs it: pages, inbox, outbox, sending, finding out."""

from pathlib import Path

from services.notify.actions.following.story import StoryTeller
from services.notify.actions.messages.announce import Announcer
from services.notify.actions.messages.sending import SendingDesk, SendingRules
from services.notify.channels.sms import make_sms_channel
from services.notify.domain.guessing import MissLimits
from services.notify.domain.quiet_hours import QuietHours
from services.notify.events_in import Ears
from services.notify.fate_loop import FateLoop
from services.notify.pages import console, link, status
from services.notify.pages.words import ERROR_TEXTS
from services.notify.send_loop import SendLoop
from services.notify.settings import NotifySettings
from services.notify.storage.contacts import OpenedKeys
from shared.basics.randomness import SystemRandomness
from shared.database.engine import create_engine
from shared.messaging.endpoint import Endpoint, EndpointParts
from shared.messaging.kafka import KafkaAccess, KafkaBroker
from shared.observability.health import Heartbeats
from shared.security.key_file import load_keys
from shared.settings import settings_or_exit
from shared.web.app import run
from shared.web.idempotency import Engine
from shared.web.languages import mark
from shared.web.parked_pages import parked_router
from shared.web.parts import NavigationEntry, ServiceParts

NAME = "notify"
SIGN = mark("Community supplies")


def build(settings: NotifySettings) -> ServiceParts:
    """Notify, ready to be served. Errors: KeyFileWrong when its keys cannot be read."""
    keys = load_keys(settings.key_file)
    engine = create_engine(settings.database_url.get_secret_value(), settings.database_pool_size, application=NAME)
    heartbeats = Heartbeats(settings.clock())
    desk = _desk(settings, keys.link_key, OpenedKeys(keys))
    sender = SendLoop(engine, desk, heartbeats)
    fates = FateLoop(engine, desk, heartbeats, sender.wake)
    announcer = Announcer(
        clock=desk.clock,
        randomness=SystemRandomness(),
        quiet_hours=QuietHours(settings.quiet_from, settings.quiet_to, settings.zone()),
        channel=desk.channel.name,
        wake=sender.wake,
    )
    ears = Ears(StoryTeller(announcer, keys.link_key), keys, desk.opened_keys)
    endpoint = _endpoint(settings, engine, ears, heartbeats)
    sender_shown = status.Sender(settings.hotline_number, SIGN)
    return ServiceParts(
        name=NAME,
        title=mark("Telling residents"),
        folder=Path(__file__).parent,
        settings=settings,
        engine=engine,
        keys=keys,
        clock=desk.clock,
        randomness=announcer.randomness,
        routers=[
            console.router,
            parked_router(endpoint.list_parked, endpoint.replay),
            link.router,
            status.make_router(sender_shown, _miss_limits(settings)),
        ],
        loops={**endpoint.loops(), "send": sender.run, "fate": fates.run},
        readiness=endpoint.readiness(),
        error_texts=ERROR_TEXTS,
        navigation=[
            NavigationEntry(mark("Messages"), "/messages"),
            NavigationEntry(mark("Parked events"), "/parked"),
        ],
        heartbeats=heartbeats,
        trouble_page=status.make_trouble_page(sender_shown),
        on_stop=[desk.channel.close, engine.dispose],
    )


def _miss_limits(settings: NotifySettings) -> MissLimits:
    return MissLimits(
        settings.missed_links_per_address,
        settings.missed_links_per_address_a_minute,
        settings.missed_links_overall,
        settings.missed_links_overall_a_minute,
    )


def _desk(settings: NotifySettings, link_key: bytes, opened_keys: OpenedKeys) -> SendingDesk:
    return SendingDesk(
        channel=make_sms_channel(
            settings.sms_provider_url,
            settings.sms_provider_key.get_secret_value(),
            settings.sms_provider_capability,
            settings.sms_call_limit_s,
        ),
        clock=settings.clock(),
        zone=settings.zone(),
        hotline=settings.hotline_number,
        link_base=settings.notify_url.rstrip("/"),
        link_key=link_key,
        opened_keys=opened_keys,
        rules=SendingRules(settings.batch, settings.calls_at_once, settings.lease_s),
    )


def _endpoint(settings: NotifySettings, engine: Engine, ears: Ears, heartbeats: Heartbeats) -> Endpoint:
    access = KafkaAccess(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        username=settings.kafka_username,
        password=settings.kafka_password.get_secret_value(),
        security_protocol=settings.kafka_security_protocol,
    )
    return Endpoint(EndpointParts(NAME, engine, KafkaBroker(access), ears.handlers(), heartbeats))


if __name__ == "__main__":
    run(build(settings_or_exit(NotifySettings)))
