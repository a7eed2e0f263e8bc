"""Finds the cheapest places for one more order in a plan that is being carried out, in milliseconds.

Longer than 400 lines because laying a plan out and looking through it share the few shapes it is laid out in.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from heapq import merge
from typing import NamedTuple

from services.routing.planning.problem import (
    Crew,
    CrewPlan,
    DropPoint,
    Entrance,
    Order,
    Plan,
    Problem,
    Round,
    Rules,
    Visit,
    walk_s,
)
from services.routing.planning.time_model import visit_times
from services.routing.planning.visit_cost import visit_s


class Joining(StrEnum):
    """How one more order comes into a running plan."""

    VISIT = "visit"
    NEW_VISIT = "new_visit"
    NEW_ROUND = "new_round"


@dataclass(frozen=True, slots=True)
class RunningPlace:
    """A place for one more order in a running plan.

    `round` and `visit` count the crew's changeable rounds and their visits from 0: the visit that is joined, or
    before which a new one comes; the round in which, or before which a new one comes.
    Units: seconds more than the plan takes without the order; `served_s` from time 0.
    """

    more_cost: int
    more_crew_s: int
    more_late_s: int
    crew: str
    joining: Joining
    round: int
    visit: int
    served_s: int


@dataclass(frozen=True, slots=True)
class _Stay:
    """A visit as it is planned; it may end no later than `latest_s`, which its households were told."""

    entrance: Entrance
    orders: tuple[Order, ...]
    takes_s: int
    ends_s: int
    latest_s: float
    dues_s: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Trip:
    """A round as it is planned; `first` is the place of its first visit in the crew's day.

    `legs` are its ways: to which place (by number, the drop point is 0), the walk's seconds, and when it begins.
    """

    starts_s: int
    ends_s: int
    grams: int
    crates: int
    first: int
    stays: tuple[_Stay, ...]
    legs: tuple[tuple[int, int, int], ...]
    visit_of: Mapping[str, int]

    def has_room(self, crew: Crew, new: "_Newcomer") -> bool:
        """Says whether the order fits on the trolley beside what it carries."""
        return self.grams + new.grams <= crew.cap_g and self.crates + new.order.crates <= crew.cap_crates


@dataclass(frozen=True, slots=True)
class _Workday:
    """A crew's rounds that may still change.

    Its visits' handling classes never go down.
    """

    crew: Crew
    trips: tuple[_Trip, ...]
    stays: tuple[_Stay, ...]
    ends_s: int
    classes: tuple[int, ...]

    def may_take(self, new: "_Newcomer", *, own_crews: bool) -> bool:
        """Says whether the crew may ever go there with that, and has room on its trolley for it."""
        who, handling = self.crew, new.entrance.handling_class
        if new.grams > who.cap_g or new.order.crates > who.cap_crates:
            return False
        behind = (*self.classes, 1) if who.was_sealed else self.classes
        would_mix = own_crews and any((one > 0) != (handling > 0) for one in behind)
        return who.may_take(new.order, new.entrance) and not would_mix

    def span(self, handling: int) -> tuple[int, int]:
        """Gives from which place to which, counted in visits of the day, a visit of a class may come."""
        return bisect_left(self.classes, handling), bisect_right(self.classes, handling)


@dataclass(frozen=True, slots=True)
class _Newcomer:
    """The order that seeks a place, with all that does not depend on the place; `walk_s` by a place's number."""

    order: Order
    entrance: Entrance
    grams: int
    loading_s: int
    walk_s: Sequence[int]


class _Chance(NamedTuple):
    """A place before others' lateness and told windows are looked at, which can only make it dearer.

    Later visits shift by `later_s`, earlier ones of the same round by the loading alone. Thousands are made for
    one order, as bare tuples, and named when their turn comes; equal ones in the order of crews and places.
    """

    least_cost: int
    day: int
    joining: Joining
    round: int
    visit: int
    place: int
    later_s: int
    served_s: int


_Bare = tuple[int, int, Joining, int, int, int, int, int]
_NEVER_S = 1 << 40
"""Longer than any shift."""


def has_hours(problem: Problem, order: Order) -> bool:
    """Says whether rules set hours or take seconds that `RunningPlan` does not count: its places are guesses."""
    rules = replace(problem.rules, own_crews=False)
    windows_s = (order.not_before_s, order.not_after_s)
    return rules != Rules() or any(hour_s is not None for hour_s in windows_s)


