"""A small town for notify: sealed events as orders and routing write them, a clock, and a provider on a script."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from services.notify.actions.following.story import StoryTeller
from services.notify.actions.messages.announce import Announcer
from services.notify.actions.messages.sending import SendingDesk, SendingRules
from services.notify.channels.channel import CallAnswer, Channel, Parcel, QueryAnswer
from services.notify.domain.message import CallEnd, Capability, QueryEnd
from services.notify.domain.quiet_hours import QuietHours
from services.notify.events_in import Ears
from services.notify.fate_loop import FateLoop
from services.notify.send_loop import SendLoop
from services.notify.storage.contacts import OpenedKeys
from shared.basics.clock import SystemClock
from shared.basics.randomness import SystemRandomness
from shared.contracts.envelope import Contract
from shared.contracts.orders_estate import BuildingRegistered, Handling
from shared.contracts.orders_household import (
    BagContent,
    HouseholdRegistered,
    ItemLine,
    ItemName,
    OrderCancelled,
    OrderChanged,
    OrderPlaced,
    OrderRetried,
)
from shared.contracts.routing_delivery import (
    DeliveryCompleted,
    DeliveryCorrected,
    DeliveryFailed,
    DeliveryScheduled,
    DeliveryUnplanned,
    FailureReason,
    OutForDelivery,
)
from shared.contracts.sealed_parts import HouseholdForNotify, PersonForNotify, Sealed
from shared.contracts.topics import NOTIFY, ROUTING, SERVICES
from shared.database.session import transaction
from shared.messaging.inbox import Received
from shared.observability.health import Heartbeats
from shared.security.data_keys import DataKey, new_data_key
from shared.security.key_file import ServiceKeys, keys_from_json
from shared.security.new_keys import make_key_files
from shared.security.sealing import seal
from shared.testing.clocks import FakeClock
from shared.web.idempotency import Engine

# 09:00 on 4 March 2022 in the street.
START = datetime(2022, 3, 4, 1, 0, tzinfo=UTC)
TODAY = date(2022, 3, 4)
ZONE = ZoneInfo("Asia/Shanghai")
RICE = ItemLine(
    code="RICE5",
    quantity=1,
    names=(ItemName(language="zh", text="大米5kg"), ItemName(language="en", text="Rice 5 kg")),
)


@dataclass
class ScriptedProvider:
    """A provider that answers as told, and remembers what it took."""

    capability: Capability = Capability.QUERYABLE
    name: str = "sms"
    call_limit_s: float = 0.5
    calls: list[CallEnd] = field(default_factory=list)
    queries: list[QueryEnd] = field(default_factory=list)
    taken: list[Parcel] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    on_call: Callable[[Parcel], None] | None = None

    async def send(self, parcel: Parcel) -> CallAnswer:
        if self.on_call is not None:
            self.on_call(parcel)
        end = self.calls.pop(0) if self.calls else CallEnd.TAKEN
        if end is CallEnd.TAKEN:
            self.taken.append(parcel)
            return CallAnswer(end, f"p-{len(self.taken)}")
        return CallAnswer(end)

    async def find(self, reference: str) -> QueryAnswer:
        self.asked.append(reference)
        end = self.queries.pop(0) if self.queries else QueryEnd.HAS_NOT
        return QueryAnswer(end, "p-found" if end is QueryEnd.HAS_IT else "")

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Town:
    """What a test works with."""

    engine: Engine
    keys: Mapping[str, ServiceKeys]
    clock: FakeClock
    provider: ScriptedProvider
    ears: Ears
    desk: SendingDesk
    sender: SendLoop
    fates: FateLoop
    key_files: Mapping[str, str]
    data_keys: dict[str, DataKey] = field(default_factory=dict)
    sequence: int = 0

    def use_channel(self, channel: Channel) -> None:
        """Send through another provider from now on."""
        self.desk = replace(self.desk, channel=channel)
        self.sender.desk = self.fates.desk = self.desk

    async def hear(self, event: Contract, correlation_id: str = "correlation-1") -> None:
        """Let one event arrive, now, begun by this click."""
        self.sequence += 1
        received = Received(
            f"event-{self.sequence}",
            event.TOPIC,
            event.stream_key,
            self.sequence,
            self.clock.now(),
            correlation_id,
        )
        async with transaction(self.engine, "inbox") as tx:
            await self.ears.handlers()[type(event)](tx, event, received)

    async def rows(self, sql: str, **values: object) -> list[Any]:
        """Look into the database."""
        async with transaction(self.engine) as tx:
            return list(await tx.all(text(sql), values))

    async def states(self) -> list[tuple[str, str]]:
        """News and state of every message, in the order they were queued."""
        return [(r.news, r.state) for r in await self.rows("SELECT news, state FROM messages ORDER BY position")]

    async def fates_told(self) -> list[tuple[str, str, str]]:
        """News, fate and reason of every MessageFate in the outbox."""
        rows = await self.rows("SELECT body FROM outbox WHERE event_type = 'notify.message_fate' ORDER BY id")
        return [(r.body["news"], r.body["fate"], r.body["reason"]) for r in rows]

    async def real_time_passes(self, seconds: float) -> None:
        """Move every lease, pause and queue entry into the past, as if so much real time had gone by."""
        async with transaction(self.engine) as tx:
            await tx.execute(
                text(
                    "UPDATE messages SET leased_until = leased_until - make_interval(secs => :s),"
                    " retry_at = retry_at - make_interval(secs => :s),"
                    " queued_at = queued_at - make_interval(secs => :s)"
                ),
                {"s": seconds},
            )

    def data_key(self, household_id: str) -> DataKey:
        """The household's key as orders has it."""
        if household_id not in self.data_keys:
            self.data_keys[household_id] = new_data_key(self.keys["orders"], household_id, (ROUTING, NOTIFY))
        return self.data_keys[household_id]

    def for_notify(self, household_id: str, *people: PersonForNotify) -> Sealed:
        """A household's sealed part."""
        key = self.data_key(household_id)
        part = HouseholdForNotify(door="莲香小区5栋1单元1802", people=people or (a_person(),))
        return Sealed(
            reader=NOTIFY,
            wrapped_key=key.wrapped_for[NOTIFY],
            sealed=seal(key.key, part.model_dump(mode="json"), f"for_notify|{household_id}"),
        )

    def registered(self, household_id: str, *people: PersonForNotify, language: str = "zh") -> HouseholdRegistered:
        return HouseholdRegistered(
            household_id=household_id,
            building_id="building-1",
            entrance_id="entrance-1",
            floor=18,
            language=language,
            for_routing=NOT_OURS,
            for_notify=self.for_notify(household_id, *people),
        )

    def placed(self, household_id: str, order_id: str, **changes: object) -> OrderPlaced:
        return OrderPlaced(**{**self._order(household_id, order_id), **changes})

    def changed(self, household_id: str, order_id: str, **changes: object) -> OrderChanged:
        return OrderChanged(**{**self._order(household_id, order_id), **changes})

    def scheduled(self, household_id: str, order_id: str, *, hours: float = 6.0) -> DeliveryScheduled:
        begin = self.clock.now() + timedelta(hours=hours)
        return DeliveryScheduled(
            household_id=household_id,
            order_id=order_id,
            wave_id="wave-1",
            wave_date=TODAY,
            round_id="round-1",
            stop_id="stop-1",
            window_from=begin,
            window_to=begin + timedelta(minutes=30),
        )

    def unplanned(self, household_id: str, order_id: str) -> DeliveryUnplanned:
        return DeliveryUnplanned(
            household_id=household_id, order_id=order_id, wave_id="wave-1", reason="zone_closed"
        )

    def out(self, household_id: str, order_id: str) -> OutForDelivery:
        begin = self.clock.now() + timedelta(minutes=20)
        return OutForDelivery(
            household_id=household_id,
            order_id=order_id,
            round_id="round-1",
            expected_from=begin,
            expected_to=begin + timedelta(minutes=30),
        )

    def delivered(self, household_id: str, order_id: str, *, complete: bool = True) -> DeliveryCompleted:
        return DeliveryCompleted(
            household_id=household_id,
            order_id=order_id,
            round_id="round-1",
            stop_id="stop-1",
            bag_ids=("bag-1",),
            order_complete=complete,
            delivered_at=self.clock.now(),
            taken_at=self.clock.now(),
        )

    def failed(
        self, household_id: str, order_id: str, reason: FailureReason = FailureReason.NO_ANSWER
    ) -> DeliveryFailed:
        return DeliveryFailed(
            household_id=household_id,
            order_id=order_id,
            round_id="round-1",
            stop_id="stop-1",
            bag_ids=("bag-1",),
            reason=reason,
            failed_at=self.clock.now(),
            taken_at=self.clock.now(),
        )

    def corrected(self, household_id: str, order_id: str) -> DeliveryCorrected:
        return DeliveryCorrected(
            household_id=household_id,
            order_id=order_id,
            round_id="round-1",
            stop_id="stop-1",
            corrected_at=self.clock.now(),
        )

    def cancelled(self, household_id: str, order_id: str) -> OrderCancelled:
        return OrderCancelled(household_id=household_id, order_id=order_id, reason="resident")

    def retried(self, household_id: str, order_id: str, attempt: int = 2) -> OrderRetried:
        return OrderRetried(
            household_id=household_id,
            order_id=order_id,
            attempt=attempt,
            wave_date=TODAY + timedelta(days=1),
            due_at=None,
            bag_ids=("bag-1",),
        )

    def _order(self, household_id: str, order_id: str) -> dict[str, object]:
        return {
            "household_id": household_id,
            "order_id": order_id,
            "number": f"A{order_id[-4:].zfill(4)}-7",
            "building_id": "building-1",
            "entrance_id": "entrance-1",
            "floor": 18,
            "language": "zh",
            "priority": 0,
            "wave_date": TODAY,
            "due_at": None,
            "bags": (BagContent(bag_id=f"{order_id}-bag", grams=5200, crates=1, cold=False, items=(RICE,)),),
            "for_routing": NOT_OURS,
            "for_notify": self.for_notify(household_id),
        }


