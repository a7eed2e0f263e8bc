"""Keeps the problem each saved plan answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.dialects.postgresql import insert

from services.routing.domain.wave import RequestState
from services.routing.storage import tables as t
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class PlanInput:
    """What one drop point's plan was made from.

    `instance` is the content of an instance file (formats/rounds) whose orders bear the ids of stops;
    `time_zero` is what its seconds count from; `late_crews` work other hours than the roster's.
    """

    request_id: str
    time_zero: datetime
    late_crews: tuple[str, ...]
    instance: Mapping[str, Any]


async def save_input(tx: Transaction, given: PlanInput) -> None:
    """Keep what a plan was made from; what was kept for the same request before gives way."""
    values = {name: getattr(given, name) for name in PlanInput.__slots__} | {"late_crews": list(given.late_crews)}
    statement = insert(t.plan_inputs).values(**values)
    await tx.execute(statement.on_conflict_do_update(index_elements=["request_id"], set_=values))


async def find_input(tx: Transaction, request_id: str) -> PlanInput | None:
    """What one request's plan was made from."""
    row = await tx.first(select(t.plan_inputs).where(t.plan_inputs.c.request_id == request_id))
    return None if row is None else _input_from(row)


async def inputs_of_wave(tx: Transaction, wave_id: str) -> list[PlanInput]:
    """What a wave's plans were made from, by drop point; nothing for those not planned yet."""
    rows = await tx.all(
        select(t.plan_inputs)
        .join(t.plan_requests, t.plan_requests.c.request_id == t.plan_inputs.c.request_id)
        .where(t.plan_requests.c.wave_id == wave_id)
        .where(t.plan_requests.c.state == RequestState.PLANNED)
        .order_by(t.plan_requests.c.drop_point_id)
    )
    return [_input_from(row) for row in rows]


async def forget_inputs(tx: Transaction, wave_id: str) -> None:
    """Drop what the plans of a wave that was thrown away were made from."""
    of_wave = select(t.plan_requests.c.request_id).where(t.plan_requests.c.wave_id == wave_id)
    await tx.execute(delete(t.plan_inputs).where(t.plan_inputs.c.request_id.in_(of_wave)))


def _input_from(row: Row[Any]) -> PlanInput:
    values = {name: getattr(row, name) for name in PlanInput.__slots__}
    return PlanInput(**{**values, "late_crews": tuple(row.late_crews)})
