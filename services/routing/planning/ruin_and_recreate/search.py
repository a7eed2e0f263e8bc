"""Runs the search within its budget, cooling as the budget is spent."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.routing.planning.problem import DayAt, DropProblem
from services.routing.planning.ruin_and_recreate.anneal import BEST_COST, STEPS, Search, anneal
from services.routing.planning.ruin_and_recreate.changes import no_changes
from services.routing.planning.ruin_and_recreate.days import read_days, write_days
from services.routing.planning.ruin_and_recreate.draft import (
    COST,
    CREW_FIGURES,
    Draft,
    empty_draft,
    empty_scratch,
    refresh_crew,
    refresh_round,
)
from services.routing.planning.ruin_and_recreate.ground import CREWS, Ground, ground_of

_HOT, _COLD = 200.0, 2.0
"""Heat in crew seconds at the start and at the end. Source: reference/planning.md 3.3."""
_TURN_S = 0.01
"""How long the search runs between two looks at the clock."""
_TURNS = 200
"""How often a search by steps cools."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to search: until a moment of `time.monotonic`, or for steps, which any machine repeats.

    A search with no more rounds never has more of them than the days it starts from.
    Units: `heat` in crew seconds, what it begins with.
    """

    seed: int
    deadline_s: float = 0.0
    steps: int = 0
    no_more_rounds: bool = False
    heat: float = _HOT


@dataclass(frozen=True, slots=True)
class Engine:
    """Who runs the search: what lays its numbers out, `anneal` as it stands or compiled, and who owns the code."""

    lay_out: Callable[[Ground, Search], tuple[Ground, Search]]
    run: Callable[[Ground, Search, int, float], None]
    owner: object = None


PLAIN = Engine(lay_out=lambda ground, search: (ground, search), run=anneal)


@dataclass(frozen=True, slots=True)
class Improved:
    """What a search ended with: crews' days, what they cost it, and the steps it took."""

    days: tuple[DayAt, ...]
    cost: int
    steps: int


def improve(problem: DropProblem, start: Sequence[DayAt], budget: Budget, engine: Engine = PLAIN) -> Improved:
    """Improves crews' days at one drop point; whatever orders they hold, they hold afterwards.

    Where shifts are full the days may end after them, at a price: whoever asks has to look.
    """
    ground, search = engine.lay_out(*begin(problem, start, budget.seed, no_more_rounds=budget.no_more_rounds))

    def turn(steps: int, progress: float) -> None:
        heat = budget.heat * (_COLD / budget.heat) ** progress * max(1, problem.weights.crew_s)
        engine.run(ground, search, steps, heat)

    if budget.steps:
        for step in range(_TURNS):
            turn(budget.steps * (step + 1) // _TURNS - budget.steps * step // _TURNS, step / _TURNS)
    else:
        _turn_until(budget.deadline_s, turn)
    days = tuple(read_days(ground, search.best, problem))
    return Improved(days, int(search.tally[BEST_COST]), int(search.tally[STEPS]))


def _turn_until(deadline_s: float, turn: Callable[[int, float], None]) -> None:
    """Takes turns until the deadline, as many steps in each as fit between two looks at the clock."""
    began_s = now_s = time.monotonic()
    steps = 10
    while now_s + _TURN_S < deadline_s:
        turn(steps, (now_s - began_s) / (deadline_s - began_s))
        took_s, now_s = time.monotonic() - now_s, time.monotonic()
        steps = max(1, min(2 * steps, int(steps * _TURN_S / max(took_s, 1e-6))))


def begin(
    problem: DropProblem, start: Sequence[DayAt], seed: int, *, no_more_rounds: bool = False
) -> tuple[Ground, Search]:
    """Lays out a search that stands at its start."""
    ground = ground_of(problem, start, is_full=no_more_rounds)
    drafts = [_draft_of(ground, problem, start) for _ in range(3)]
    cost = sum(drafts[0].crews[crew * CREW_FIGURES + COST] for crew in range(ground.sizes[CREWS]))
    search = Search(
        trial=drafts[0],
        current=drafts[1],
        best=drafts[2],
        changes=no_changes(ground),
        since_best=no_changes(ground),
        scratch=empty_scratch(ground, seed),
        tally=[cost, cost, 0, 0],
    )
    return ground, search


def _draft_of(ground: Ground, problem: DropProblem, days: Sequence[DayAt]) -> Draft:
    draft, scratch = empty_draft(ground), empty_scratch(ground, 0)
    write_days(ground, draft, problem, days)
    for slot in range(sum(len(day) for day in days)):
        refresh_round(ground, draft, scratch, slot)
    for crew in range(len(days)):
        refresh_crew(ground, draft, crew)
    return draft
