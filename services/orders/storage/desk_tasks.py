"""What a person at the desk must look at."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from services.orders.storage.tables import desk_tasks
from shared.database.session import Transaction


class TaskKind(StrEnum):
    """Why somebody must look."""

    DELIVERED_AFTER_CANCEL = "delivered_after_cancel"
    CALL_RESIDENT = "call_resident"


@dataclass(frozen=True, slots=True)
class DeskTask:
    """One thing to look at."""

    task_id: int
    kind: TaskKind
    order_id: str
    made_at: datetime


async def make_task(tx: Transaction, kind: TaskKind, household_id: str, order_id: str, at: datetime) -> None:
    """Ask a person to look; asking again for the same order is the same task."""
    await tx.execute(
        insert(desk_tasks)
        .values(kind=kind.value, household_id=household_id, order_id=order_id, made_at=at)
        .on_conflict_do_nothing()
    )


async def close_task(tx: Transaction, task_id: int, household_id: str, at: datetime) -> bool:
    """Note that somebody looked; says whether the task was open."""
    done = await tx.execute(
        update(desk_tasks)
        .where(desk_tasks.c.task_id == task_id, desk_tasks.c.household_id == household_id)
        .where(desk_tasks.c.done_at.is_(None))
        .values(done_at=at)
    )
    return done.rowcount > 0


async def open_tasks(tx: Transaction, household_id: str) -> list[DeskTask]:
    """What must be looked at for one household."""
    rows = await tx.all(
        select(desk_tasks)
        .where(desk_tasks.c.household_id == household_id, desk_tasks.c.done_at.is_(None))
        .order_by(desk_tasks.c.task_id)
    )
    return [DeskTask(row.task_id, TaskKind(row.kind), row.order_id, row.made_at) for row in rows]
