"""Turns orders' news into stops: placed, changed, cancelled, to be tried again."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.routing.domain.bag import BagPlace
from services.routing.domain.stop import BEFORE_LOADING, StopState
from services.routing.domain.tap import Task, TaskKind
from services.routing.storage import bags, estate, households, rounds, stops, taps
from services.routing.storage.bags import BagRow, Because
from services.routing.storage.stops import OUT_OF_WAVE, StopRow
from services.routing.storage.taps import TaskPlace
from shared.basics.errors import NotFound
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class OrderNews:
    """An order as it stands: where it goes, what it weighs, when it is wanted."""

    order_id: str
    number: str
    household_id: str
    entrance_id: str
    floor: int | None
    priority: int
    wave_date: dt.date
    due_at: datetime | None
    bags: Sequence[BagRow]
    crew_note: str


@dataclass(frozen=True, slots=True)
class RetryNews:
    """Bags of a failed order that are to be brought again."""

    order_id: str
    wave_date: dt.date
    due_at: datetime | None
    bag_ids: tuple[str, ...]


async def follow_order(tx: Transaction, order: OrderNews, stop_id: str, data_key: bytes, at: datetime) -> None:
    """Make a placed order a waiting stop, its bags at the drop point."""
    await stops.insert_stop(tx, _first_stop(order, stop_id, data_key))
    await bags.insert_bags(tx, order.bags, at)


async def follow_change(tx: Transaction, order: OrderNews, stop_id: str, data_key: bytes, at: datetime) -> None:
    """Let a changed order wait anew with its new bags, whether it was waiting, planned or released.

    Once its bags are on the trolley the change comes too late: somebody has to look at it.

    Errors: NotFound("order_unknown").
    """
    stop = await stops.latest_of_order(tx, order.order_id)
    if stop is None:
        raise NotFound("order_unknown", order_id=order.order_id)
    if stop.state not in BEFORE_LOADING or stop.is_cancelled:
        await _add_task(tx, stop, at)
        return
    fresh = replace(_first_stop(order, stop_id, data_key), turn=stop.turn + 1)
    if stop.state is StopState.RELEASED:
        await _call_off(tx, stop)
        await rounds.take_bags_off_round(tx, stop.stop_id)
    else:
        await stops.delete_stop(tx, stop.stop_id)
        await _note_gap(tx, stop)
    known = await bags.of_orders(tx, [order.order_id])
    kept = {bag.bag_id for bag in order.bags}
    gone = [bag.bag_id for bag in known.values() if bag.bag_id not in kept and bag.place is BagPlace.DROP_POINT]
    await bags.forget_bags(tx, gone, Because(at))
    await bags.insert_bags(tx, order.bags, at)
    await bags.change_contents(tx, order.bags)
    await stops.insert_stop(tx, fresh)


async def follow_cancel(tx: Transaction, order_id: str) -> None:
    """Take a cancelled order off its plan or round; one on the trolley is only marked. Bags stay where they are.

    An order of a household that was removed before we heard of it is not here; then there is nothing to do.
    """
    stop = await stops.latest_of_order(tx, order_id)
    if stop is None or stop.is_cancelled or stop.state in {StopState.CLOSED, StopState.CANCELLED}:
        return
    if stop.state is StopState.RELEASED:
        await _call_off(tx, stop)
    elif stop.state is StopState.OUT:
        await stops.change_stop(tx, stop.stop_id, {"is_cancelled": True})
        await rounds.bump_version(tx, stop.round_id or "")
    else:
        await stops.change_stop(
            tx, stop.stop_id, {**OUT_OF_WAVE, "state": StopState.CANCELLED.value, "is_cancelled": True}
        )
        await stops.drop_unplanned(tx, stop.stop_id)
        await _note_gap(tx, stop)


async def follow_retry(tx: Transaction, retry: RetryNews, stop_id: str, data_key: bytes | None) -> None:
    """Let a failed order wait for another turn with the bags that did not stay at the door.

    Errors: NotFound("order_unknown").
    """
    last = await stops.latest_of_order(tx, retry.order_id)
    if last is None:
        raise NotFound("order_unknown", order_id=retry.order_id)
    note = households.open_note(data_key, last.stop_id, last.note_sealed)
    await stops.insert_stop(
        tx,
        StopRow(
            stop_id=stop_id,
            order_id=last.order_id,
            turn=last.turn + 1,
            number=last.number,
            household_id=last.household_id,
            entrance_id=last.entrance_id,
            floor=last.floor,
            priority=last.priority,
            wave_date=retry.wave_date,
            due_at=retry.due_at,
            bag_ids=retry.bag_ids,
            note_sealed=households.seal_note(data_key, stop_id, note) if data_key else None,
        ),
    )


def _first_stop(order: OrderNews, stop_id: str, data_key: bytes) -> StopRow:
    return StopRow(
        stop_id=stop_id,
        order_id=order.order_id,
        turn=1,
        number=order.number,
        household_id=order.household_id,
        entrance_id=order.entrance_id,
        floor=order.floor,
        priority=order.priority,
        wave_date=order.wave_date,
        due_at=order.due_at,
        bag_ids=tuple(bag.bag_id for bag in order.bags),
        note_sealed=households.seal_note(data_key, stop_id, order.crew_note),
    )


async def _call_off(tx: Transaction, stop: StopRow) -> None:
    """A stop on a released round that has not been loaded: the crew sees it struck out, its bags are free."""
    await stops.change_stop(tx, stop.stop_id, {"is_cancelled": True})
    await rounds.free_bags(tx, stop.stop_id)
    await rounds.bump_version(tx, stop.round_id or "")


async def _note_gap(tx: Transaction, stop: StopRow) -> None:
    """A round that nobody was told of is other than whoever looked at its plan knows it."""
    if stop.round_id is not None:
        await rounds.bump_version(tx, stop.round_id)


async def _add_task(tx: Transaction, stop: StopRow, at: datetime) -> None:
    named = (await estate.named_entrances(tx, [stop.entrance_id])).get(stop.entrance_id)
    place = TaskPlace(stop.round_id, named.community if named else "", named.grid if named else None)
    task = Task(TaskKind.CHANGED_AFTER_LOADING, stop.order_id, stop.stop_id)
    await taps.add_tasks(tx, [task], place, at)
