"""Rounds dealt to crews: clean before sealed, promises kept where they can be, CP-SAT never worse."""

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.planning.assignment import Effort, assign
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


def a_job(kind: int = CLEAN, seconds: int = 600, due_s: int | None = None, crews: int = 2) -> Job:
    dues = () if due_s is None else ((seconds, due_s),)
    return Job(kind, orders=1, seconds=(seconds,) * crews, dues=(dues,) * crews)


def a_roster(*jobs: Job, end_s: int = 14_400) -> Roster:
    crews = len(jobs[0].seconds)
    return Roster(jobs, (0,) * crews, (end_s,) * crews, crew_weight=1, late_weight=1)


JOBS = st.builds(
    a_job,
    kind=st.sampled_from([CLEAN, MIXED, SEALED]),
    seconds=st.integers(1, 2_000),
    due_s=st.one_of(st.none(), st.integers(0, 4_000)),
)
ROSTERS = st.builds(
    lambda jobs, end_s: a_roster(*jobs, end_s=end_s),
    st.lists(JOBS, min_size=1, max_size=6),
    st.sampled_from([1_500, 4_000, 14_400]),
)


def is_in_order(roster: Roster, days: Days) -> bool:
    kinds = [[roster.jobs[job].kind for job in day] for day in days]
    return all(day == sorted(day) and day.count(MIXED) <= 1 for day in kinds)


def done(days: Days) -> list[int]:
    return [job for day in days for job in day]


@given(ROSTERS)
@settings(max_examples=60)
def test_no_job_is_done_twice_and_clean_comes_before_sealed(roster: Roster) -> None:
    days = sequence(roster, seed=3, iterations=300)
    assert len(done(days)) == len(set(done(days)))
    assert is_in_order(roster, days)
    assert cost_of_days(roster, days) < float("inf")


@given(ROSTERS)
@settings(max_examples=40)
def test_the_annealed_days_are_never_dearer_than_the_greedy_ones(roster: Roster) -> None:
    greedy = sequence(roster, seed=3, iterations=0)
    assert cost_of_days(roster, sequence(roster, seed=3, iterations=300)) <= cost_of_days(roster, greedy) + 1e-6


@given(ROSTERS)
@settings(max_examples=15)
def test_the_assignment_keeps_the_order_and_is_never_dearer_than_the_annealed_days(roster: Roster) -> None:
    days = assign(roster, Effort(seconds=0.2, seed=3))
    assert len(done(days)) == len(set(done(days)))
    assert is_in_order(roster, days)
    assert cost_of_days(roster, days) <= cost_of_days(roster, sequence(roster, seed=3, iterations=500)) + 1e-6


def test_the_assignment_finds_the_least_lateness_there_is() -> None:
    jobs = [a_job(seconds=700 + 90 * n, due_s=2_600 - 500 * n, crews=1) for n in range(5)]
    roster = a_roster(*jobs)
    best = min(cost_of_days(roster, (order,)) for order in permutations(range(5)))
    assert abs(cost_of_days(roster, assign(roster, Effort(seconds=2, seed=1))) - best) < 1


def test_a_promise_is_kept_before_the_makespan() -> None:
    roster = a_roster(a_job(seconds=3_000), a_job(seconds=500, due_s=500, crews=2), a_job(seconds=2_500))
    days = assign(roster, Effort(seconds=1, seed=1))
    assert next(day for day in days if 1 in day)[0] == 1


def test_what_does_not_fit_into_the_shifts_is_left_out_at_its_price() -> None:
    roster = a_roster(*[a_job(seconds=1_000) for _ in range(3)], end_s=1_000)
    days = assign(roster, Effort(seconds=0.5, seed=1))
    assert len(done(days)) == 2
    assert cost_of_days(roster, days) > LEFT_OUT_COST


def test_a_job_goes_to_the_crew_that_can_carry_it() -> None:
    heavy = Job(CLEAN, orders=1, seconds=(-1, 600), dues=((), ()))
    days = assign(a_roster(heavy, a_job()), Effort(seconds=0.5, seed=1))
    assert 0 in days[1]