NOT_OURS = Sealed(reader=ROUTING, wrapped_key="", sealed="")


def a_person(phone: str | None = "13800000001", *, wants: bool = True) -> PersonForNotify:
    return PersonForNotify(name="陈秀兰", phone=phone, wants_messages=wants)


def a_building(building_id: str, community: str, grid: str) -> BuildingRegistered:
    return BuildingRegistered(
        building_id=building_id,
        compound_id="compound-1",
        compound="莲香小区",
        building="5栋",
        community=community,
        grid=grid,
        zone_id=None,
        handling=Handling.CLEAN,
        entrances=(),
    )


def make_keys() -> dict[str, str]:
    """The text of each service's key file, fresh."""
    return {service: json.dumps(content) for service, content in make_key_files(SERVICES).items()}


def make_town(
    engine: Engine, *, rules: SendingRules | None = None, key_files: Mapping[str, str] | None = None
) -> Town:
    """A town with a clock that stands still; leases are real."""
    files = key_files or make_keys()
    keys = {service: keys_from_json(content) for service, content in files.items()}
    clock = FakeClock(START)
    provider = ScriptedProvider()
    opened = OpenedKeys(keys[NOTIFY])
    desk = SendingDesk(
        channel=provider,
        clock=clock,
        zone=ZONE,
        hotline="6200 1234",
        link_base="http://127.0.0.1:8003",
        link_key=keys[NOTIFY].link_key,
        opened_keys=opened,
        rules=rules or SendingRules(),
    )
    heartbeats = Heartbeats(SystemClock())
    sender = SendLoop(engine, desk, heartbeats)
    announcer = Announcer(clock, SystemRandomness(), QuietHours(time(22), time(7), ZONE), "sms", sender.wake)
    ears = Ears(StoryTeller(announcer, keys[NOTIFY].link_key), keys[NOTIFY], opened)
    fates = FateLoop(engine, desk, heartbeats, sender.wake)
    return Town(engine, keys, clock, provider, ears, desk, sender, fates, files)
