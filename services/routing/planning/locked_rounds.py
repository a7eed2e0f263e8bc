"""Parts the rounds that stand from what is still to be planned, and puts the two together."""

from dataclasses import replace

from services.routing.planning.check import check_plan
from services.routing.planning.fields import MalformedFile
from services.routing.planning.instance_files import instance_dict, plan_dict
from services.routing.planning.problem import CrewPlan, DropProblem, Plan, Problem, days_of, drop_problems
from services.routing.planning.timetable import RoundClocks

_ERRORS_SHOWN = 3


def refuse_broken_locks(problem: Problem) -> None:
    """Has the independent check judge the rounds that stand, crew by crew: no planning mends a rule they break.

    Errors: MalformedFile naming the crew's rounds, the rule, and what to do.
    """
    for position, locked in enumerate(problem.locked):
        _refuse_broken(replace(problem, locked=(locked,)), f"locked[{position}].rounds")
    _refuse_broken(problem, "locked")


def _refuse_broken(problem: Problem, field: str) -> None:
    standing = plan_dict(Plan(problem.name, problem.locked))
    errors = check_plan(instance_dict(problem), standing, partial=True).errors
    if errors:
        wrong = "; ".join(errors[:_ERRORS_SHOWN]) + ("; …" if len(errors) > _ERRORS_SHOWN else "")
        raise MalformedFile(f"{field}: break rules as they stand ({wrong}): change these rounds or unlock them")


def open_parts(problem: Problem) -> tuple[DropProblem, ...]:
    """Splits a screened problem as `drop_problems` does, without locked rounds: crews stand after theirs."""
    if not problem.locked:
        return drop_problems(problem)
    standing = {}
    locked = Plan(problem.name, problem.locked)
    for part in drop_problems(problem):
        clocks = RoundClocks(part)
        for crew, day in enumerate(days_of(part, locked)):
            standing[part.crews[crew].id] = clocks.day_clock(crew, day).after
    held = {order for one in problem.locked for each in one.rounds for v in each.visits for order in v.orders}
    left = replace(problem, orders=tuple(order for order in problem.orders if order.id not in held))
    return tuple(
        replace(part, standing=tuple(standing[crew.id] for crew in part.crews)) for part in drop_problems(left)
    )


def with_locked(problem: Problem, plan: Plan) -> Plan:
    """Puts each crew's locked rounds before those planned for it."""
    rounds_of = {one.crew: one.rounds for one in problem.locked}
    for one in plan.crews:
        rounds_of[one.crew] = (*rounds_of.get(one.crew, ()), *one.rounds)
    crews = (CrewPlan(crew.id, rounds_of[crew.id]) for crew in problem.crews if rounds_of.get(crew.id))
    return replace(plan, crews=tuple(crews))
