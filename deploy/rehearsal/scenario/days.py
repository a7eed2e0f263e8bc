"""Owns the script of what happens: who orders what for which date, and what the crew meets at the door."""

import itertools
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from deploy.rehearsal.scenario.dice import roll
from deploy.rehearsal.scenario.plans import ScenarioError
from deploy.rehearsal.scenario.street import Street

# Shares of all orders; ours. No answer (first attempt) is 3 % or more, cancelled 1 % or more, as the issue asks.
CANCELLED_SHARE = 0.013
PARTIAL_SHARE = 0.012
NO_ANSWER_SHARE = 0.024
RETRIED_SHARE = 0.015
AMENDED_SHARE = 0.01
# From this size on a standard pack has more than one bag, so that one of them can be missing.
LEAST_RESIDENTS_OF_TWO_BAGS = 2


class Outcome(StrEnum):
    """How an order ends in the script."""

    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    NO_ANSWER = "no_answer"
    RETRIED = "retried"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class DoorRow:
    """What the script needs of one accepted register row; names as the intake gives them back."""

    compound: str | None
    building: str
    entrance: str | None
    room: str
    residents: int
    needs: tuple[str, ...] = ()
    pets: int = 0


@dataclass(frozen=True, slots=True)
class ScriptedHousehold:
    """A household of the script, and the zone its building stands in."""

    id: str
    door: DoorRow
    zone: str


@dataclass(frozen=True, slots=True)
class ScriptedOrder:
    """One order: placed for `wave_date`, ending as `outcome`.

    `extras` are (item code, quantity); `amended` replaces them before the wave. `retry_date` is the next date,
    on which a retried order is delivered. `missing_bag` says why one bag of a partial order does not arrive:
    short or damaged.
    """

    id: str
    household: str
    wave_date: date
    extras: tuple[tuple[str, int], ...] = ()
    amended: tuple[tuple[str, int], ...] | None = None
    outcome: Outcome = Outcome.DELIVERED
    retry_date: date | None = None
    missing_bag: str | None = None


@dataclass(frozen=True, slots=True)
class Days:
    """The whole script."""

    seed: int
    wave_dates: tuple[date, ...]
    households: tuple[ScriptedHousehold, ...]
    orders: tuple[ScriptedOrder, ...]
    unmatched: tuple[DoorRow, ...]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the script shall add up to; whatever is None is drawn.

    Units: `packages` are orders delivered whole, `order_share` the part of households that order for a date.
    """

    wave_dates: tuple[date, ...] | None = None
    packages: int | None = None
    order_share: float = 1.0


def rows_from_accepted(accepted: Iterable[Mapping[str, object]]) -> list[DoorRow]:
    """Take the door rows out of `accepted` as `import-register --json` prints it."""
    rows = []
    for row in accepted:
        needs, pets, residents = row.get("needs"), row.get("pets"), row.get("residents")
        rows.append(
            DoorRow(
                compound=_text(row.get("compound")),
                building=str(row["building"]),
                entrance=_text(row.get("entrance")),
                room=str(row["room"]),
                # An unknown number of people is somebody: such a home is fed, too.
                residents=residents if isinstance(residents, int) else 1,
                needs=tuple(str(need) for need in needs) if isinstance(needs, list) else (),
                pets=pets if isinstance(pets, int) else 0,
            )
        )
    return rows


def draw_days(rows: Sequence[DoorRow], street: Street, seed: int, wishes: Wishes | None = None) -> Days:
    """Draw a script for any register and estate; the same for the same rows and seed.

    With several wave dates every household that orders gets at least one whole pack.
    Errors: ScenarioError when the wished number of packs cannot come out.
    """
    wishes = wishes or Wishes()
    chance = roll(seed, "days")
    wave_dates = wishes.wave_dates or _default_dates(street)
    households, unmatched = _match(rows, street)
    sealed_from = {zone.id: zone.sealed_from for zone in street.zones}
    orders: list[ScriptedOrder] = []
    for household in households:
        dates = [day for day in wave_dates if day > sealed_from[household.zone]]
        for day in dates:
            if wishes.order_share >= 1 or chance.random() < wishes.order_share:
                extras = _extras(household.door, chance)
                orders.append(ScriptedOrder(f"o{len(orders) + 1}", household.id, day, extras))
    orders = _with_mishaps(orders, _Mishaps.of(orders, households, wishes), chance)
    return Days(seed, wave_dates, tuple(households), tuple(_with_amendments(orders, chance)), tuple(unmatched))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _default_dates(street: Street) -> tuple[date, ...]:
    """Three dates two days apart, the last one the day after the last zone was sealed: an assumption."""
    if not street.zones:
        raise ScenarioError("the estate has no zone, so no wave date can be drawn")
    last = max(zone.sealed_from for zone in street.zones) + timedelta(days=1)
    return (last - timedelta(days=4), last - timedelta(days=2), last)


def _match(rows: Sequence[DoorRow], street: Street) -> tuple[list[ScriptedHousehold], list[DoorRow]]:
    """Find each row's zone by the names of compound and building; a name that stands twice matches nothing."""
    compounds = {compound.id: compound for compound in street.compounds}
    zones: dict[tuple[str | None, str], set[str]] = {}
    for building in street.buildings:
        compound = compounds[building.compound]
        zones.setdefault((compound.name, building.name), set()).add(compound.zone)
        zones.setdefault((None, building.name), set()).add(compound.zone)
    households: list[ScriptedHousehold] = []
    unmatched: list[DoorRow] = []
    for row in rows:
        if row.residents == 0:
            continue
        found = zones.get((row.compound, row.building), set())
        if len(found) == 1:
            households.append(ScriptedHousehold(f"h{len(households) + 1}", row, next(iter(found))))
        else:
            unmatched.append(row)
    return households, unmatched


