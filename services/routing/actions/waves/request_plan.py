"""Asks for one drop point's plan."""

from dataclasses import dataclass

from services.routing.storage import plan_requests
from services.routing.storage.plan_requests import NewRequest
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class DropPointShare:
    """One drop point's part of a wave. Units: search seconds."""

    wave_id: str
    drop_point_id: str
    community: str
    grid: str | None
    seconds: float
    seed: int


async def request_plan(tx: Transaction, share: DropPointShare, request_id: str) -> str:
    """Write down that this drop point is to be planned; any older plan for it no longer holds.

    The database refuses a second live request of one drop point.
    """
    await plan_requests.insert_request(
        tx,
        NewRequest(
            request_id,
            share.wave_id,
            share.drop_point_id,
            share.community,
            share.grid,
            share.seconds,
            share.seed,
        ),
    )
    return request_id
