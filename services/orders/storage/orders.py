"""Orders and their bags, one row each; the caller's note is sealed with the household's key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, func, select, true, update
from sqlalchemy.dialects.postgresql import insert

from services.orders.domain.order import Bag, BagState, Order, OrderRequest, OrderState, Priority
from services.orders.domain.pack import Line
from services.orders.domain.zone import Sight
from services.orders.storage.tables import buildings, compounds, entrances, households, orders, zones
from shared.database.session import Transaction
from shared.security.data_keys import DataKey
from shared.security.sealed_columns import ColumnPlace, open_column, seal_column

PAGE_SIZE: Final = 50


@dataclass(frozen=True, slots=True)
class ListedOrder:
    """An order in a list, and where it goes."""

    order: Order
    community: str
    grid: str
    door: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which orders to list; None for any."""

    state: OrderState | None
    wave_date: date | None
    page: int


_OF_HOUSEHOLD = select(orders).where(orders.c.household_id == bindparam("household_id"))
_ON_DATE = _OF_HOUSEHOLD.where(orders.c.wave_date == bindparam("wave_date"))
_LATEST = _OF_HOUSEHOLD.order_by(orders.c.placed_at.desc(), orders.c.order_id.desc()).limit(10)
_LOCKED = select(orders).where(orders.c.order_id == bindparam("order_id")).with_for_update()
_ONE = select(orders).where(orders.c.order_id == bindparam("order_id"))
_INSERT = insert(orders)
_SAVE = update(orders).where(orders.c.order_id == bindparam("of_id"))


async def insert_order(tx: Transaction, order: Order, key: DataKey, placed_by: str) -> None:
    """Write a new order down."""
    await tx.execute(
        _INSERT,
        {
            "order_id": order.order_id,
            "number": order.number,
            "household_id": order.household_id,
            "placed_at": order.placed_at,
            "placed_by": placed_by,
            **_contents(order, key),
            **_progress(order, order.placed_at),
        },
    )


async def save_contents(tx: Transaction, order: Order, key: DataKey, at: datetime) -> None:
    """Write what an order holds and where it stands."""
    await tx.execute(_SAVE, {"of_id": order.order_id, **_contents(order, key), **_progress(order, at)})


async def save_progress(tx: Transaction, order: Order, at: datetime) -> None:
    """Write where an order stands; its note and contents are left as they are."""
    await tx.execute(_SAVE, {"of_id": order.order_id, **_progress(order, at)})


async def load_locked(tx: Transaction, order_id: str) -> Order | None:
    """One order without its note, locked until the transaction ends."""
    row = await tx.first(_LOCKED, {"order_id": order_id})
    return None if row is None else _order(row, "")


async def find(tx: Transaction, order_id: str) -> Order | None:
    """One order without its note."""
    row = await tx.first(_ONE, {"order_id": order_id})
    return None if row is None else _order(row, "")


async def load_locked_with_note(tx: Transaction, order_id: str, key: DataKey) -> Order | None:
    """One order with its note, locked until the transaction ends."""
    row = await tx.first(_LOCKED, {"order_id": order_id})
    return None if row is None else _order(row, _note(row, key))


async def on_date(tx: Transaction, household_id: str, wave_date: date, key: DataKey) -> list[Order]:
    """The household's orders for one date, with their notes."""
    rows = await tx.all(_ON_DATE, {"household_id": household_id, "wave_date": wave_date})
    return [_order(row, _note(row, key)) for row in rows]


async def latest(tx: Transaction, household_id: str, key: DataKey) -> list[Order]:
    """The household's last ten orders, newest first, with their notes."""
    rows = await tx.all(_LATEST, {"household_id": household_id})
    return [_order(row, _note(row, key)) for row in rows]


async def load_open_locked(tx: Transaction, household_id: str) -> list[Order]:
    """The household's orders that somebody still has to do something for, locked, oldest first."""
    ended = [OrderState.DELIVERED.value, OrderState.RETURNED.value, OrderState.CANCELLED.value]
    rows = await tx.all(
        select(orders)
        .where(orders.c.household_id == household_id, orders.c.state.not_in(ended))
        .order_by(orders.c.order_id)
        .with_for_update()
    )
    return [_order(row, "") for row in rows]


async def forget_notes(tx: Transaction, household_id: str) -> None:
    """Drop what a removed household had said."""
    await tx.execute(update(orders).where(orders.c.household_id == household_id).values(note=None))


