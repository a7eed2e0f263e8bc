"""Says why an order is in no round and what would bring it in, and for one in a round where else it could be.

A reason counts only if it can be acted on: each relaxation offered has been planned again and served the order.
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from services.routing.planning.parts import share_of
from services.routing.planning.problem import (
    Crew,
    CrewPlan,
    Entrance,
    Order,
    Plan,
    Problem,
    Reason,
    Round,
    Visit,
    days_of,
    drop_problems,
    screen,
)
from services.routing.planning.running_plan import RunningPlace, RunningPlan
from services.routing.planning.timetable import cost_of

STEP_S = 300
"""Shifts are prolonged by whole five minutes: nobody arranges less."""
_LONGEST_S = 8 * 3_600
_SET_UP_S = 3_600
"""What calling in another crew costs beside its work: telling, fetching, dressing."""
_NO_LIMIT = 10**9
_PLACES_LOOKED_AT = 40
_MOST_OFFERED = 3
_MOST_TRIED = 6
Replan = Callable[[Problem], frozenset[str]]
"""Plans a problem and gives the orders it serves."""
Planner = Callable[[Problem], Plan]
"""Plans a problem."""


class Relaxing(StrEnum):
    """What can be changed so that an order can be served; `amount` of each is in the unit named."""

    OPEN_ZONE = "open_zone"
    RAISE_HOUSE = "raise_house"  # storeys
    SERVE_FROM = "serve_from"
    LONGER_SHIFT = "longer_shift"  # seconds
    MORE_CARRY = "more_carry"  # grams
    MORE_CRATES = "more_crates"  # crates
    ANOTHER_CREW = "another_crew"  # seconds of its shift


_MORE_OF = {
    Relaxing.LONGER_SHIFT: "end_s",
    Relaxing.MORE_CARRY: "cap_g",
    Relaxing.MORE_CRATES: "cap_crates",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One change: to whom or what (`subject`), and by how much; `change_s` is what it asks of people."""

    relaxing: Relaxing
    subject: str
    amount: int
    change_s: int


@dataclass(frozen=True, slots=True)
class Relaxation:
    """What has to be changed together so that an order is served: one thing mostly, more where rules add up."""

    changes: tuple[Change, ...]

    @property
    def change_s(self) -> int:
        """What all of it asks of people."""
        return sum(change.change_s for change in self.changes)


@dataclass(frozen=True, slots=True)
class WhyNot:
    """The rule that keeps an order out, and what would bring it in, the least change first."""

    order: str
    rule: Reason
    relaxations: tuple[Relaxation, ...]


class Binding(StrEnum):
    """A rule without which a placed order would be somewhere cheaper, in another round when planned again."""

    TROLLEY = "trolley"
    SHIFT = "shift"
    INFECTION_ORDER = "infection_order"


@dataclass(frozen=True, slots=True)
class WhyHere:
    """What an order costs where it is, the next best place, and the rules that keep it from a cheaper one.

    Units: cost as the plan weighs it, which is seconds at the usual weights. `saved_by` is what each binding
    rule costs.
    """

    order: str
    crew: str
    cost: int
    runner_up: RunningPlace | None
    runner_up_costs_more: int
    saved_by: tuple[tuple[Binding, int], ...]


def explain_unassigned(problem: Problem, plan: Plan, order_id: str, replan: Replan) -> WhyNot:
    """Names the rule that keeps an order out of a plan, and the changes that would bring it in.

    Each change offered was planned again by `replan` and served the order; at most three are offered.
    Errors: KeyError for an order that is not in the problem.
    """
    order = {one.id: one for one in problem.orders}[order_id]
    rule = _refusal(problem, order) or _time_rule(problem, order)
    ways = sorted(_ways(problem, plan, order, ()), key=lambda way: way.change_s)
    offered: list[Relaxation] = []
    for tried, way in enumerate(ways):
        proven = _proven(problem, order, way, replan)
        if proven is not None:
            offered.append(proven)
        if len(offered) == _MOST_OFFERED or (offered and tried >= _MOST_TRIED):
            break
    return WhyNot(order_id, rule, tuple(sorted(offered, key=lambda one: one.change_s)))


