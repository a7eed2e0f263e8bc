"""Routing's whole inbox: which event of which service does what here."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from services.routing.actions.following.follow_estate import follow_building, follow_zone
from services.routing.actions.following.follow_household import follow_household, forget_household
from services.routing.actions.following.follow_order import (
    OrderNews,
    RetryNews,
    follow_cancel,
    follow_change,
    follow_order,
    follow_retry,
)
from services.routing.actions.following.follow_staff import follow_revocation, follow_staff
from services.routing.actions.waves.ask_replan import Asker
from services.routing.domain.estate import building_key
from services.routing.storage.bags import BagRow
from services.routing.storage.estate import Building, Zone
from services.routing.storage.households import DoorText, Household, open_keys
from shared.basics.clock import Clock
from shared.basics.ids import new_id
from shared.basics.randomness import Randomness
from shared.contracts.envelope import Contract
from shared.contracts.orders_estate import BuildingChanged, BuildingRegistered, ZoneChanged
from shared.contracts.orders_household import (
    HouseholdChanged,
    HouseholdRegistered,
    HouseholdRemoved,
    OrderCancelled,
    OrderChanged,
    OrderPlaced,
    OrderRetried,
)
from shared.contracts.orders_staff import SessionsRevoked, StaffChanged
from shared.contracts.sealed_parts import HouseholdForRouting, OrderForRouting, Sealed, StaffSecrets
from shared.contracts.topics import ROUTING
from shared.database.session import Transaction
from shared.messaging.inbox import Handler, Received
from shared.security.accounts import StaffAccount
from shared.security.data_keys import DataKey, store_data_keys, unwrap_as_reader
from shared.security.key_file import ServiceKeys
from shared.security.roles import Role
from shared.security.sealing import open_sealed

_KEPT_KEYS: Final = 4096
_KNOWN_ROLES: Final = frozenset(role.value for role in Role)


@dataclass(slots=True)
class _OpenedKeys:
    """The data keys of the households heard of last: unwrapping one costs more than all else of an event."""

    keys: ServiceKeys
    opened: OrderedDict[str, bytes] = field(default_factory=OrderedDict)

    def unwrap(self, subject: str, sealed: Sealed) -> bytes:
        """The data key a sealed part came with. Errors: SealBroken."""
        known = self.opened.get(sealed.wrapped_key)
        if known is None:
            known = unwrap_as_reader(self.keys, ROUTING, subject, sealed.wrapped_key)
            self.opened[sealed.wrapped_key] = known
            if len(self.opened) > _KEPT_KEYS:
                self.opened.popitem(last=False)
        return known

    def forget(self, key: bytes) -> None:
        """Drop a key that was destroyed."""
        for wrapped, opened in list(self.opened.items()):
            if opened == key:
                del self.opened[wrapped]


class EventsIn:
    """What each event does; one method an event."""

    def __init__(self, keys: ServiceKeys, clock: Clock, randomness: Randomness) -> None:
        self._keys = keys
        self._opened = _OpenedKeys(keys)
        self._clock = clock
        self._randomness = randomness

    async def on_building(self, tx: Transaction, event: BuildingRegistered | BuildingChanged, _: Received) -> None:
        """Learn a building's and its entrances' names."""
        await follow_building(
            tx,
            Building(
                building_id=event.building_id,
                building_key=building_key(event.community, event.compound, event.building),
                compound_id=event.compound_id,
                compound=event.compound,
                building=event.building,
                community=event.community,
                grid=event.grid,
                zone_id=event.zone_id,
                handling=event.handling.value,
                entrances=tuple((one.entrance_id, one.name) for one in event.entrances),
            ),
            Asker("orders", self._clock, self._randomness),
        )

    async def on_zone(self, tx: Transaction, event: ZoneChanged, _: Received) -> None:
        """Learn a zone's name and class."""
        await follow_zone(
            tx,
            Zone(
                event.zone_id,
                event.name,
                event.community,
                event.grid,
                event.zone_class.value,
                event.valid_from,
            ),
            Asker("orders", self._clock, self._randomness),
        )

    async def on_household(
        self, tx: Transaction, event: HouseholdRegistered | HouseholdChanged, _: Received
    ) -> None:
        """Learn who is behind a door, and keep a copy of the household's key."""
        if _is_blanked(event.for_routing):
            return
        data_key = self._opened.unwrap(event.household_id, event.for_routing)
        part = HouseholdForRouting.model_validate(
            open_sealed(data_key, event.for_routing.sealed, _place(event.household_id))
        )
        await store_data_keys(tx, self._keys, [DataKey(event.household_id, data_key, {})])
        await follow_household(
            tx,
            Household(event.household_id, event.building_id, event.entrance_id, event.floor),
            DoorText(part.room, part.masked_name, part.crew_note),
            data_key,
        )

    async def on_household_removed(self, tx: Transaction, event: HouseholdRemoved, _: Received) -> None:
        """Forget a household."""
        opened = await open_keys(tx, self._keys, [event.household_id])
        await forget_household(tx, event.household_id)
        for key in opened.values():
            self._opened.forget(key)

    async def on_order_placed(self, tx: Transaction, event: OrderPlaced, received: Received) -> None:
        """An order becomes a waiting stop."""
        if _is_blanked(event.for_routing):
            return
        news, data_key = self._order_news(event)
        await follow_order(tx, news, self._new_stop_id(), data_key, received.occurred_at)

    async def on_order_changed(self, tx: Transaction, event: OrderChanged, received: Received) -> None:
        """A changed order waits anew."""
        if _is_blanked(event.for_routing):
            return
        news, data_key = self._order_news(event)
        await follow_change(tx, news, self._new_stop_id(), data_key, received.occurred_at)

    async def on_order_cancelled(self, tx: Transaction, event: OrderCancelled, _: Received) -> None:
        """A cancelled order leaves its plan or round."""
        await follow_cancel(tx, event.order_id)

    async def on_order_retried(self, tx: Transaction, event: OrderRetried, _: Received) -> None:
        """A failed order waits for another turn."""
        opened = await open_keys(tx, self._keys, [event.household_id])
        retry = RetryNews(event.order_id, event.wave_date, event.due_at, event.bag_ids)
        await follow_retry(tx, retry, self._new_stop_id(), opened.get(event.household_id))

    async def on_staff_changed(self, tx: Transaction, event: StaffChanged, received: Received) -> None:
        """Learn who works here."""
        data_key = self._opened.unwrap(event.account_id, event.for_routing)
        secrets = StaffSecrets.model_validate(
            open_sealed(data_key, event.for_routing.sealed, _place(event.account_id))
        )
        await follow_staff(
            tx,
            StaffAccount(
                account_id=event.account_id,
                login=secrets.login,
                display_name=secrets.display_name,
                # A role of a later version gives nothing here, rather than parking the account.
                roles=frozenset(Role(role) for role in event.roles if role in _KNOWN_ROLES),
                communities=frozenset(event.communities),
                grids=frozenset(event.grids),
                verifier=secrets.verifier,
                active=event.active,
                changed_sequence=received.sequence,
            ),
        )

    async def on_sessions_revoked(self, tx: Transaction, event: SessionsRevoked, _: Received) -> None:
        """Sign somebody out everywhere."""
        await follow_revocation(tx, event.account_id)

    def _order_news(self, event: OrderPlaced | OrderChanged) -> tuple[OrderNews, bytes]:
        data_key = self._opened.unwrap(event.household_id, event.for_routing)
        part = OrderForRouting.model_validate(
            open_sealed(data_key, event.for_routing.sealed, _place(event.household_id))
        )
        news = OrderNews(
            order_id=event.order_id,
            number=event.number,
            household_id=event.household_id,
            entrance_id=event.entrance_id,
            floor=event.floor,
            priority=event.priority,
            wave_date=event.wave_date,
            due_at=event.due_at,
            bags=[
                BagRow(
                    bag_id=bag.bag_id,
                    order_id=event.order_id,
                    grams=bag.grams,
                    crates=bag.crates,
                    cold=bag.cold,
                    items=[item.model_dump(mode="json") for item in bag.items],
                )
                for bag in event.bags
            ],
            crew_note=part.crew_note,
        )
        return news, data_key

    def _new_stop_id(self) -> str:
        return new_id(self._clock, self._randomness)


def _is_blanked(part: Sealed) -> bool:
    """Told late, of a household that was removed since: nothing of it is kept here."""
    return not part.wrapped_key


def _place(subject: str) -> str:
    return f"for_routing|{subject}"


def handlers(keys: ServiceKeys, clock: Clock, randomness: Randomness) -> Mapping[type[Contract], Handler]:
    """The whole inbox: event and function."""
    events = EventsIn(keys, clock, randomness)
    return {
        BuildingRegistered: events.on_building,
        BuildingChanged: events.on_building,
        ZoneChanged: events.on_zone,
        HouseholdRegistered: events.on_household,
        HouseholdChanged: events.on_household,
        HouseholdRemoved: events.on_household_removed,
        OrderPlaced: events.on_order_placed,
        OrderChanged: events.on_order_changed,
        OrderCancelled: events.on_order_cancelled,
        OrderRetried: events.on_order_retried,
        StaffChanged: events.on_staff_changed,
        SessionsRevoked: events.on_sessions_revoked,
    }
