"""Solving in a child process: a checked plan comes in time, whatever becomes of the child."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.routing.planning.check import check_plan
from services.routing.planning.child import FALLBACK_STAGE, ORTOOLS_ENGINE, SolvedPlan, SolverProcess
from services.routing.planning.fields import MalformedFile
from services.routing.planning.instance_files import plan_dict, problem_from
from shared.testing.eventually import eventually
from tests.unit.routing.planning.streets import a_crew, a_street, an_entrance, an_order

STAGES = ["savings", "ortools_batching", "ruin_and_recreate", "ortools_assignment"]
ORTOOLS_STAGES = ["savings", "ortools_batching", "ortools_assignment"]


def a_busy_street(entrances: int = 30) -> dict[str, Any]:
    return a_street(
        entrances=[
            an_entrance(f"e{n}", x=37.0 * (n % 7), y=29.0 * (n // 7), sealed=n % 5 == 0) for n in range(entrances)
        ],
        orders=[
            an_order(f"o{n}", f"e{n % entrances}", floor=1 + n % 6, packages_g=[4_000 + 37 * n] * 2, crates=2)
            for n in range(4 * entrances)
        ],
        crews=[a_crew(f"c{n}") for n in range(3 + entrances // 10)],
    )


def assert_valid(street: dict[str, Any], solved: SolvedPlan) -> None:
    assert check_plan(street, plan_dict(solved.plan)).errors == ()
    assert solved.score.errors == ()
    assert solved.unassigned == ()


@pytest.fixture
async def solvers() -> AsyncIterator[SolverProcess]:
    async with SolverProcess() as process:
        await process.start()
        yield process


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def has_loaded_ortools(solvers: SolverProcess) -> bool:
    return "libortools" in Path(f"/proc/{solvers.pid}/maps").read_text(encoding="ascii")


async def first_child_of(solvers: SolverProcess) -> int:
    seen: list[int] = []

    async def is_there() -> bool:
        seen.extend(children_of(solvers.pid or 0))
        return bool(seen)

    await eventually(is_there)
    return seen[0]


async def test_a_plan_comes_from_a_child_with_its_stages_named(solvers: SolverProcess) -> None:
    street = a_busy_street()
    solved = await solvers.solve_in_child(problem_from(street), seconds=6.0, seed=1)
    assert_valid(street, solved)
    assert solved.finished
    assert [stage.name for stage in solved.stages] == STAGES
    costs = [stage.cost for stage in solved.stages]
    assert costs == sorted(costs, reverse=True)
    assert solved.score.cost == costs[-1]


async def test_a_plan_is_there_within_its_budget_even_when_children_queue(solvers: SolverProcess) -> None:
    street = a_busy_street()
    began_s = time.monotonic()
    solved = await asyncio.gather(
        *(solvers.solve_in_child(problem_from(street), seconds=0.5, seed=seed) for seed in range(4))
    )
    # Two workers, two turns of half a second, and on a loaded machine a moment for each.
    assert time.monotonic() - began_s < 2.5
    for each in solved:
        assert_valid(street, each)


async def test_or_tools_alone_gives_the_same_plan_for_the_same_seed(solvers: SolverProcess) -> None:
    problem = problem_from(a_busy_street(entrances=8))
    one = await solvers.solve_in_child(problem, seconds=8.0, seed=5, engine=ORTOOLS_ENGINE)
    other = await solvers.solve_in_child(problem, seconds=8.0, seed=5, engine=ORTOOLS_ENGINE)
    assert [stage.name for stage in one.stages] == ORTOOLS_STAGES
    assert one.plan == other.plan


async def test_a_child_killed_while_it_solves_still_leaves_a_valid_plan(solvers: SolverProcess) -> None:
    street = a_busy_street()
    solving = asyncio.create_task(solvers.solve_in_child(problem_from(street), seconds=5.0, seed=1))
    os.kill(await first_child_of(solvers), signal.SIGKILL)
    solved = await solving
    assert_valid(street, solved)
    assert not solved.finished
    assert solved.elapsed_s < 4


async def test_the_solver_process_killed_leaves_a_plan_and_is_started_anew(solvers: SolverProcess) -> None:
    street = a_busy_street()
    os.kill(solvers.pid or 0, signal.SIGKILL)
    assert_valid(street, await solvers.solve_in_child(problem_from(street), seconds=3.0, seed=1))
    again = await solvers.solve_in_child(problem_from(street), seconds=3.0, seed=1)
    assert_valid(street, again)
    assert again.finished


async def test_many_requests_find_the_solver_process_dead_and_all_get_their_plans(solvers: SolverProcess) -> None:
    street = a_busy_street(entrances=8)
    os.kill(solvers.pid or 0, signal.SIGKILL)
    solved = await asyncio.gather(
        *(solvers.solve_in_child(problem_from(street), seconds=2.0, seed=seed) for seed in range(4))
    )
    for each in solved:
        assert_valid(street, each)
    assert solved[-1].finished


async def test_a_child_that_hangs_is_given_up_at_its_deadline_and_ended(solvers: SolverProcess) -> None:
    street = a_busy_street()
    solving = asyncio.create_task(solvers.solve_in_child(problem_from(street), seconds=1.0, seed=1))
    child = await first_child_of(solvers)
    os.kill(child, signal.SIGSTOP)
    solved = await solving
    assert_valid(street, solved)
    assert solved.elapsed_s < 2
    os.kill(child, signal.SIGCONT)

    async def is_gone() -> bool:
        return child not in children_of(solvers.pid or 0)

    await eventually(is_gone)


async def test_a_child_without_memory_dies_and_the_plan_still_comes() -> None:
    street = a_busy_street(entrances=150)
    async with SolverProcess(memory_mib=0) as starved:
        solved = await starved.solve_in_child(problem_from(street), seconds=5.0, seed=1)
    assert_valid(street, solved)
    assert not solved.finished


async def test_no_time_at_all_still_gives_the_plain_plan(solvers: SolverProcess) -> None:
    street = a_busy_street()
    solved = await solvers.solve_in_child(problem_from(street), seconds=0.0, seed=1)
    assert_valid(street, solved)
    assert {stage.name for stage in solved.stages} <= {FALLBACK_STAGE, *STAGES}


async def test_orders_that_cannot_be_served_come_back_and_the_rest_is_served(solvers: SolverProcess) -> None:
    street = a_street(orders=[an_order("o0", "clean", packages_g=[999_999]), an_order("o1", "clean")])
    solved = await solvers.solve_in_child(problem_from(street), seconds=0.5, seed=1)
    assert [(it.order, it.reason) for it in solved.unassigned] == [("o0", "too_heavy")]
    assert solved.score.rounds == 1


async def test_nonsense_is_refused_by_the_name_of_its_field(solvers: SolverProcess) -> None:
    problem = problem_from(a_street())
    nonsense = replace(problem, orders=(replace(problem.orders[0], packages_g=(-1,)),))
    with pytest.raises(MalformedFile, match=r"^orders\[0\]\.packages_g\[0\]: must be at least 0"):
        await solvers.solve_in_child(nonsense, seconds=0.5, seed=1)


async def test_nothing_to_plan_is_an_empty_plan(solvers: SolverProcess) -> None:
    solved = await solvers.solve_in_child(problem_from(a_street(orders=[])), seconds=0.5, seed=1)
    assert (solved.plan.crews, solved.unassigned, solved.finished) == ((), (), True)


async def test_the_solver_process_ends_with_its_owner() -> None:
    process = SolverProcess()
    await process.start()
    pid = process.pid or 0
    await process.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    await process.close()


def test_no_solver_enters_the_serving_process() -> None:
    program = "import sys; import services.routing.planning.child; sys.exit('ortools' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


OWNER = """
import asyncio, os, signal
from services.routing.planning.child import SolverProcess