async def list_orders(tx: Transaction, wanted: Wanted, sight: Sight) -> list[ListedOrder]:
    """One page of the orders somebody may see, newest first."""
    query = (
        _joined(select(orders, *_PLACE))
        .where(*_conditions(wanted, sight))
        .order_by(orders.c.placed_at.desc(), orders.c.order_id.desc())
        .limit(PAGE_SIZE)
        .offset((wanted.page - 1) * PAGE_SIZE)
    )
    return [
        ListedOrder(
            _order(row, ""),
            row.community,
            row.grid,
            "" if row.removed_at is not None else f"{row.compound} {row.building}{row.entrance or ''}{row.room}",
        )
        for row in await tx.all(query)
    ]


async def count_by_state(tx: Transaction, wanted: Wanted, sight: Sight) -> Mapping[OrderState, int]:
    """How many orders of the wanted date somebody may see, by state."""
    every_state = Wanted(None, wanted.wave_date, 1)
    rows = await tx.all(
        _joined(select(orders.c.state, func.count().label("how_many")))
        .where(*_conditions(every_state, sight))
        .group_by(orders.c.state)
    )
    return {OrderState(row.state): row.how_many for row in rows}


_PLACE: Final = (
    zones.c.community,
    zones.c.grid,
    compounds.c.name.label("compound"),
    buildings.c.name.label("building"),
    entrances.c.name.label("entrance"),
    households.c.room,
    households.c.removed_at,
)


def _joined(query: Select[Any]) -> Select[Any]:
    return (
        query.select_from(orders)
        .join(households, households.c.household_id == orders.c.household_id)
        .join(entrances, entrances.c.entrance_id == households.c.entrance_id)
        .join(buildings, buildings.c.building_id == entrances.c.building_id)
        .join(compounds, compounds.c.compound_id == buildings.c.compound_id)
        .join(zones, zones.c.zone_id == compounds.c.zone_id)
    )


def _conditions(wanted: Wanted, sight: Sight) -> list[Any]:
    return [
        true() if wanted.state is None else orders.c.state == wanted.state.value,
        true() if wanted.wave_date is None else orders.c.wave_date == wanted.wave_date,
        true() if sight.communities is None else zones.c.community.in_(sight.communities),
        true() if sight.grids is None else zones.c.grid.in_(sight.grids),
    ]


def _contents(order: Order, key: DataKey) -> dict[str, Any]:
    request = order.request
    note = seal_column(key.key, request.note, _note_place(order.order_id)) if request.note else None
    return {
        "has_pack": request.has_pack,
        "packs": request.packs,
        "extras": dict(request.extras),
        "priority": request.priority.value,
        "note": note,
    }


def _progress(order: Order, at: datetime) -> dict[str, Any]:
    window_from, window_to = order.window or (None, None)
    return {
        "wave_date": order.request.wave_date,
        "due_at": order.due_at,
        "bags": [_bag_row(bag) for bag in order.bags],
        "state": order.state.value,
        "reason": order.reason,
        "attempt": order.attempt,
        "round_id": order.round_id,
        "window_from": window_from,
        "window_to": window_to,
        "changed_at": at,
    }


def _bag_row(bag: Bag) -> dict[str, Any]:
    return {
        "bag_id": bag.bag_id,
        "label": bag.label,
        "grams": bag.grams,
        "crates": bag.crates,
        "cold": bag.cold,
        "lines": [[line.code, line.quantity] for line in bag.lines],
        "state": bag.state.value,
        "stop_id": bag.stop_id,
        "reason": bag.reason,
    }


def _order(row: Row[Any], note: str) -> Order:
    request = OrderRequest(
        wave_date=row.wave_date,
        has_pack=row.has_pack,
        packs=row.packs,
        extras=row.extras,
        priority=Priority(row.priority),
        note=note,
    )
    return Order(
        order_id=row.order_id,
        number=row.number,
        household_id=row.household_id,
        request=request,
        bags=tuple(_bag(bag) for bag in row.bags),
        due_at=row.due_at,
        placed_at=row.placed_at,
        state=OrderState(row.state),
        reason=row.reason,
        attempt=row.attempt,
        round_id=row.round_id,
        window=None if row.window_from is None else (row.window_from, row.window_to),
    )


def _bag(bag: Mapping[str, Any]) -> Bag:
    lines = tuple(Line(code, quantity) for code, quantity in bag["lines"])
    return Bag(**{**bag, "lines": lines, "state": BagState(bag["state"])})


def _note(row: Row[Any], key: DataKey) -> str:
    return "" if row.note is None else open_column(key.key, row.note, _note_place(row.order_id))


def _note_place(order_id: str) -> ColumnPlace:
    return ColumnPlace("orders", "note", order_id)
