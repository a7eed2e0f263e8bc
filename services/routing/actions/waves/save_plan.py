"""Saves a proven plan as rounds, unless it has been overtaken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.routing.actions.waves.build_problem import PlanTask
from services.routing.domain.wave import LEFT_OUT
from services.routing.planning.instance_files import instance_dict
from services.routing.planning.timetable import RoundTimes
from services.routing.storage import plan_inputs, plan_requests, rounds, stops, waves
from services.routing.storage.plan_inputs import PlanInput
from services.routing.storage.plan_requests import Lease, PlanFigures
from services.routing.storage.rounds import RoundRow
from services.routing.storage.stops import PlacedStop, StopRow
from services.routing.storage.waves import Wave
from shared.basics.clock import Clock
from shared.basics.errors import NotFound
from shared.basics.ids import new_id
from shared.basics.randomness import Randomness
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class ReadyPlan:
    """A plan the check has passed: dated rounds, and stops on none with their reason."""

    task: PlanTask
    rounds: Sequence[RoundTimes]
    unassigned: Mapping[str, str]
    figures: PlanFigures


async def save_plan(tx: Transaction, ready: ReadyPlan, clock: Clock, randomness: Randomness) -> bool:
    """Write a plan's rounds and place its stops; False, and nothing written, when lease or version are lost.

    A stop that was cancelled or changed during the search is left out of its round.
    """
    lease = ready.task.lease
    # The wave first: two drop points that finish together must not each think the other is still planning.
    wave = await waves.find_wave(tx, lease.wave_id, lock=True)
    if wave is None or not await plan_requests.still_holds(tx, lease):
        return False
    waiting = {stop.stop_id: stop for stop in await stops.of_request(tx, lease.request_id, lock=True)}
    kept = [(times, dated_doors(times, waiting)) for times in ready.rounds]
    kept = [(times, held) for times, held in kept if held]
    numbers = await rounds.next_numbers(tx, len(kept))
    placed: list[PlacedStop] = []
    rows: list[RoundRow] = []
    for number, (times, held) in zip(numbers, kept, strict=True):
        row = _round_row(ready.task, wave, times, (new_id(clock, randomness), number))
        rows.append(row)
        placed += [
            PlacedStop(stop_id, row.round_id, position, ready.task.time_zero + timedelta(seconds=at_s))
            for position, (stop_id, at_s) in enumerate(held, start=1)
        ]
    await rounds.insert_rounds(tx, rows)
    await stops.place_stops(tx, placed)
    left = waiting.keys() - {one.stop_id for one in placed}
    reasons = {stop_id: ready.unassigned.get(stop_id, LEFT_OUT) for stop_id in left}
    await stops.add_unplanned(tx, lease.wave_id, lease.request_id, reasons)
    await plan_inputs.save_input(tx, _input_of(ready.task))
    await plan_requests.finish_request(tx, lease.request_id, ready.figures)
    await waves.settle_wave(tx, lease.wave_id)
    return True


async def give_up_plan(tx: Transaction, lease: Lease, reason: str) -> None:
    """Note that a drop point cannot be planned; its orders are told why when the wave is released.

    Errors: NotFound("wave_unknown").
    """
    wave = await waves.find_wave(tx, lease.wave_id, lock=True)
    if wave is None:
        raise NotFound("wave_unknown")
    if not await plan_requests.still_holds(tx, lease):
        return
    waiting = await stops.of_request(tx, lease.request_id, lock=True)
    await stops.add_unplanned(tx, lease.wave_id, lease.request_id, {stop.stop_id: reason for stop in waiting})
    await plan_requests.fail_request(tx, lease, reason)
    await waves.settle_wave(tx, lease.wave_id)


def _input_of(task: PlanTask) -> PlanInput:
    late = tuple(sorted(crew_id for crew_id, is_late in task.is_late.items() if is_late))
    return PlanInput(task.lease.request_id, task.time_zero, late, instance_dict(task.problem))


def dated_doors(times: RoundTimes, waiting: Mapping[str, StopRow]) -> list[tuple[str, int]]:
    """A round's stops with the second each should be served.

    The planner prices a whole entrance from its top floor down; so are its doors dated and listed.
    """
    held: list[tuple[str, int]] = []
    for visit in times.visits:
        doors = [waiting[stop_id] for stop_id in visit.orders if stop_id in waiting]
        doors.sort(key=lambda stop: (-(stop.floor or 0), stop.number))
        held += [
            (stop.stop_id, _door_s(visit.starts_s, visit.ends_s, place, len(doors)))
            for place, stop in enumerate(doors, start=1)
        ]
    return held


def _door_s(starts_s: int, ends_s: int, place: int, doors: int) -> int:
    return starts_s + (ends_s - starts_s) * place // doors


def _round_row(task: PlanTask, wave: Wave, times: RoundTimes, name: tuple[str, str]) -> RoundRow:
    return RoundRow(
        round_id=name[0],
        number=name[1],
        wave_id=wave.wave_id,
        wave_date=wave.wave_date,
        request_id=task.lease.request_id,
        drop_point_id=task.lease.drop_point_id,
        community=task.lease.community,
        grid=task.lease.grid,
        crew_id=times.crew,
        planned_start=task.time_zero + timedelta(seconds=times.starts_s),
        planned_end=task.time_zero + timedelta(seconds=times.ends_s),
        is_late=task.is_late.get(times.crew, False),
    )
