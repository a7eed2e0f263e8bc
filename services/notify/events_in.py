"""Everything notify listens to: event, function. Sealed parts are opened here and go no further sealed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.notify.actions.following.follow_building import follow_building
from services.notify.actions.following.follow_delivery import follow_delivery
from services.notify.actions.following.follow_household import follow_household, forget_household
from services.notify.actions.following.follow_order import follow_order
from services.notify.actions.following.follow_staff import end_sessions, follow_staff
from services.notify.actions.following.story import Said, StoryTeller
from services.notify.domain.contact import Contact, Person
from services.notify.domain.order import (
    DeliveryHasFailed,
    DeliveryWasCompleted,
    DeliveryWasCorrected,
    DeliveryWasPutOff,
    DeliveryWasScheduled,
    DeliveryWentOut,
    Item,
    OrderWasAmended,
    OrderWasCancelled,
    OrderWasPlaced,
    OrderWasRetried,
    Window,
)
from services.notify.storage import contacts
from services.notify.storage.contacts import OpenedKeys
from shared.contracts.envelope import Contract
from shared.contracts.orders_estate import BuildingChanged, BuildingRegistered
from shared.contracts.orders_household import (
    BagContent,
    HouseholdChanged,
    HouseholdRegistered,
    HouseholdRemoved,
    OrderCancelled,
    OrderChanged,
    OrderPlaced,
    OrderRetried,
)
from shared.contracts.orders_staff import SessionsRevoked, StaffChanged
from shared.contracts.routing_delivery import (
    DeliveryCompleted,
    DeliveryCorrected,
    DeliveryFailed,
    DeliveryScheduled,
    DeliveryUnplanned,
    OutForDelivery,
)
from shared.contracts.sealed_parts import HouseholdForNotify, Sealed, StaffSecrets
from shared.contracts.topics import NOTIFY
from shared.database.session import Transaction
from shared.messaging.inbox import Handler, Received
from shared.security.accounts import StaffAccount
from shared.security.data_keys import take_data_key, unwrap_as_reader
from shared.security.key_file import ServiceKeys
from shared.security.roles import Role
from shared.security.sealing import open_sealed


@dataclass(frozen=True, slots=True)
class Ears:
    """What listening needs."""

    teller: StoryTeller
    keys: ServiceKeys = field(repr=False)
    opened_keys: OpenedKeys = field(repr=False)

    def handlers(self) -> Mapping[type[Contract], Handler]:
        """The whole inbox. Events not named here are passed over."""
        return {
            HouseholdRegistered: self.on_household,
            HouseholdChanged: self.on_household,
            HouseholdRemoved: self.on_household_removed,
            OrderPlaced: self.on_order_placed,
            OrderChanged: self.on_order_changed,
            OrderRetried: self.on_order_retried,
            OrderCancelled: self.on_order_cancelled,
            DeliveryScheduled: self.on_delivery_scheduled,
            DeliveryUnplanned: self.on_delivery_unplanned,
            OutForDelivery: self.on_out_for_delivery,
            DeliveryCompleted: self.on_delivery_completed,
            DeliveryFailed: self.on_delivery_failed,
            DeliveryCorrected: self.on_delivery_corrected,
            BuildingRegistered: self.on_building,
            BuildingChanged: self.on_building,
            StaffChanged: self.on_staff_changed,
            SessionsRevoked: self.on_sessions_revoked,
        }

    async def on_household(
        self, tx: Transaction, event: HouseholdRegistered | HouseholdChanged, _: Received
    ) -> None:
        """Whom to tell behind this door."""
        await self._keep_contact(tx, event)

    async def on_household_removed(self, tx: Transaction, event: HouseholdRemoved, _: Received) -> None:
        """Forget this household."""
        await forget_household(tx, event.household_id)
        self.opened_keys.forget(event.household_id)

    async def on_order_placed(self, tx: Transaction, event: OrderPlaced, received: Received) -> None:
        """A new order; its own contact part is needed only if the household's events were lost to us."""
        if not await contacts.is_known(tx, event.household_id):
            await self._keep_contact(tx, event)
        fact = OrderWasPlaced(
            order_id=event.order_id,
            household_id=event.household_id,
            building_id=event.building_id,
            number=event.number,
            wave_date=event.wave_date,
            items=_items(event.bags),
        )
        await follow_order(tx, self.teller, fact, _said(received))

    async def on_order_changed(self, tx: Transaction, event: OrderChanged, received: Received) -> None:
        """Other items, or another date."""
        fact = OrderWasAmended(event.order_id, event.household_id, event.wave_date, _items(event.bags))
        await follow_order(tx, self.teller, fact, _said(received))

    async def on_order_retried(self, tx: Transaction, event: OrderRetried, received: Received) -> None:
        """To be brought again."""
        fact = OrderWasRetried(event.order_id, event.household_id, event.wave_date)
        await follow_order(tx, self.teller, fact, _said(received))

    async def on_order_cancelled(self, tx: Transaction, event: OrderCancelled, received: Received) -> None:
        """Not to be brought any more."""
        fact = OrderWasCancelled(event.order_id, event.household_id)
        await follow_order(tx, self.teller, fact, _said(received))

    async def on_delivery_scheduled(self, tx: Transaction, event: DeliveryScheduled, received: Received) -> None:
        """On a released round, with a window."""
        window = Window(event.window_from, event.window_to)
        fact = DeliveryWasScheduled(event.order_id, event.household_id, event.wave_date, window)
        await follow_delivery(tx, self.teller, fact, _said(received))

    async def on_delivery_unplanned(self, tx: Transaction, event: DeliveryUnplanned, received: Received) -> None:
        """On no round, or on none any more."""
        fact = DeliveryWasPutOff(event.order_id, event.household_id)
        await follow_delivery(tx, self.teller, fact, _said(received))

    async def on_out_for_delivery(self, tx: Transaction, event: OutForDelivery, received: Received) -> None:
        """The round has left."""
        window = Window(event.expected_from, event.expected_to)
        fact = DeliveryWentOut(event.order_id, event.household_id, window)
        await follow_delivery(tx, self.teller, fact, _said(received))

    async def on_delivery_completed(self, tx: Transaction, event: DeliveryCompleted, received: Received) -> None:
        """Bags at the door."""
        fact = DeliveryWasCompleted(
            order_id=event.order_id,
            household_id=event.household_id,
            order_complete=event.order_complete,
            delivered_at=event.delivered_at,
            taken_at=event.taken_at,
        )
        await follow_delivery(tx, self.teller, fact, _said(received))

    async def on_delivery_failed(self, tx: Transaction, event: DeliveryFailed, received: Received) -> None:
        """Bags that did not stay at the door."""
        fact = DeliveryHasFailed(event.order_id, event.household_id, event.reason.value, event.failed_at)
        await follow_delivery(tx, self.teller, fact, _said(received))

    async def on_delivery_corrected(self, tx: Transaction, event: DeliveryCorrected, received: Received) -> None:
        """A tap taken back."""
        fact = DeliveryWasCorrected(event.order_id, event.household_id)
        await follow_delivery(tx, self.teller, fact, _said(received))

    async def on_building(self, tx: Transaction, event: BuildingRegistered | BuildingChanged, _: Received) -> None:
        """Where a building belongs."""
        await follow_building(tx, event.building_id, event.community, event.grid)

    async def on_staff_changed(self, tx: Transaction, event: StaffChanged, received: Received) -> None:
        """Who may sign in here."""
        part = event.for_notify
        key = unwrap_as_reader(self.keys, NOTIFY, event.account_id, part.wrapped_key)
        secrets = StaffSecrets.model_validate(open_sealed(key, part.sealed, _place(event.account_id)))
        account = StaffAccount(
            account_id=event.account_id,
            login=secrets.login,
            display_name=secrets.display_name,
            roles=frozenset(Role(role) for role in event.roles),
            communities=frozenset(event.communities),
            grids=frozenset(event.grids),
            verifier=secrets.verifier,
            active=event.active,
            changed_sequence=received.sequence,
        )
        await follow_staff(tx, account)

    async def on_sessions_revoked(self, tx: Transaction, event: SessionsRevoked, _: Received) -> None:
        """Somebody's sessions are over."""
        await end_sessions(tx, event.account_id)

    async def _keep_contact(
        self, tx: Transaction, event: HouseholdRegistered | HouseholdChanged | OrderPlaced
    ) -> None:
        part: Sealed = event.for_notify
        data_key = await take_data_key(tx, self.keys, event.household_id, part.wrapped_key, NOTIFY)
        opened = open_sealed(data_key.key, part.sealed, _place(event.household_id))
        household = HouseholdForNotify.model_validate(opened)
        people = tuple(Person(one.name, one.phone, one.wants_messages) for one in household.people)
        contact = Contact(event.household_id, event.language, household.door, people)
        await follow_household(tx, contact, event.building_id, data_key.key)


def _place(subject: str) -> str:
    return f"for_{NOTIFY}|{subject}"


def _said(received: Received) -> Said:
    return Said(received.occurred_at, received.correlation_id)


def _items(bags: tuple[BagContent, ...]) -> tuple[Item, ...]:
    """What is in all bags together, by item, in the order of their first bag."""
    quantities: dict[str, int] = {}
    names: dict[str, dict[str, str]] = {}
    for line in (line for bag in bags for line in bag.items):
        quantities[line.code] = quantities.get(line.code, 0) + line.quantity
        names.setdefault(line.code, {name.language: name.text for name in line.names})
    return tuple(Item(quantity, names[code]) for code, quantity in quantities.items())
