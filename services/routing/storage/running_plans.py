"""Reads and changes plans that are being carried out, and marks one state of them from the next."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, bindparam, literal_column, select, text
from sqlalchemy.dialects.postgresql import JSONB

from services.routing.domain.bag import BagPlace
from services.routing.domain.round import RoundState
from services.routing.domain.stop import StopState
from services.routing.domain.wave import WaveState
from services.routing.storage import tables as t
from services.routing.storage.bags import BagRow
from services.routing.storage.one_of import one_of
from services.routing.storage.rounds import RoundRow
from services.routing.storage.stops import PlacedStop, StopRow
from services.routing.storage.waves import Wave
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class RoundDates:
    """When a round begins and ends now."""

    round_id: str
    planned_start: datetime
    planned_end: datetime


@dataclass(frozen=True, slots=True)
class PlacedVisitor:
    """A stop of a round that may change, as far as its place matters."""

    stop_id: str
    round_id: str
    entrance_id: str
    planned_at: datetime
    told_until: datetime | None


@dataclass(frozen=True, slots=True)
class Seeker:
    """A wave and a stop that seeks a place in it, as far as they are there.

    `request_id` is the plan that the estate file itself leads to, None where nobody measured the entrance; its
    mark begins with `sign`.
    """

    wave: Wave | None
    stop: StopRow | None
    request_id: str | None
    sign: str | None
    bags_of: Mapping[str, BagRow]


@dataclass(frozen=True, slots=True)
class UrgentLine:
    """An order that waits for a place, as the wave page shows it."""

    stop_id: str
    order_id: str
    number: str
    community: str
    grid: str
    compound: str
    building: str
    entrance: str | None
    floor: int | None
    priority: int
    due_at: datetime | None


# What a mark begins with: it changes with the rounds, at a third of the mark's price. Whoever takes a stop off a
# round moves the round's version, so for a look it does; for a change it would not.
_SIGN = """
    drop_points.plan_version || '-' || coalesce((
        SELECT md5(string_agg(round_id || state || version, ',' ORDER BY round_id))
        FROM rounds WHERE request_id = plan_requests.request_id), '') || '-'
"""
_BAGS = "(SELECT jsonb_agg(to_jsonb(bags)) FROM bags WHERE bags.order_id = stops.order_id)"
_SEEKER = (
    select(
        *(t.waves.c[name].label(f"wave_{name}") for name in Wave.__slots__),
        *(t.stops.c[name].label(f"stop_{name}") for name in StopRow.__slots__),
        t.plan_requests.c.request_id,
        literal_column(_SIGN).label("sign"),
        literal_column(_BAGS, JSONB).label("bags"),
    )
    .select_from(t.waves)
    .outerjoin(t.stops, t.stops.c.stop_id == bindparam("stop_id"))
    .outerjoin(t.entrances, t.entrances.c.entrance_id == t.stops.c.entrance_id)
    .outerjoin(t.estate_entrances, t.estate_entrances.c.feature_id == t.entrances.c.feature_id)
    .outerjoin(
        t.drop_points,
        and_(t.drop_points.c.drop_point_id == t.estate_entrances.c.drop_point_id, t.drop_points.c.is_current),
    )
    .outerjoin(
        t.plan_requests,
        and_(
            t.plan_requests.c.wave_id == t.waves.c.wave_id,
            t.plan_requests.c.drop_point_id == t.drop_points.c.drop_point_id,
            t.plan_requests.c.state == "planned",
        ),
    )
    .where(t.waves.c.wave_id == bindparam("wave_id"))
)
_MARK = text(f"""
    SELECT {_SIGN} AS sign,
           (SELECT count(*) FROM stops WHERE request_id = plan_requests.request_id
            AND state IN ('planned', 'released') AND NOT is_cancelled) AS stops
    FROM plan_requests JOIN drop_points ON drop_points.drop_point_id = plan_requests.drop_point_id
    WHERE plan_requests.request_id = :request_id