def _extras(door: DoorRow, chance: random.Random) -> tuple[tuple[str, int], ...]:
    """Few homes ask for more than the pack; what they ask for follows their needs.

    The codes are those of the catalogue that the ordering page shows, one or two of each: within every limit.
    """
    wanted = []
    if "infant" in door.needs and chance.random() < 0.7:
        wanted.append(("FORMULA", 1))
    if door.pets and chance.random() < 0.4:
        wanted.append(("PETFOOD", 1))
    if chance.random() < 0.06:
        wanted.append((chance.choice(("RICE", "WATER", "MILK", "PAPER")), chance.randint(1, 2)))
    return tuple(wanted)


@dataclass(frozen=True, slots=True)
class _Mishaps:
    """Which orders may go wrong, and how many of them do."""

    may_fail: tuple[int, ...]
    may_be_partial: frozenset[int]
    next_date: dict[int, date]
    cancelled: int
    partial: int
    no_answer: int
    retried: int

    @classmethod
    def of(
        cls, orders: Sequence[ScriptedOrder], households: Sequence[ScriptedHousehold], wishes: Wishes
    ) -> "_Mishaps":
        by_household: dict[str, list[int]] = {}
        for i, order in enumerate(orders):
            by_household.setdefault(order.household, []).append(i)
        several_dates = len({order.wave_date for order in orders}) > 1
        may_fail = [i for own in by_household.values() if len(own) > 1 or not several_dates for i in own]
        large = {h.id for h in households if h.door.residents >= LEAST_RESIDENTS_OF_TWO_BAGS}
        next_date = {
            i: orders[after].wave_date for own in by_household.values() for i, after in itertools.pairwise(own)
        }
        cancelled = round(len(orders) * CANCELLED_SHARE + 0.5)
        partial = round(len(orders) * PARTIAL_SHARE)
        no_answer = round(len(orders) * NO_ANSWER_SHARE)
        if wishes.packages is not None:
            no_answer = len(orders) - wishes.packages - cancelled - partial
            if no_answer < 0:
                raise ScenarioError(f"{len(orders)} orders are too few for {wishes.packages} packs")
        retried = round(len(orders) * RETRIED_SHARE) if several_dates else 0
        if not several_dates and wishes.packages is None:
            no_answer += round(len(orders) * RETRIED_SHARE)
        return cls(
            tuple(may_fail),
            frozenset(i for i in may_fail if orders[i].household in large),
            next_date,
            cancelled,
            partial,
            no_answer,
            retried,
        )


def _with_mishaps(
    orders: Sequence[ScriptedOrder], mishaps: _Mishaps, chance: random.Random
) -> list[ScriptedOrder]:
    """Let as many orders go wrong as were counted, at most one a household, so that nobody goes without."""
    result = list(orders)
    spared: set[str] = set()
    order_of_choice = list(mishaps.may_fail)
    chance.shuffle(order_of_choice)

    def take(count: int, allowed: Iterable[int]) -> list[int]:
        chosen: list[int] = []
        for i in allowed:
            if len(chosen) == count:
                break
            if orders[i].household not in spared:
                spared.add(orders[i].household)
                chosen.append(i)
        if len(chosen) < count:
            raise ScenarioError("too few households for the mishaps that were wished for")
        return chosen

    for i in take(mishaps.partial, [i for i in order_of_choice if i in mishaps.may_be_partial]):
        result[i] = replace(result[i], outcome=Outcome.PARTIAL, missing_bag=chance.choice(("short", "damaged")))
    for i in take(mishaps.retried, [i for i in order_of_choice if i in mishaps.next_date]):
        result[i] = replace(result[i], outcome=Outcome.RETRIED, retry_date=mishaps.next_date[i])
    for i in take(mishaps.cancelled, order_of_choice):
        result[i] = replace(result[i], outcome=Outcome.CANCELLED)
    for i in take(mishaps.no_answer, order_of_choice):
        result[i] = replace(result[i], outcome=Outcome.NO_ANSWER)
    return result


def _with_amendments(orders: Sequence[ScriptedOrder], chance: random.Random) -> list[ScriptedOrder]:
    """A few people call again before the wave and want something more."""
    return [
        replace(order, amended=(*order.extras, ("EGGS", 1)))
        if order.outcome is Outcome.DELIVERED and chance.random() < AMENDED_SHARE
        else order
        for order in orders
    ]
