"""Deals rounds out to crews and puts them in order: greedily, then by annealing; pure Python."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from services.routing.planning.day_rules import DayRules, crews_for, day_rules_of
from services.routing.planning.problem import DayAt, DropProblem, RoundAt, Rules
from services.routing.planning.standing import Standing
from services.routing.planning.timetable import RoundClock, clock_round

CLEAN, MIXED, SEALED = range(3)
"""Kinds of rounds, and twice its class for a round of a higher one: a day is in the order of its rounds' kinds."""
LEFT_OUT_COST = 1_000_000
"""Leaving an order behind must never be cheaper than any lateness of one day (86,400 s)."""
AGAINST_HOURS_COST = LEFT_OUT_COST // 2
"""Not being served at the hours set costs an order its place later: better deals have fewer such orders."""
_MAKESPAN_WEIGHT = 0.01
"""Among equally cheap days the shorter ones: small enough never to buy a second of crew time."""
_HOT, _COLD = 300.0, 2.0
"""Temperatures in cost: a usual lateness at the start, a few seconds at the end (reference/planning.md 3.3)."""


_NO_RULES = Rules()


@dataclass(frozen=True, slots=True)
class Job:
    """One round as a crew's work.

    Shape: one entry a crew; `seconds` is -1 for a crew that cannot carry it or may not go; `dues` holds (offset of
    the visit's end from the round's start, promised second) for each promise; `stays` the hours of each visit.
    """

    kind: int
    orders: int
    seconds: tuple[int, ...]
    dues: tuple[tuple[tuple[int, int], ...], ...]
    stays: tuple[tuple["Stay", ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Stay:
    """One visit's hours: its seconds from the round's start, the hours set for it, and whom it serves.

    Shape: it begins from `from_s` on and ends by `to_s`; cold goods lie until its end if `is_cold`.
    """

    begins_s: int
    ends_s: int
    from_s: int
    to_s: int
    is_cold: bool
    orders: int


@dataclass(frozen=True, slots=True)
class Roster:
    """The rounds to deal out and the shifts to deal them to.

    `standing` is what crews have behind them; None where nothing but work's own seconds counts.
    """

    jobs: tuple[Job, ...]
    starts_s: tuple[int, ...]
    ends_s: tuple[int, ...]
    crew_weight: int
    late_weight: int
    rules: Rules = _NO_RULES
    standing: tuple[Standing, ...] | None = None


Days = tuple[tuple[int, ...], ...]
"""For each crew the jobs it does, in order; what is in none is left out."""


def roster_of(problem: DropProblem, rounds: Sequence[RoundAt]) -> Roster:
    """Prices every round for every crew."""
    rules = day_rules_of(problem)
    by_people = {
        people: [clock_round(problem, each, people) for each in rounds]
        for people in {crew.people for crew in problem.crews}
    }
    jobs = []
    for number, each in enumerate(rounds):
        able = set(crews_for(problem, rules, each))
        clocks = [by_people[crew.people][number] for crew in problem.crews]
        jobs.append(
            Job(
                kind=kind_of(problem, each),
                orders=sum(len(orders) for _, orders in each),
                seconds=tuple(clock.total_s if crew in able else -1 for crew, clock in enumerate(clocks)),
                dues=tuple(
                    tuple(
                        (end_s, problem.due_s[order])
                        for (_, orders), (_, end_s) in zip(each, clock.visits_s, strict=True)
                        for order in orders
                        if problem.due_s[order] >= 0
                    )
                    for clock in clocks
                ),
                stays=tuple(_stays(rules, each, clock) for clock in clocks) if rules.has_hours else (),
            )
        )
    return Roster(
        jobs=tuple(jobs),
        starts_s=tuple(standing.now_s for standing in problem.standing),
        ends_s=tuple(crew.end_s for crew in problem.crews),
        crew_weight=problem.weights.crew_s,
        late_weight=problem.weights.late_s,
        rules=problem.rules,
        standing=problem.standing if rules.is_timed else None,
    )


def _stays(rules: DayRules, round_at: RoundAt, clock: RoundClock) -> tuple[Stay, ...]:
    return tuple(
        Stay(
            begins_s=begins_s,
            ends_s=ends_s,
            from_s=max(rules.from_s[order] for order in orders),
            to_s=min(rules.to_s[order] for order in orders),
            is_cold=any(rules.is_cold[order] for order in orders),
            orders=len(orders),
        )
        for (_, orders), (begins_s, ends_s) in zip(round_at, clock.visits_s, strict=True)
    )


def kind_of(problem: DropProblem, round_at: RoundAt) -> int:
    """Says whether a round enters clean entrances, sealed ones of a class, or first clean and then sealed ones."""
    sealed = [problem.sealed[entrance] for entrance, _ in round_at]
    if all(sealed):
        return 2 * max(problem.entrances[entrance].handling_class for entrance, _ in round_at)
    return MIXED if any(sealed) else CLEAN


def split_surplus_mixed(problem: DropProblem, rounds: Sequence[RoundAt]) -> list[RoundAt]:
    """Splits mixed rounds where they turn sealed, until each crew that may has one: more cannot be in order."""
    rules = day_rules_of(problem)
    most = sum(low == 0 < high for low, high in zip(rules.lowest, rules.highest, strict=True))
    mixed = [each for each in rounds if kind_of(problem, each) == MIXED]
    kept = [each for each in rounds if kind_of(problem, each) != MIXED] + mixed[:most]
    for each in mixed[most:]:
        kept.append(tuple(visit for visit in each if not problem.sealed[visit[0]]))
        kept.append(tuple(visit for visit in each if problem.sealed[visit[0]]))
    return kept


def days_at(rounds: Sequence[RoundAt], days: Days) -> list[DayAt]:
    """Puts the rounds themselves where their numbers stand."""
    return [tuple(rounds[job] for job in day) for day in days]


def cost_of_days(roster: Roster, days: Sequence[Sequence[int]]) -> float:
    """Prices days: crew seconds, lateness, what is left out, and a trace of the makespan."""
    done = {job for day in days for job in day}
    left_out = sum(job.orders for number, job in enumerate(roster.jobs) if number not in done)
    return left_out * LEFT_OUT_COST + sum(_day_cost(roster, crew, day) for crew, day in enumerate(days))


def _day_cost(roster: Roster, crew: int, day: Sequence[int]) -> float:
    """Prices one crew's day; infinite if the shift ends before it does."""
    now_s = roster.starts_s[crew]
    late_s = against_hours = 0
    standing = None if roster.standing is None else roster.standing[crew]
    for number in day:
        job = roster.jobs[number]
        if job.seconds[crew] < 0:
            return math.inf
        if standing is not None:
            begins_s = _rested_s(roster.rules, standing, now_s)
            gap_s = roster.rules.disinfect_s if 0 <= standing.handling < _first_class(job) else 0
            against_hours += _against_hours(roster.rules, job.stays[crew] if job.stays else (), begins_s, gap_s)
            rested_s = standing.rested_s if begins_s == now_s else begins_s
            standing = Standing(0, rested_s, (job.kind + 1) // 2, standing.rounds + 1)
            now_s = begins_s + gap_s
        for offset_s, due_s in job.dues[crew]:
            late_s += max(0, now_s + offset_s - due_s)
        now_s += job.seconds[crew]
    if now_s > roster.ends_s[crew]:
        return math.inf
    worked_s = now_s - roster.starts_s[crew]
    # The square spreads work evenly over crews, which is what shortens the makespan.
    evenness = _MAKESPAN_WEIGHT * worked_s * worked_s / max(1, roster.ends_s[crew] - roster.starts_s[crew])
    return (
        roster.crew_weight * worked_s + roster.late_weight * late_s + against_hours * AGAINST_HOURS_COST + evenness
    )


def _rested_s(rules: Rules, standing: Standing, now_s: int) -> int:
    """Gives when the next round begins, after a rest if one is due."""
    is_due = rules.rest_after_s is not None and now_s - standing.rested_s >= rules.rest_after_s
    return now_s + rules.rest_s if is_due and standing.rounds else now_s


def _first_class(job: Job) -> int:
    return job.kind // 2


def _against_hours(rules: Rules, stays: Sequence[Stay], begins_s: int, gap_s: int) -> int:
    """Counts the orders that are not served at the hours set."""
    count = 0
    for stay in stays:
        starts_s, ends_s = begins_s + gap_s + stay.begins_s, begins_s + gap_s + stay.ends_s
        limit_s = rules.cold_limit_s
        is_spoilt = stay.is_cold and limit_s is not None and ends_s - begins_s > limit_s
        is_noisy = any(starts_s < until_s and ends_s > from_s for from_s, until_s in rules.quiet)
        if starts_s < stay.from_s or ends_s > stay.to_s or is_spoilt or is_noisy:
            count += stay.orders
    return count


def sequence(roster: Roster, *, seed: int, iterations: int) -> Days:
    """Deals the rounds out greedily, then anneals; never returns worse than the greedy deal.

    Source: reference/planning.md, short answer 4: sequencing matters more to priority homes than routing.
    """
    greedy = _deal(roster)
    if len(roster.jobs) < 2:
        return greedy
    return _anneal(roster, greedy, random.Random(seed), iterations)  # noqa: S311 - a search, not a secret


def _deal(roster: Roster) -> Days:
    days: list[tuple[int, ...]] = [() for _ in roster.starts_s]
    for number in sorted(range(len(roster.jobs)), key=lambda number: _urgency(roster.jobs[number], number)):
        best: tuple[float, int, tuple[int, ...]] | None = None
        for crew, day in enumerate(days):
            before = _day_cost(roster, crew, day)
            for longer in _with_job(roster, day, number):
                more = _day_cost(roster, crew, longer) - before
                if more < math.inf and (best is None or (more, crew) < best[:2]):
                    best = more, crew, longer
        if best is not None:
            days[best[1]] = best[2]
    return tuple(days)


def _urgency(job: Job, number: int) -> tuple[int, int, int]:
    earliest = min((due_s for crew in job.dues for _, due_s in crew), default=10**9)
    return earliest, -max(job.seconds), number


def _with_job(roster: Roster, day: tuple[int, ...], number: int) -> list[tuple[int, ...]]:
    """Lists the days with one more job at each place that keeps clean before sealed."""
    kind = roster.jobs[number].kind
    kinds = [roster.jobs[job].kind for job in day]
    if kind == MIXED and MIXED in kinds:
        return []
    first = sum(1 for other in kinds if other < kind)
    last = sum(1 for other in kinds if other <= kind)
    return [(*day[:place], number, *day[place:]) for place in range(first, last + 1)]


def _anneal(roster: Roster, start: Days, dice: random.Random, iterations: int) -> Days:
    days = [*start, tuple(sorted(set(range(len(roster.jobs))) - {job for day in start for job in day}))]
    costs = [_cost_of_group(roster, group, day) for group, day in enumerate(days)]
    best, best_cost = list(days), sum(costs)
    for step in range(iterations):
        heat = _HOT * (_COLD / _HOT) ** (step / iterations)
        changed = _swapped(roster, days, dice) if dice.random() < 0.4 else _moved(roster, days, dice)
        if changed is None:
            continue
        priced = {group: _cost_of_group(roster, group, day) for group, day in changed.items()}
        more = sum(cost - costs[group] for group, cost in priced.items())
        if more > 0 and dice.random() >= math.exp(-more / heat):
            continue
        for group, day in changed.items():
            days[group], costs[group] = day, priced[group]
        if sum(costs) < best_cost - 1e-6:
            best, best_cost = list(days), sum(costs)
    return tuple(best[:-1])


def _cost_of_group(roster: Roster, group: int, jobs: tuple[int, ...]) -> float:
    """Prices one crew's day, or the last group: what is left out."""
    if group < len(roster.starts_s):
        return _day_cost(roster, group, jobs)
    return float(LEFT_OUT_COST * sum(roster.jobs[job].orders for job in jobs))


def _moved(roster: Roster, days: list[tuple[int, ...]], dice: random.Random) -> dict[int, tuple[int, ...]] | None:
    """Proposes one job elsewhere."""
    number = dice.randrange(len(roster.jobs))
    origin = next(group for group, day in enumerate(days) if number in day)
    target = dice.randrange(len(days) - 1)
    without = tuple(job for job in days[origin] if job != number)
    longer = _with_job(roster, without if origin == target else days[target], number)
    if not longer:
        return None
    return {origin: without, target: longer[dice.randrange(len(longer))]}


def _swapped(
    roster: Roster, days: list[tuple[int, ...]], dice: random.Random
) -> dict[int, tuple[int, ...]] | None:
    """Proposes two jobs of one kind in each other's place."""
    one, other = dice.sample(range(len(roster.jobs)), 2)
    if roster.jobs[one].kind != roster.jobs[other].kind:
        return None
    exchange = {one: other, other: one}
    return {
        group: tuple(exchange.get(job, job) for job in day)
        for group, day in enumerate(days)
        if one in day or other in day
    }
