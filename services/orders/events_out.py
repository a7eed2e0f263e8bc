"""Facts of the domain become events: what is personal is sealed here, each part for its one reader."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel

from services.orders.domain.account import SessionsWereRevoked, StaffWasChanged
from services.orders.domain.catalogue import ITEMS
from services.orders.domain.household import (
    Household,
    HouseholdWasChanged,
    HouseholdWasRegistered,
    HouseholdWasRemoved,
)
from services.orders.domain.order import (
    Bag,
    Order,
    OrderWasCancelled,
    OrderWasChanged,
    OrderWasPlaced,
    OrderWasRetried,
)
from services.orders.domain.zone import Building, BuildingWasChanged, BuildingWasRegistered, ZoneWasChanged
from shared.contracts import orders_estate as estate
from shared.contracts import orders_household as household_events
from shared.contracts import orders_staff as staff
from shared.contracts.envelope import Contract
from shared.contracts.sealed_parts import (
    HouseholdForNotify,
    HouseholdForRouting,
    OrderForRouting,
    PersonForNotify,
    Sealed,
    StaffSecrets,
)
from shared.contracts.topics import NOTIFY, ROUTING
from shared.database.session import Transaction
from shared.messaging import outbox
from shared.security.data_keys import DataKey
from shared.security.sealing import seal

# Whoever reads sealed parts: a subject's key is wrapped for each of them when it is made.
READERS: Final = (ROUTING, NOTIFY)

Fact = (
    HouseholdWasRegistered
    | HouseholdWasChanged
    | HouseholdWasRemoved
    | OrderWasPlaced
    | OrderWasChanged
    | OrderWasCancelled
    | OrderWasRetried
    | BuildingWasRegistered
    | BuildingWasChanged
    | ZoneWasChanged
    | StaffWasChanged
    | SessionsWereRevoked
)
Keys = Mapping[str, DataKey]
NO_KEYS: Final[Keys] = {}


async def publish(tx: Transaction, fact: Fact, keys: Keys, at: datetime) -> int:
    """Write one fact's event down to be sent; answers its sequence in its stream.

    `keys` holds the data key of the household or account, where the event has sealed parts.
    """
    return await outbox.append(tx, _contract(fact, keys), at=at)


async def publish_all(tx: Transaction, facts: Iterable[Fact], keys: Keys, at: datetime) -> None:
    """Write many facts' events down; streams in sorted order, each stream's facts in the order given."""
    await outbox.append_all(tx, [_contract(fact, keys) for fact in facts], at=at)


def _contract(fact: Fact, keys: Keys) -> Contract:
    match fact:
        case OrderWasPlaced(order, household):
            return household_events.OrderPlaced(**_order_fields(order, household, keys))
        case OrderWasChanged(order, household):
            return household_events.OrderChanged(**_order_fields(order, household, keys))
        case OrderWasCancelled(order):
            return household_events.OrderCancelled(
                household_id=order.household_id, order_id=order.order_id, reason=order.reason
            )
        case OrderWasRetried(order):
            return household_events.OrderRetried(
                household_id=order.household_id,
                order_id=order.order_id,
                attempt=order.attempt,
                wave_date=order.request.wave_date,
                due_at=order.due_at,
                bag_ids=fact.bag_ids,
            )
        case HouseholdWasRegistered() | HouseholdWasChanged() | HouseholdWasRemoved():
            return _household_contract(fact, keys)
        case BuildingWasRegistered() | BuildingWasChanged() | ZoneWasChanged():
            return _estate_contract(fact)
        case StaffWasChanged() | SessionsWereRevoked():
            return _staff_contract(fact, keys)


def _household_contract(
    fact: HouseholdWasRegistered | HouseholdWasChanged | HouseholdWasRemoved, keys: Keys
) -> Contract:
    match fact:
        case HouseholdWasRegistered(household):
            return household_events.HouseholdRegistered(**_household_fields(household, keys))
        case HouseholdWasChanged(household):
            return household_events.HouseholdChanged(**_household_fields(household, keys))
        case HouseholdWasRemoved(household_id):
            return household_events.HouseholdRemoved(household_id=household_id)


def _estate_contract(fact: BuildingWasRegistered | BuildingWasChanged | ZoneWasChanged) -> Contract:
    match fact:
        case BuildingWasRegistered(building):
            return estate.BuildingRegistered(**_building_fields(building))
        case BuildingWasChanged(building):
            return estate.BuildingChanged(**_building_fields(building))
        case ZoneWasChanged(zone, change):
            return estate.ZoneChanged(
                zone_id=zone.zone_id,
                name=zone.name,
                community=zone.community,
                grid=zone.grid,
                zone_class=estate.ZoneClass(change.zone_class.value),
                valid_from=change.valid_from,
            )


def _staff_contract(fact: StaffWasChanged | SessionsWereRevoked, keys: Keys) -> Contract:
    if isinstance(fact, SessionsWereRevoked):
        return staff.SessionsRevoked(account_id=fact.account_id, before=fact.before)
    account = fact.account
    key = keys[account.account_id]
    secrets = StaffSecrets(login=account.login, display_name=account.display_name, verifier=account.verifier)
    return staff.StaffChanged(
        account_id=account.account_id,
        roles=tuple(sorted(account.roles)),
        communities=tuple(sorted(account.communities)),
        grids=tuple(sorted(account.grids)),
        active=account.active,
        for_routing=_sealed(key, ROUTING, secrets),
        for_notify=_sealed(key, NOTIFY, secrets),
    )


def _household_fields(household: Household, keys: Keys) -> dict[str, Any]:
    key = keys[household.household_id]
    for_routing = HouseholdForRouting(
        room=household.door.room, masked_name=household.masked_name, crew_note=household.crew_note
    )
    return {
        "household_id": household.household_id,
        "building_id": household.place.building_id,
        "entrance_id": household.place.entrance_id,
        "floor": household.facts.floor,
        "language": household.facts.language,
        "for_routing": _sealed(key, ROUTING, for_routing),
        "for_notify": _sealed(key, NOTIFY, _for_notify(household)),
    }


def _order_fields(order: Order, household: Household, keys: Keys) -> dict[str, Any]:
    key = keys[household.household_id]
    return {
        "household_id": order.household_id,
        "order_id": order.order_id,
        "number": order.number,
        "building_id": household.place.building_id,
        "entrance_id": household.place.entrance_id,
        "floor": household.facts.floor,
        "language": household.facts.language,
        "priority": order.request.priority.rank,
        "wave_date": order.request.wave_date,
        "due_at": order.due_at,
        "bags": tuple(_bag(bag) for bag in order.bags),
        "for_routing": _sealed(key, ROUTING, OrderForRouting(crew_note=order.request.note)),
        "for_notify": _sealed(key, NOTIFY, _for_notify(household)),
    }


def _for_notify(household: Household) -> HouseholdForNotify:
    people: Sequence[PersonForNotify] = [
        PersonForNotify(name=person.name or "", phone=person.phone) for person in household.facts.people
    ]
    return HouseholdForNotify(door=household.door.spoken(), people=tuple(people))


def _bag(bag: Bag) -> household_events.BagContent:
    return household_events.BagContent(
        bag_id=bag.bag_id,
        grams=bag.grams,
        crates=bag.crates,
        cold=bag.cold,
        items=tuple(
            household_events.ItemLine(
                code=line.code,
                quantity=line.quantity,
                names=(
                    household_events.ItemName(language="zh", text=ITEMS[line.code].zh),
                    household_events.ItemName(language="en", text=ITEMS[line.code].en),
                ),
            )
            for line in bag.lines
        ),
    )


def _building_fields(building: Building) -> dict[str, Any]:
    return {
        "building_id": building.building_id,
        "compound_id": building.compound_id,
        "compound": building.compound,
        "building": building.name,
        "community": building.community,
        "grid": building.grid,
        "zone_id": building.zone_id,
        "handling": estate.Handling(building.handling.value),
        "entrances": tuple(
            estate.EntranceName(entrance_id=entrance.entrance_id, name=entrance.name)
            for entrance in building.entrances
        ),
    }


def _sealed(key: DataKey, reader: str, part: BaseModel) -> Sealed:
    return Sealed(
        reader=reader,
        wrapped_key=key.wrapped_for[reader],
        # Tied to reader and subject, so that a part moved to another household's event does not open.
        sealed=seal(key.key, part.model_dump(mode="json"), f"for_{reader}|{key.subject}"),
    )
