"""Reads and writes waves and what the board shows of them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.routing.domain.wave import RequestState, WaveState, wave_state
from services.routing.storage import tables as t
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class Wave:
    """The due doors of a date; `zone_ids` is empty for all zones, `communities` those it touches."""

    wave_id: str
    wave_date: dt.date
    zone_ids: tuple[str, ...]
    communities: tuple[str, ...]
    state: WaveState
    made_by: str
    made_at: datetime
    released_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One drop point's plan as the board shows it. Units: seconds."""

    request_id: str
    drop_point_id: str
    drop_point: str
    community: str
    grid: str | None
    state: RequestState
    attempts: int
    cost: int | None
    crew_s: int | None
    late_s: int | None
    stages: tuple[str, ...]
    planned_in_s: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class RoundLine:
    """One round as the board shows it."""

    round_id: str
    number: str
    wave_id: str
    drop_point: str
    community: str
    grid: str | None
    crew_id: str
    crew: str
    state: str
    is_late: bool
    planned_start: datetime
    planned_end: datetime
    started_at: datetime | None
    closed_at: datetime | None
    stops: int
    stops_closed: int
    bags: int
    last_tap_at: datetime | None


@dataclass(frozen=True, slots=True)
class UnplannedLine:
    """An order on no round, and why."""

    stop_id: str
    order_id: str
    number: str
    community: str
    grid: str
    reason: str


_ROUND_LINES = text("""
    SELECT rounds.*, drop_points.name AS drop_point, crews.name AS crew,
           counted.stops, counted.stops_closed, counted.bags,
           (SELECT max(taken_at) FROM taps WHERE taps.round_id = rounds.round_id) AS last_tap_at
    FROM rounds
    JOIN drop_points ON drop_points.drop_point_id = rounds.drop_point_id
    JOIN crews ON crews.crew_id = rounds.crew_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS stops, count(*) FILTER (WHERE stops.state IN ('closed', 'cancelled')) AS stops_closed,
               coalesce(sum(cardinality(stops.bag_ids)), 0) AS bags
        FROM stops WHERE stops.round_id = rounds.round_id
    ) AS counted
    WHERE rounds.wave_id = :wave_id AND rounds.state <> 'dropped'
    ORDER BY rounds.planned_start, length(rounds.number), rounds.number
""")
_UNPLANNED_LINES = text("""
    SELECT unplanned.reason, stops.stop_id, stops.order_id, stops.number,
           coalesce(buildings.community, '') AS community, coalesce(buildings.grid, '') AS grid
    FROM unplanned JOIN stops ON stops.stop_id = unplanned.stop_id
    LEFT JOIN entrances ON entrances.entrance_id = stops.entrance_id
    LEFT JOIN buildings ON buildings.building_id = entrances.building_id
    WHERE unplanned.wave_id = :wave_id ORDER BY stops.number
""")
_WAITING_BY_ZONE = text("""
    SELECT coalesce(zones.zone_id, '') AS zone_id, coalesce(zones.name, '') AS zone, buildings.community,
           buildings.grid, stops.wave_date, count(*) AS orders,
           count(*) FILTER (WHERE stops.priority > 0) AS urgent
    FROM stops
    JOIN entrances ON entrances.entrance_id = stops.entrance_id
    JOIN buildings ON buildings.building_id = entrances.building_id
    LEFT JOIN zones ON zones.zone_id = buildings.zone_id
    WHERE stops.state = 'waiting' AND stops.wave_id IS NULL
    GROUP BY 1, 2, 3, 4, 5 ORDER BY buildings.community, zone, stops.wave_date
""")


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """How many orders of a zone wait for a wave of a date."""

    zone_id: str
    zone: str
    community: str
    grid: str
    wave_date: dt.date
    orders: int
    urgent: int


async def insert_wave(tx: Transaction, wave: Wave) -> None:
    """Add a wave."""
    values = {name: getattr(wave, name) for name in Wave.__slots__}
    listed = {"zone_ids": list(wave.zone_ids), "communities": list(wave.communities)}
    await tx.execute(insert(t.waves).values(**{**values, **listed, "state": wave.state.value}))


async def find_wave(tx: Transaction, wave_id: str, *, lock: bool = False) -> Wave | None:
    """One wave."""
    statement = select(t.waves).where(t.waves.c.wave_id == wave_id)
    row = await tx.first(statement.with_for_update() if lock else statement)
    return None if row is None else _wave_from(row)


