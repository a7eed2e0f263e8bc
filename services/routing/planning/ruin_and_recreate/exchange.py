"""Exchanges a few orders of two rounds that pass near each other.

Where trolleys are full, a ruin and its greedy recreation seldom end with two rounds packed otherwise: whichever
block goes first takes the room. Here each round gets exactly what the other one gives.
"""

from services.routing.planning.ruin_and_recreate.changes import OUT, Changes, mark_slot
from services.routing.planning.ruin_and_recreate.dice import below
from services.routing.planning.ruin_and_recreate.draft import (
    CRATES,
    CREW,
    FIGURES,
    GRAMS,
    HELD,
    UNKNOWN,
    Draft,
    Scratch,
)
from services.routing.planning.ruin_and_recreate.ground import MOST_ORDERS, NEAR, ORDERS, Ground
from services.routing.planning.ruin_and_recreate.places import find_place_in
from services.routing.planning.ruin_and_recreate.recreate import insert
from services.routing.planning.ruin_and_recreate.ruin import close_gaps, take_out

_MOST_GIVEN = 3
"""Orders that a round gives at most."""
_TRIES = 20
"""Pairs of orders that are drawn before a step is given up because no two fit."""


def exchange(ground: Ground, draft: Draft, changes: Changes, scratch: Scratch) -> bool:
    """Gives some orders of a visit for some of another round's, or for none; false if they find no place there."""
    for _ in range(_TRIES):
        ours = below(scratch.dice, ground.sizes[ORDERS])
        theirs = _near_order(ground, scratch, ours)
        slot, other = draft.slot_of[ours], draft.slot_of[theirs]
        if slot == other or min(slot, other) == UNKNOWN:
            continue
        middle = _pick(ground, draft, changes, ours, (0, 1 + below(scratch.dice, _MOST_GIVEN)))
        end = _pick(ground, draft, changes, theirs, (middle, below(scratch.dice, _MOST_GIVEN + 1)))
        if not _fit(ground, draft, changes, (slot, other), (middle, end)):
            continue
        for place in range(end):
            take_out(draft, changes, changes.out[place])
        mark_slot(changes, slot)
        mark_slot(changes, other)
        close_gaps(ground, draft, changes, scratch)
        if not find_place_in(ground, draft, changes, scratch, (0, middle, other)):
            return False
        insert(ground, draft, changes, scratch)
        if end > middle:
            if not find_place_in(ground, draft, changes, scratch, (middle, end, slot)):
                return False
            insert(ground, draft, changes, scratch)
        changes.counts[OUT] = 0
        return True
    return True


def _near_order(ground: Ground, scratch: Scratch, order: int) -> int:
    """Draws an order of a near entrance, the nearer the likelier."""
    place = below(scratch.dice, 1 + below(scratch.dice, ground.sizes[NEAR]))
    entrance = ground.near[ground.entrance_of[order] * ground.sizes[NEAR] + place]
    first, here = ground.first_order[entrance], ground.first_order[entrance + 1] - ground.first_order[entrance]
    return first + below(scratch.dice, here) if here > 0 else order


def _pick(ground: Ground, draft: Draft, changes: Changes, order: int, wanted: tuple[int, int]) -> int:
    """Lists an order and the next ones of its visit among what is out, from a place on; gives where they end."""
    into, most = wanted
    slot = draft.slot_of[order]
    place = slot * ground.sizes[MOST_ORDERS]
    end = place + draft.figures[slot * FIGURES + HELD]
    while draft.orders[place] != order:
        place += 1
    while most > 0 and place < end and ground.entrance_of[draft.orders[place]] == ground.entrance_of[order]:
        changes.out[into] = draft.orders[place]
        into, place, most = into + 1, place + 1, most - 1
    return into


def _fit(ground: Ground, draft: Draft, changes: Changes, slots: tuple[int, int], ends: tuple[int, int]) -> bool:
    """Says whether both rounds can be carried after the exchange."""
    grams = crates = 0
    for place in range(ends[1]):
        sign = 1 if place < ends[0] else -1
        grams += sign * ground.grams[changes.out[place]]
        crates += sign * ground.crates[changes.out[place]]
    return _has_room(ground, draft, slots[0], -grams, -crates) and _has_room(
        ground, draft, slots[1], grams, crates
    )


def _has_room(ground: Ground, draft: Draft, slot: int, grams: int, crates: int) -> bool:
    crew = draft.figures[slot * FIGURES + CREW]
    if draft.figures[slot * FIGURES + GRAMS] + grams > ground.crew_cap_g[crew]:
        return False
    return draft.figures[slot * FIGURES + CRATES] + crates <= ground.crew_cap_crates[crew]
