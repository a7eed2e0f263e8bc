"""Makes a running plan again: what may move is searched anew, proven, and saved if it is worth it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from services.routing.actions.waves.build_problem import entrance_of
from services.routing.actions.waves.read_running_plan import RunningState, read_running_plan
from services.routing.actions.waves.run_plan_request import LEASE_GRACE_S, MAX_ATTEMPTS, PlanEnd, PlannerParts
from services.routing.actions.waves.save_replan import NewDays, save_replan
from services.routing.domain.planned_entrance import plan_entrance
from services.routing.domain.replan import Because, ReplanState, is_better
from services.routing.domain.round import RoundState
from services.routing.domain.wave import WaveRefused
from services.routing.planning.check import Score, check_plan
from services.routing.planning.child import BrokenPlan
from services.routing.planning.instance_files import instance_dict, plan_dict
from services.routing.planning.problem import Crew, CrewPlan, Entrance, Plan, Problem
from services.routing.storage import estate, replans
from services.routing.storage.replans import LeasedReplan
from services.routing.storage.rounds import RoundRow
from shared.database.session import Transaction, transaction
from shared.observability.logs import get_log

_log = get_log("plan")


@dataclass(frozen=True, slots=True)
class Movable:
    """The share of a running plan that is made anew.

    `rows_of` are the rounds given up for it, crew by crew, and `plan` what they are now, in the world of `was`;
    `problem` is what is asked.
    """

    state: RunningState
    problem: Problem
    was: Problem
    plan: Plan
    rows_of: Mapping[str, tuple[RoundRow, ...]]


async def run_replan(parts: PlannerParts) -> PlanEnd:
    """Take the oldest wish for a plan made again and fulfil it, unless the old plan is as good.

    No transaction is open during the search. What is under way, loaded or done stays; of what was told only rounds
    that the trouble touches are given up. If the plan has changed meanwhile nothing is saved, and the wish waits.
    """
    async with transaction(parts.engine, "plan") as tx:
        leased = await replans.take_replan(tx, LEASE_GRACE_S)
    if leased is None:
        return PlanEnd.NOTHING_TO_DO
    try:
        async with transaction(parts.engine, "plan") as tx:
            movable = await _movable(tx, leased, parts)
        if leased.attempts > MAX_ATTEMPTS:
            return await _end(parts, leased, ReplanState.FAILED)
        if not movable.problem.orders:
            return await _end(parts, leased, ReplanState.KEPT)
        await parts.solver.start()
        solved = await parts.solver.solve_in_child(movable.problem, seconds=leased.seconds, seed=leased.seed)
    except WaveRefused:
        return await _end(parts, leased, ReplanState.FAILED)
    except BrokenPlan as bug:
        _log.exception("replan_breaks_rule", rule=str(bug))
        return await _end(parts, leased, ReplanState.FAILED)
    left_out = {one.order: one.reason.value for one in solved.unassigned}
    chosen = await asyncio.to_thread(_choose, leased.because, movable, solved.plan, left_out)
    if chosen is None:
        return await _end(parts, leased, ReplanState.KEPT)
    async with transaction(parts.engine, "plan") as tx:
        saved = await save_replan(tx, leased, chosen, parts.clock, parts.randomness)
    return PlanEnd.SAVED if saved else PlanEnd.OVERTAKEN


async def _end(parts: PlannerParts, leased: LeasedReplan, state: ReplanState) -> PlanEnd:
    async with transaction(parts.engine, "plan") as tx:
        if not await replans.still_holds(tx, leased):
            return PlanEnd.OVERTAKEN
        await replans.end_replan(tx, leased, state, (parts.clock.now(), None))
    return PlanEnd.FAILED if state is ReplanState.FAILED else PlanEnd.SAVED


async def _movable(tx: Transaction, leased: LeasedReplan, parts: PlannerParts) -> Movable:
    """Reads what may move: each crew's last rounds, from the first that is touched or was told to nobody."""
    state = await read_running_plan(tx, leased.request_id, parts.clock.now())
    whole = state.running.problem
    anew = await _measured_again(tx, leased.entrance_ids)
    entrances = tuple(
        replace(anew[place.id], floors=max(anew[place.id].floors, place.floors)) if place.id in anew else place
        for place in whole.entrances
    )
    sealed = {place.id for place in entrances if place.sealed}
    days = {crew_plan.crew: crew_plan.rounds for crew_plan in state.running.plan.crews}
    crews, all_crews, plans, rows_of = [], [], [], {}
    for crew in whole.crews:
        rows, rounds = state.rounds_of.get(crew.id, ()), days.get(crew.id, ())
        is_away = crew.id in leased.crew_ids or crew.id in state.absent
        entered = [{visit.entrance for visit in each.visits} for each in rounds]
        kept = 0 if is_away else _kept(rows, entered, set(leased.entrance_ids))
        was_sealed = crew.was_sealed or any(places & sealed for places in entered[:kept])
        all_crews.append(_from_then_on(state, crew, rows[:kept]))
        if not is_away and not was_sealed:
            crews.append(all_crews[-1])
        elif not is_away and not any(places & set(leased.entrance_ids) for places in entered[kept:]):
            # A crew that was behind a sealed door keeps what it has: the search knows no yesterday.
            continue
        if rounds[kept:]:
            plans.append(CrewPlan(crew.id, rounds[kept:]))
            rows_of[crew.id] = rows[kept:]
    plan = Plan(whole.name, tuple(plans))
    held = {order for one in plans for each in one.rounds for visit in each.visits for order in visit.orders}
    orders = tuple(order for order in whole.orders if order.id in held)
    problem = replace(whole, orders=orders, entrances=entrances, crews=tuple(crews))
    was = replace(whole, orders=orders, crews=tuple(all_crews))
    return Movable(state, problem, was, plan, rows_of)


