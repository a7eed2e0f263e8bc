"""Reads and writes plan requests: rows that replicas lease, with a fence against the slow and the dead."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.routing.domain.wave import LIVE_REQUESTS, RequestState
from services.routing.storage import tables as t
from services.routing.storage.one_of import one_of
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A drop point's plan to be made."""

    request_id: str
    wave_id: str
    drop_point_id: str
    community: str
    grid: str | None
    seconds: float
    seed: int


@dataclass(frozen=True, slots=True)
class Lease:
    """A request somebody may work on, as long as its fence holds."""

    request_id: str
    wave_id: str
    drop_point_id: str
    community: str
    grid: str | None
    plan_version: int
    seconds: float
    seed: int
    fence: int
    attempts: int


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """How a plan came out. Units: seconds; cost as the problem weighs it."""

    cost: int
    crew_s: int
    late_s: int
    stages: tuple[str, ...]
    planned_in_s: float


# Leases are held by the database server's own clock: replicas on several machines agree, and a street that lives
# fast does not lose its planners.
_TAKE = text("""
    UPDATE plan_requests SET state = 'leased', fence = fence + 1, attempts = attempts + 1,
           leased_until = clock_timestamp() + make_interval(secs => seconds * 2 + :grace_s)
    WHERE request_id = (
        SELECT request_id FROM plan_requests
        WHERE state = 'waiting' OR (state = 'leased' AND leased_until < clock_timestamp())
        ORDER BY request_id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING *
""")
_BUMP = text("""
    UPDATE drop_points SET plan_version = plan_version + 1 WHERE drop_point_id = :drop_point_id
    RETURNING plan_version
""")
_HOLDS = text("""
    SELECT plan_requests.request_id FROM plan_requests
    JOIN drop_points ON drop_points.drop_point_id = plan_requests.drop_point_id
    WHERE plan_requests.request_id = :request_id AND plan_requests.state = 'leased'
      AND plan_requests.fence = :fence AND drop_points.plan_version = plan_requests.plan_version
    FOR UPDATE OF plan_requests
""")


async def insert_request(tx: Transaction, request: NewRequest) -> None:
    """Ask for a plan; every older one of the same drop point is thrown away from now on."""
    version = await tx.scalar(_BUMP, {"drop_point_id": request.drop_point_id})
    values = {name: getattr(request, name) for name in NewRequest.__slots__}
    await tx.execute(
        insert(t.plan_requests).values(plan_version=version, state=RequestState.WAITING.value, **values)
    )


async def live_drop_points(tx: Transaction) -> set[str]:
    """Drop points that are being planned now."""
    rows = await tx.all(
        select(t.plan_requests.c.drop_point_id).where(one_of(t.plan_requests.c.state, sorted(LIVE_REQUESTS)))
    )
    return {row.drop_point_id for row in rows}


async def take_request(tx: Transaction, grace_s: float) -> Lease | None:
    """Lease the oldest request that waits or whose lease has lapsed; none when there is nothing to do.

    Units: the lease lasts twice the search's seconds and the grace, in real time.
    """
    row = await tx.first(_TAKE, {"grace_s": grace_s})
    return None if row is None else _lease_from(row)


async def still_holds(tx: Transaction, lease: Lease) -> bool:
    """Whether this lease's fence and plan version still hold; locks the request till the transaction ends."""
    row = await tx.first(_HOLDS, {"request_id": lease.request_id, "fence": lease.fence})
    return row is not None


async def finish_request(tx: Transaction, request_id: str, figures: PlanFigures) -> None:
    """Write how the plan came out."""
    await tx.execute(
        update(t.plan_requests)
        .where(t.plan_requests.c.request_id == request_id)
        .values(
            state=RequestState.PLANNED.value,
            leased_until=None,
            cost=figures.cost,
            crew_s=figures.crew_s,
            late_s=figures.late_s,
            stages=list(figures.stages),
            planned_in_s=figures.planned_in_s,
        )
    )


async def give_back_request(tx: Transaction, lease: Lease, reason: str) -> None:
    """Put a request back for another try, if the lease still holds."""
    await tx.execute(
        update(t.plan_requests)
        .where(t.plan_requests.c.request_id == lease.request_id)
        .where(t.plan_requests.c.fence == lease.fence)
        .where(t.plan_requests.c.state == RequestState.LEASED)
        .values(state=RequestState.WAITING.value, leased_until=None, reason=reason)
    )


async def fail_request(tx: Transaction, lease: Lease, reason: str) -> None:
    """Give a request up."""
    await tx.execute(
        update(t.plan_requests)
        .where(t.plan_requests.c.request_id == lease.request_id)
        .values(state=RequestState.FAILED.value, leased_until=None, reason=reason)
    )


async def call_off(tx: Transaction, wave_id: str) -> None:
    """Let nobody work on a wave's requests any more, nor save what they are working on."""
    await tx.execute(
        update(t.plan_requests)
        .where(t.plan_requests.c.wave_id == wave_id)
        .where(one_of(t.plan_requests.c.state, sorted(LIVE_REQUESTS)))
        .values(state=RequestState.FAILED.value, leased_until=None, reason="discarded")
    )


def _lease_from(row: Row[Any]) -> Lease:
    return Lease(**{name: getattr(row, name) for name in Lease.__slots__})