def relaxed(problem: Problem, order_id: str, relaxation: Relaxation) -> Problem:
    """Applies all changes of a relaxation to a problem, for the sake of one order."""
    for change in relaxation.changes:
        problem = _changed(problem, order_id, change)
    return problem


def explain_placed(problem: Problem, plan: Plan, order_id: str, planner: Planner) -> WhyHere:
    """Says what an order costs where it is, where it would be next best, and what keeps it from better.

    A rule binds only if there is a cheaper place without it, and if `planner` then gives the order another round
    than it gives it with the rule.
    Shape: a problem of one drop point.
    Errors: KeyError for an order that is not in the plan.
    """
    order = {one.id: one for one in problem.orders}[order_id]
    entrance = {one.id: one for one in problem.entrances}[order.entrance]
    here = _company(plan, order_id)
    rest = without(plan, [order_id])
    cost = _cost(problem, plan) - _cost(problem, rest)
    others = replace(problem, orders=tuple(one for one in problem.orders if one.id != order_id))
    running = RunningPlan(others, rest, {})
    places = running.best_places(order, entrance, _PLACES_LOOKED_AT)
    elsewhere = (one for one in places if _company(running.with_order(order, one), order_id) != here)
    runner_up = next(elsewhere, None)
    saved = []
    for binding, loose in _loosened(problem).items():
        home = _home(loose, order)
        alone = replace(loose, orders=others.orders)
        best = RunningPlan(alone, rest, {}).best_places(order, home, 1)
        if best and best[0].more_cost < cost and _moves(planner, (problem, loose), order_id):
            saved.append((binding, cost - best[0].more_cost))
    more = runner_up.more_cost - cost if runner_up else 0
    return WhyHere(order_id, here[0], cost, runner_up, more, tuple(saved))


def _time_rule(problem: Problem, order: Order) -> Reason:
    """Tells whether even an idle crew could not serve an order within its shift."""
    alone = replace(share_of(problem, _home(problem, order).drop), orders=())
    places = RunningPlan(alone, Plan(problem.name, ()), {}).best_places(order, _home(problem, order), 1)
    return Reason.SHIFTS_FULL if places else Reason.SHIFT_TOO_SHORT


def _refusal(problem: Problem, order: Order) -> Reason | None:
    """Names the rule by which no crew could ever take an order, if there is one."""
    return {one.order: one.reason for one in screen(problem)[1]}.get(order.id)


def _ways(problem: Problem, plan: Plan, order: Order, done: tuple[Change, ...]) -> Iterator[Relaxation]:
    """Lists what may help: first whatever makes an order possible at all, then time for it."""
    rule = _refusal(problem, order)
    if rule is not None:
        for change in _fixes(problem, order, rule):
            if change not in done:
                yield from _ways(_changed(problem, order.id, change), plan, order, (*done, change))
        return
    if done:
        yield Relaxation(done)
    if not any(change.relaxing is Relaxing.ANOTHER_CREW for change in done):
        for change in _times(problem, plan, order):
            yield Relaxation((*done, change))


def _fixes(problem: Problem, order: Order, rule: Reason) -> Iterator[Change]:
    home = _home(problem, order)
    if rule is Reason.ENTRANCE_WITHOUT_DROP:
        by_distance = sorted(problem.drop_points, key=lambda drop: math.hypot(drop.x - home.x, drop.y - home.y))
        for rank, drop in enumerate(by_distance[:_MOST_OFFERED]):
            yield Change(Relaxing.SERVE_FROM, drop.id, 0, rank)
    elif rule is Reason.ZONE_CLOSED:
        yield Change(Relaxing.OPEN_ZONE, home.zone, 0, 0)
    elif rule is Reason.NO_SUCH_FLOOR:
        yield Change(Relaxing.RAISE_HOUSE, home.id, order.floor - home.floors, 0)
    elif rule is Reason.NO_CREW:
        yield Change(Relaxing.ANOTHER_CREW, home.drop or "", _SET_UP_S, 2 * _SET_UP_S)
    elif rule in {Reason.TOO_HEAVY, Reason.TOO_MANY_CRATES}:
        yield from _stronger_crews(problem, order, home)


