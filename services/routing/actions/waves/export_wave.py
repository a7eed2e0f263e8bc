"""Writes a running wave as one instance of formats/rounds, to be planned or looked into elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.routing.actions.waves.release_rounds import require_planned
from services.routing.domain.wave import WaveRefused
from services.routing.planning.instance_files import instance_dict, problem_from
from services.routing.planning.problem import Crew, Order, Problem
from services.routing.planning.walks import Ways
from services.routing.storage import plan_inputs
from services.routing.storage.plan_inputs import PlanInput
from shared.database.session import Transaction


async def export_wave(tx: Transaction, wave_id: str) -> Mapping[str, object]:
    """Give a planned or released wave as the content of an instance file, all its drop points in one.

    It holds what the plans were made from, and what was put into them since; orders bear the ids of stops,
    names and doors of people are not in it.
    Errors: NotFound("wave_unknown");
            WaveRefused("wave_still_planning" | "wave_was_discarded" | "wave_has_no_plan").
    """
    await require_planned(tx, wave_id)
    inputs = await plan_inputs.inputs_of_wave(tx, wave_id)
    if not inputs:
        raise WaveRefused("wave_has_no_plan")
    return instance_dict(_joined(wave_id, inputs))


def _joined(name: str, inputs: Sequence[PlanInput]) -> Problem:
    """Puts drop points' problems together; their seconds count from the earliest time 0 of all."""
    time_zero = min(one.time_zero for one in inputs)
    parts = [
        _later(problem_from(one.instance), round((one.time_zero - time_zero).total_seconds())) for one in inputs
    ]
    lines = dict.fromkeys(line for part in parts if part.model.ways for line in part.model.ways.lines)
    return replace(
        parts[0],
        name=name,
        model=replace(parts[0].model, ways=Ways(lines) if lines else None),
        rules=replace(parts[0].rules, quiet=tuple(sorted({span for part in parts for span in part.rules.quiet}))),
        drop_points=tuple(drop for part in parts for drop in part.drop_points),
        entrances=tuple(entrance for part in parts for entrance in part.entrances),
        orders=tuple(order for part in parts for order in part.orders),
        crews=tuple(crew for part in parts for crew in part.crews),
        closed_zones=tuple(sorted({zone for part in parts for zone in part.closed_zones})),
    )


def _later(problem: Problem, seconds: int) -> Problem:
    """Counts a problem's times from so many seconds earlier."""

    def order(one: Order) -> Order:
        return replace(
            one,
            due_s=_moved(one.due_s, seconds),
            not_before_s=_moved(one.not_before_s, seconds),
            not_after_s=_moved(one.not_after_s, seconds),
        )

    def crew(one: Crew) -> Crew:
        return replace(one, start_s=one.start_s + seconds, end_s=one.end_s + seconds)

    quiet = tuple((begins_s + seconds, ends_s + seconds) for begins_s, ends_s in problem.rules.quiet)
    return replace(
        problem,
        orders=tuple(map(order, problem.orders)),
        crews=tuple(map(crew, problem.crews)),
        rules=replace(problem.rules, quiet=quiet),
    )


def _moved(at_s: int | None, seconds: int) -> int | None:
    return None if at_s is None else at_s + seconds
