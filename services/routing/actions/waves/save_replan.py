"""Saves a plan made again: rounds that are other than before give way, people are told what is new to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.routing import events_out
from services.routing.actions.waves.read_running_plan import RunningState, read_running_plan
from services.routing.actions.waves.release_rounds import release_round, tell_windows
from services.routing.actions.waves.save_plan import dated_doors
from services.routing.domain.replan import Difference, MovedStop, ReplanState
from services.routing.domain.round import Fact, RoundState, RoundWasDropped
from services.routing.domain.stop import StopWasNotPlanned, window_to_tell
from services.routing.domain.wave import WaveState
from services.routing.planning.check import Score
from services.routing.planning.instance_files import instance_dict
from services.routing.planning.problem import Plan, Problem
from services.routing.planning.timetable import RoundTimes, timetable
from services.routing.storage import plan_requests, replans, rounds, running_plans, stops, waves
from services.routing.storage.replans import LeasedReplan
from services.routing.storage.rounds import RoundRow
from services.routing.storage.running_plans import RoundDates
from services.routing.storage.stops import PlacedStop, StopRow
from services.routing.storage.waves import Wave
from shared.basics.clock import Clock
from shared.basics.ids import new_id
from shared.basics.randomness import Randomness
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class NewDays:
    """A proven plan in the place of some rounds; `scores` are of those rounds as they were planned, and of it."""

    state: RunningState
    problem: Problem
    plan: Plan
    rows_of: Mapping[str, tuple[RoundRow, ...]]
    left_out: Mapping[str, str]
    scores: tuple[Score, Score]


@dataclass(frozen=True, slots=True)
class _Dated:
    """A round of the new plan with its row: one that stays, or a new one."""

    row: RoundRow
    times: RoundTimes
    is_new: bool


async def save_replan(
    tx: Transaction, leased: LeasedReplan, new: NewDays, clock: Clock, randomness: Randomness
) -> bool:
    """Write a plan made again; False, and the wish waits again, when the plan has changed since it was read.

    A round whose crew and doors stay the same stays the same round. In a released wave new rounds are released at
    once, and who was told a time that no longer holds is told the new one.
    """
    wave = await waves.find_wave(tx, leased.wave_id, lock=True)
    if wave is None or not await replans.still_holds(tx, leased):
        return False
    now = clock.now()
    await running_plans.lock_drop_point(tx, leased.drop_point_id)
    is_busy = leased.drop_point_id in await plan_requests.live_drop_points(tx)
    present = await read_running_plan(tx, leased.request_id, now, lock=True)
    if is_busy or present.mark != new.state.mark:
        await replans.end_replan(tx, leased, ReplanState.WAITING, (now, None))
        return False
    before = await stops.by_ids(tx, [order.id for order in new.problem.orders] + list(new.left_out))
    dated = await _dated(tx, wave, new, [new_id(clock, randomness) for _ in timetable(new.problem, new.plan)])
    await _give_up(tx, new, {one.row.round_id for one in dated}, (before, now))
    placed = await _place(tx, new, dated, before)
    await _leave_out(tx, wave, leased, (new.left_out, before, now))
    if wave.state is WaveState.RELEASED:
        for one in dated:
            if one.is_new:
                await release_round(tx, one.row.round_id, now)
    await _tell_again(tx, [one.row for one in dated if not one.is_new], now)
    difference = _difference(new, dated, placed, before)
    rows = instance_dict(new.problem) | {"orders": []}
    await running_plans.add_to_input(tx, leased.request_id, rows, with_entrance=True)
    was, now_is = new.scores
    more = {name: getattr(now_is, name) - getattr(was, name) for name in ("cost", "crew_s", "late_s")}
    await running_plans.add_to_figures(tx, leased.request_id, more)
    await running_plans.move_version(tx, leased.drop_point_id)
    await replans.end_replan(tx, leased, ReplanState.SAVED, (now, difference.as_data()))
    return True


async def _dated(tx: Transaction, wave: Wave, new: NewDays, new_ids: Sequence[str]) -> list[_Dated]:
    """Finds for each round of the new plan the row that says the same, or makes one."""
    held_before = {
        row.round_id: tuple(visit.orders for visit in each.visits)
        for crew_plan in new.state.running.plan.crews
        for row, each in zip(new.state.rounds_of[crew_plan.crew], crew_plan.rounds, strict=True)
    }
    numbers = await rounds.next_numbers(tx, len(new_ids))
    dated, made = [], []
    for times, round_id, number in zip(timetable(new.problem, new.plan), new_ids, numbers, strict=True):
        held = tuple(visit.orders for visit in times.visits)
        same = [row for row in new.rows_of.get(times.crew, ()) if held_before[row.round_id] == held]
        row = same[0] if same else _new_row(wave, new.state, times, (round_id, number))
        made += [] if same else [row]
        dated.append(_Dated(row, times, not same))
    await rounds.insert_rounds(tx, made)
    return dated


def _new_row(wave: Wave, state: RunningState, times: RoundTimes, name: tuple[str, str]) -> RoundRow:
    known = [row for rows in state.rounds_of.values() for row in rows]
    return RoundRow(
        round_id=name[0],
        number=name[1],
        wave_id=wave.wave_id,
        wave_date=wave.wave_date,
        request_id=state.request_id,
        drop_point_id=state.drop_point_id,
        community=known[0].community,
        grid=known[0].grid,
        crew_id=times.crew,
        planned_start=state.moment(times.starts_s),
        planned_end=state.moment(times.ends_s),
        is_late=times.crew in state.late_crews,
    )


async def _give_up(
    tx: Transaction, new: NewDays, kept: set[str], known: tuple[Mapping[str, StopRow], datetime]
) -> None:
    """Drops the rounds that are not among those kept, and frees their bags; of those released it is told."""
    before, now = known
    dropped: list[Fact] = []
    for row in [row for rows in new.rows_of.values() for row in rows if row.round_id not in kept]:
        if row.state is RoundState.RELEASED:
            for stop in before.values():
                if stop.round_id == row.round_id:
                    await rounds.take_bags_off_round(tx, stop.stop_id)
            dropped.append(RoundWasDropped(row.round_id, now))
        await rounds.set_round_state(tx, row.round_id, RoundState.DROPPED)
    await events_out.publish_all(tx, dropped, now)


async def _place(
    tx: Transaction, new: NewDays, dated: Sequence[_Dated], before: Mapping[str, StopRow]
) -> dict[str, PlacedStop]:
    fresh: list[PlacedStop] = []
    same: list[PlacedStop] = []
    for one in dated:
        of_round = [
            PlacedStop(stop_id, one.row.round_id, position, new.state.moment(at_s))
            for position, (stop_id, at_s) in enumerate(dated_doors(one.times, before), start=1)
        ]
        (fresh if one.is_new else same).extend(of_round)
    await stops.place_stops(tx, fresh)
    dates = [
        RoundDates(one.row.round_id, new.state.moment(one.times.starts_s), new.state.moment(one.times.ends_s))
        for one in dated
        if not one.is_new
    ]
    await running_plans.redate(tx, dates, same)
    return {one.stop_id: one for one in (*fresh, *same)}


async def _leave_out(
    tx: Transaction,
    wave: Wave,
    leased: LeasedReplan,
    left: tuple[Mapping[str, str], Mapping[str, StopRow], datetime],
) -> None:
    """Takes what no crew can serve any more off its round; in a released wave its household is told."""
    left_out, before, now = left
    if not left_out:
        return
    await stops.keep_in_wave(tx, list(left_out))
    if wave.state is not WaveState.RELEASED:
        await stops.add_unplanned(tx, wave.wave_id, leased.request_id, left_out)
        return
    facts: list[Fact] = [
        StopWasNotPlanned(before[stop_id].household_id, before[stop_id].order_id, wave.wave_id, reason)
        for stop_id, reason in left_out.items()
    ]
    await stops.send_back_to_waiting(tx, list(left_out))
    await events_out.publish_all(tx, facts, now)


async def _tell_again(tx: Transaction, rows: Sequence[RoundRow], now: datetime) -> None:
    """Tells those whose released round stays but whose told window does not hold any more."""
    for row in rows:
        held = await stops.of_round(tx, row.round_id) if row.state is RoundState.RELEASED else []
        stale = [
            stop
            for stop in held
            if not stop.is_cancelled
            and stop.told
            and stop.planned_at
            and window_to_tell(stop.planned_at, stop.told) != stop.told
        ]
        await tell_windows(tx, row, stale, now)


def _difference(
    new: NewDays, dated: Sequence[_Dated], placed: Mapping[str, PlacedStop], before: Mapping[str, StopRow]
) -> Difference:
    crew_of = {row.round_id: row.crew_id for rows in new.rows_of.values() for row in rows}
    crew_of |= {one.row.round_id: one.row.crew_id for one in dated}
    moved = []
    for stop_id, now in sorted(placed.items()):
        was = before[stop_id]
        from_crew, to_crew = crew_of.get(was.round_id or "", ""), crew_of[now.round_id]
        later_s = 0 if was.planned_at is None else round((now.planned_at - was.planned_at).total_seconds())
        if from_crew != to_crew or later_s:
            moved.append(MovedStop(stop_id, was.number, from_crew, to_crew, later_s))
    return Difference(new.scores[0].cost, new.scores[1].cost, moved, new.left_out)
