"""Makes a running plan again: what may move is searched anew, proven, and saved if it is worth it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from services.routing.actions.waves.build_problem import entrance_of
from services.routing.actions.waves.read_running_plan import RunningRounds, RunningState, lay_out, read_rounds
from services.routing.actions.waves.run_plan_request import LEASE_GRACE_S, MAX_ATTEMPTS, PlanEnd, PlannerParts
from services.routing.actions.waves.save_replan import NewDays, save_replan
from services.routing.domain.planned_entrance import plan_entrance
from services.routing.domain.replan import Because, ReplanState, is_better
from services.routing.domain.round import RoundState
from services.routing.domain.wave import WaveRefused
from services.routing.domain.zone import day_ends, not_served
from services.routing.planning.check import Score, check_plan
from services.routing.planning.child import BrokenPlan
from services.routing.planning.explanation import without
from services.routing.planning.instance_files import instance_dict, plan_dict
from services.routing.planning.problem import Crew, CrewPlan, Entrance, Plan, Problem
from services.routing.storage import estate, plan_inputs, replans, running_plans, waves
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


@dataclass(frozen=True, slots=True)
class _Found:
    """A plan as it was read, entrances that are other than it was made with, zones nothing is brought to."""

    read: RunningRounds
    anew: Mapping[str, Entrance]
    closed_zones: tuple[str, ...]


async def run_replan(parts: PlannerParts) -> PlanEnd:
    """Take the oldest wish for a plan made again and fulfil it, unless the old plan is as good.

    No transaction is open during the search. What is under way, loaded or done stays; of what was told only rounds
    that the trouble touches are given up. If the plan has changed meanwhile nothing is saved, and the wish waits.
    """
    async with transaction(parts.engine, "plan") as tx:
        leased = await replans.take_replan(tx, LEASE_GRACE_S)
        found = await _find(tx, leased, parts) if leased is not None else None
    if leased is None:
        return PlanEnd.NOTHING_TO_DO
    if found is None or leased.attempts > MAX_ATTEMPTS:
        return await _end(parts, leased, ReplanState.FAILED)
    try:
        movable = await asyncio.to_thread(_movable, leased, found)
        if not movable.problem.orders:
            return await _end(parts, leased, ReplanState.KEPT)
        await parts.solver.start()
        solved = await parts.solver.solve_in_child(movable.problem, seconds=leased.seconds, seed=leased.seed)
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


async def _find(tx: Transaction, leased: LeasedReplan, parts: PlannerParts) -> _Found | None:
    """Reads a plan and what is other about its street now; None where there is no such plan any more."""
    barred = leased.entrance_ids if leased.because is Because.ZONE_CHANGED else ()
    try:
        closed_zones = await _close_zones(tx, leased, parts)
        read = await read_rounds(tx, leased.request_id, parts.clock.now(), barred=barred)
    except WaveRefused:
        return None
    return _Found(read, await _measured_again(tx, leased.entrance_ids), closed_zones)


async def _close_zones(tx: Transaction, leased: LeasedReplan, parts: PlannerParts) -> tuple[str, ...]:
    """Writes which zones of the plan nothing is brought to on its day, and names them.

    At once and not with the plan: from now on nobody shall put an urgent order there either.
    """
    given = await plan_inputs.find_input(tx, leased.request_id)
    wave = await waves.find_wave(tx, leased.wave_id)
    if given is None or wave is None:
        raise WaveRefused("no_running_plan")
    zone_ids = {str(place["zone"]) for place in given.instance["entrances"]}
    closed = not_served(await estate.classes_on(tx, zone_ids, day_ends(wave.wave_date, parts.rules.zone)))
    await running_plans.close_zones(tx, leased.request_id, closed)
    return tuple(sorted(closed))


def _movable(leased: LeasedReplan, found: _Found) -> Movable:
    """Cuts out what may move: each crew's last rounds, from the first that is touched or was told to nobody."""
    state = lay_out(found.read)
    whole, anew = state.running.problem, found.anew
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
        all_crews.append(_from_then_on(state, crew, rows[:kept]))
        if not is_away:
            was_sealed = crew.was_sealed or any(places & sealed for places in entered[:kept])
            crews.append(replace(all_crews[-1], was_sealed=was_sealed))
        if rounds[kept:]:
            plans.append(CrewPlan(crew.id, rounds[kept:]))
            rows_of[crew.id] = rows[kept:]
    plan = Plan(whole.name, tuple(plans))
    held = {order for one in plans for each in one.rounds for visit in each.visits for order in visit.orders}
    orders = tuple(order for order in whole.orders if order.id in held)
    problem = replace(
        whole, orders=orders, entrances=entrances, crews=tuple(crews), closed_zones=found.closed_zones
    )
    was = replace(whole, orders=orders, crews=tuple(all_crews), closed_zones=())
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
    # The trouble changed its hours, not its order: the old plan goes on, with the new times.
    before = _score_now(problem, movable.plan)
    if before is not None and (left_out or not is_better(before.cost, after.cost)):
        if because is Because.BETTER:
            return None
        return NewDays(movable.state, problem, movable.plan, movable.rows_of, {}, (was, before))
    # Nor does anybody's round change for those that nobody can serve any more, but that they leave it.
    rest = without(movable.plan, left_out)
    before = _score_now(served, rest)
    if before is not None and not is_better(before.cost, after.cost):
        return NewDays(movable.state, served, rest, movable.rows_of, left_out, (was, before))
    return NewDays(movable.state, served, found, movable.rows_of, left_out, (was, after))


def _score_now(problem: Problem, plan: Plan) -> Score | None:
    """Prices an old plan as things stand; None where it breaks a rule now."""
    known = {crew.id for crew in problem.crews}
    if any(crew_plan.crew not in known for crew_plan in plan.crews):
        return None
    score = check_plan(instance_dict(problem), plan_dict(plan))
    return None if score.errors else score
