"""Reads and writes rounds, their bags, and what a crew sees of them."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.routing.domain.bag import Bag, BagOutcome, BagPlace, MissReason
from services.routing.domain.round import CrewRound, RoundState
from services.routing.domain.stop import Stop, StopState
from services.routing.storage import tables as t
from services.routing.storage.one_of import one_of
from services.routing.storage.tap_writes import is_active
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class RoundRow:
    """A round as it is kept."""

    round_id: str
    number: str
    wave_id: str
    wave_date: dt.date
    request_id: str
    drop_point_id: str
    community: str
    grid: str | None
    crew_id: str
    planned_start: datetime
    planned_end: datetime
    is_late: bool
    state: RoundState = RoundState.PLANNED
    version: int = 1
    started_at: datetime | None = None
    closed_at: datetime | None = None


_NEXT_NUMBERS = text("SELECT nextval('round_numbers') AS n FROM generate_series(1, :count)")
# A stop with its bags; the order counts as whole when no other bag of it is anywhere but at the door.
_STOPS = """
    SELECT stops.stop_id, stops.order_id, stops.household_id, stops.position, stops.state, stops.is_cancelled,
           stops.planned_at, bags.bag_id, bags.place, round_bags.outcome, round_bags.reason,
           round_bags.outcome_tap_id, round_bags.is_told,
           NOT EXISTS (SELECT 1 FROM bags AS other WHERE other.order_id = stops.order_id
                       AND other.place <> 'door' AND other.bag_id <> ALL (stops.bag_ids)) AS rest_is_delivered
    FROM stops
    LEFT JOIN round_bags ON round_bags.round_id = stops.round_id AND round_bags.stop_id = stops.stop_id
    LEFT JOIN bags ON bags.bag_id = round_bags.bag_id
    WHERE stops.round_id = :round_id {one}
    ORDER BY stops.position, stops.stop_id, bags.bag_id
    FOR UPDATE OF stops
"""
_ALL_STOPS = text(_STOPS.format(one=""))
_ONE_STOP = text(_STOPS.format(one="AND stops.stop_id = :stop_id"))
_SAVE_BAGS = text("""
    UPDATE round_bags SET outcome = given.outcome, reason = given.reason, outcome_tap_id = given.tap_id,
                          is_told = given.is_told, is_active = given.is_active
    FROM unnest(CAST(:bag_ids AS text[]), CAST(:outcomes AS text[]), CAST(:reasons AS text[]),
                CAST(:tap_ids AS text[]), CAST(:tolds AS boolean[]), CAST(:actives AS boolean[]))
        AS given (bag_id, outcome, reason, tap_id, is_told, is_active)
    WHERE round_bags.round_id = :round_id AND round_bags.bag_id = given.bag_id
""")


async def insert_rounds(tx: Transaction, rows: Sequence[RoundRow]) -> None:
    """Add planned rounds."""
    if rows:
        await tx.execute(
            insert(t.rounds),
            [
                {name: getattr(row, name) for name in RoundRow.__slots__} | {"state": row.state.value}
                for row in rows
            ],
        )


async def next_numbers(tx: Transaction, count: int) -> list[str]:
    """Short numbers a person can call out: R1, R2, …"""
    rows = await tx.all(_NEXT_NUMBERS, {"count": count})
    return [f"R{row.n}" for row in rows]


async def find_round(tx: Transaction, round_id: str, *, lock: bool = False) -> RoundRow | None:
    """One round."""
    statement = select(t.rounds).where(t.rounds.c.round_id == round_id)
    row = await tx.first(statement.with_for_update() if lock else statement)
    return None if row is None else _round_from(row)


async def planned_of_wave(tx: Transaction, wave_id: str) -> list[str]:
    """The ids of a wave's rounds that are not released yet."""
    rows = await tx.all(
        select(t.rounds.c.round_id)
        .where(t.rounds.c.wave_id == wave_id)
        .where(t.rounds.c.state == RoundState.PLANNED)
        .order_by(t.rounds.c.planned_start, t.rounds.c.round_id)
    )
    return [row.round_id for row in rows]


async def count_of_wave(tx: Transaction, wave_id: str) -> int:
    """How many rounds of a wave there are, dropped ones left out."""
    counted = (
        select(func.count()).where(t.rounds.c.wave_id == wave_id).where(t.rounds.c.state != RoundState.DROPPED)
    )
    return int(await tx.scalar(counted) or 0)


async def next_of_crew(tx: Transaction, crew_id: str) -> RoundRow | None:
    """A crew's round: the one it is out on, else the earliest released."""
    row = await tx.first(
        select(t.rounds)
        .where(t.rounds.c.crew_id == crew_id)
        .where(one_of(t.rounds.c.state, [RoundState.STARTED, RoundState.RELEASED]))
        .order_by(t.rounds.c.state.desc(), t.rounds.c.planned_start, t.rounds.c.round_id)
        .limit(1)
    )
    return None if row is None else _round_from(row)


async def unfinished_of_crews(tx: Transaction, crew_ids: Collection[str]) -> dict[str, datetime]:
    """When each crew's rounds that are given out and not closed should end, by crew."""
    rows = await tx.all(
        select(t.rounds.c.crew_id, t.rounds.c.planned_end)
        .where(one_of(t.rounds.c.crew_id, crew_ids))
        .where(one_of(t.rounds.c.state, [RoundState.PLANNED, RoundState.RELEASED, RoundState.STARTED]))
        .order_by(t.rounds.c.planned_end)
    )
    return {row.crew_id: row.planned_end for row in rows}


