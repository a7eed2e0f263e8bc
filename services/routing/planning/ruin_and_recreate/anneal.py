"""The search itself: ruin, recreate, keep what is better and, while it is hot, some of what is worse."""

import math
from typing import NamedTuple

from services.routing.planning.ruin_and_recreate.changes import (
    CHANGED_CREWS,
    CHANGED_SLOTS,
    Changes,
    carry_over,
    forget,
    mark_crew,
    mark_slot,
)
from services.routing.planning.ruin_and_recreate.day_moves import move_round
from services.routing.planning.ruin_and_recreate.dice import below, fraction
from services.routing.planning.ruin_and_recreate.draft import COST, CREW_FIGURES, Draft, Scratch
from services.routing.planning.ruin_and_recreate.exchange import exchange
from services.routing.planning.ruin_and_recreate.ground import PROMISES, Ground, Ints
from services.routing.planning.ruin_and_recreate.recreate import recreate
from services.routing.planning.ruin_and_recreate.ruin import ruin

NOW_COST, BEST_COST, STEPS, KEPT = range(4)
"""Columns of `Search.tally`: cost of the current draft and of the best, steps taken, and how many were kept."""
_DAY_MOVES, _DAY_MOVES_WITH_PROMISES = 20, 200
"""Of 1,000 steps so many move whole rounds between days; when they happen matters only to promises."""

_EXCHANGES = 300
"""So many more exchange a few orders of two rounds: full trolleys are seldom packed otherwise by a ruin."""


class Search(NamedTuple):
    """One drop point's search: the draft each step tries, the one it starts from, the best; and what is tried."""

    trial: Draft
    current: Draft
    best: Draft
    changes: Changes
    since_best: Changes
    scratch: Scratch
    tally: Ints


def anneal(ground: Ground, search: Search, steps: int, heat: float) -> None:
    """Takes some steps at one heat.

    Units: heat in cost; a step that costs as much more is kept with probability 1/e.
    """
    moves = _DAY_MOVES_WITH_PROMISES if ground.sizes[PROMISES] > 0 else _DAY_MOVES
    for _ in range(steps):
        most, possible = int(-heat * math.log(fraction(search.scratch.dice))), True
        kind = below(search.scratch.dice, 1_000)
        if kind < moves:
            move_round(ground, search.trial, search.changes, search.scratch)
        elif kind < moves + _EXCHANGES:
            possible = exchange(ground, search.trial, search.changes, search.scratch)
        else:
            ruin(ground, search.trial, search.changes, search.scratch)
            spare = most - _more_cost(search)
            possible = recreate(ground, search.trial, search.changes, search.scratch, spare)
        search.tally[STEPS] += 1
        more = _more_cost(search) if possible else 0
        if possible and more <= most:
            _keep(ground, search, more)
        else:
            carry_over(ground, search.changes, search.current, search.trial)
        forget(ground, search.changes)


def _more_cost(search: Search) -> int:
    """Sums what the crews' days that have changed cost more than before this step."""
    more = 0
    for place in range(search.changes.counts[CHANGED_CREWS]):
        at = search.changes.crews[place] * CREW_FIGURES + COST
        more += search.trial.crews[at] - search.current.crews[at]
    return more


def _keep(ground: Ground, search: Search, more: int) -> None:
    """Goes on from what was tried, and writes it down if it is the best so far."""
    search.tally[KEPT] += 1
    search.tally[NOW_COST] += more
    carry_over(ground, search.changes, search.trial, search.current)
    for place in range(search.changes.counts[CHANGED_SLOTS]):
        mark_slot(search.since_best, search.changes.slots[place])
    for place in range(search.changes.counts[CHANGED_CREWS]):
        mark_crew(ground, search.since_best, search.changes.crews[place])
    if search.tally[NOW_COST] < search.tally[BEST_COST]:
        search.tally[BEST_COST] = search.tally[NOW_COST]
        carry_over(ground, search.since_best, search.current, search.best)
        forget(ground, search.since_best)
