"""Prices a place in a running plan where rules set hours or take seconds that the quick look does not count."""

from dataclasses import replace

from services.routing.planning.check import Score, check_plan
from services.routing.planning.instance_files import instance_dict, plan_dict
from services.routing.planning.problem import Entrance, Order, Plan, Problem
from services.routing.planning.running_plan import RunningPlace, RunningPlan
from services.routing.planning.timetable import timetable


def price_place(running: RunningPlan, new: tuple[Order, Entrance], place: RunningPlace) -> RunningPlace | None:
    """Give a place with what it costs by every rule: rests, disinfecting, hours to keep.

    None where the crew's day would break a rule, or come later to somebody than was told.
    Units: some milliseconds, two walks through one crew's day by the independent check.
    """
    with_it, without_it = day_with(running, new, place), _day_without(running, place.crew)
    after, before = judged(*with_it), judged(*without_it)
    if after.errors:
        return None
    ends_s, ended_s = _ends_s(*with_it), _ends_s(*without_it)
    slips_s = running.may_slip_s
    if any(ends_s[it] > was_s + slips_s[it] for it, was_s in ended_s.items() if it in slips_s):
        return None
    return replace(
        place,
        more_cost=after.cost - before.cost,
        more_crew_s=after.crew_s - before.crew_s,
        more_late_s=after.late_s - before.late_s,
        served_s=ends_s[new[0].id],
    )


def day_with(running: RunningPlan, new: tuple[Order, Entrance], place: RunningPlace) -> tuple[Problem, Plan]:
    """Lay out the place's crew's day alone, with the order in it."""
    order, entrance = new
    plan = running.with_order(order, place)
    others = [one for one in running.problem.entrances if one.id != entrance.id]
    known = (*running.problem.orders, order)
    return _day_of(replace(running.problem, orders=known, entrances=(*others, entrance)), plan, place.crew)


def judged(problem: Problem, day: Plan) -> Score:
    """Have the independent check judge a day."""
    return check_plan(instance_dict(problem), plan_dict(day))


def _day_without(running: RunningPlan, crew: str) -> tuple[Problem, Plan]:
    return _day_of(running.problem, running.plan, crew)


def _day_of(problem: Problem, plan: Plan, crew: str) -> tuple[Problem, Plan]:
    days = tuple(crew_plan for crew_plan in plan.crews if crew_plan.crew == crew)
    held = {order for day in days for each in day.rounds for visit in each.visits for order in visit.orders}
    entered = {visit.entrance for day in days for each in day.rounds for visit in each.visits}
    alone = replace(
        problem,
        entrances=tuple(place for place in problem.entrances if place.id in entered),
        orders=tuple(order for order in problem.orders if order.id in held),
        crews=tuple(one for one in problem.crews if one.id == crew),
    )
    return alone, Plan(problem.name, days)


def _ends_s(problem: Problem, day: Plan) -> dict[str, int]:
    """Gives when the visit of each order ends."""
    return {
        order: visit.ends_s for each in timetable(problem, day) for visit in each.visits for order in visit.orders
    }