def _stronger_crews(problem: Problem, order: Order, home: Entrance) -> Iterator[Change]:
    """Offers the crews that lack least."""
    grams = sum(order.packages_g)
    own = [crew for crew in problem.crews if crew.drop == home.drop]
    heavy = sorted((grams - crew.cap_g, crew.id) for crew in own if crew.cap_g < grams)
    if len(heavy) == len(own):
        for lacks_g, crew_id in heavy[:_MOST_OFFERED]:
            yield Change(Relaxing.MORE_CARRY, crew_id, lacks_g, lacks_g)
        return
    full = sorted((order.crates - crew.cap_crates, crew.id) for crew in own if crew.cap_g >= grams)
    for lacks, crew_id in full[:_MOST_OFFERED]:
        yield Change(Relaxing.MORE_CRATES, crew_id, lacks, lacks)


def _times(problem: Problem, plan: Plan, order: Order) -> Iterator[Change]:
    home = _home(problem, order)
    yield from _longer_shifts(problem, plan, order, home)
    yield Change(Relaxing.ANOTHER_CREW, home.drop or "", _SET_UP_S, 2 * _SET_UP_S)


def _longer_shifts(problem: Problem, plan: Plan, order: Order, home: Entrance) -> Iterator[Change]:
    """Prices the cheapest place with each crew as if its shift had no end."""
    part = share_of(problem, home.drop)
    held = {one.id for one in part.crews}
    own = Plan(plan.instance, tuple(crew_plan for crew_plan in plan.crews if crew_plan.crew in held))
    ends_s = _ends_s(part, own)
    for crew in part.crews:
        endless = replace(part, crews=tuple(_endless(one) if one is crew else _closed(one) for one in part.crews))
        places = RunningPlan(endless, own, {}).best_places(order, home, 1)
        if places:
            over_s = ends_s[crew.id] + places[0].more_crew_s - crew.end_s
            amount = STEP_S * max(1, math.ceil(over_s / STEP_S))
            yield Change(Relaxing.LONGER_SHIFT, crew.id, amount, amount)


def _proven(problem: Problem, order: Order, way: Relaxation, replan: Replan) -> Relaxation | None:
    """Plans again with a relaxation, and with more time while it is too little; None where nothing helps."""
    while True:
        looser = relaxed(problem, order.id, way)
        if order.id in replan(looser) and order.id in replan(_last(looser, order.id)):
            return way
        last = way.changes[-1]
        if last.relaxing not in {Relaxing.LONGER_SHIFT, Relaxing.ANOTHER_CREW} or last.amount >= _LONGEST_S:
            return None
        amount = min(_LONGEST_S, 2 * last.amount)
        longer = replace(last, amount=amount, change_s=last.change_s + amount - last.amount)
        way = Relaxation((*way.changes[:-1], longer))


def _last(problem: Problem, order_id: str) -> Problem:
    """Puts an order behind all others, wanted by no hour: what is served even so is not served by chance."""
    mine = [replace(one, due_s=None, priority=0) for one in problem.orders if one.id == order_id]
    return replace(problem, orders=(*(one for one in problem.orders if one.id != order_id), *mine))


def _changed(problem: Problem, order_id: str, change: Change) -> Problem:
    order = {one.id: one for one in problem.orders}[order_id]
    if change.relaxing is Relaxing.OPEN_ZONE:
        return replace(problem, closed_zones=tuple(z for z in problem.closed_zones if z != change.subject))
    if change.relaxing is Relaxing.RAISE_HOUSE:
        return _with_entrance(problem, order, {"floors": order.floor})
    if change.relaxing is Relaxing.SERVE_FROM:
        return _with_entrance(problem, order, {"drop": change.subject})
    if change.relaxing is Relaxing.ANOTHER_CREW:
        another = _another_crew(problem, change.subject, change.amount, order)
        return replace(problem, crews=(*problem.crews, another))
    more = {field: change.amount * (change.relaxing is relaxing) for relaxing, field in _MORE_OF.items()}
    return replace(
        problem,
        crews=tuple(_stronger(crew, more) if crew.id == change.subject else crew for crew in problem.crews),
    )


def _stronger(crew: Crew, more: Mapping[str, int]) -> Crew:
    return replace(
        crew,
        end_s=crew.end_s + more["end_s"],
        cap_g=crew.cap_g + more["cap_g"],
        cap_crates=crew.cap_crates + more["cap_crates"],
    )