async def main():
    process = SolverProcess()
    await process.start()
    print(process.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_the_solver_process_does_not_outlive_an_owner_that_was_killed() -> None:
    owner = await asyncio.create_subprocess_exec(sys.executable, "-c", OWNER, stdout=asyncio.subprocess.PIPE)
    told, _ = await owner.communicate()
    assert owner.returncode == -signal.SIGKILL

    async def is_gone() -> bool:
        return not is_running(int(told))

    await eventually(is_gone)


def is_running(pid: int) -> bool:
    # Signal 0 also reaches a process that is dead but not yet reaped by the machine's first process.
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text(encoding="ascii")


async def test_a_lean_process_plans_by_savings_and_search_and_never_loads_ortools() -> None:
    street = a_busy_street()
    async with SolverProcess(is_lean=True) as lean:
        solved = await lean.solve_in_child(problem_from(street), seconds=3.0, seed=1)
        has_ortools = has_loaded_ortools(lean)
    assert_valid(street, solved)
    assert [stage.name for stage in solved.stages] == ["savings", "ruin_and_recreate"]
    assert not has_ortools


async def test_a_lean_process_that_is_asked_for_ortools_loads_it() -> None:
    street = a_busy_street()
    async with SolverProcess(is_lean=True) as lean:
        solved = await lean.solve_in_child(problem_from(street), seconds=6.0, seed=1, engine=ORTOOLS_ENGINE)
    assert_valid(street, solved)
    assert [stage.name for stage in solved.stages] == ORTOOLS_STAGES


async def test_the_full_process_has_ortools_loaded(solvers: SolverProcess) -> None:
    assert has_loaded_ortools(solvers)