""")  # noqa: S608  (words of our own)
# The version moves, so that whatever is being planned for this drop point meanwhile is thrown away.
_MOVE_VERSION = text("UPDATE drop_points SET plan_version = plan_version + 1 WHERE drop_point_id = :drop_point_id")
_LOCK = text("SELECT 1 FROM drop_points WHERE drop_point_id = :drop_point_id FOR UPDATE")
_REDATE_STOPS = text("""
    UPDATE stops SET round_id = given.round_id, position = given.position, planned_at = given.planned_at
    FROM unnest(CAST(:stop_ids AS text[]), CAST(:round_ids AS text[]), CAST(:positions AS int[]),
                CAST(:planned_ats AS timestamptz[])) AS given (stop_id, round_id, position, planned_at)
    WHERE stops.stop_id = given.stop_id
""")
_REDATE_ROUNDS = text("""
    UPDATE rounds SET planned_start = given.planned_start, planned_end = given.planned_end,
           version = version + CASE WHEN state = 'released' THEN 1 ELSE 0 END
    FROM unnest(CAST(:round_ids AS text[]), CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
        AS given (round_id, planned_start, planned_end)
    WHERE rounds.round_id = given.round_id
      AND (rounds.planned_start, rounds.planned_end) IS DISTINCT FROM (given.planned_start, given.planned_end)
""")
# An entrance that has been given another shape stands for the one before of the same id.
_ADD_TO_INPUT = text("""
    UPDATE plan_inputs SET instance = instance
        || jsonb_build_object('orders', (instance->'orders') || CAST(:orders AS jsonb))
        || jsonb_build_object('entrances', coalesce((
               SELECT jsonb_agg(old) FROM jsonb_array_elements(instance->'entrances') AS old
               WHERE NOT EXISTS (SELECT 1 FROM jsonb_array_elements(CAST(:entrances AS jsonb)) AS new
                                 WHERE new->>'id' = old->>'id')), '[]'::jsonb) || CAST(:entrances AS jsonb))
    WHERE request_id = :request_id
""")
_CLOSE_ZONES = text("""
    UPDATE plan_inputs
    SET instance = instance || jsonb_build_object('closed_zones', to_jsonb(CAST(:zone_ids AS text[])))
    WHERE request_id = :request_id
""")
# Closing a zone writes to what a plan was made from and leaves its version; reading all of it would take long.
_INPUT_STAMP = text("SELECT CAST(xmin AS text) FROM plan_inputs WHERE request_id = :request_id")
_ADD_TO_FIGURES = text("""
    UPDATE plan_requests SET cost = cost + :cost, crew_s = crew_s + :crew_s, late_s = late_s + :late_s
    WHERE request_id = :request_id
""")
_BEHIND_SEALED = text("""
    SELECT DISTINCT rounds.crew_id FROM rounds
    JOIN stops ON stops.round_id = rounds.round_id AND NOT stops.is_cancelled
    JOIN entrances ON entrances.entrance_id = stops.entrance_id
    JOIN buildings ON buildings.building_id = entrances.building_id AND buildings.handling = 'positive'
    WHERE rounds.crew_id = ANY (:crew_ids) AND rounds.wave_date = :day AND rounds.state <> 'dropped'
      AND rounds.round_id <> ALL (:except_rounds)
""")
_SERVING = text("""
    SELECT drop_points.drop_point_id FROM entrances
    JOIN estate_entrances ON estate_entrances.feature_id = entrances.feature_id
    JOIN drop_points ON drop_points.drop_point_id = estate_entrances.drop_point_id AND drop_points.is_current
    WHERE entrances.entrance_id = :entrance_id
""")
_URGENT = text("""
    SELECT stops.stop_id, stops.order_id, stops.number, stops.floor, stops.priority, stops.due_at,
           buildings.community, buildings.grid, buildings.compound, buildings.building, entrances.name AS entrance
    FROM stops
    JOIN entrances ON entrances.entrance_id = stops.entrance_id
    JOIN buildings ON buildings.building_id = entrances.building_id
    JOIN waves ON waves.wave_id = :wave_id
    WHERE stops.state = 'waiting' AND stops.wave_date <= waves.wave_date
      AND (stops.wave_id IS NULL OR stops.wave_id = :wave_id) AND buildings.community = ANY (waves.communities)
    ORDER BY stops.priority DESC, stops.due_at NULLS LAST, stops.number LIMIT :limit
""")


async def mark_of(tx: Transaction, request_id: str) -> str | None:
    """What tells the present state of a plan's changeable rounds from every other; None for no such plan."""
    row = await tx.first(_MARK, {"request_id": request_id})
    return None if row is None else f"{row.sign}{row.stops}"


async def lock_drop_point(tx: Transaction, drop_point_id: str) -> None:
    """Let nobody else change this drop point's plan till the transaction ends."""
    await tx.execute(_LOCK, {"drop_point_id": drop_point_id})


async def move_version(tx: Transaction, drop_point_id: str) -> None:
    """Let every older plan and every older offer for this drop point be stale from now on."""
    await tx.execute(_MOVE_VERSION, {"drop_point_id": drop_point_id})


async def rounds_of_request(tx: Transaction, request_id: str, *, lock: bool = False) -> list[RoundRow]:
    """A plan's rounds in the order they are to begin, those dropped left out."""
    statement = (
        select(t.rounds)
        .where(t.rounds.c.request_id == request_id)
        .where(t.rounds.c.state != RoundState.DROPPED)
        .order_by(t.rounds.c.planned_start, t.rounds.c.round_id)
    )
    rows = await tx.all(statement.with_for_update() if lock else statement)
    return [
        RoundRow(**{name: getattr(row, name) for name in RoundRow.__slots__} | {"state": RoundState(row.state)})
        for row in rows
    ]


async def other_starts(tx: Transaction, crew_ids: Collection[str], request_id: str) -> list[tuple[str, datetime]]:
    """When crews begin rounds of other plans that are still to be done."""
    rows = await tx.all(
        select(t.rounds.c.crew_id, t.rounds.c.planned_start)
        .where(one_of(t.rounds.c.crew_id, crew_ids))
        .where(t.rounds.c.request_id != request_id)
        .where(one_of(t.rounds.c.state, [RoundState.PLANNED, RoundState.RELEASED, RoundState.STARTED]))
    )
    return [(row.crew_id, row.planned_start) for row in rows]


async def behind_sealed_doors(
    tx: Transaction, crew_ids: Collection[str], day: date, except_rounds: Collection[str]
) -> set[str]:
    """Crews that other rounds of the day than these take into buildings handled as positive."""
    rows = await tx.all(
        _BEHIND_SEALED, {"crew_ids": list(crew_ids), "day": day, "except_rounds": list(except_rounds)}
    )
    return {row.crew_id for row in rows}


async def visitors_of(tx: Transaction, round_ids: Collection[str], *, lock: bool = False) -> list[PlacedVisitor]:
    """The stops of these rounds that still count, round by round in the order they are visited."""
    statement = (
        select(
            t.stops.c.stop_id,
            t.stops.c.round_id,
            t.stops.c.entrance_id,
            t.stops.c.planned_at,
            t.stops.c.told_until,
        )
        .where(one_of(t.stops.c.round_id, round_ids))
        .where(one_of(t.stops.c.state, [StopState.PLANNED, StopState.RELEASED]))
        .where(~t.stops.c.is_cancelled)
        .order_by(t.stops.c.round_id, t.stops.c.position, t.stops.c.stop_id)
    )
    rows = await tx.all(statement.with_for_update() if lock else statement)
    return [PlacedVisitor(**{name: getattr(row, name) for name in PlacedVisitor.__slots__}) for row in rows]


async def redate(tx: Transaction, dates: Sequence[RoundDates], placed: Sequence[PlacedStop]) -> None:
    """Write when rounds and stops are due now; a released round whose hours move is another version."""
    await tx.execute(
        _REDATE_ROUNDS,
        {
            "round_ids": [one.round_id for one in dates],
            "starts": [one.planned_start for one in dates],
            "ends": [one.planned_end for one in dates],
        },
    )
    await tx.execute(
        _REDATE_STOPS,
        {
            "stop_ids": [one.stop_id for one in placed],
            "round_ids": [one.round_id for one in placed],
            "positions": [one.position for one in placed],
            "planned_ats": [one.planned_at for one in placed],
        },
    )


async def add_to_input(tx: Transaction, request_id: str, rows: Mapping[str, Any], *, with_entrance: bool) -> None:
    """Add an instance's orders, and its entrances where they are new, to what a plan was made from."""
    values = {
        "orders": json.dumps(rows["orders"]),
        "entrances": json.dumps(rows["entrances"] if with_entrance else []),
    }
    await tx.execute(_ADD_TO_INPUT, {"request_id": request_id, **values})


async def close_zones(tx: Transaction, request_id: str, zone_ids: Collection[str]) -> None:
    """Write which zones of what a plan was made from nothing is brought to now."""
    await tx.execute(_CLOSE_ZONES, {"request_id": request_id, "zone_ids": sorted(zone_ids)})


async def input_stamp(tx: Transaction, request_id: str) -> str:
    """What differs once anybody has written to what a plan was made from; empty where there is nothing."""
    return str(await tx.scalar(_INPUT_STAMP, {"request_id": request_id}) or "")


async def add_to_figures(tx: Transaction, request_id: str, more: Mapping[str, int]) -> None:
    """Add to a plan's `cost`, `crew_s` and `late_s`."""
    await tx.execute(_ADD_TO_FIGURES, {"request_id": request_id, **more})


async def request_at(tx: Transaction, wave_id: str, drop_point_id: str) -> str | None:
    """The request whose plan a wave has at one drop point."""
    found = await tx.scalar(
        select(t.plan_requests.c.request_id)
        .where(t.plan_requests.c.wave_id == wave_id)
        .where(t.plan_requests.c.drop_point_id == drop_point_id)
        .where(t.plan_requests.c.state == "planned")
    )
    return None if found is None else str(found)


async def find_seeker(tx: Transaction, wave_id: str, stop_id: str) -> Seeker:
    """A wave and a stop that seeks a place in it, in one question."""
    row = await tx.first(_SEEKER, {"wave_id": wave_id, "stop_id": stop_id})
    if row is None:
        return Seeker(None, None, None, None, {})
    wave = {name: getattr(row, f"wave_{name}") for name in Wave.__slots__}
    wave |= {"zone_ids": tuple(row.wave_zone_ids), "communities": tuple(row.wave_communities)}
    stop = {name: getattr(row, f"stop_{name}") for name in StopRow.__slots__}
    found = Wave(**wave | {"state": WaveState(row.wave_state)})
    if row.stop_stop_id is None:
        return Seeker(found, None, None, None, {})
    stop |= {"bag_ids": tuple(row.stop_bag_ids), "state": StopState(row.stop_state)}
    bags = [BagRow(**bag | {"place": BagPlace(bag["place"])}) for bag in row.bags or ()]
    return Seeker(found, StopRow(**stop), row.request_id, row.sign, {bag.bag_id: bag for bag in bags})


async def drop_point_serving(tx: Transaction, entrance_id: str) -> str | None:
    """The drop point that serves an entrance by the estate file itself; None where nobody measured it."""
    found = await tx.scalar(_SERVING, {"entrance_id": entrance_id})
    return None if found is None else str(found)


async def urgent_lines(tx: Transaction, wave_id: str, limit: int) -> list[UrgentLine]:
    """Orders that wait and could still come into a wave, most urgent first."""
    rows = await tx.all(_URGENT, {"wave_id": wave_id, "limit": limit})
    return [UrgentLine(**{name: getattr(row, name) for name in UrgentLine.__slots__}) for row in rows]
