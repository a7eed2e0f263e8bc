"""Searches a small drop point from two starts several times, and once more from the best plan that found.

Which plan a search ends near is settled while it is hot: ten times the steps seldom take it elsewhere. Several
short searches end in several places, and what is left of the time makes the best of them better.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.routing.planning import fallback
from services.routing.planning.fallback import Solution
from services.routing.planning.packing import packed_days
from services.routing.planning.problem import DayAt, DropProblem
from services.routing.planning.ruin_and_recreate.search import Budget, Engine, improve

_MOST_ORDERS, _LEAST_S_PER_ORDER = 300, 0.012
"""With more orders, or less time for each, one long search ends lower than several short ones."""
_SHORT_SEARCHES, _SHORT_SHARE = 6, 0.5
_REHEAT = 50.0
"""Hot enough to move on from where a short search ended, not so hot as to lose it."""
_NEXT_SEED = 104_729


@dataclass(frozen=True, slots=True)
class _Try:
    """What one search ended with; whether it could open more rounds than it began with."""

    solution: Solution
    no_more_rounds: bool


def is_small(problem: DropProblem, seconds: float) -> bool:
    """Says whether so many seconds are better spent on several searches than on one."""
    orders = len(problem.order_ids)
    return orders <= _MOST_ORDERS and seconds >= _LEAST_S_PER_ORDER * orders


def search_several_times(
    problem: DropProblem, start: Sequence[DayAt], budget: Budget, engine: Engine, may_go_on: Callable[[], bool]
) -> Solution:
    """Searches by turns from a start and from as few rounds as can carry everything, then on from the best.

    Once it may not go on, no more places are looked for for what a search leaves out.
    """

    def search(days: Sequence[DayAt], number: int, share: float, *, no_more_rounds: bool, heat: float) -> _Try:
        now_s = time.monotonic()
        part = Budget(
            budget.seed + number * _NEXT_SEED,
            deadline_s=now_s + share * (budget.deadline_s - now_s),
            no_more_rounds=no_more_rounds,
            heat=heat,
        )
        found = improve(problem, days, part, engine).days
        return _Try(fallback.completed(problem, found, may_go_on), no_more_rounds)

    packed = packed_days(problem)
    tries = []
    for number in range(_SHORT_SEARCHES):
        share = _SHORT_SHARE / (_SHORT_SEARCHES - _SHORT_SHARE * number)
        if packed is not None and number % 2 == 0:
            tries.append(search(packed, number, share, no_more_rounds=True, heat=budget.heat))
        else:
            tries.append(search(start, number, share, no_more_rounds=False, heat=budget.heat))

    def worth(one: _Try) -> tuple[int, int]:
        return fallback.rank(problem, one.solution)

    best = min(tries, key=worth)
    days, is_full = fallback.with_left_out(problem, best.solution), best.no_more_rounds
    again = search(days, _SHORT_SEARCHES, 1.0, no_more_rounds=is_full, heat=_REHEAT)
    return min(best, again, key=worth).solution
