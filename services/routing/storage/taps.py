"""Reads and writes what crews said, and the tasks that came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from services.routing.domain.tap import Tap, TapOutcome, Task, Verdict
from services.routing.storage import tables as t
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class KnownTap:
    """A tap that was taken before."""

    body_hash: bytes
    outcome: TapOutcome


@dataclass(frozen=True, slots=True)
class TaskPlace:
    """Where a task belongs."""

    round_id: str | None
    community: str
    grid: str | None


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task somebody has to look at."""

    task_id: int
    kind: str
    order_id: str
    number: str
    round_id: str | None
    community: str
    grid: str | None
    made_at: datetime


async def find_tap(tx: Transaction, tap_id: str) -> KnownTap | None:
    """A tap taken before, by its id."""
    row = await tx.first(
        select(t.taps.c.body_hash, t.taps.c.verdict, t.taps.c.code).where(t.taps.c.tap_id == tap_id)
    )
    if row is None:
        return None
    return KnownTap(bytes(row.body_hash), TapOutcome(Verdict(row.verdict), row.code))


async def insert_tap(tx: Transaction, tap: Tap, crew_id: str, outcome: TapOutcome, taken_at: datetime) -> None:
    """Write a tap down with its outcome."""
    await tx.execute(
        insert(t.taps).values(
            tap_id=tap.tap_id,
            round_id=tap.round_id,
            stop_id=tap.stop_id,
            crew_id=crew_id,
            device_id=tap.device_id,
            seq=tap.seq,
            type=tap.type.value,
            body_hash=tap.body_hash,
            verdict=outcome.verdict.value,
            code=outcome.code,
            said_at=tap.at,
            taken_at=taken_at,
        )
    )


async def add_tasks(tx: Transaction, tasks: Sequence[Task], place: TaskPlace, at: datetime) -> None:
    """Put tasks on the board; the same one twice stays one."""
    if tasks:
        await tx.execute(
            insert(t.tasks).on_conflict_do_nothing(),
            [
                {
                    "kind": task.kind.value,
                    "order_id": task.order_id,
                    "stop_id": task.stop_id,
                    "round_id": place.round_id,
                    "community": place.community,
                    "grid": place.grid,
                    "made_at": at,
                }
                for task in tasks
            ],
        )


async def open_tasks(tx: Transaction, limit: int) -> list[OpenTask]:
    """Tasks nobody has looked at yet, oldest first."""
    rows = await tx.all(
        select(t.tasks, t.stops.c.number)
        .join(t.stops, t.stops.c.stop_id == t.tasks.c.stop_id)
        .where(t.tasks.c.done_at.is_(None))
        .order_by(t.tasks.c.made_at)
        .limit(limit)
    )
    return [OpenTask(**{name: getattr(row, name) for name in OpenTask.__slots__}) for row in rows]


async def find_task(tx: Transaction, task_id: int) -> OpenTask | None:
    """One open task."""
    row = await tx.first(
        select(t.tasks, t.stops.c.number)
        .join(t.stops, t.stops.c.stop_id == t.tasks.c.stop_id)
        .where(t.tasks.c.task_id == task_id)
        .where(t.tasks.c.done_at.is_(None))
    )
    return None if row is None else OpenTask(**{name: getattr(row, name) for name in OpenTask.__slots__})


async def finish_task(tx: Transaction, task_id: int, at: datetime) -> None:
    """Take a task off the board."""
    await tx.execute(update(t.tasks).where(t.tasks.c.task_id == task_id).values(done_at=at))
