"""The process that solves: loads its solvers once, forks a child for each request, and names its stages."""

import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from services.routing.planning import fallback
from services.routing.planning.fallback import Solution
from services.routing.planning.instance_files import plan_dict, problem_from
from services.routing.planning.locked_rounds import open_parts, with_locked
from services.routing.planning.parts import Trolley, trolleys_of
from services.routing.planning.problem import DropProblem, RoundAt, plan_of
from services.routing.planning.ruin_and_recreate.machine_code import fastest_engine
from services.routing.planning.ruin_and_recreate.search import PLAIN, Budget, Engine, improve
from services.routing.planning.sequencing import (
    Days,
    Roster,
    days_at,
    roster_of,
    sequence,
    split_surplus_mixed,
)
from services.routing.planning.several_searches import is_small, search_several_times
from services.routing.planning.timetable import cost_of

SAVINGS, BATCHING, ASSIGNMENT = "savings", "ortools_batching", "ortools_assignment"
SEARCH, SLOW_SEARCH = "ruin_and_recreate", "ruin_and_recreate_uncompiled"
ORTOOLS = "ortools"
"""The engine of the first three stages alone; every other name means Baimi's own search."""
LEAN = "--lean"
"""Said to a process for plans so short that loading OR-Tools would cost them more than it earns."""
_BY_ORTOOLS = "services.routing.planning.by_ortools"
_BATCHING_SHARE = 0.7
_ASSIGNMENT_SHARE, _ASSIGNMENT_MOST_S, _ASSIGNMENT_LEAST_S = 0.04, 1.0, 0.1
"""The search deals rounds out itself: what the assignment still finds is little."""
_BASELINE_SHARE, _BASELINE_MOST_S = 0.1, 0.3
"""Entrance by entrance OR-Tools has a good plan almost at once; the search begins from it where it is better."""
_ALL_STAGES_S = 0.85
"""With less than this for one drop point, all of it is the search's."""
_PLACING_SHARE = 0.15
"""Before the search so much at most goes into finding places order by order, which the search does better."""
_QUICK_DEAL_STEPS = 2_000
_LAST_WORDS_S = 0.05
"""Kept back from the budget for completing and sending the plan."""
_PATIENCE_S = 0.5
"""What a child may overrun its deadline by before the kernel ends it."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a stage ended with, and when."""

    stage: str
    solution: Solution
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Effort:
    """When to be done, on `time.monotonic`'s scale that processes of one machine share, and from which seed."""

    deadline_s: float
    seed: int

    def left_s(self) -> float:
        """Tells how many seconds are left before the plan must be completed and sent."""
        return self.deadline_s - _LAST_WORDS_S - time.monotonic()

    def lasts(self, share: float) -> Callable[[], bool]:
        """Gives what says whether this share of the seconds left now lasts."""
        until_s = time.monotonic() + share * self.left_s()
        return lambda: time.monotonic() < until_s


class ByOrTools(Protocol):
    """What the stages ask of OR-Tools: `by_ortools`, loaded by name and only where there is time for it."""

    def batch(
        self, problem: DropProblem, trolley: Trolley, start: Sequence[RoundAt], *, seconds: float
    ) -> list[RoundAt]:
        """Puts entrances into rounds."""

    def assigned(self, roster: Roster, *, seconds: float, seed: int) -> Days:
        """Deals rounds to crews."""

    def refined(self, roster: Roster, deal: Days, *, seconds: float, seed: int) -> Days:
        """Deals rounds to crews anew, from the deal they have."""


def load_ortools() -> ByOrTools:
    """Loads OR-Tools into this process."""
    return cast(ByOrTools, importlib.import_module(_BY_ORTOOLS))


def run_stages(problem: DropProblem, effort: Effort, engine: Engine, tools: ByOrTools | None) -> Iterator[Found]:
    """Solves one drop point by savings, OR-Tools' batching, Baimi's own search and OR-Tools' assignment.

    No stage ends worse than the one before. Without OR-Tools, or the time for it, all of it is the search's.
    """
    began_s = time.monotonic()
    best = fallback.solve(problem, seed=effort.seed, may_go_on=effort.lasts(_PLACING_SHARE))
    yield Found(SAVINGS, best, time.monotonic() - began_s)
    if effort.left_s() < _ALL_STAGES_S:
        tools = None
    if tools is not None:
        best = _better(problem, best, _batched(problem, best, effort, tools))
        yield Found(BATCHING, best, time.monotonic() - began_s)
    start = fallback.with_left_out(problem, best)
    left_s = effort.left_s()
    assigning_s = min(_ASSIGNMENT_MOST_S, max(_ASSIGNMENT_LEAST_S, _ASSIGNMENT_SHARE * left_s))
    if tools is None:
        assigning_s = 0.0
    budget = Budget(effort.seed, deadline_s=time.monotonic() + left_s - assigning_s)
    if engine is not PLAIN and is_small(problem, left_s - assigning_s):
        found = search_several_times(problem, start, budget, engine, effort.lasts(1.0))
    else:
        days = improve(problem, start, budget, engine).days
        found = fallback.completed(problem, days, effort.lasts(1.0))
    best = _better(problem, best, found)
    yield Found(SLOW_SEARCH if engine is PLAIN else SEARCH, best, time.monotonic() - began_s)
    if tools is not None:
        best = _better(problem, best, _assigned(problem, best, effort, tools))
        yield Found(ASSIGNMENT, best, time.monotonic() - began_s)


def _best_trolley(problem: DropProblem, effort: Effort) -> tuple[Trolley, Solution]:
    in_time = effort.lasts(_PLACING_SHARE)
    first = {
        trolley: fallback.solve_with(problem, trolley, seed=effort.seed, may_go_on=in_time)
        for trolley in trolleys_of(problem)
    }
    trolley = min(first, key=lambda trolley: fallback.rank(problem, first[trolley]))
    return trolley, first[trolley]