class RunningPlan:
    """One drop point's rounds that may still change, laid out so that a place for one more order is found at once.

    Everything is exact to the second: the same model that priced the plan prices the places.
    """

    def __init__(self, problem: Problem, plan: Plan, may_slip_s: Mapping[str, int]) -> None:
        """Lays a plan out.

        Shape: a problem of one drop point whose crews start when their fixed rounds have ended; a plan of the
        rounds that may change; by order, the seconds it may come later than planned without breaking a promise.
        """
        (self._drop,) = problem.drop_points
        self.problem = problem
        self.plan = plan
        self.may_slip_s = may_slip_s
        self._times = visit_times(problem.model)
        self._entrances = {entrance.id: entrance for entrance in problem.entrances}
        self._orders = {order.id: order for order in problem.orders}
        self._places: list[DropPoint | Entrance] = [self._drop]
        self._number_of: dict[str, int] = {}
        rounds_of = {crew_plan.crew: crew_plan.rounds for crew_plan in plan.crews}
        self._days = [self._workday(crew, rounds_of.get(crew.id, ()), may_slip_s) for crew in problem.crews]
        self._trips_to: dict[str, list[tuple[int, int]]] = {}
        self._ways = list(self._all_ways())

    def best_places(self, order: Order, entrance: Entrance, limit: int = 3) -> list[RunningPlace]:
        """Lists the cheapest places for an order, cheapest first; none where no crew can take it.

        No told window is overrun and no shift prolonged, clean stays before sealed, trolleys hold what they hold,
        crews go where they may. Hours to keep and seconds that rules take are for the check to judge.
        """
        if entrance.drop != self._drop.id or entrance.zone in self.problem.closed_zones:
            return []
        newcomer = self._newcomer(order, entrance)
        alone_s = self._alone_s(newcomer)
        known = sorted([*self._rounds(newcomer, alone_s, limit), *self._joined(newcomer, alone_s)])
        best: list[RunningPlace] = []
        for chance in merge(known, self._visits(newcomer, alone_s)):
            # Once the next guess is dearer than the last place kept, nothing better is to come.
            if len(best) == limit and chance[0] >= best[-1].more_cost:
                break
            place = self._priced(newcomer, _Chance(*chance))
            if place is not None:
                best = sorted([*best, place], key=lambda one: one.more_cost)[:limit]
        return best

    def with_order(self, order: Order, place: RunningPlace) -> Plan:
        """Gives the plan with an order at a place that `best_places` offered for it."""
        rounds_of = {crew_plan.crew: list(crew_plan.rounds) for crew_plan in self.plan.crews}
        rounds = rounds_of.setdefault(place.crew, [])
        alone = Visit(order.entrance, (order.id,))
        if place.joining is Joining.NEW_ROUND:
            rounds.insert(place.round, Round((alone,)))
        else:
            visits = list(rounds[place.round].visits)
            if place.joining is Joining.VISIT:
                visits[place.visit] = replace(alone, orders=(*visits[place.visit].orders, order.id))
            else:
                visits.insert(place.visit, alone)
            rounds[place.round] = Round(tuple(visits))
        in_order = [crew.id for crew in self.problem.crews if rounds_of.get(crew.id)]
        return replace(self.plan, crews=tuple(CrewPlan(crew, tuple(rounds_of[crew])) for crew in in_order))

    def _workday(self, crew: Crew, rounds: Sequence[Round], may_slip_s: Mapping[str, int]) -> _Workday:
        trips: list[_Trip] = []
        stays: list[_Stay] = []
        now_s = crew.start_s
        for each in rounds:
            trip = self._trip(crew, each, (now_s, len(stays)), may_slip_s)
            trips.append(trip)
            stays += trip.stays
            now_s = trip.ends_s
        return _Workday(
            crew=crew,
            trips=tuple(trips),
            stays=tuple(stays),
            ends_s=now_s,
            classes=tuple(stay.entrance.handling_class for stay in stays),
        )

    def _all_ways(self) -> Iterator[tuple[int, int, int, int, int, int, int]]:
        """Gives each way walked: from place, to place, its seconds, when it begins; day, round and next visit.

        Notes meanwhile which rounds come to which entrance.
        """
        for number, day in enumerate(self._days):
            for turn, trip in enumerate(day.trips):
                here = 0
                for visit, (there, way_s, leaves_s) in enumerate(trip.legs):
                    yield here, there, way_s, leaves_s, number, turn, visit
                    here = there
                for entrance in trip.visit_of:
                    self._trips_to.setdefault(entrance, []).append((number, turn))

    def _trip(self, crew: Crew, each: Round, where: tuple[int, int], may_slip_s: Mapping[str, int]) -> _Trip:
        starts_s, first = where
        carried = [self._orders[order] for visit in each.visits for order in visit.orders]
        model = self.problem.model
        now_s = starts_s + model.load_s + model.load_s_per_package * _packages(carried)
        here: DropPoint | Entrance = self._drop
        stays, legs = [], []
        for visit in each.visits:
            entrance = self._entrances[visit.entrance]
            orders = tuple(self._orders[order] for order in visit.orders)
            way_s = walk_s(model, here, entrance)
            legs.append((self._numbered(entrance), way_s, now_s))
            takes_s = self._visit_s(crew, entrance, orders)
            now_s += way_s + takes_s
            latest_s = now_s + min((may_slip_s.get(order.id, math.inf) for order in orders), default=math.inf)
            dues_s = tuple(order.due_s for order in orders if order.due_s is not None)
            stays.append(_Stay(entrance, orders, takes_s, now_s, latest_s, dues_s))
            here = entrance
        home_s = walk_s(model, here, self._drop)
        return _Trip(
            starts_s=starts_s,
            ends_s=now_s + home_s,
            grams=sum(sum(order.packages_g) for order in carried),
            crates=sum(order.crates for order in carried),
            first=first,
            stays=tuple(stays),
            legs=(*legs, (0, home_s, now_s)),
            visit_of={stay.entrance.id: visit for visit, stay in reversed(list(enumerate(stays)))},
        )

    def _numbered(self, entrance: Entrance) -> int:
        number = self._number_of.setdefault(entrance.id, len(self._places))
        if number == len(self._places):
            self._places.append(entrance)
        return number

    def _visit_s(self, crew: Crew, entrance: Entrance, orders: Sequence[Order]) -> int:
        if entrance.hand_over_s is not None:
            return entrance.gate_s + entrance.hand_over_s
        packages = sorted(((order.floor, grams) for order in orders for grams in order.packages_g), reverse=True)
        stop = (int(entrance.lift), entrance.gate_s, len(orders), crew.carriers)
        return visit_s(self._times, stop, [floor for floor, _ in packages], [grams for _, grams in packages])

    def _newcomer(self, order: Order, entrance: Entrance) -> _Newcomer:
        model = self.problem.model
        return _Newcomer(
            order=order,
            entrance=entrance,
            grams=sum(order.packages_g),
            loading_s=model.load_s_per_package * len(order.packages_g),
            walk_s=[walk_s(model, place, entrance) for place in self._places],
        )

    def _alone_s(self, new: _Newcomer) -> list[int | None]:
        """Gives by crew what a visit for the order alone takes; None for those who may not take it."""
        seconds_of: dict[int, int] = {}
        alone_s: list[int | None] = []
        for day in self._days:
            people = day.crew.carriers
            if not day.may_take(new, own_crews=self.problem.rules.own_crews):
                alone_s.append(None)
                continue
            if people not in seconds_of:
                seconds_of[people] = self._visit_s(day.crew, new.entrance, [new.order])
            alone_s.append(seconds_of[people])
        return alone_s

    def _rounds(self, new: _Newcomer, alone_s: Sequence[int | None], limit: int) -> list[_Bare]:
        """Gives the rounds of its own that crews could make for the order, those left out that cannot be among
        the best: nothing comes after a day's last round, so each of these is to be had at its least cost."""
        rounds: list[_Bare] = []
        worth: list[int] = []
        home_s, weights = new.walk_s[0], self.problem.weights
        for number, (day, own_s) in enumerate(zip(self._days, alone_s, strict=True)):
            round_s = self.problem.model.load_s + new.loading_s + (own_s or 0) + 2 * home_s
            if own_s is None or round_s > day.crew.end_s - day.ends_s:
                continue
            low, high = day.span(new.entrance.handling_class)
            if high == len(day.stays):
                served_s = day.ends_s + round_s - home_s
                least = self._least(new, round_s, served_s)
                rounds.append((least, number, Joining.NEW_ROUND, len(day.trips), 0, high, round_s, served_s))
                worth = sorted([*worth, least])[:limit]
            if len(worth) == limit and weights.crew_s * round_s >= worth[-1]:
                continue
            for turn, trip in enumerate(day.trips):
                if low <= trip.first <= high:
                    served_s = trip.starts_s + round_s - home_s
                    least = self._least(new, round_s, served_s)
                    rounds.append((least, number, Joining.NEW_ROUND, turn, 0, trip.first, round_s, served_s))
        return rounds

    def _joined(self, new: _Newcomer, alone_s: Sequence[int | None]) -> list[_Bare]:
        """Gives the visits to the same entrance, made longer."""
        longer: list[_Bare] = []
        for number, turn in self._trips_to.get(new.entrance.id, ()):
            day = self._days[number]
            trip = day.trips[turn]
            visit = trip.visit_of[new.entrance.id]
            stay = trip.stays[visit]
            if alone_s[number] is None or not trip.has_room(day.crew, new):
                continue
            later_s = new.loading_s + self._longer_s(day.crew, stay, new.order)
            if later_s <= day.crew.end_s - day.ends_s:
                served_s = stay.ends_s + later_s
                least = self._least(new, later_s, served_s)
                place = trip.first + visit
                longer.append((least, number, Joining.VISIT, turn, visit, place, later_s, served_s))
        return longer

    def _visits(self, new: _Newcomer, alone_s: Sequence[int | None]) -> Iterator[_Bare]:
        """Gives the ways on which the order's entrance could be visited, cheapest first.

        What each would cost is worked out for all of them at once, whether one may be taken only in its turn.
        """
        walks_s, loading_s = new.walk_s, new.loading_s
        own_s = [_NEVER_S if seconds is None else loading_s + seconds for seconds in alone_s]
        later_s = [own_s[day] + walks_s[a] + walks_s[b] - way_s for a, b, way_s, _, day, _, _ in self._ways]
        served_s = [leaves_s + own_s[day] + walks_s[a] for a, _, _, leaves_s, day, _, _ in self._ways]
        due_s, weights = new.order.due_s, self.problem.weights
        least = later_s
        if due_s is not None:
            crew, late = weights.crew_s, weights.late_s
            least = [
                crew * later + late * (served - due_s) if served > due_s else crew * later
                for later, served in zip(later_s, served_s, strict=True)
            ]
        spans: dict[int, tuple[int, int]] = {}
        for number in sorted(range(len(least)), key=least.__getitem__):
            *_, at, turn, visit = self._ways[number]
            day = self._days[at]
            trip = day.trips[turn]
            if later_s[number] > day.crew.end_s - day.ends_s or not trip.has_room(day.crew, new):
                continue
            if at not in spans:
                spans[at] = day.span(new.entrance.handling_class)
            place = trip.first + visit
            if spans[at][0] <= place <= spans[at][1] and new.entrance.id not in trip.visit_of:
                cost = self._least(new, later_s[number], served_s[number])
                yield (cost, at, Joining.NEW_VISIT, turn, visit, place, later_s[number], served_s[number])

    def _least(self, new: _Newcomer, later_s: int, served_s: int) -> int:
        weights, due_s = self.problem.weights, new.order.due_s
        late_s = 0 if due_s is None else max(0, served_s - due_s)
        return weights.crew_s * later_s + weights.late_s * late_s

    def _longer_s(self, crew: Crew, stay: _Stay, order: Order) -> int:
        return self._visit_s(crew, stay.entrance, [*stay.orders, order]) - stay.takes_s

    def _priced(self, new: _Newcomer, chance: _Chance) -> RunningPlace | None:
        """Adds what others lose, or says None where a told window would be overrun."""
        day = self._days[chance.day]
        due_s = new.order.due_s
        late_s = 0 if due_s is None else max(0, chance.served_s - due_s)
        starts = chance.place if chance.joining is Joining.NEW_ROUND else day.trips[chance.round].first
        for place in range(starts, len(day.stays)):
            stay = day.stays[place]
            ends_s = stay.ends_s + (new.loading_s if place < chance.place else chance.later_s)
            if ends_s > stay.latest_s:
                return None
            late_s += sum(max(0, ends_s - due_s) - max(0, stay.ends_s - due_s) for due_s in stay.dues_s)
        weights = self.problem.weights
        return RunningPlace(
            more_cost=weights.crew_s * chance.later_s + weights.late_s * late_s,
            more_crew_s=chance.later_s,
            more_late_s=late_s,
            crew=day.crew.id,
            joining=chance.joining,
            round=chance.round,
            visit=chance.visit,
            served_s=chance.served_s,
        )


def _packages(orders: Sequence[Order]) -> int:
    return sum(len(order.packages_g) for order in orders)
