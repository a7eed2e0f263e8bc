"""Has a drop point planned in a process of its own, and has a plan whatever becomes of that process."""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from services.routing.planning import fallback
from services.routing.planning.check import Score, check_plan
from services.routing.planning.instance_files import instance_dict, plan_dict, plan_from, problem_from
from services.routing.planning.locked_rounds import open_parts, with_locked
from services.routing.planning.problem import (
    DayAt,
    DropProblem,
    Plan,
    Problem,
    Reason,
    Unassigned,
    plan_of,
    screen,
)

SOLVER_MODULE = "services.routing.planning.stages"
"""Loaded by name, in another process: OR-Tools never enters this one."""
_LEAN = "--lean"
LEAN_BELOW_S = 1.25
"""With less than this for a drop point, OR-Tools would take longer to load than it would work."""
OWN_ENGINE, ORTOOLS_ENGINE = "baimi", "ortools"
"""Baimi's own search, or OR-Tools alone."""
FALLBACK_STAGE = "savings_in_process"
_NEXT_SEED = 7_919
"""How far apart the seeds of one drop point's workers lie."""
_LINE_LIMIT = 64 * 2**20
_OVERRUN_S = 0.25
_LEAST_S, _LEAST_S_PER_ORDER = 0.05, 0.0003
"""What the plain plan takes (0.4 s for 1,400 orders): with less time than that no child is asked."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage that ran: where, its name, the seconds since the solving began, and the cost it ended with."""

    drop: str
    name: str
    elapsed_s: float
    cost: int


@dataclass(frozen=True, slots=True)
class SolvedPlan:
    """A checked plan, the stages that made it, and who is in no round and why.

    `finished` is false where the solver's process died or was too late and an earlier stage's plan stands in.
    """

    plan: Plan
    score: Score
    stages: tuple[Stage, ...]
    unassigned: tuple[Unassigned, ...]
    elapsed_s: float
    finished: bool


class BrokenPlan(Exception):
    """The plain fallback broke a rule: a bug, never an event."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """The best plan a child has sent so far."""

    plan: Plan
    unassigned: tuple[Unassigned, ...]
    stages: tuple[Stage, ...]
    finished: bool = False


_NOTHING = _Answer(Plan("", ()), (), ())


@dataclass(frozen=True, slots=True)
class Task:
    """By when to plan, on `time.monotonic`'s scale, from which seed, and with which solver."""

    deadline_s: float
    seed: int
    engine: str


