"""Orders as their households follow them: one row an order, changed as events arrive."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, case, delete, func, not_, null, select, text, update

from services.notify.domain.news import RANK, News
from services.notify.domain.order import FollowedOrder, Item, Window
from services.notify.storage.tables import links, orders
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order that was placed, where it belongs, and the hash of its household's link."""

    order_id: str
    household_id: str
    building_id: str
    number: str
    wave_date: date
    items: Sequence[Item]
    placed_at: datetime
    link_hash: bytes
    link_generation: int


# Each order waits for it, so it is one statement, and written out: building it anew cost as much as running it.
# A conflict touches nothing but makes the row that is there come back.
_INSERT_WITH_LINK = text("""
    WITH link AS (
        INSERT INTO links (household_id, generation, token_hash) VALUES (:household_id, :generation, :token_hash)
        ON CONFLICT DO NOTHING
    )
    INSERT INTO orders (order_id, household_id, building_id, number, attempt, telling, known_rank, wave_date,
                        items, placed_at, changed_at)
    VALUES (:order_id, :household_id, :building_id, :number, 1, 1, :known_rank, :wave_date, CAST(:items AS jsonb),
            :placed_at, :placed_at)
    ON CONFLICT (order_id) DO UPDATE SET order_id = excluded.order_id
    RETURNING *
""").columns(*orders.c)


async def insert_with_link(tx: Transaction, new: NewOrder) -> FollowedOrder:
    """Write an order down and give its household a link unless it has one. The second time nothing changes."""
    [row] = await tx.all(
        _INSERT_WITH_LINK,
        {
            "order_id": new.order_id,
            "household_id": new.household_id,
            "building_id": new.building_id,
            "number": new.number,
            "known_rank": RANK[News.RECEIVED],
            "wave_date": new.wave_date,
            "items": json.dumps(items_to_json(new.items)),
            "placed_at": new.placed_at,
            "token_hash": new.link_hash,
            "generation": new.link_generation,
        },
    )
    return order_from(row)


async def find(tx: Transaction, order_id: str) -> FollowedOrder | None:
    """One order."""
    row = await tx.first(select(orders).where(orders.c.order_id == order_id))
    return None if row is None else order_from(row)


async def of_link(tx: Transaction, link_hash: bytes) -> list[FollowedOrder]:
    """All orders of the household whose link this is; none for a link that opens nothing."""
    held = select(orders).join(links, links.c.household_id == orders.c.household_id)
    rows = await tx.all(held.where(links.c.token_hash == link_hash))
    return [order_from(row) for row in rows]


async def amend(
    tx: Transaction, order_id: str, items: Sequence[Item], wave_date: date, at: datetime
) -> FollowedOrder | None:
    """Write an order's new items and date; another date than the one told begins its story anew."""
    moves = and_(orders.c.wave_date != wave_date, orders.c.known_rank >= RANK[News.SCHEDULED])
    fresh = {
        "telling": case((moves, orders.c.telling + 1), else_=orders.c.telling),
        "known_rank": case((moves, RANK[News.RECEIVED]), else_=orders.c.known_rank),
    }
    for name in ("scheduled_at", "out_at", "window_from", "window_to"):
        fresh[name] = case((moves, null()), else_=orders.c[name])
    return await _change(tx, order_id, {**fresh, "items": items_to_json(items), "wave_date": wave_date}, at)


async def schedule(
    tx: Transaction, order_id: str, window: Window, wave_date: date, at: datetime
) -> FollowedOrder | None:
    """Write when an order should come; another window than the one told begins its story anew."""
    same = and_(orders.c.window_from == window.begin, orders.c.window_to == window.end)
    moves = and_(orders.c.known_rank == RANK[News.SCHEDULED], not_(same))
    values = {
        "telling": case((moves, orders.c.telling + 1), else_=orders.c.telling),
        "wave_date": wave_date,
        "scheduled_at": at,
        "window_from": window.begin,
        "window_to": window.end,
    }
    return await _advance(tx, order_id, News.SCHEDULED, values, at)


async def put_off(tx: Transaction, order_id: str, at: datetime) -> FollowedOrder | None:
    """Write that an order waits for another time than the one told: its story begins anew."""
    values = {
        "telling": orders.c.telling + 1,
        "known_rank": RANK[News.RECEIVED],
        "scheduled_at": None,
        "window_from": None,
        "window_to": None,
    }
    return await _change(tx, order_id, values, at)