def _batched(problem: DropProblem, best: Solution, effort: Effort, tools: ByOrTools) -> Solution:
    seconds = min(_BASELINE_MOST_S, _BASELINE_SHARE * effort.left_s())
    trolley, _ = _best_trolley(problem, effort)
    rounds = tools.batch(problem, trolley, fallback.rounds_by_savings(problem, trolley), seconds=seconds)
    rounds = split_surplus_mixed(problem, rounds)
    dealt = sequence(roster_of(problem, rounds), seed=effort.seed, iterations=_QUICK_DEAL_STEPS)
    return _better(
        problem, best, fallback.completed(problem, days_at(rounds, dealt), effort.lasts(_PLACING_SHARE))
    )


def _assigned(problem: DropProblem, solution: Solution, effort: Effort, tools: ByOrTools) -> Solution:
    """Deals a solution's rounds out anew, from the deal they have."""
    rounds = [each for day in solution.days for each in day]
    numbers = iter(range(len(rounds)))
    deal = tuple(tuple(next(numbers) for _ in day) for day in solution.days)
    days = tools.refined(roster_of(problem, rounds), deal, seconds=effort.left_s(), seed=effort.seed)
    return fallback.completed(problem, days_at(rounds, days), effort.lasts(1.0))


def run_ortools_stages(problem: DropProblem, effort: Effort, tools: ByOrTools) -> Iterator[Found]:
    """Solves one drop point with OR-Tools alone, entrance by entrance: the baseline, and the way back."""
    began_s = time.monotonic()
    trolley, best = _best_trolley(problem, effort)
    yield Found(SAVINGS, best, time.monotonic() - began_s)
    start = fallback.rounds_by_savings(problem, trolley)
    rounds = tools.batch(problem, trolley, start, seconds=effort.left_s() * _BATCHING_SHARE)
    rounds = split_surplus_mixed(problem, rounds)
    roster = roster_of(problem, rounds)
    dealt = sequence(roster, seed=effort.seed, iterations=_QUICK_DEAL_STEPS)
    in_time = effort.lasts(_PLACING_SHARE)
    best = _better(problem, best, fallback.completed(problem, days_at(rounds, dealt), in_time))
    yield Found(BATCHING, best, time.monotonic() - began_s)
    days = tools.assigned(roster, seconds=effort.left_s(), seed=effort.seed)
    best = _better(problem, best, fallback.completed(problem, days_at(rounds, days), effort.lasts(1.0)))
    yield Found(ASSIGNMENT, best, time.monotonic() - began_s)


def _better(problem: DropProblem, best: Solution, other: Solution) -> Solution:
    return min((best, other), key=lambda solution: fallback.rank(problem, solution))


def main(socket_path: Path, *, is_lean: bool) -> None:
    """Serves requests on a Unix socket until its standard input closes, which is when its owner is gone.

    A request is one JSON line (`instance`, `deadline_s`, `seed`, `engine`, `memory_mib`); the answer is one line a
    stage, then `{"done": true}`. Each is answered by a fork, so a crash takes one request with it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the owner, whose end closes our input
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps
    engine, tools = fastest_engine(), None if is_lean else load_ortools()
    gc.freeze()  # what is loaded now stays shared between the children
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_path))
        listener.listen(64)
        print("ready", flush=True)
        while True:
            readable, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in readable:
                _clear_away(socket_path)
                return
            connection, _ = listener.accept()
            with connection:
                if os.fork() == 0:
                    listener.close()
                    os._exit(_answer(connection, engine, tools))


def _clear_away(socket_path: Path) -> None:
    """Removes the socket and its folder: an owner that was killed could not."""
    with suppress(OSError):
        socket_path.unlink()
        socket_path.parent.rmdir()


def _answer(connection: socket.socket, engine: Engine, tools: ByOrTools | None) -> int:
    """Is the whole life of a child; gives its exit status."""
    try:
        with connection.makefile("rwb") as stream:
            request = json.loads(stream.readline())
            _limit(request["deadline_s"], request["memory_mib"])
            for line in _answers(request, engine, tools):
                stream.write(json.dumps(line).encode() + b"\n")
                stream.flush()
    except BrokenPipeError:  # the owner waits no longer
        return 1
    return 0


def _limit(deadline_s: float, memory_mib: int) -> None:
    """Lets the kernel end this process when it overstays or overeats."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    left_s = max(0.0, deadline_s - time.monotonic()) + _PATIENCE_S
    signal.setitimer(signal.ITIMER_REAL, left_s)
    used_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = used_pages * resource.getpagesize() + memory_mib * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _answers(
    request: Mapping[str, object], engine: Engine, tools: ByOrTools | None
) -> Iterator[dict[str, object]]:
    problem = problem_from(request["instance"])
    effort = Effort(deadline_s=float(str(request["deadline_s"])), seed=int(str(request["seed"])))
    by_ortools = request["engine"] == ORTOOLS
    for part in open_parts(problem):
        for found in (
            run_ortools_stages(part, effort, tools or load_ortools())
            if by_ortools
            else run_stages(part, effort, engine, tools)
        ):
            plan = with_locked(problem, plan_of(problem.name, [(part, found.solution.days)]))
            yield {
                "drop": part.drop,
                "stage": found.stage,
                "elapsed_s": found.elapsed_s,
                "cost": cost_of(part, found.solution.days),
                "plan": plan_dict(plan),
                "unassigned": [{"order": it.order, "reason": it.reason} for it in found.solution.left_out],
            }
    yield {"done": True}


if __name__ == "__main__":
    main(Path(sys.argv[1]), is_lean=LEAN in sys.argv[2:])
