"""The process that solves: loads OR-Tools once, forks a child for each request, and names the stages it runs."""

import gc
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from services.routing.planning import assignment, batching, fallback
from services.routing.planning.fallback import Solution
from services.routing.planning.instance_files import plan_dict, problem_from
from services.routing.planning.parts import trolleys_of
from services.routing.planning.problem import DropProblem, drop_problems, plan_of
from services.routing.planning.sequencing import days_at, roster_of, sequence, split_surplus_mixed
from services.routing.planning.timetable import cost_of

SAVINGS, BATCHING, ASSIGNMENT = "savings", "ortools_batching", "ortools_assignment"
_BATCHING_SHARE = 0.7
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


def run_stages(problem: DropProblem, *, deadline_s: float, seed: int) -> Iterator[Found]:
    """Solves one drop point stage by stage; what each ends with is never worse than before.

    Units: deadline on `time.monotonic`'s scale, which processes of one machine share.
    """
    began_s = time.monotonic()
    first = {trolley: fallback.solve_with(problem, trolley, seed=seed) for trolley in trolleys_of(problem)}
    trolley = min(first, key=lambda trolley: fallback.rank(problem, first[trolley]))
    best = first[trolley]
    yield Found(SAVINGS, best, time.monotonic() - began_s)
    left_s = deadline_s - _LAST_WORDS_S - time.monotonic()
    start = fallback.rounds_by_savings(problem, trolley)
    rounds = batching.batch(problem, trolley, start, seconds=left_s * _BATCHING_SHARE)
    rounds = split_surplus_mixed(problem, rounds)
    roster = roster_of(problem, rounds)
    dealt = sequence(roster, seed=seed, iterations=_QUICK_DEAL_STEPS)
    best = _better(problem, best, fallback.completed(problem, days_at(rounds, dealt)))
    yield Found(BATCHING, best, time.monotonic() - began_s)
    left_s = deadline_s - _LAST_WORDS_S - time.monotonic()
    days = assignment.assign(roster, assignment.Effort(seconds=left_s, seed=seed))
    best = _better(problem, best, fallback.completed(problem, days_at(rounds, days)))
    yield Found(ASSIGNMENT, best, time.monotonic() - began_s)


def _better(problem: DropProblem, best: Solution, other: Solution) -> Solution:
    return min((best, other), key=lambda solution: fallback.rank(problem, solution))


def main(socket_path: Path) -> None:
    """Serves requests on a Unix socket until its standard input closes, which is when its owner is gone.

    A request is one JSON line (`instance`, `deadline_s`, `seed`, `memory_mib`); the answer is one line a
    stage, then `{"done": true}`. Each is answered by a fork, so a crash takes one request with it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the owner, whose end closes our input
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps
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
                    os._exit(_answer(connection))


def _clear_away(socket_path: Path) -> None:
    """Removes the socket and its folder: an owner that was killed could not."""
    with suppress(OSError):
        socket_path.unlink()
        socket_path.parent.rmdir()


def _answer(connection: socket.socket) -> int:
    """Is the whole life of a child; gives its exit status."""
    try:
        with connection.makefile("rwb") as stream:
            request = json.loads(stream.readline())
            _limit(request["deadline_s"], request["memory_mib"])
            for line in _answers(request):
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


def _answers(request: Mapping[str, object]) -> Iterator[dict[str, object]]:
    problem = problem_from(request["instance"])
    (part,) = drop_problems(problem)
    for found in run_stages(part, deadline_s=float(str(request["deadline_s"])), seed=int(str(request["seed"]))):
        yield {
            "drop": part.drop,
            "stage": found.stage,
            "elapsed_s": found.elapsed_s,
            "cost": cost_of(part, found.solution.days),
            "plan": plan_dict(plan_of(problem.name, [(part, found.solution.days)])),
            "unassigned": [{"order": it.order, "reason": it.reason} for it in found.solution.left_out],
        }
    yield {"done": True}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
