"""A small street to test on: two communities, a zone each, a few doors; and the office that works there."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from services.orders.actions.estate.declare_zone import Declaration, declare_zone
from services.orders.actions.office import Asker, Office
from services.orders.actions.register.register_household import NewHousehold, register_household
from services.orders.domain.door import Door
from services.orders.domain.household import HouseholdFacts, Need, Person
from services.orders.domain.order import OrderRequest, Priority
from services.orders.domain.zone import ClassChange, ZoneClass
from shared.basics.randomness import SystemRandomness
from shared.contracts.topics import SERVICES
from shared.database.session import transaction
from shared.security.key_file import ServiceKeys, keys_from_json
from shared.security.new_keys import make_key_files
from shared.security.roles import Role
from shared.security.scope import Actor
from shared.testing.clocks import FakeClock
from shared.web.idempotency import Engine

# 09:00 on 4 March in the street.
START = datetime(2022, 3, 4, 1, 0, tzinfo=UTC)
TODAY = date(2022, 3, 4)
LOTUS = "莲香社区"
BANYAN = "榕荫社区"


@dataclass
class Street:
    """What a test works with."""

    engine: Engine
    office: Office
    clock: FakeClock
    keys: dict[str, ServiceKeys]


def make_street(engine: Engine) -> Street:
    """An office with fresh keys and a clock that stands still."""
    files = make_key_files(SERVICES)
    keys = {service: keys_from_json(json.dumps(content)) for service, content in files.items()}
    clock = FakeClock(START)
    office = Office(clock, SystemRandomness(), keys["orders"], ZoneInfo("Asia/Shanghai"))
    return Street(engine, office, clock, keys)


def an_actor(*communities: str, grids: tuple[str, ...] = (), roles: tuple[Role, ...] = (Role.OPERATOR,)) -> Actor:
    return Actor("account-1", "王敏", frozenset(roles), frozenset(communities or ("*",)), frozenset(grids))


def an_asker(*communities: str, grids: tuple[str, ...] = ()) -> Asker:
    return Asker.of(an_actor(*communities, grids=grids))


def facts(
    *,
    residents: int | None = 3,
    needs: frozenset[Need] = frozenset(),
    phone: str | None = "13800001802",
    name: str | None = "王建国",
    language: str = "zh",
    pets: int | None = None,
) -> HouseholdFacts:
    return HouseholdFacts(18, residents, pets, language, needs, (Person(name, phone),) if name or phone else ())


def a_request(
    *,
    wave_date: date = TODAY,
    has_pack: bool = True,
    packs: int = 1,
    extras: dict[str, int] | None = None,
    priority: Priority = Priority.NORMAL,
    note: str = "",
) -> OrderRequest:
    return OrderRequest(wave_date, has_pack, packs, extras or {}, priority, note)


async def declare(
    street: Street,
    community: str = LOTUS,
    compound: str = "梅香花园",
    *,
    grid: str = "第一网格",
    name: str = "一号封控区",
    zone_class: ZoneClass = ZoneClass.SEALED,
    valid_from: datetime = datetime(2022, 3, 1, tzinfo=UTC),
) -> str:
    declaration = Declaration(community, grid, name, (compound,), ClassChange(zone_class, valid_from))
    async with transaction(street.engine) as tx:
        zone = await declare_zone(tx, street.office, an_asker(), declaration)
    return zone.zone_id


async def settle(
    street: Street,
    *,
    compound: str = "梅香花园",
    building: str = "5号楼",
    entrance: str | None = "1单元",
    room: str = "1802",
    known: HouseholdFacts | None = None,
) -> str:
    """Register a household behind a door."""
    new = NewHousehold(Door(compound, building, entrance, room), known or facts())
    async with transaction(street.engine) as tx:
        return await register_household(tx, street.office, an_asker(), new)