class SolverProcess:
    """The process that holds the solvers and forks a child for each request; started when first needed.

    A lean one starts in half the time, without OR-Tools: for plans too short for it.
    """

    def __init__(self, *, workers: int = 2, memory_mib: int = 1024, is_lean: bool = False) -> None:
        self.workers = workers
        self._words = (_LEAN,) if is_lean else ()
        self._memory_mib = memory_mib
        self._free = asyncio.Semaphore(workers)
        self._folder: Path | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._starting = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def pid(self) -> int | None:
        """Is the solver process's id while it runs."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process is not None else None

    async def start(self) -> None:
        """Starts the process unless it runs, and waits until it has loaded the solver."""
        async with self._starting:
            if self.pid is not None:
                return
            await self.close()
            self._folder = Path(tempfile.mkdtemp(prefix="baimi-solver-"))
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                SOLVER_MODULE,
                str(self._folder / "socket"),
                *self._words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
                start_new_session=True,
            )
            if self._process.stdout is not None:
                await self._process.stdout.readline()

    async def close(self) -> None:
        """Ends the process and its children at once; a second time does nothing."""
        process, self._process = self._process, None
        folder, self._folder = self._folder, None
        if process is not None and process.returncode is None:
            # The process leads a session of its own, so its group is it and its children, and nobody else.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    async def solve_in_child(
        self, problem: Problem, *, seconds: float, seed: int, engine: str = OWN_ENGINE
    ) -> SolvedPlan:
        """Plans one drop point in a child process within a wall budget; a checked plan comes in any case.

        Orders that cannot be served come back with their reason; the rest is served.
        Units: the seconds count from when one of the workers is free.
        Errors: MalformedFile naming the field of a problem that is nonsense, ValueError for one of several drop
        points; BrokenPlan if the fallback itself breaks a rule.
        """
        problem_from(instance_dict(problem))
        if len(problem.drop_points) != 1:
            raise ValueError("one child plans one drop point")
        async with self._free:
            return await self._solve(problem, Task(time.monotonic() + seconds, seed, engine))

    async def solve_street(
        self, problem: Problem, *, deadline_s: float, seed: int, engine: str = OWN_ENGINE
    ) -> SolvedPlan:
        """Plans every drop point, as many at once as there are workers; time is shared by orders.

        Workers that would have no drop point of their own plan one of the others from another seed.

        Units: deadline on `time.monotonic`'s scale.
        Errors: BrokenPlan if the fallback itself breaks a rule.
        """
        began_s = time.monotonic()
        parts = _by_drop(problem)
        starting = asyncio.create_task(self.start())
        results: list[tuple[str, SolvedPlan]] = []

        async def work(own: Sequence[tuple[Problem, int]]) -> None:
            left = sum(len(part.orders) for part, _ in own)
            for part, own_seed in own:
                now_s, share = time.monotonic(), len(part.orders) / max(1, left)
                left -= len(part.orders)
                task = Task(now_s + share * (deadline_s - now_s), own_seed, engine)
                results.append((part.drop_points[0].id, await self._solve(part, task)))

        try:
            await asyncio.gather(*(work(own) for own in dealt_out(parts, seed, self.workers)))
        finally:
            starting.cancel()
        return _joined(problem, _best_of_each(parts, results), time.monotonic() - began_s)

    async def _solve(self, problem: Problem, task: Task) -> SolvedPlan:
        began_s = time.monotonic()
        servable, refused = screen(problem)
        answer = _NOTHING
        if servable.orders and task.deadline_s - began_s > _LEAST_S + _LEAST_S_PER_ORDER * len(servable.orders):
            with suppress(OSError, TimeoutError):
                answer = await self._ask(servable, task)
        solved = await asyncio.to_thread(_proven, servable, answer, task.seed)
        unassigned = (*refused, *solved.unassigned)
        return replace(solved, unassigned=unassigned, elapsed_s=time.monotonic() - began_s)

    async def _ask(self, problem: Problem, task: Task) -> _Answer:
        """Sends one request and keeps the last plan that came back before the deadline."""
        answer = _NOTHING
        async with asyncio.timeout(max(0.0, task.deadline_s + _OVERRUN_S - time.monotonic())):
            reader, writer = await self._connect()
        try:
            writer.write(_request(problem, task, self._memory_mib))
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(max(0.0, task.deadline_s + _OVERRUN_S - time.monotonic())):
                    while not answer.finished and (line := await reader.readline()):
                        answer = _with_line(answer, json.loads(line))
        finally:
            writer.close()
        return answer

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        await self.start()
        process = self._process
        try:
            return await asyncio.open_unix_connection(str(self._socket), limit=_LINE_LIMIT)
        except OSError:  # it died, and this is the first to notice
            if self._process is process:
                await self.close()
            await self.start()
            return await asyncio.open_unix_connection(str(self._socket), limit=_LINE_LIMIT)

    @property
    def _socket(self) -> Path:
        if self._folder is None:
            raise ConnectionError("the solver process is not there")
        return self._folder / "socket"


def _by_drop(problem: Problem) -> list[Problem]:
    """Cuts a street into its drop points; what lies at none is in no part."""
    parts = []
    drop_of = {crew.id: crew.drop for crew in problem.crews}
    for drop in problem.drop_points:
        entrances = tuple(entrance for entrance in problem.entrances if entrance.drop == drop.id)
        names = {entrance.id for entrance in entrances}
        parts.append(
            replace(
                problem,
                drop_points=(drop,),
                entrances=entrances,
                orders=tuple(order for order in problem.orders if order.entrance in names),
                crews=tuple(crew for crew in problem.crews if crew.drop == drop.id),
                locked=tuple(one for one in problem.locked if drop_of.get(one.crew) == drop.id),
            )
        )
    return parts


def dealt_out(parts: Sequence[Problem], seed: int, workers: int) -> list[list[tuple[Problem, int]]]:
    """Deals drop points to workers, the largest first to who has fewest orders: all get like seconds an order.

    Workers that would have none get one of the others from another seed.
    """
    tries = max(1, workers // max(1, sum(1 for part in parts if part.orders)))
    tasks = [(part, seed + number * _NEXT_SEED) for number in range(tries) for part in parts]
    dealt: list[list[tuple[Problem, int]]] = [[] for _ in range(workers)]
    for task in sorted(tasks, key=lambda task: -len(task[0].orders)):
        min(dealt, key=lambda own: sum(len(part.orders) for part, _ in own)).append(task)
    return dealt


def _best_of_each(parts: Sequence[Problem], results: Sequence[tuple[str, SolvedPlan]]) -> list[SolvedPlan]:
    """Picks the best of the plans made for each drop point: fewest orders left out, then cheapest."""
    return [
        min(
            (solved for drop, solved in results if drop == part.drop_points[0].id),
            key=lambda solved: (len(solved.unassigned), solved.score.cost),
        )
        for part in parts
    ]


def _joined(problem: Problem, results: Sequence[SolvedPlan], elapsed_s: float) -> SolvedPlan:
    """Puts the drop points' plans together, crews in the order of the instance."""
    of_crew = {crew_plan.crew: crew_plan for result in results for crew_plan in result.plan.crews}
    reasons = {it.order: it for it in screen(problem)[1]}
    reasons |= {it.order: it for result in results for it in result.unassigned}
    unassigned = tuple(reasons[order.id] for order in problem.orders if order.id in reasons)
    plan = Plan(problem.name, tuple(of_crew[crew.id] for crew in problem.crews if crew.id in of_crew))
    return SolvedPlan(
        plan=plan,
        score=_score(problem, _Answer(plan, unassigned, ())),
        stages=tuple(stage for result in results for stage in result.stages),
        unassigned=unassigned,
        elapsed_s=elapsed_s,
        finished=all(result.finished for result in results),
    )