async def send_out(tx: Transaction, order_id: str, window: Window, at: datetime) -> FollowedOrder | None:
    """Write that an order is on its way."""
    values = {"out_at": at, "window_from": window.begin, "window_to": window.end}
    return await _advance(tx, order_id, News.OUT, values, at)


async def deliver(tx: Transaction, order_id: str, delivered_at: datetime) -> FollowedOrder | None:
    """Write that all of an order is at the door."""
    values = {"delivered_at": delivered_at, "failed_at": None, "failed_reason": ""}
    return await _advance(tx, order_id, News.DELIVERED, values, delivered_at)


async def fail(tx: Transaction, order_id: str, reason: str, failed_at: datetime) -> FollowedOrder | None:
    """Write that bags of an order did not stay at the door."""
    values = {"failed_at": failed_at, "failed_reason": reason}
    return await _advance(tx, order_id, News.NOT_DELIVERED, values, failed_at)


async def cancel(tx: Transaction, order_id: str, at: datetime) -> FollowedOrder | None:
    """Write that nobody brings an order any more."""
    return await _advance(tx, order_id, News.CANCELLED, {"cancelled_at": at}, at)


async def begin_again(tx: Transaction, order_id: str, wave_date: date, at: datetime) -> FollowedOrder | None:
    """Write that an order is to be brought again: its story begins anew."""
    values = {
        "attempt": orders.c.attempt + 1,
        "telling": orders.c.telling + 1,
        "known_rank": RANK[News.RECEIVED],
        "wave_date": wave_date,
        "scheduled_at": None,
        "out_at": None,
        "window_from": None,
        "window_to": None,
        "failed_at": None,
        "failed_reason": "",
        "delivered_at": None,
    }
    return await _change(tx, order_id, values, at)


async def reopen(tx: Transaction, order_id: str, at: datetime) -> FollowedOrder | None:
    """Write that a crew took back what it said at the door: the order is on its way again, and told anew."""
    values = {
        "telling": orders.c.telling + 1,
        "known_rank": RANK[News.OUT],
        "delivered_at": None,
        "failed_at": None,
        "failed_reason": "",
    }
    return await _change(tx, order_id, values, at)


async def remove_of_household(tx: Transaction, household_id: str) -> None:
    """Forget what a household ordered. The second time there is nothing to forget."""
    await tx.execute(delete(orders).where(orders.c.household_id == household_id))


def items_to_json(items: Sequence[Item]) -> list[dict[str, object]]:
    """Items as the column keeps them."""
    return [{"quantity": item.quantity, "names": dict(item.names)} for item in items]


def order_from(row: Row[Any]) -> FollowedOrder:
    """An order from a row with all columns of `orders`."""
    window = None
    if row.window_from is not None and row.window_to is not None:
        window = Window(row.window_from, row.window_to)
    return FollowedOrder(
        order_id=row.order_id,
        household_id=row.household_id,
        number=row.number,
        attempt=row.attempt,
        telling=row.telling,
        known_rank=row.known_rank,
        wave_date=row.wave_date,
        window=window,
        items=tuple(Item(item["quantity"], item["names"]) for item in row.items),
        placed_at=row.placed_at,
        scheduled_at=row.scheduled_at,
        out_at=row.out_at,
        delivered_at=row.delivered_at,
        failed_at=row.failed_at,
        failed_reason=row.failed_reason,
        cancelled_at=row.cancelled_at,
        changed_at=row.changed_at,
    )


async def _advance(
    tx: Transaction, order_id: str, news: News, values: Mapping[str, object], at: datetime
) -> FollowedOrder | None:
    rank = func.greatest(orders.c.known_rank, RANK[news])
    return await _change(tx, order_id, {**values, "known_rank": rank}, at)


async def _change(
    tx: Transaction, order_id: str, values: Mapping[str, object], at: datetime
) -> FollowedOrder | None:
    changed = (
        update(orders)
        .where(orders.c.order_id == order_id)
        .values({**values, "changed_at": func.greatest(orders.c.changed_at, at)})
        .returning(orders)
    )
    row = await tx.first(changed)
    return None if row is None else order_from(row)
