"""Says of one order of a wave why it is in no round and what would help, or what keeps it where it is."""

from dataclasses import dataclass, replace

from services.routing.actions.waves.read_running_plan import plan_of_rounds
from services.routing.domain.wave import WaveRefused
from services.routing.planning import fallback
from services.routing.planning.explanation import WhyHere, WhyNot, explain_placed, explain_unassigned
from services.routing.planning.instance_files import problem_from
from services.routing.planning.problem import Plan, Problem, drop_problems, plan_of, screen
from services.routing.storage import plan_inputs, running_plans, stops
from services.routing.storage.stops import StopRow
from shared.basics.errors import NotFound
from shared.database.session import Transaction

_SEEDS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Question:
    """A stop with the problem and the plan that answer for it."""

    stop: StopRow
    problem: Problem
    plan: Plan


async def read_question(tx: Transaction, wave_id: str, stop_id: str) -> Question:
    """Read what an explanation needs; the transaction may end before it is worked out.

    Errors: NotFound("stop_unknown"); WaveRefused("no_running_plan") when no plan answers for the stop.
    """
    stop = await stops.find_stop(tx, stop_id)
    if stop is None:
        raise NotFound("stop_unknown")
    given = await plan_inputs.find_input(tx, stop.request_id or "")
    if given is None or stop.wave_id != wave_id:
        raise WaveRefused("no_running_plan")
    problem = problem_from(given.instance)
    rows = await running_plans.rounds_of_request(tx, given.request_id)
    visitors = await running_plans.visitors_of(tx, [row.round_id for row in rows])
    if stop_id not in {order.id for order in problem.orders}:
        raise WaveRefused("no_running_plan")
    return Question(stop, problem, plan_of_rounds(problem, rows, visitors)[0])


def explain_stop(question: Question) -> WhyNot | WhyHere:
    """Work an explanation out: a placed stop against its other places, another by planning with each change.

    Units: some tenths of a second for a usual drop point; for a thread of its own.
    """
    planned = {
        order
        for crew_plan in question.plan.crews
        for each in crew_plan.rounds
        for visit in each.visits
        for order in visit.orders
    }
    if question.stop.stop_id in planned:
        orders = tuple(order for order in question.problem.orders if order.id in planned)
        problem = replace(question.problem, orders=orders)
        return explain_placed(problem, question.plan, question.stop.stop_id, _planned)
    return explain_unassigned(question.problem, question.plan, question.stop.stop_id, _served)


def _served(problem: Problem) -> frozenset[str]:
    """Gives the orders that are served whichever way the planner's dice fall."""
    plans = [_planned(problem, seed) for seed in _SEEDS]
    return frozenset.intersection(
        *(
            frozenset(o for crew in plan.crews for each in crew.rounds for v in each.visits for o in v.orders)
            for plan in plans
        )
    )


def _planned(problem: Problem, seed: int = _SEEDS[0]) -> Plan:
    """Plans by the plain planner, which is quick and never serves more than the search would."""
    servable, _ = screen(problem)
    return plan_of(
        problem.name, [(part, fallback.solve(part, seed=seed).days) for part in drop_problems(servable)]
    )
