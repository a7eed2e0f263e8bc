"""When a plan's rounds and visits begin and end, to the second."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.routing.planning.problem import DayAt, DropProblem, Plan, Problem, RoundAt, days_of, drop_problems
from services.routing.planning.visit_cost import visit_s


@dataclass(frozen=True, slots=True)
class VisitTimes:
    """One visit's place in the plan and its seconds, counted from time 0."""

    crew: str
    round: int
    visit: int
    entrance: str
    orders: tuple[str, ...]
    starts_s: int
    ends_s: int


@dataclass(frozen=True, slots=True)
class RoundTimes:
    """One round's place in the plan: when loading begins and when the crew is back at the drop point."""

    crew: str
    round: int
    starts_s: int
    ends_s: int
    visits: tuple[VisitTimes, ...]


@dataclass(frozen=True, slots=True)
class RoundClock:
    """One round counted from its own start: each visit's start and end, and the whole."""

    visits_s: tuple[tuple[int, int], ...]
    total_s: int


def clock_round(problem: DropProblem, round_at: RoundAt, people: int) -> RoundClock:
    """Walks through one round. Units: seconds from the round's start."""
    packages = sum(len(problem.packages[order]) for _, orders in round_at for order in orders)
    now_s = problem.load_s + problem.load_s_per_package * packages
    here = 0
    visits_s = []
    for entrance, orders in round_at:
        start_s = now_s + problem.walk_s[here][entrance + 1]
        now_s = start_s + visit_s(*problem.visit_arguments((entrance, orders), people))
        visits_s.append((start_s, now_s))
        here = entrance + 1
    return RoundClock(tuple(visits_s), now_s + problem.walk_s[here][0])


class RoundClocks:
    """Remembers how long the rounds of one drop point take: a search asks for the same ones again and again."""

    def __init__(self, problem: DropProblem) -> None:
        self.problem = problem
        self._known: dict[tuple[RoundAt, int], RoundClock] = {}

    def clock(self, round_at: RoundAt, people: int) -> RoundClock:
        """Walks through one round, or remembers having done so."""
        clock = self._known.get((round_at, people))
        if clock is None:
            clock = self._known[round_at, people] = clock_round(self.problem, round_at, people)
        return clock

    def day(self, crew: int, day: DayAt) -> tuple[int, int]:
        """Gives when a crew is back from its day's rounds, and how late its orders are in all."""
        problem, people = self.problem, self.problem.crews[crew].people
        now_s, late_s = problem.crews[crew].start_s, 0
        for round_at in day:
            clock = self.clock(round_at, people)
            for (_, orders), (_, end_s) in zip(round_at, clock.visits_s, strict=True):
                dues_s = [problem.due_s[order] for order in orders if problem.due_s[order] >= 0]
                late_s += sum(max(0, now_s + end_s - due_s) for due_s in dues_s)
            now_s += clock.total_s
        return now_s, late_s


def cost_of(problem: DropProblem, days: Sequence[DayAt]) -> int:
    """Prices crews' days: crew seconds and seconds late, weighted."""
    clocks = RoundClocks(problem)
    cost = 0
    for number, (crew, day) in enumerate(zip(problem.crews, days, strict=True)):
        end_s, late_s = clocks.day(number, day)
        cost += problem.weights.crew_s * (end_s - crew.start_s) + problem.weights.late_s * late_s
    return cost


def timetable(problem: Problem, plan: Plan) -> tuple[RoundTimes, ...]:
    """Dates every round and visit of a plan that `check` accepts, crew by crew in their order."""
    return tuple(
        times
        for part in drop_problems(problem)
        for crew, day in enumerate(days_of(part, plan))
        for times in _day_times(part, crew, day)
    )


def _day_times(problem: DropProblem, crew: int, day: DayAt) -> list[RoundTimes]:
    who = problem.crews[crew]
    starts_s = who.start_s
    rounds = []
    for number, round_at in enumerate(day):
        clock = clock_round(problem, round_at, who.people)
        visits = tuple(
            VisitTimes(
                crew=who.id,
                round=number,
                visit=place,
                entrance=problem.entrance_ids[entrance],
                orders=tuple(problem.order_ids[order] for order in orders),
                starts_s=starts_s + begin_s,
                ends_s=starts_s + end_s,
            )
            for place, ((entrance, orders), (begin_s, end_s)) in enumerate(
                zip(round_at, clock.visits_s, strict=True)
            )
        )
        rounds.append(RoundTimes(who.id, number, starts_s, starts_s + clock.total_s, visits))
        starts_s += clock.total_s
    return rounds
