"""Rounds to crews by OR-Tools' CP-SAT: shifts, infection order, promises and makespan, from an annealed deal on.

The model is built on CP-SAT's own messages: the friendlier `cp_model` module would load pandas into every
solving process (1 s and 60 MB).
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from ortools.sat.python import cp_model_helper as cp_sat

from services.routing.planning.sequencing import (
    CLEAN,
    LEFT_OUT_COST,
    MIXED,
    SEALED,
    Days,
    Job,
    Roster,
    cost_of_days,
    sequence,
)

_FINE = 100
"""Objective units a second of cost, so that the makespan counts only among equals."""
_FAR = 10**9


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to look, and from which seed."""

    seconds: float
    seed: int


def assign(roster: Roster, effort: Effort) -> Days:
    """Deals rounds to crews in order; never worse than the annealed deal it starts from.

    Units: effort in wall seconds; a small problem ends earlier, at its proven best.
    """
    began_s = time.monotonic()
    incumbent = sequence(roster, seed=effort.seed, iterations=_annealing_steps(roster, effort.seconds))
    return refine(roster, incumbent, Effort(effort.seconds - (time.monotonic() - began_s), effort.seed))


def refine(roster: Roster, incumbent: Days, effort: Effort) -> Days:
    """Looks for a better deal than one that keeps every rule; never returns a worse one.

    Of rests, disinfecting, hours and classes above sealed the model knows nothing: there the deal stays.
    """
    began_s = time.monotonic()
    is_beyond = roster.standing is not None or any(job.kind > SEALED for job in roster.jobs)
    if len(roster.jobs) < 2 or effort.seconds <= 0 or is_beyond:
        return incumbent
    model = _Model(roster)
    left_s = effort.seconds - (time.monotonic() - began_s)
    found = _solve(model, incumbent, Effort(left_s, effort.seed)) if left_s > 0 else None
    if found is None:
        return incumbent
    return min((incumbent, found), key=lambda days: cost_of_days(roster, days))


def _annealing_steps(roster: Roster, seconds: float) -> int:
    # 20,000 steps take 0.2 s on a usual zone of ten rounds; the deal is flat beyond 1,500 a round.
    return max(500, min(1_500 * len(roster.jobs), int(15_000 * seconds)))


