"""What one step of the search has changed so far, so that it can be kept or taken back at little cost."""

from typing import NamedTuple

from services.routing.planning.ruin_and_recreate.draft import Draft, copy_crew, copy_round
from services.routing.planning.ruin_and_recreate.ground import CLASSES, CREWS, ORDERS, SLOTS, Ground, Ints


class Changes(NamedTuple):
    """What one step does to a draft.

    Shape: `counts` by the names below; `is_changed` has a flag a slot, then a flag a crew; orders that are out
    are cut into blocks from `block_first` to `block_end`. Of the block in hand `block` holds its
    figures, `alone_s` its seconds as a visit of its own by class of crew, and `place` the best place so far;
    `visits` has the number of the turn in which a slot, and after the slots a crew, was seen to visit the entrance
    of the block in hand.
    """

    counts: Ints
    slots: Ints
    crews: Ints
    is_changed: Ints
    out: Ints
    block_first: Ints
    block_end: Ints
    block_key: Ints
    block: Ints
    alone_s: Ints
    place: Ints
    visits: Ints


CHANGED_SLOTS, CHANGED_CREWS, OUT, BLOCKS, EMPTY_SLOT, TURN = range(6)
"""How many slots and crews have changed, orders are out, blocks they are; a slot that may be empty; and
blocks taken in hand so far."""
(
    FIRST,
    SIZE,
    ENTRANCE,
    LOADING_S,
    PROMISES_HELD,
    BLOCK_GRAMS,
    BLOCK_CRATES,
    LOCKED_BLOCK,
    ALONE_S,
    VISITED_BY,
) = range(10)
"""Columns of `Changes.block`: its first order and how many, their entrance, what loading them takes, how many
were promised a time, their load; the one crew that may take them; what they take the crew that is looked at as a
visit of their own, loading and disinfecting with it; and a crew that visits their entrance, if there is one."""
AT_CREW, AT_ROUND, AT_STOP, IS_NEW_STOP, IS_NEW_ROUND, MORE_COST, MORE_BUSY_S, HAS_ROOM = range(8)
"""Columns of `Changes.place`: whose round, its place in the day, which stop, whether stop and round are new,
what it costs more, and how long that crew works (among equals the least busy opens a new round); and whether any
round has room for the block, or cost alone was looked at."""


def no_changes(ground: Ground) -> Changes:
    """Makes room for what a step may change."""
    sizes = ground.sizes
    orders = sizes[ORDERS]
    return Changes(
        counts=[0] * 6,
        slots=[0] * sizes[SLOTS],
        crews=[0] * sizes[CREWS],
        is_changed=[0] * (sizes[SLOTS] + sizes[CREWS]),
        out=[0] * orders,
        block_first=[0] * orders,
        block_end=[0] * orders,
        block_key=[0] * orders,
        block=[0] * 10,
        alone_s=[0] * sizes[CLASSES],
        place=[0] * 8,
        visits=[0] * (sizes[SLOTS] + sizes[CREWS]),
    )


def mark_slot(changes: Changes, slot: int) -> None:
    """Remembers that a round is no longer what it was."""
    if changes.is_changed[slot] == 0:
        changes.is_changed[slot] = 1
        changes.slots[changes.counts[CHANGED_SLOTS]] = slot
        changes.counts[CHANGED_SLOTS] += 1


def mark_crew(ground: Ground, changes: Changes, crew: int) -> None:
    """Remembers that a crew's day is no longer what it was."""
    flag = ground.sizes[SLOTS] + crew
    if changes.is_changed[flag] == 0:
        changes.is_changed[flag] = 1
        changes.crews[changes.counts[CHANGED_CREWS]] = crew
        changes.counts[CHANGED_CREWS] += 1


def forget(ground: Ground, changes: Changes) -> None:
    """Starts a list of changes anew."""
    for place in range(changes.counts[CHANGED_SLOTS]):
        changes.is_changed[changes.slots[place]] = 0
    for place in range(changes.counts[CHANGED_CREWS]):
        changes.is_changed[ground.sizes[SLOTS] + changes.crews[place]] = 0
    changes.counts[CHANGED_SLOTS] = changes.counts[CHANGED_CREWS] = changes.counts[OUT] = 0


def carry_over(ground: Ground, changes: Changes, origin: Draft, target: Draft) -> None:
    """Makes what has changed in one of two drafts the same in both."""
    for place in range(changes.counts[CHANGED_SLOTS]):
        copy_round(ground, origin, target, changes.slots[place])
    for place in range(changes.counts[CHANGED_CREWS]):
        copy_crew(ground, origin, target, changes.crews[place])
