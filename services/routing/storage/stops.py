"""Reads and writes stops: one order's turn at its door, from waiting to closed."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.routing.domain.stop import StopState
from services.routing.storage import tables as t
from services.routing.storage.one_of import one_of
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class StopRow:
    """A stop as it is kept."""

    stop_id: str
    order_id: str
    turn: int
    number: str
    household_id: str
    entrance_id: str
    floor: int | None
    priority: int
    wave_date: dt.date
    due_at: datetime | None
    bag_ids: tuple[str, ...]
    note_sealed: bytes | None
    state: StopState = StopState.WAITING
    is_cancelled: bool = False
    wave_id: str | None = None
    request_id: str | None = None
    round_id: str | None = None
    position: int | None = None
    planned_at: datetime | None = None
    told_from: datetime | None = None
    told_until: datetime | None = None

    @property
    def told(self) -> tuple[datetime, datetime] | None:
        """The window its household was told, if it was told one."""
        if self.told_from is None or self.told_until is None:
            return None
        return self.told_from, self.told_until


@dataclass(frozen=True, slots=True)
class PlacedStop:
    """Where a plan puts a stop."""

    stop_id: str
    round_id: str
    position: int
    planned_at: datetime


_PLACE = text("""
    UPDATE stops SET state = 'planned', round_id = given.round_id, position = given.position,
                     planned_at = given.planned_at
    FROM unnest(CAST(:stop_ids AS text[]), CAST(:round_ids AS text[]), CAST(:positions AS int[]),
                CAST(:planned_ats AS timestamptz[])) AS given (stop_id, round_id, position, planned_at)
    WHERE stops.stop_id = given.stop_id
""")
_ASSIGN = text("""
    UPDATE stops SET wave_id = :wave_id, request_id = given.request_id
    FROM unnest(CAST(:stop_ids AS text[]), CAST(:request_ids AS text[])) AS given (stop_id, request_id)
    WHERE stops.stop_id = given.stop_id
""")

_TELL = text("""
    UPDATE stops SET told_from = given.begins, told_until = given.ends
    FROM unnest(CAST(:stop_ids AS text[]), CAST(:begins AS timestamptz[]), CAST(:ends AS timestamptz[]))
        AS given (stop_id, begins, ends)
    WHERE stops.stop_id = given.stop_id
""")


async def insert_stop(tx: Transaction, stop: StopRow) -> None:
    """Add an order's turn."""
    values = {name: getattr(stop, name) for name in StopRow.__slots__}
    await tx.execute(insert(t.stops).values(**{**values, "bag_ids": list(stop.bag_ids)}))


async def latest_of_order(tx: Transaction, order_id: str) -> StopRow | None:
    """An order's newest turn, locked till the transaction ends."""
    row = await tx.first(
        select(t.stops)
        .where(t.stops.c.order_id == order_id)
        .order_by(t.stops.c.turn.desc())
        .limit(1)
        .with_for_update()
    )
    return None if row is None else _stop_from(row)


async def change_stop(tx: Transaction, stop_id: str, values: Mapping[str, Any]) -> None:
    """Write some columns of one stop."""
    await tx.execute(update(t.stops).where(t.stops.c.stop_id == stop_id).values(**values))


async def lock_waiting(tx: Transaction, wave_date: dt.date) -> list[StopRow]:
    """All waiting stops up to a date that are in no wave yet, locked in one order for all."""
    rows = await tx.all(
        select(t.stops)
        .where(t.stops.c.state == StopState.WAITING)
        .where(t.stops.c.wave_id.is_(None))
        .where(t.stops.c.wave_date <= wave_date)
        .order_by(t.stops.c.stop_id)
        .with_for_update()
    )
    return [_stop_from(row) for row in rows]


async def assign_to_wave(tx: Transaction, wave_id: str, request_of: Mapping[str, str | None]) -> None:
    """Put stops into a wave, each with the plan request that is to place it, or none."""
    if request_of:
        await tx.execute(
            _ASSIGN,
            {"wave_id": wave_id, "stop_ids": list(request_of), "request_ids": list(request_of.values())},
        )


async def of_request(tx: Transaction, request_id: str, *, lock: bool = False) -> list[StopRow]:
    """The stops a plan request still has to place."""
    statement = (
        select(t.stops)
        .where(t.stops.c.request_id == request_id)
        .where(t.stops.c.state == StopState.WAITING)
        .order_by(t.stops.c.stop_id)
    )
    rows = await tx.all(statement.with_for_update() if lock else statement)
    return [_stop_from(row) for row in rows]


async def place_stops(tx: Transaction, placed: Sequence[PlacedStop]) -> None:
    """Write where a plan puts its stops."""
    if placed:
        await tx.execute(
            _PLACE,
            {
                "stop_ids": [one.stop_id for one in placed],
                "round_ids": [one.round_id for one in placed],
                "positions": [one.position for one in placed],
                "planned_ats": [one.planned_at for one in placed],
            },
        )


