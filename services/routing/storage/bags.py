"""Reads and writes bags and their ledger."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, text, update

from services.routing.domain.bag import BagMove, BagPlace
from services.routing.storage import tables as t
from services.routing.storage.one_of import one_of
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class BagRow:
    """A bag as it is kept: what it weighs and holds, and where it is. Units: grams."""

    bag_id: str
    order_id: str
    grams: int
    crates: int
    cold: bool
    items: Sequence[Any]
    place: BagPlace = BagPlace.DROP_POINT


@dataclass(frozen=True, slots=True)
class Because:
    """What moved bags: a round's tap, or nothing on a round."""

    at: datetime
    round_id: str | None = None
    tap_id: str | None = None


# A bag and the first row of its ledger come together; one statement, because every order waits for it.
_ADD = text("""
    WITH added AS (
        INSERT INTO bags (bag_id, order_id, grams, crates, cold, items, place)
        SELECT bag_id, order_id, grams, crates, cold, CAST(items AS jsonb), 'drop_point'
        FROM unnest(CAST(:bag_ids AS text[]), CAST(:order_ids AS text[]), CAST(:grams AS int[]),
                    CAST(:crates AS int[]), CAST(:colds AS boolean[]), CAST(:items AS text[]))
            AS given (bag_id, order_id, grams, crates, cold, items)
        ON CONFLICT (bag_id) DO NOTHING
        RETURNING bag_id
    )
    INSERT INTO bag_moves (bag_id, here, there, moved_at)
    SELECT bag_id, 'supplier', 'drop_point', :at FROM added
""")
# A bag's place and its ledger row change together or not at all.
_MOVE = text("""
    WITH given AS (
        SELECT * FROM unnest(CAST(:bag_ids AS text[]), CAST(:heres AS text[]), CAST(:theres AS text[]))
            AS move (bag_id, here, there)
    ), moved AS (
        UPDATE bags SET place = given.there FROM given
        WHERE bags.bag_id = given.bag_id AND bags.place = given.here
        RETURNING bags.bag_id, given.here, given.there
    )
    INSERT INTO bag_moves (bag_id, here, there, round_id, tap_id, moved_at)
    SELECT bag_id, here, there, :round_id, :tap_id, :moved_at FROM moved
""")


async def insert_bags(tx: Transaction, bags: Sequence[BagRow], at: datetime) -> None:
    """Add bags that came from the supplier to the drop point; bags known already stay as they are."""
    await tx.execute(
        _ADD,
        {
            "bag_ids": [bag.bag_id for bag in bags],
            "order_ids": [bag.order_id for bag in bags],
            "grams": [bag.grams for bag in bags],
            "crates": [bag.crates for bag in bags],
            "colds": [bag.cold for bag in bags],
            "items": [json.dumps(bag.items, ensure_ascii=False) for bag in bags],
            "at": at,
        },
    )


async def change_contents(tx: Transaction, bags: Sequence[BagRow]) -> None:
    """Write what bags weigh and hold now, wherever they are."""
    if bags:
        await tx.execute(
            update(t.bags).where(t.bags.c.bag_id == bindparam("known_id")),
            [
                {
                    "known_id": bag.bag_id,
                    "grams": bag.grams,
                    "crates": bag.crates,
                    "cold": bag.cold,
                    "items": bag.items,
                }
                for bag in bags
            ],
        )


async def move_bags(tx: Transaction, moves: Sequence[BagMove], because: Because) -> None:
    """Move bags and write the ledger; a bag that moves twice takes its second step in a second statement."""
    left = list(moves)
    while left:
        step = {move.bag_id: move for move in reversed(left)}
        left = [move for move in left if move is not step[move.bag_id]]
        await tx.execute(
            _MOVE,
            {
                "bag_ids": list(step),
                "heres": [move.here.value for move in step.values()],
                "theres": [move.there.value for move in step.values()],
                "round_id": because.round_id,
                "tap_id": because.tap_id,
                "moved_at": because.at,
            },
        )


async def of_orders(tx: Transaction, order_ids: Collection[str]) -> dict[str, BagRow]:
    """All bags of these orders, by id."""
    rows = await tx.all(select(t.bags).where(one_of(t.bags.c.order_id, order_ids)))
    return {
        row.bag_id: BagRow(
            row.bag_id, row.order_id, row.grams, row.crates, row.cold, row.items, BagPlace(row.place)
        )
        for row in rows
    }


async def forget_bags(tx: Transaction, bag_ids: Collection[str], because: Because) -> None:
    """Drop bags that an order no longer holds; the ledger writes them off."""
    if not bag_ids:
        return
    moves = [BagMove(bag_id, BagPlace.DROP_POINT, BagPlace.WRITTEN_OFF) for bag_id in bag_ids]
    await move_bags(tx, moves, because)
    await tx.execute(delete(t.bags).where(one_of(t.bags.c.bag_id, bag_ids)))