@dataclass(slots=True)
class _Model:
    """The messages of one assignment and where its variables stand."""

    roster: Roster
    proto: cp_sat.CpModelProto = field(default_factory=cp_sat.CpModelProto)
    starts: list[int] = field(default_factory=list)
    done_by: list[list[int]] = field(default_factory=list)
    costs: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        longest_s = max(self.roster.ends_s)
        makespan = self.number(0, longest_s)
        self.costs[makespan] = 1
        for job in self.roster.jobs:
            self._add_job(job, longest_s, makespan)
        for crew in range(len(self.roster.starts_s)):
            self._add_crew(crew, longest_s)
        for variable, cost in self.costs.items():
            self.proto.objective.vars.append(variable)
            self.proto.objective.coeffs.append(cost)

    def number(self, lowest: int, highest: int) -> int:
        """Adds a whole-number variable."""
        self.proto.variables.add().domain.extend([lowest, highest])
        return len(self.proto.variables) - 1

    def at_least(self, bound: int, terms: Sequence[tuple[int, int]], only_if: int | None = None) -> None:
        """Demands that the sum of coefficient times variable reaches a bound."""
        constraint = self.proto.constraints.add()
        if only_if is not None:
            constraint.enforcement_literal.append(only_if)
        constraint.linear.coeffs.extend([coefficient for coefficient, _ in terms])
        constraint.linear.vars.extend([variable for _, variable in terms])
        constraint.linear.domain.extend([bound, _FAR])

    def _add_job(self, job: Job, longest_s: int, makespan: int) -> None:
        start = self.number(0, longest_s)
        done_by = [self.number(0, int(seconds >= 0)) for seconds in job.seconds]
        left_out = self.number(0, 1)
        self.starts.append(start)
        self.done_by.append(done_by)
        self.costs[left_out] = LEFT_OUT_COST * job.orders * _FINE
        self.proto.constraints.add().exactly_one.literals.extend([*done_by, left_out])
        for crew, literal in enumerate(done_by):
            seconds = job.seconds[crew]
            self.costs[literal] = self.roster.crew_weight * max(0, seconds) * _FINE
            self.at_least(self.roster.starts_s[crew], [(1, start)], literal)
            self.at_least(seconds - self.roster.ends_s[crew], [(-1, start)], literal)
            self.at_least(seconds, [(1, makespan), (-1, start)], literal)
        for promise in range(len(job.dues[0])):
            late = self.number(0, longest_s)
            self.costs[late] = self.roster.late_weight * _FINE
            for crew, literal in enumerate(done_by):
                offset_s, due_s = job.dues[crew][promise]
                self.at_least(offset_s - due_s, [(1, late), (-1, start)], literal)

    def _add_crew(self, crew: int, longest_s: int) -> None:
        """One round at a time; clean rounds, then at most one mixed round, then sealed ones."""
        clean_ends, sealed_starts = self.number(0, longest_s), self.number(0, longest_s)
        self.at_least(0, [(1, sealed_starts), (-1, clean_ends)])
        intervals, mixed = [], []
        for number, job in enumerate(self.roster.jobs):
            literal, start = self.done_by[number][crew], self.starts[number]
            seconds = max(0, job.seconds[crew])
            intervals.append(self._interval(literal, start, seconds))
            if job.kind == CLEAN:
                self.at_least(seconds, [(1, clean_ends), (-1, start)], literal)
            if job.kind == MIXED:
                mixed.append(literal)
                self.at_least(0, [(1, start), (-1, clean_ends)], literal)
                self.at_least(seconds, [(1, sealed_starts), (-1, start)], literal)
            if job.kind == SEALED:
                self.at_least(0, [(1, start), (-1, sealed_starts)], literal)
        self.proto.constraints.add().no_overlap.intervals.extend(intervals)
        if mixed:
            self.proto.constraints.add().at_most_one.literals.extend(mixed)

    def _interval(self, literal: int, start: int, seconds: int) -> int:
        constraint = self.proto.constraints.add()
        constraint.enforcement_literal.append(literal)
        for bound, offset in ((constraint.interval.start, 0), (constraint.interval.end, seconds)):
            bound.vars.append(start)
            bound.coeffs.append(1)
            bound.offset = offset
        constraint.interval.size.offset = seconds
        return len(self.proto.constraints) - 1


def _solve(model: _Model, incumbent: Days, effort: Effort) -> Days | None:
    _hint(model, incumbent)
    parameters = cp_sat.SatParameters()
    parameters.num_workers = 1
    parameters.random_seed = effort.seed % 2**31
    parameters.max_time_in_seconds = effort.seconds
    wrapper = cp_sat.SolveWrapper()
    wrapper.set_parameters(parameters)
    response = wrapper.solve(model.proto)  # type: ignore[no-untyped-call] # the wheel's stub leaves it open
    values = list(response.solution)
    if not values:
        return None
    return tuple(
        tuple(
            sorted(
                (job for job, literals in enumerate(model.done_by) if values[literals[crew]]),
                key=lambda job: (values[model.starts[job]], job),
            )
        )
        for crew in range(len(incumbent))
    )


def _hint(model: _Model, days: Days) -> None:
    """Tells the solver the deal to beat."""
    hint = model.proto.solution_hint
    for crew, day in enumerate(days):
        now_s = model.roster.starts_s[crew]
        for job in day:
            hint.vars.extend([model.starts[job], model.done_by[job][crew]])
            hint.values.extend([now_s, 1])
            now_s += model.roster.jobs[job].seconds[crew]