async def set_round_state(tx: Transaction, round_id: str, state: RoundState) -> None:
    """Move a round on."""
    await tx.execute(update(t.rounds).where(t.rounds.c.round_id == round_id).values(state=state.value))


async def bump_version(tx: Transaction, round_id: str) -> None:
    """Note that a released round is other than the crew's phone knows it."""
    await tx.execute(
        update(t.rounds).where(t.rounds.c.round_id == round_id).values(version=t.rounds.c.version + 1)
    )


async def active_bags(tx: Transaction, bag_ids: Collection[str]) -> set[str]:
    """Which of these bags are on an active round."""
    rows = await tx.all(
        select(t.round_bags.c.bag_id).where(one_of(t.round_bags.c.bag_id, bag_ids)).where(t.round_bags.c.is_active)
    )
    return {row.bag_id for row in rows}


async def put_bags_on_round(tx: Transaction, round_id: str, stop_of_bag: dict[str, str]) -> None:
    """Put bags on a round; the database refuses a bag that is on another active one."""
    if stop_of_bag:
        await tx.execute(
            insert(t.round_bags),
            [{"round_id": round_id, "bag_id": bag, "stop_id": stop} for bag, stop in stop_of_bag.items()],
        )


async def free_bags(tx: Transaction, stop_id: str) -> None:
    """Let another round take the bags of a stop that was called off before loading; a crew may still have them."""
    await tx.execute(update(t.round_bags).where(t.round_bags.c.stop_id == stop_id).values(is_active=False))


async def take_bags_off_round(tx: Transaction, stop_id: str) -> None:
    """Give the bags of a stop to another turn of its order."""
    await tx.execute(delete(t.round_bags).where(t.round_bags.c.stop_id == stop_id))


async def load_for_tap(tx: Transaction, round_id: str, stop_id: str | None) -> tuple[RoundRow, CrewRound] | None:
    """A round locked for a tap, with all its stops, or with one when the tap speaks of one."""
    row = await find_round(tx, round_id, lock=True)
    if row is None:
        return None
    if stop_id is None:
        rows = await tx.all(_ALL_STOPS, {"round_id": round_id})
    else:
        rows = await tx.all(_ONE_STOP, {"round_id": round_id, "stop_id": stop_id})
    crew_round = CrewRound(
        round_id=row.round_id,
        crew_id=row.crew_id,
        state=row.state,
        version=row.version,
        planned_start=row.planned_start,
        started_at=row.started_at,
        stops=_stops_from(row, rows),
    )
    return row, crew_round


async def save_after_tap(tx: Transaction, before: CrewRound, after: CrewRound, at: datetime) -> None:
    """Write what a tap changed: the round's state, its stops' states, its bags' outcomes."""
    if after.state is not before.state:
        moments = {RoundState.STARTED: {"started_at": at}, RoundState.CLOSED: {"closed_at": at}}
        await tx.execute(
            update(t.rounds)
            .where(t.rounds.c.round_id == after.round_id)
            .values(state=after.state.value, **moments.get(after.state, {}))
        )
    old = {stop.stop_id: stop for stop in before.stops}
    changed = [stop for stop in after.stops if stop != old[stop.stop_id]]
    for state in {stop.state for stop in changed if stop.state is not old[stop.stop_id].state}:
        stop_ids = [stop.stop_id for stop in changed if stop.state is state]
        await tx.execute(update(t.stops).where(one_of(t.stops.c.stop_id, stop_ids)).values(state=state.value))
    is_closed = after.state is RoundState.CLOSED
    if changed or is_closed:
        stops = after.stops if is_closed else changed
        await _save_bags(tx, after.round_id, [bag for stop in stops for bag in stop.bags], is_closed=is_closed)


async def _save_bags(tx: Transaction, round_id: str, bags: Sequence[Bag], *, is_closed: bool) -> None:
    if not bags:
        return
    await tx.execute(
        _SAVE_BAGS,
        {
            "round_id": round_id,
            "bag_ids": [bag.bag_id for bag in bags],
            "outcomes": [bag.outcome for bag in bags],
            "reasons": [bag.reason for bag in bags],
            "tap_ids": [bag.outcome_tap_id for bag in bags],
            "tolds": [bag.is_told for bag in bags],
            "actives": [not is_closed and is_active(bag) for bag in bags],
        },
    )


def _stops_from(round_row: RoundRow, rows: Sequence[Row[Any]]) -> tuple[Stop, ...]:
    bags_of: dict[str, list[Bag]] = {}
    first: dict[str, Row[Any]] = {}
    for row in rows:
        first.setdefault(row.stop_id, row)
        bags = bags_of.setdefault(row.stop_id, [])
        if row.bag_id is not None:
            bags.append(
                Bag(
                    bag_id=row.bag_id,
                    place=BagPlace(row.place),
                    outcome=BagOutcome(row.outcome) if row.outcome else None,
                    reason=MissReason(row.reason) if row.reason else None,
                    outcome_tap_id=row.outcome_tap_id,
                    is_told=row.is_told,
                )
            )
    return tuple(
        Stop(
            stop_id=stop_id,
            order_id=row.order_id,
            household_id=row.household_id,
            position=row.position or 0,
            state=StopState(row.state),
            is_cancelled=row.is_cancelled,
            planned_at=row.planned_at or round_row.planned_start,
            bags=tuple(bags_of[stop_id]),
            rest_is_delivered=row.rest_is_delivered,
        )
        for stop_id, row in first.items()
    )


def _round_from(row: Row[Any]) -> RoundRow:
    values = {name: getattr(row, name) for name in RoundRow.__slots__}
    return RoundRow(**{**values, "state": RoundState(row.state)})
