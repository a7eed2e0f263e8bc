"""When a plan's rounds and visits begin and end, to the second."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.routing.planning.day_rules import day_rules_of
from services.routing.planning.problem import (
    DayAt,
    DropProblem,
    Plan,
    Problem,
    RoundAt,
    VisitAt,
    days_of,
    drop_problems,
)
from services.routing.planning.standing import Standing
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


@dataclass(frozen=True, slots=True)
class DayClock:
    """When each round of a day begins, and where the crew stands after the last.

    Shape: for each round the second it begins and the seconds of disinfecting before its first visit, by which all
    its visits come later than `RoundClock` says.
    """

    rounds_s: tuple[tuple[int, int], ...]
    after: Standing


def clock_round(problem: DropProblem, round_at: RoundAt, people: int) -> RoundClock:
    """Walks through one round. Units: seconds from the round's start."""
    packages = sum(len(problem.packages[order]) for _, orders in round_at for order in orders)
    now_s = problem.load_s + problem.load_s_per_package * packages
    here = 0
    visits_s = []
    for number, (entrance, orders) in enumerate(round_at):
        start_s = now_s + problem.walk_s[here][entrance + 1]
        if problem.rules.disinfect_s and number > 0:
            start_s += disinfecting_s(problem, round_at[number - 1][0], entrance)
        now_s = start_s + visit_s(*problem.visit_arguments((entrance, orders), people))
        visits_s.append((start_s, now_s))
        here = entrance + 1
    return RoundClock(tuple(visits_s), now_s + problem.walk_s[here][0])


def disinfecting_s(problem: DropProblem, entrance: int, other: int) -> int:
    """Gives the seconds of disinfecting between one entrance and the next."""
    before, after = problem.entrances[entrance].handling_class, problem.entrances[other].handling_class
    return problem.rules.disinfect_s if after > before else 0


class RoundClocks:
    """Remembers how long the rounds of one drop point take: a search asks for the same ones again and again."""

    def __init__(self, problem: DropProblem) -> None:
        self.problem = problem
        self.rules = day_rules_of(problem)
        self._known: dict[tuple[RoundAt, int], RoundClock] = {}

    def clock(self, round_at: RoundAt, people: int) -> RoundClock:
        """Walks through one round, or remembers having done so."""
        clock = self._known.get((round_at, people))
        if clock is None:
            clock = self._known[round_at, people] = clock_round(self.problem, round_at, people)
        return clock

    def day(self, crew: int, day: DayAt) -> tuple[int, int]:
        """Gives when a crew is back from its day's rounds, and how late its orders are in all."""
        after = self.day_clock(crew, day).after
        return after.now_s, after.late_s

    def day_clock(self, crew: int, day: DayAt) -> DayClock:
        """Walks through a crew's day: its rounds, its rests, its disinfecting."""
        problem, people, standing = self.problem, self.problem.crews[crew].people, self.problem.standing[crew]
        now_s, rested_s, handling, late_s = standing.now_s, standing.rested_s, standing.handling, standing.late_s
        rest_after_s = problem.rules.rest_after_s
        rounds_s = []
        for number, round_at in enumerate(day, start=standing.rounds):
            if number and rest_after_s is not None and now_s - rested_s >= rest_after_s:
                now_s += problem.rules.rest_s
                rested_s = now_s
            clock = self.clock(round_at, people)
            gap_s = problem.rules.disinfect_s if 0 <= handling < self.rules.handling[round_at[0][0]] else 0
            rounds_s.append((now_s, gap_s))
            for (_, orders), (_, end_s) in zip(round_at, clock.visits_s, strict=True):
                dues_s = [problem.due_s[order] for order in orders if problem.due_s[order] >= 0]
                late_s += sum(max(0, now_s + gap_s + end_s - due_s) for due_s in dues_s)
            now_s += gap_s + clock.total_s
            handling = self.rules.handling[round_at[-1][0]]
        return DayClock(tuple(rounds_s), Standing(now_s, rested_s, handling, standing.rounds + len(day), late_s))

    def against_hours(self, crew: int, day: DayAt) -> VisitAt | None:
        """Finds a day's first visit that is not at its hours; of its orders only those whose hours they are."""
        if not self.rules.has_hours:
            return None
        for round_at, (begins_s, gap_s) in zip(day, self.day_clock(crew, day).rounds_s, strict=True):
            clock = self.clock(round_at, self.problem.crews[crew].people)
            for (entrance, orders), (starts_s, ends_s) in zip(round_at, clock.visits_s, strict=True):
                hours_s = (begins_s, begins_s + gap_s + starts_s, begins_s + gap_s + ends_s)
                if wrong := tuple(order for order in orders if self._is_against(order, hours_s)):
                    return entrance, wrong
        return None

    def _is_against(self, order: int, hours_s: tuple[int, int, int]) -> bool:
        begins_s, starts_s, ends_s = hours_s
        rules, limit_s = self.rules, self.problem.rules.cold_limit_s
        if starts_s < rules.from_s[order] or ends_s > rules.to_s[order]:
            return True
        if rules.is_cold[order] and limit_s is not None and ends_s - begins_s > limit_s:
            return True
        return any(starts_s < until_s and ends_s > from_s for from_s, until_s in self.problem.rules.quiet)


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
        for clocks in map(RoundClocks, drop_problems(problem))
        for crew, day in enumerate(days_of(clocks.problem, plan))
        for times in _day_times(clocks, crew, day)
    )


def _day_times(clocks: RoundClocks, crew: int, day: DayAt) -> list[RoundTimes]:
    problem = clocks.problem
    who = problem.crews[crew]
    rounds = []
    for number, (round_at, (begins_s, gap_s)) in enumerate(
        zip(day, clocks.day_clock(crew, day).rounds_s, strict=True)
    ):
        clock = clocks.clock(round_at, who.people)
        visits = tuple(
            VisitTimes(
                crew=who.id,
                round=number,
                visit=place,
                entrance=problem.entrance_ids[entrance],
                orders=tuple(problem.order_ids[order] for order in orders),
                starts_s=begins_s + gap_s + visit_begins_s,
                ends_s=begins_s + gap_s + visit_ends_s,
            )
            for place, ((entrance, orders), (visit_begins_s, visit_ends_s)) in enumerate(
                zip(round_at, clock.visits_s, strict=True)
            )
        )
        rounds.append(RoundTimes(who.id, number, begins_s, begins_s + gap_s + clock.total_s, visits))
    return rounds