def _with_entrance(problem: Problem, order: Order, changes: dict[str, int | str]) -> Problem:
    return replace(
        problem,
        entrances=tuple(
            replace(place, **changes) if place.id == order.entrance else place  # type: ignore[arg-type]  # by name
            for place in problem.entrances
        ),
    )


def _another_crew(problem: Problem, drop: str, seconds: int, order: Order) -> Crew:
    """Makes a crew like the strongest of the street, strong enough for this order; two people if it has none."""
    like = max(problem.crews, key=lambda crew: (crew.drop == drop, crew.cap_g, crew.cap_crates), default=None)
    people, cap_g, cap_crates = (like.people, like.cap_g, like.cap_crates) if like else (2, 150_000, 36)
    start_s = like.start_s if like else 0
    return Crew(
        id=f"another crew at {drop}",
        drop=drop,
        people=people,
        cap_g=max(cap_g, sum(order.packages_g)),
        cap_crates=max(cap_crates, order.crates),
        start_s=start_s,
        end_s=start_s + seconds,
    )


def _home(problem: Problem, order: Order) -> Entrance:
    return {one.id: one for one in problem.entrances}[order.entrance]


def _endless(crew: Crew) -> Crew:
    return replace(crew, end_s=_NO_LIMIT)


def _closed(crew: Crew) -> Crew:
    return replace(crew, end_s=crew.start_s)


def _ends_s(problem: Problem, plan: Plan) -> dict[str, int]:
    """Gives when each crew is back as planned."""
    ends = {crew.id: crew.start_s for crew in problem.crews}
    weightless = replace(problem, weights=replace(problem.weights, crew_s=1, late_s=0))
    for crew_plan in plan.crews:
        ends[crew_plan.crew] += _cost(weightless, Plan(plan.instance, (crew_plan,)))
    return ends


def _cost(problem: Problem, plan: Plan) -> int:
    return sum(cost_of(part, days_of(part, plan)) for part in drop_problems(problem))


def without(plan: Plan, orders: Collection[str]) -> Plan:
    """Takes orders out of a plan, with their visits, rounds and days where these fall empty."""
    days = (
        CrewPlan(one.crew, tuple(left for each in one.rounds if (left := _lighter(each, orders)).visits))
        for one in plan.crews
    )
    return Plan(plan.instance, tuple(day for day in days if day.rounds))


def _lighter(each: Round, orders: Collection[str]) -> Round:
    kept = (Visit(v.entrance, tuple(order for order in v.orders if order not in orders)) for v in each.visits)
    return Round(tuple(visit for visit in kept if visit.orders))


def _company(plan: Plan, order_id: str) -> tuple[str, frozenset[str]]:
    """Tells with which crew and with which others an order travels."""
    found = _round_of(plan, order_id)
    if found is None:
        raise KeyError(order_id)
    return found[0], frozenset(order for visit in found[1].visits for order in visit.orders)


def _moves(planner: Planner, problems: tuple[Problem, Problem], order_id: str) -> bool:
    """Tells whether an order is in another round in the plan of one problem than in that of the other."""
    with_rule, without_rule = (_round_of(planner(problem), order_id) for problem in problems)
    return with_rule != without_rule


def _round_of(plan: Plan, order_id: str) -> tuple[str, Round] | None:
    for crew_plan in plan.crews:
        for each in crew_plan.rounds:
            if any(order_id in visit.orders for visit in each.visits):
                return crew_plan.crew, each
    return None


def _loosened(problem: Problem) -> dict[Binding, Problem]:
    """Gives the problem without each of the rules that may bind."""
    crews = problem.crews
    strong = tuple(replace(crew, cap_g=_NO_LIMIT, cap_crates=_NO_LIMIT) for crew in crews)
    clean = tuple(replace(place, sealed=False, handling=None) for place in problem.entrances)
    untouched = tuple(replace(crew, was_sealed=False) for crew in crews)
    return {
        Binding.TROLLEY: replace(problem, crews=strong),
        Binding.SHIFT: replace(problem, crews=tuple(map(_endless, crews))),
        Binding.INFECTION_ORDER: replace(problem, entrances=clean, crews=untouched),
    }
