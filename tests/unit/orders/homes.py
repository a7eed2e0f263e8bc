"""Homes, requests and surroundings for the rules: only what a test is about is written out."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from services.orders.domain.door import Door
from services.orders.domain.household import Household, HouseholdFacts, Need, Person, Place
from services.orders.domain.order import (
    Bag,
    BagState,
    Order,
    OrderRequest,
    OrderState,
    Priority,
    Surroundings,
    place,
)
from services.orders.domain.zone import ZoneClass

SHANGHAI = ZoneInfo("Asia/Shanghai")
# 09:00 on 4 March in the street.
NOW = datetime(2022, 3, 4, 1, 0, tzinfo=UTC)
TODAY = date(2022, 3, 4)


def counting_ids() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"id-{next(numbers)}"


def some_facts(
    *,
    residents: int | None = 3,
    needs: frozenset[Need] = frozenset(),
    pets: int | None = None,
    people: tuple[Person, ...] = (Person("王建国", "13800001802"),),
    floor: int | None = 18,
) -> HouseholdFacts:
    return HouseholdFacts(floor, residents, pets, "zh", needs, people)


def a_home(facts: HouseholdFacts | None = None) -> Household:
    where = Place("building-1", "entrance-1", "zone-1", "莲香社区", "第一网格")
    return Household("household-1", where, Door("梅香花园", "5号楼", "1单元", "1802"), facts or some_facts())


def around(zone_class: ZoneClass | None = ZoneClass.SEALED, at: datetime = NOW) -> Surroundings:
    return Surroundings(at, SHANGHAI, zone_class, counting_ids())


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


def an_order(state: OrderState = OrderState.ACCEPTED, *bags: BagState, attempt: int = 1) -> Order:
    """An order of two bags (or those given) in some state; its round is `round-1`."""
    order = place(a_request(), a_home(), "A0001-X", around()).order
    states = bags or (BagState.WAITING, BagState.WAITING)
    template = order.bags[0]
    made: tuple[Bag, ...] = tuple(
        replace(template, bag_id=f"bag-{number}", state=bag_state) for number, bag_state in enumerate(states, 1)
    )
    return replace(order, bags=made, state=state, attempt=attempt, round_id="round-1")
