"""Brings a plan within the product's rules where the search does not know them: slowly, order by order, proven."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from services.routing.planning.check import Score, check_plan
from services.routing.planning.insertion import RunningPlan
from services.routing.planning.instance_files import instance_dict, plan_dict
from services.routing.planning.problem import (
    Crew,
    CrewPlan,
    Plan,
    Problem,
    Reason,
    Round,
    Rules,
    Unassigned,
    Visit,
)

_PLACES_TRIED = 60


def has_rules(problem: Problem) -> bool:
    """Whether anything is asked that the search does not know by itself."""
    return searchable(problem) != problem


def searchable(problem: Problem) -> Problem:
    """Gives the problem as the search knows it: without the rules that `keep_rules` brings a plan within."""
    locked = {order for each in problem.locked for one in each.rounds for v in one.visits for order in v.orders}
    handed_over = {place.id for place in problem.entrances if place.hand_over_s is not None}
    return replace(
        problem,
        entrances=tuple(replace(place, handling=None, hand_over_s=None) for place in problem.entrances),
        orders=tuple(
            replace(
                order,
                # Nobody goes up where the building head takes the goods.
                floor=1 if order.entrance in handed_over else order.floor,
                not_before_s=None,
                not_after_s=None,
                crew=None,
            )
            for order in problem.orders
            if order.id not in locked
        ),
        crews=tuple(
            replace(
                crew,
                people=crew.carriers,
                start_s=min(crew.end_s, _locked_until_s(problem, crew)),
                climbers=None,
                may_enter=None,
                was_sealed=False,
            )
            for crew in problem.crews
        ),
        rules=Rules(),
        locked=(),
    )


def keep_rules(
    problem: Problem, plan: Plan, may_go_on: Callable[[], bool] = lambda: True
) -> tuple[Plan, tuple[Unassigned, ...]]:
    """Puts locked rounds first and moves what breaks a rule to where it breaks none; what has no place comes back.

    A plan that keeps every rule stays as it is. Once it may not go on, what has not been moved yet has no place.
    Shape: a problem, and a plan of `searchable` of it.
    """
    days = _Days(problem, {crew_plan.crew: crew_plan.rounds for crew_plan in problem.locked})
    found = {crew_plan.crew: crew_plan.rounds for crew_plan in plan.crews}
    own = days.crews_of_their_own(found) if problem.rules.own_crews else set()
    moved: list[str] = []
    for crew in problem.crews:
        moved += days.take(crew, found.get(crew.id, ()), is_own=crew.id in own)
    left = [name for name in moved if not may_go_on() or not days.place(name)]
    return days.plan(), tuple(Unassigned(name, Reason.RULES_KEEP_OUT) for name in left)


def _locked_until_s(problem: Problem, crew: Crew) -> int:
    locked = [crew_plan.rounds for crew_plan in problem.locked if crew_plan.crew == crew.id]
    return crew.start_s + (_Days(problem, {crew.id: locked[0]}).score(crew, locked[0]).crew_s if locked else 0)


class _Days:
    """The crews' days as they are being put together, every rule kept at each step."""

    def __init__(self, problem: Problem, locked: Mapping[str, tuple[Round, ...]]) -> None:
        self._problem = problem
        self._locked = locked
        self._of_crew = {crew.id: locked.get(crew.id, ()) for crew in problem.crews}
        self._crews = {crew.id: crew for crew in problem.crews}
        self._orders = {order.id: order for order in problem.orders}
        self._entrances = {place.id: place for place in problem.entrances}
        # What the search knows of the orders, for finding likely places.
        self._free = searchable(replace(problem, locked=()))
        self._free_orders = {order.id: order for order in self._free.orders}

    def score(self, crew: Crew, rounds: Sequence[Round]) -> Score:
        """Has the independent check judge one crew's day alone."""
        visits = [visit for each in rounds for visit in each.visits]
        own = replace(
            self._problem,
            orders=tuple(self._orders[name] for name in {order for visit in visits for order in visit.orders}),
            entrances=tuple(self._entrances[name] for name in {visit.entrance for visit in visits}),
            crews=(crew,),
            locked=tuple(one for one in self._problem.locked if one.crew == crew.id),
        )
        day = Plan(own.name, (CrewPlan(crew.id, tuple(rounds)),))
        return check_plan(instance_dict(own), plan_dict(day), partial=True)

    def crews_of_their_own(self, found: Mapping[str, Sequence[Round]]) -> set[str]:
        """Chooses the crews that enter no clean entrance: at each drop point with others the one that has most."""
        most: dict[str, tuple[int, str]] = {}
        for crew in self._problem.crews:
            visits = [visit for each in found.get(crew.id, ()) for visit in each.visits]
            others = sum(len(visit.orders) for visit in visits if self._class_of(visit))
            if others and (crew.may_enter is None or crew.may_enter > 0):
                most[crew.drop] = max(most.get(crew.drop, (0, "")), (others, crew.id))
        return {crew for _, crew in most.values()}

    def take(self, crew: Crew, rounds: Sequence[Round], *, is_own: bool) -> list[str]:
        """Gives a crew its rounds after the locked ones; answers the orders of visits that break a rule."""
        whole = (*self._of_crew[crew.id], *rounds)
        if not is_own and not self.score(crew, whole).errors:
            self._of_crew[crew.id] = whole
            return []
        moved: list[str] = []
        for each in sorted(rounds, key=lambda one: max(self._class_of(visit) for visit in one.visits)):
            kept: list[Visit] = []
            for visit in sorted(each.visits, key=self._class_of):
                longer = (*self._of_crew[crew.id], Round((*kept, visit)))
                if (is_own and not self._class_of(visit)) or self.score(crew, longer).errors:
                    moved += visit.orders
                else:
                    kept.append(visit)
            if kept:
                self._of_crew[crew.id] = (*self._of_crew[crew.id], Round(tuple(kept)))
        return moved

    def place(self, name: str) -> bool:
        """Puts an order where it costs little and keeps every rule; False where there is no such place."""
        for crew, rounds in self._likely(name):
            if not self.score(crew, rounds).errors:
                self._of_crew[crew.id] = rounds
                return True
        return False

    def plan(self) -> Plan:
        """All days as a plan."""
        days = tuple(CrewPlan(crew, rounds) for crew, rounds in self._of_crew.items() if rounds)
        return Plan(self._problem.name, days)

    def _class_of(self, visit: Visit) -> int:
        return self._entrances[visit.entrance].handling_class

    def _likely(self, name: str) -> Iterator[tuple[Crew, tuple[Round, ...]]]:
        """Lists the places that would be cheapest without the rules, then a round of its own with every crew."""
        order = self._orders[name]
        drop = self._entrances[order.entrance].drop
        running = self._running(drop)
        (home,) = [place for place in self._free.entrances if place.id == order.entrance]
        for place in running.best_places(self._free_orders[name], home, _PLACES_TRIED):
            if place.round >= len(self._locked.get(place.crew, ())):
                (day,) = [one for one in running.with_order(order, place).crews if one.crew == place.crew]
                yield self._crews[place.crew], day.rounds
        alone = Round((Visit(order.entrance, (name,)),))
        for crew in self._problem.crews:
            day_now = self._of_crew[crew.id]
            if crew.drop == drop:
                for number in range(len(self._locked.get(crew.id, ())), len(day_now) + 1):
                    yield crew, (*day_now[:number], alone, *day_now[number:])

    def _running(self, drop: str | None) -> RunningPlan:
        """Lays out one drop point's days as they are, in the world the search knows."""
        own = {crew.id for crew in self._problem.crews if crew.drop == drop}
        plan = Plan(self._problem.name, tuple(one for one in self.plan().crews if one.crew in own))
        held = {order for one in plan.crews for each in one.rounds for v in each.visits for order in v.orders}
        loose = replace(
            self._free,
            drop_points=tuple(point for point in self._free.drop_points if point.id == drop),
            orders=tuple(self._free_orders[order] for order in held),
            crews=tuple(crew for crew in self._free.crews if crew.id in own),
        )
        return RunningPlan(loose, plan, {})