async def recent_waves(tx: Transaction, limit: int) -> list[Wave]:
    """The newest waves, newest first."""
    rows = await tx.all(select(t.waves).order_by(t.waves.c.made_at.desc()).limit(limit))
    return [_wave_from(row) for row in rows]


async def settle_wave(tx: Transaction, wave_id: str) -> WaveState:
    """Note that a wave is planned once no drop point of it is being planned; the wave's row must be locked."""
    rows = await tx.all(select(t.plan_requests.c.state).where(t.plan_requests.c.wave_id == wave_id))
    state = wave_state(RequestState(row.state) for row in rows)
    if state is WaveState.PLANNED:
        await tx.execute(
            update(t.waves)
            .where(t.waves.c.wave_id == wave_id)
            .where(t.waves.c.state == WaveState.PLANNING)
            .values(state=state.value)
        )
    return state


async def mark_released(tx: Transaction, wave_id: str, at: datetime) -> None:
    """Note that a wave is released."""
    await tx.execute(
        update(t.waves).where(t.waves.c.wave_id == wave_id).values(state=WaveState.RELEASED.value, released_at=at)
    )


async def mark_discarded(tx: Transaction, wave_id: str) -> None:
    """Note that a wave's plan was thrown away."""
    await tx.execute(update(t.waves).where(t.waves.c.wave_id == wave_id).values(state=WaveState.DISCARDED.value))


async def request_lines(tx: Transaction, wave_id: str) -> list[RequestLine]:
    """A wave's plan requests, by drop point."""
    rows = await tx.all(
        select(t.plan_requests, t.drop_points.c.name.label("drop_point"))
        .join(t.drop_points, t.drop_points.c.drop_point_id == t.plan_requests.c.drop_point_id)
        .where(t.plan_requests.c.wave_id == wave_id)
        .order_by(t.plan_requests.c.drop_point_id)
    )
    names = RequestLine.__slots__
    return [
        RequestLine(
            **{
                **{name: getattr(row, name) for name in names},
                "state": RequestState(row.state),
                "stages": tuple(row.stages),
            }
        )
        for row in rows
    ]


async def round_lines(tx: Transaction, wave_id: str) -> list[RoundLine]:
    """A wave's rounds with how far each is."""
    rows = await tx.all(_ROUND_LINES, {"wave_id": wave_id})
    return [RoundLine(**{name: getattr(row, name) for name in RoundLine.__slots__}) for row in rows]


async def unplanned_lines(tx: Transaction, wave_id: str) -> list[UnplannedLine]:
    """A wave's orders on no round, with the reason."""
    rows = await tx.all(_UNPLANNED_LINES, {"wave_id": wave_id})
    return [UnplannedLine(**{name: getattr(row, name) for name in UnplannedLine.__slots__}) for row in rows]


async def waiting_lines(tx: Transaction) -> list[WaitingLine]:
    """What waits for a wave, by zone and date."""
    rows = await tx.all(_WAITING_BY_ZONE)
    return [WaitingLine(**{name: getattr(row, name) for name in WaitingLine.__slots__}) for row in rows]


async def unplanned_of(tx: Transaction, wave_id: str) -> Sequence[tuple[str, str, str, str]]:
    """What is to be told of a wave's unplanned orders that still wait: household, order, stop, reason."""
    rows = await tx.all(
        select(t.stops.c.household_id, t.stops.c.order_id, t.stops.c.stop_id, t.unplanned.c.reason)
        .join(t.stops, t.stops.c.stop_id == t.unplanned.c.stop_id)
        .where(t.unplanned.c.wave_id == wave_id)
        .where(t.stops.c.state == "waiting")
        .where(t.stops.c.wave_id == wave_id)
        .order_by(t.stops.c.household_id, t.stops.c.order_id)
        .with_for_update(of=t.stops)
    )
    return [(row.household_id, row.order_id, row.stop_id, row.reason) for row in rows]


def _wave_from(row: Row[Any]) -> Wave:
    values = {name: getattr(row, name) for name in Wave.__slots__}
    return Wave(
        **{
            **values,
            "zone_ids": tuple(row.zone_ids),
            "communities": tuple(row.communities),
            "state": WaveState(row.state),
        }
    )
