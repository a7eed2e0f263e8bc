"""Works off one plan request: lease, search in a child process, proof, save."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from services.routing.actions.waves.build_problem import PlanningRules, PlanTask, build_problem
from services.routing.actions.waves.save_plan import ReadyPlan, give_up_plan, save_plan
from services.routing.domain.wave import PLAN_FAILED
from services.routing.planning.check import check_plan
from services.routing.planning.child import FALLBACK_STAGE, BrokenPlan, SolvedPlan, SolverProcess
from services.routing.planning.instance_files import instance_dict, plan_dict
from services.routing.planning.problem import days_of, drop_problems, screen
from services.routing.planning.timetable import cost_of, timetable
from services.routing.storage import plan_requests
from services.routing.storage.plan_requests import Lease, PlanFigures
from shared.basics.clock import Clock
from shared.basics.errors import BaimiError
from shared.basics.randomness import Randomness
from shared.database.session import transaction
from shared.observability.logs import get_log
from shared.web.idempotency import Engine

_log = get_log("plan")

# Reading, proving and saving take part of the lease beside the search.
# Short, because after a kill a wave waits this long.
LEASE_GRACE_S = 8.0
MAX_ATTEMPTS = 3


class PlanEnd(StrEnum):
    """How a request's turn ended."""

    NOTHING_TO_DO = "nothing_to_do"
    SAVED = "saved"
    GIVEN_BACK = "given_back"
    FAILED = "failed"
    OVERTAKEN = "overtaken"


class PlanBreaksRule(Exception):
    """The independent check found a broken rule in a plan about to be saved: a bug, never an event."""


@dataclass(frozen=True, slots=True)
class PlannerParts:
    """What planning needs."""

    engine: Engine
    solver: SolverProcess
    rules: PlanningRules
    clock: Clock
    randomness: Randomness


async def run_plan_request(parts: PlannerParts) -> PlanEnd:
    """Take the oldest plan request that waits or was left behind, and plan it.

    No transaction is open during the search. A plan is saved only if it breaks no rule and if the lease's fence
    and the drop point's plan version still hold; else somebody else has the request, or a newer one exists.
    A solver that died gets another try; after that the plan made without it is good enough.
    """
    async with transaction(parts.engine, "plan") as tx:
        lease = await plan_requests.take_request(tx, LEASE_GRACE_S)
    if lease is None:
        return PlanEnd.NOTHING_TO_DO
    if lease.attempts > MAX_ATTEMPTS:
        return await _give_up(parts, lease, PLAN_FAILED)
    try:
        async with transaction(parts.engine, "plan") as tx:
            task = await build_problem(tx, lease, parts.rules, parts.clock.now())
    except BaimiError as refusal:
        return await _give_up(parts, lease, refusal.code)
    began_s = parts.clock.monotonic()
    try:
        # Loading the solver must not eat the search's seconds; it is there already but for the first time.
        await parts.solver.start()
        solved = await parts.solver.solve_in_child(task.problem, seconds=lease.seconds, seed=lease.seed)
        if _solver_died(solved) and lease.attempts < MAX_ATTEMPTS:
            async with transaction(parts.engine, "plan") as tx:
                await plan_requests.give_back_request(tx, lease, "solver_died")
            return PlanEnd.GIVEN_BACK
        ready = await asyncio.to_thread(_prove, task, solved, parts.clock.monotonic() - began_s)
    except (BrokenPlan, PlanBreaksRule) as bug:
        # A plan that breaks a rule is never saved; its orders are told so, and the rest of the wave goes on.
        _log.exception("plan_breaks_rule", rule=str(bug))
        return await _give_up(parts, lease, PLAN_FAILED)
    async with transaction(parts.engine, "plan") as tx:
        saved = await save_plan(tx, ready, parts.clock, parts.randomness)
    return PlanEnd.SAVED if saved else PlanEnd.OVERTAKEN


def _solver_died(solved: SolvedPlan) -> bool:
    return not solved.finished and all(stage.name == FALLBACK_STAGE for stage in solved.stages)


def _prove(task: PlanTask, solved: SolvedPlan, planned_in_s: float) -> ReadyPlan:
    """The last look before saving, at the very plan that is saved; what is left out must have a reason."""
    servable, _ = screen(task.problem)
    # The figures are the search's own: a plan priced by another model than the check's is not saved.
    own = sum(cost_of(part, days_of(part, solved.plan)) for part in drop_problems(servable))
    plan = {**plan_dict(solved.plan), "score": {"cost": own}}
    score = check_plan(instance_dict(servable), plan, partial=True)
    if score.errors:
        raise PlanBreaksRule(score.errors[0])
    return ReadyPlan(
        task=task,
        rounds=timetable(servable, solved.plan),
        unassigned={one.order: one.reason.value for one in solved.unassigned},
        figures=PlanFigures(
            cost=score.cost,
            crew_s=score.crew_s,
            late_s=score.late_s,
            stages=tuple(dict.fromkeys(stage.name for stage in solved.stages)),
            planned_in_s=round(planned_in_s, 3),
        ),
    )


async def _give_up(parts: PlannerParts, lease: Lease, reason: str) -> PlanEnd:
    async with transaction(parts.engine, "plan") as tx:
        await give_up_plan(tx, lease, reason)
    return PlanEnd.FAILED