async def _measured_again(tx: Transaction, entrance_ids: Sequence[str]) -> dict[str, Entrance]:
    if not entrance_ids:
        return {}
    known = await estate.known_estate(tx)
    named = await estate.named_entrances(tx, entrance_ids)
    places = {entrance_id: plan_entrance(one, known) for entrance_id, one in named.items()}
    return {entrance_id: entrance_of(place, ()) for entrance_id, place in places.items() if place is not None}


def _kept(rows: Sequence[RoundRow], entered: Sequence[set[str]], touched: set[str]) -> int:
    """Counts the rounds before the first that is given up."""
    for number, places in enumerate(entered):
        if places & touched or all(row.state is RoundState.PLANNED for row in rows[number:]):
            return number
    return len(entered)


def _from_then_on(state: RunningState, crew: Crew, kept: Sequence[RoundRow]) -> Crew:
    """Gives a crew the hours after the rounds it keeps."""
    if not kept:
        return crew
    start_s = round((kept[-1].planned_end - state.time_zero).total_seconds())
    return replace(crew, start_s=max(crew.start_s, start_s), end_s=max(crew.end_s, start_s))


def _choose(because: Because, movable: Movable, found: Plan, left_out: Mapping[str, str]) -> NewDays | None:
    """Weighs the plan found against the old one; None where the old one stays."""
    problem = movable.problem
    served = replace(problem, orders=tuple(order for order in problem.orders if order.id not in left_out))
    after = check_plan(instance_dict(served), plan_dict(found))
    if after.errors:
        raise BrokenPlan(after.errors[0])
    was = check_plan(instance_dict(movable.was), plan_dict(movable.plan))
    before = _score_of_old(movable)
    if before is None or (not left_out and is_better(before.cost, after.cost)):
        return NewDays(movable.state, served, found, movable.rows_of, left_out, (was, after))
    if because is Because.BETTER:
        return None
    # The trouble changed its hours, not its order: the old plan goes on, with the new times.
    return NewDays(movable.state, problem, movable.plan, movable.rows_of, {}, (was, before))


def _score_of_old(movable: Movable) -> Score | None:
    """Prices the old plan as things stand; None where it breaks a rule now."""
    known = {crew.id for crew in movable.problem.crews}
    if any(crew_plan.crew not in known for crew_plan in movable.plan.crews):
        return None
    score = check_plan(instance_dict(movable.problem), plan_dict(movable.plan))
    return None if score.errors else score
