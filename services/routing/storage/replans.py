"""Reads and writes wishes for plans made again: rows that replicas lease, as plan requests are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.routing.domain.replan import Because, ReplanState
from services.routing.domain.wave import RequestState
from services.routing.storage import tables as t
from shared.basics.errors import NotFound
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class NewReplan:
    """A plan to be made again, and what it is to keep away from or look at anew."""

    replan_id: str
    request_id: str
    drop_point_id: str
    because: Because
    crew_ids: tuple[str, ...]
    entrance_ids: tuple[str, ...]
    asked_by: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class LeasedReplan:
    """A wish somebody may work on as long as its fence holds. Units: search seconds."""

    replan_id: str
    request_id: str
    drop_point_id: str
    wave_id: str
    because: Because
    crew_ids: tuple[str, ...]
    entrance_ids: tuple[str, ...]
    fence: int
    attempts: int
    seconds: float
    seed: int


@dataclass(frozen=True, slots=True)
class ReplanLine:
    """A wish as the wave page shows it."""

    replan_id: str
    drop_point: str
    because: str
    state: str
    asked_by: str
    asked_at: datetime
    difference: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class RunningRequest:
    """A plan that is being carried out, and whose it is."""

    request_id: str
    drop_point_id: str
    community: str = ""
    grid: str | None = None


@dataclass(frozen=True, slots=True)
class LiftLine:
    """A lift that a wave still needs, or that stands still."""

    entrance_id: str
    community: str
    grid: str
    compound: str
    building: str
    entrance: str | None
    lift_is_out: bool


# A drop point that another wave is being planned for is left alone till that is done.
_TAKE = text("""
    UPDATE replans SET state = 'leased', fence = replans.fence + 1, attempts = replans.attempts + 1,
           leased_until = clock_timestamp() + make_interval(secs => plan_requests.seconds * 2 + :grace_s)
    FROM plan_requests
    WHERE plan_requests.request_id = replans.request_id AND replans.replan_id = (
        SELECT replan_id FROM replans AS due
        WHERE (state = 'waiting' OR (state = 'leased' AND leased_until < clock_timestamp()))
          AND NOT EXISTS (SELECT 1 FROM plan_requests AS live WHERE live.drop_point_id = due.drop_point_id
                          AND live.state IN ('waiting', 'leased'))
        ORDER BY replan_id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING replans.replan_id, replans.request_id, replans.drop_point_id, plan_requests.wave_id, replans.because,
              replans.crew_ids, replans.entrance_ids, replans.fence, replans.attempts, plan_requests.seconds,
              plan_requests.seed
""")
_RUNNING = """
    SELECT DISTINCT rounds.request_id, rounds.drop_point_id FROM rounds
    JOIN plan_requests ON plan_requests.request_id = rounds.request_id AND plan_requests.state = 'planned'
    {join} WHERE rounds.state IN ('planned', 'released') AND {where} ORDER BY rounds.request_id
"""
_RUNNING_WITH_CREW = text(_RUNNING.format(join="", where="rounds.crew_id = :crew_id AND rounds.wave_date <= :day"))
_RUNNING_KNOWING_CREW = text("""
    SELECT plan_requests.request_id, plan_requests.drop_point_id FROM plan_requests
    JOIN waves ON waves.wave_id = plan_requests.wave_id AND waves.state IN ('planned', 'released')
    JOIN plan_inputs ON plan_inputs.request_id = plan_requests.request_id
    WHERE plan_requests.state = 'planned' AND waves.wave_date = :day
      AND plan_inputs.instance->'crews' @> jsonb_build_array(jsonb_build_object('id', CAST(:crew_id AS text)))
    ORDER BY plan_requests.request_id
""")
# Whoever makes the plan again just now finds the fence moved and begins anew.
_TAKE_BACK = text("""
    UPDATE replans SET crew_ids = array_remove(crew_ids, CAST(:crew_id AS text)), state = 'waiting',
           fence = fence + 1, leased_until = NULL
    WHERE because = 'crew_absent' AND state IN ('waiting', 'leased') AND crew_ids @> ARRAY[CAST(:crew_id AS text)]
""")
_RUNNING_AT_ENTRANCES = text(
    _RUNNING.format(
        join="JOIN stops ON stops.round_id = rounds.round_id",
        where="stops.entrance_id = ANY (:entrance_ids) AND stops.state IN ('planned', 'released')",
    )
)
# By what the plans were made from: a zone that nothing was brought to any more has no stop left to be found by.
_RUNNING_IN_ZONE = text("""
    SELECT plan_requests.request_id, plan_requests.drop_point_id FROM plan_requests
    JOIN waves ON waves.wave_id = plan_requests.wave_id AND waves.state IN ('planned', 'released')
    JOIN plan_inputs ON plan_inputs.request_id = plan_requests.request_id
    WHERE plan_requests.state = 'planned' AND waves.wave_date >= :day
      AND plan_inputs.instance->'entrances'
          @> jsonb_build_array(jsonb_build_object('zone', CAST(:zone_id AS text)))
    ORDER BY plan_requests.request_id
""")
_VISITED_IN_ZONE = text("""
    SELECT DISTINCT stops.entrance_id FROM stops
    JOIN entrances ON entrances.entrance_id = stops.entrance_id
    JOIN buildings ON buildings.building_id = entrances.building_id AND buildings.zone_id = :zone_id
    WHERE stops.request_id = ANY (:request_ids) AND stops.state IN ('planned', 'released')
    ORDER BY stops.entrance_id
""")
_LIFTS = text("""
    SELECT DISTINCT entrances.entrance_id, buildings.community, buildings.grid, buildings.compound,
           buildings.building, entrances.name AS entrance, entrances.lift_is_out
    FROM stops
    JOIN entrances ON entrances.entrance_id = stops.entrance_id
    JOIN buildings ON buildings.building_id = entrances.building_id
    JOIN estate_entrances ON estate_entrances.feature_id = entrances.feature_id AND estate_entrances.has_lift
    WHERE stops.wave_id = :wave_id AND stops.state IN ('planned', 'released')
    ORDER BY buildings.compound, buildings.building, entrance
""")
_LINES = text("""
    SELECT replans.*, drop_points.name AS drop_point FROM replans
    JOIN plan_requests ON plan_requests.request_id = replans.request_id
    JOIN drop_points ON drop_points.drop_point_id = replans.drop_point_id
    WHERE plan_requests.wave_id = :wave_id ORDER BY replans.replan_id DESC LIMIT :limit
""")


async def ask_replan(tx: Transaction, wish: NewReplan) -> None:
    """Write a wish down; a plan that waits to be made better already is not asked for twice."""
    values = {name: getattr(wish, name) for name in NewReplan.__slots__}
    values |= {
        "crew_ids": list(wish.crew_ids),
        "entrance_ids": list(wish.entrance_ids),
        "because": str(wish.because),
    }
    await tx.execute(insert(t.replans).values(state=ReplanState.WAITING.value, **values).on_conflict_do_nothing())


async def take_replan(tx: Transaction, grace_s: float) -> LeasedReplan | None:
    """Lease the oldest wish that waits or whose lease has lapsed. Units: real seconds beside the search's."""
    row = await tx.first(_TAKE, {"grace_s": grace_s})
    return None if row is None else _leased_from(row)


async def still_holds(tx: Transaction, leased: LeasedReplan) -> bool:
    """Whether the lease's fence still holds; locks the wish till the transaction ends."""
    row = await tx.first(
        select(t.replans.c.replan_id)
        .where(t.replans.c.replan_id == leased.replan_id)
        .where(t.replans.c.state == ReplanState.LEASED)
        .where(t.replans.c.fence == leased.fence)
        .with_for_update()
    )
    return row is not None


async def end_replan(
    tx: Transaction, leased: LeasedReplan, state: ReplanState, ended: tuple[datetime, Mapping[str, object] | None]
) -> None:
    """Write what came of a wish, or put it back to wait."""
    at, difference = ended
    await tx.execute(
        update(t.replans)
        .where(t.replans.c.replan_id == leased.replan_id)
        .where(t.replans.c.fence == leased.fence)
        .values(
            state=state.value,
            leased_until=None,
            ended_at=None if state is ReplanState.WAITING else at,
            difference=difference,
        )
    )


async def running_with_crew(tx: Transaction, crew_id: str, day: date) -> list[RunningRequest]:
    """The plans up to a day that have something left for a crew to do."""
    rows = await tx.all(_RUNNING_WITH_CREW, {"crew_id": crew_id, "day": day})
    return [RunningRequest(row.request_id, row.drop_point_id) for row in rows]


async def running_knowing_crew(tx: Transaction, crew_id: str, day: date) -> list[RunningRequest]:
    """The plans of a day that were made with a crew on duty."""
    rows = await tx.all(_RUNNING_KNOWING_CREW, {"crew_id": crew_id, "day": day})
    return [RunningRequest(row.request_id, row.drop_point_id) for row in rows]


async def take_absence_back(tx: Transaction, crew_id: str) -> None:
    """Let no wish that is still open take a crew's rounds away for its absence."""
    await tx.execute(_TAKE_BACK, {"crew_id": crew_id})


async def running_at_entrances(tx: Transaction, entrance_ids: Sequence[str]) -> list[RunningRequest]:
    """The plans that still come to one of these entrances."""
    rows = await tx.all(_RUNNING_AT_ENTRANCES, {"entrance_ids": list(entrance_ids)})
    return [RunningRequest(row.request_id, row.drop_point_id) for row in rows]


async def running_in_zone(tx: Transaction, zone_id: str, day: date) -> list[RunningRequest]:
    """The plans of a day or later, not planned anew just now, whose entrances lie in a zone."""
    rows = await tx.all(_RUNNING_IN_ZONE, {"zone_id": zone_id, "day": day})
    return [RunningRequest(row.request_id, row.drop_point_id) for row in rows]


async def visited_in_zone(tx: Transaction, zone_id: str, request_ids: Sequence[str]) -> list[str]:
    """The entrances of a zone that these plans' rounds still come to."""
    rows = await tx.all(_VISITED_IN_ZONE, {"zone_id": zone_id, "request_ids": list(request_ids)})
    return [row.entrance_id for row in rows]


async def requests_of_wave(tx: Transaction, wave_id: str) -> list[RunningRequest]:
    """A wave's plans."""
    rows = await tx.all(
        select(t.plan_requests)
        .where(t.plan_requests.c.wave_id == wave_id)
        .where(t.plan_requests.c.state == RequestState.PLANNED)
        .order_by(t.plan_requests.c.request_id)
    )
    return [RunningRequest(row.request_id, row.drop_point_id, row.community, row.grid) for row in rows]


async def plan_of_stop(tx: Transaction, stop_id: str) -> tuple[str, str]:
    """The request and the drop point whose plan holds a stop. Errors: NotFound("stop_unknown")."""
    row = await tx.first(
        select(t.plan_requests.c.request_id, t.plan_requests.c.drop_point_id)
        .join(t.stops, t.stops.c.request_id == t.plan_requests.c.request_id)
        .where(t.stops.c.stop_id == stop_id)
    )
    if row is None:
        raise NotFound("stop_unknown")
    return row.request_id, row.drop_point_id


async def lifts_of_wave(tx: Transaction, wave_id: str) -> list[LiftLine]:
    """The lifts a wave's open rounds come to."""
    rows = await tx.all(_LIFTS, {"wave_id": wave_id})
    return [LiftLine(**{name: getattr(row, name) for name in LiftLine.__slots__}) for row in rows]


async def replan_lines(tx: Transaction, wave_id: str, limit: int) -> list[ReplanLine]:
    """A wave's plans made again, newest first."""
    rows = await tx.all(_LINES, {"wave_id": wave_id, "limit": limit})
    return [ReplanLine(**{name: getattr(row, name) for name in ReplanLine.__slots__}) for row in rows]


def _leased_from(row: Row[Any]) -> LeasedReplan:
    values = {name: getattr(row, name) for name in LeasedReplan.__slots__}
    listed = {"crew_ids": tuple(row.crew_ids), "entrance_ids": tuple(row.entrance_ids)}
    return LeasedReplan(**{**values, **listed, "because": Because(row.because)})