def _request(problem: Problem, task: Task, memory_mib: int) -> bytes:
    request = {
        "instance": instance_dict(problem),
        "deadline_s": task.deadline_s,
        "seed": task.seed,
        "engine": task.engine,
        "memory_mib": memory_mib,
    }
    return json.dumps(request).encode() + b"\n"


def _with_line(answer: _Answer, line: Mapping[str, Any]) -> _Answer:
    """Takes in one line of a child's answer; a later stage's plan is never worse."""
    if "done" in line:
        return replace(answer, finished=True)
    return _Answer(
        plan=plan_from(line["plan"]),
        unassigned=tuple(Unassigned(it["order"], Reason(it["reason"])) for it in line["unassigned"]),
        stages=(*answer.stages, Stage(line["drop"], line["stage"], line["elapsed_s"], line["cost"])),
    )


def _proven(problem: Problem, answer: _Answer, seed: int) -> SolvedPlan:
    """Checks what came back; makes the plain plan here if nothing did or it breaks a rule."""
    if answer.stages:
        score = _score(problem, answer)
        if not score.errors:
            return SolvedPlan(answer.plan, score, answer.stages, answer.unassigned, 0.0, answer.finished)
    answer = _plain_answer(problem, seed)
    score = _score(problem, answer)
    if score.errors:
        raise BrokenPlan(score.errors[0])
    return SolvedPlan(answer.plan, score, answer.stages, answer.unassigned, 0.0, not problem.orders)


def _score(problem: Problem, answer: _Answer) -> Score:
    """Has the independent check judge a plan; what it leaves out must be exactly what has a reason."""
    left_out = {it.order for it in answer.unassigned}
    served = replace(problem, orders=tuple(order for order in problem.orders if order.id not in left_out))
    return check_plan(instance_dict(served), plan_dict(answer.plan))


def _plain_answer(problem: Problem, seed: int) -> _Answer:
    """Plans in this process, without any solver."""
    began_s = time.monotonic()
    days: list[tuple[DropProblem, Sequence[DayAt]]] = []
    left_out: list[Unassigned] = []
    stages: list[Stage] = []
    for part in open_parts(problem):
        solution = fallback.solve(part, seed=seed)
        days.append((part, solution.days))
        left_out += solution.left_out
        cost = fallback.rank(part, solution)[1]
        stages.append(Stage(part.drop, FALLBACK_STAGE, time.monotonic() - began_s, cost))
    plan = with_locked(problem, plan_of(problem.name, days))
    return _Answer(plan, tuple(left_out), tuple(stages))