async def of_round(tx: Transaction, round_id: str, *, lock: bool = False) -> list[StopRow]:
    """A round's stops in the order they are visited."""
    statement = (
        select(t.stops).where(t.stops.c.round_id == round_id).order_by(t.stops.c.position, t.stops.c.stop_id)
    )
    rows = await tx.all(statement.with_for_update() if lock else statement)
    return [_stop_from(row) for row in rows]


async def find_stop(tx: Transaction, stop_id: str, *, lock: bool = False) -> StopRow | None:
    """One stop."""
    statement = select(t.stops).where(t.stops.c.stop_id == stop_id)
    row = await tx.first(statement.with_for_update() if lock else statement)
    return None if row is None else _stop_from(row)


async def by_ids(tx: Transaction, stop_ids: Collection[str]) -> dict[str, StopRow]:
    """These stops, by id."""
    rows = await tx.all(select(t.stops).where(one_of(t.stops.c.stop_id, stop_ids)))
    return {row.stop_id: _stop_from(row) for row in rows}


async def note_told(tx: Transaction, windows: Mapping[str, tuple[datetime, datetime]]) -> None:
    """Write down in which windows households were told to expect these stops."""
    if windows:
        await tx.execute(
            _TELL,
            {
                "stop_ids": list(windows),
                "begins": [begins for begins, _ in windows.values()],
                "ends": [ends for _, ends in windows.values()],
            },
        )


async def set_state(tx: Transaction, stop_ids: Collection[str], state: StopState) -> None:
    """Move stops on."""
    if stop_ids:
        await tx.execute(update(t.stops).where(one_of(t.stops.c.stop_id, stop_ids)).values(state=state.value))


async def keep_in_wave(tx: Transaction, stop_ids: Collection[str]) -> None:
    """Take stops off their round but not out of their wave: its release still has to tell them why."""
    if stop_ids:
        off_round = {"state": StopState.WAITING.value, "round_id": None, "position": None, "planned_at": None}
        await tx.execute(update(t.stops).where(one_of(t.stops.c.stop_id, stop_ids)).values(off_round))


async def send_back_to_waiting(tx: Transaction, stop_ids: Collection[str]) -> None:
    """Take stops out of their wave, so that the next wave takes them."""
    if stop_ids:
        await tx.execute(
            update(t.stops)
            .where(one_of(t.stops.c.stop_id, stop_ids))
            .where(one_of(t.stops.c.state, [StopState.WAITING, StopState.PLANNED]))
            .values(OUT_OF_WAVE)
        )


async def leave_wave(tx: Transaction, wave_id: str) -> None:
    """Let all stops of a wave that nobody was told of wait for another."""
    await tx.execute(delete(t.unplanned).where(t.unplanned.c.wave_id == wave_id))
    await tx.execute(
        update(t.stops)
        .where(t.stops.c.wave_id == wave_id)
        .where(one_of(t.stops.c.state, [StopState.WAITING, StopState.PLANNED]))
        .values(OUT_OF_WAVE)
    )


OUT_OF_WAVE: Mapping[str, Any] = {
    "state": StopState.WAITING.value,
    "wave_id": None,
    "request_id": None,
    "round_id": None,
    "position": None,
    "planned_at": None,
    "told_from": None,
    "told_until": None,
}


async def delete_stop(tx: Transaction, stop_id: str) -> None:
    """Drop a turn that another takes the place of before anybody was told of it."""
    await drop_unplanned(tx, stop_id)
    await tx.execute(delete(t.stops).where(t.stops.c.stop_id == stop_id))


async def cancel_waiting_of_household(tx: Transaction, household_id: str) -> None:
    """Call off what a household still waits for; rounds it leaves are other than before."""
    planned = select(t.stops.c.round_id).where(t.stops.c.household_id == household_id)
    left = planned.where(t.stops.c.state == StopState.PLANNED)
    await tx.execute(update(t.rounds).where(t.rounds.c.round_id.in_(left)).values(version=t.rounds.c.version + 1))
    await tx.execute(
        update(t.stops)
        .where(t.stops.c.household_id == household_id)
        .where(one_of(t.stops.c.state, [StopState.WAITING, StopState.PLANNED]))
        .values({**OUT_OF_WAVE, "state": StopState.CANCELLED.value, "is_cancelled": True})
    )


async def add_unplanned(tx: Transaction, wave_id: str, request_id: str | None, reasons: Mapping[str, str]) -> None:
    """Write down why stops of a wave are on no round."""
    if not reasons:
        return
    statement = insert(t.unplanned)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["wave_id", "stop_id"], set_={"reason": statement.excluded.reason}
        ),
        [
            {"wave_id": wave_id, "stop_id": stop_id, "request_id": request_id, "reason": reason}
            for stop_id, reason in reasons.items()
        ],
    )


async def drop_unplanned(tx: Transaction, stop_id: str) -> None:
    """Forget that a stop was left out: it was cancelled or changed before its wave was released."""
    await tx.execute(delete(t.unplanned).where(t.unplanned.c.stop_id == stop_id))


def _stop_from(row: Row[Any]) -> StopRow:
    values = {name: getattr(row, name) for name in StopRow.__slots__}
    return StopRow(**{**values, "bag_ids": tuple(row.bag_ids), "state": StopState(row.state)})
