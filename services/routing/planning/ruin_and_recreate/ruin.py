"""Takes orders out of rounds that lie near each other: strings of them, whole visits or whole rounds.

Source: Christiaens and Vanden Berghe, "Slack induction by string removals", 2020; visits and rounds are ours.
"""

from services.routing.planning.ruin_and_recreate.changes import (
    CHANGED_CREWS,
    CHANGED_SLOTS,
    OUT,
    Changes,
    mark_crew,
    mark_slot,
)
from services.routing.planning.ruin_and_recreate.dice import below
from services.routing.planning.ruin_and_recreate.draft import (
    CREW,
    FIGURES,
    HELD,
    STOPS,
    UNKNOWN,
    Draft,
    Scratch,
    refresh_crew,
    refresh_round,
    stop_end,
)
from services.routing.planning.ruin_and_recreate.ground import (
    MOST_ORDERS,
    MOST_STOPS,
    NEAR,
    ORDERS,
    Ground,
)

WHOLE_ROUNDS, WHOLE_VISITS = 100, 350
"""Of 1,000 ruins: below the first whole rounds, below the second whole visits, the others strings.
Source: reference/planning.md 3.3."""
_USUAL_STRING, _LONGEST_STRING = 10, 10
"""Orders a ruin takes out on average, and the most of one round."""
_MOST_ROUNDS, _MOST_VISITS = 2, 3


def ruin(ground: Ground, draft: Draft, changes: Changes, scratch: Scratch) -> None:
    """Takes some orders out around a random one and leaves the rounds without gaps."""
    seed = below(scratch.dice, ground.sizes[ORDERS])
    kind = below(scratch.dice, 1_000)
    if kind < WHOLE_ROUNDS:
        _choose_rounds(ground, draft, changes, seed, 1 + below(scratch.dice, _MOST_ROUNDS))
    elif kind < WHOLE_VISITS:
        _choose_visits(ground, draft, changes, scratch, seed)
    else:
        _choose_strings(ground, draft, changes, scratch, seed)
    close_gaps(ground, draft, changes, scratch)


def close_gaps(ground: Ground, draft: Draft, changes: Changes, scratch: Scratch) -> None:
    """Brings the rounds that have changed, and their crews' days, in line with the orders still in them."""
    for place in range(changes.counts[CHANGED_SLOTS]):
        slot = changes.slots[place]
        _close_gaps(ground, draft, slot)
        refresh_round(ground, draft, scratch, slot)
        mark_crew(ground, changes, draft.figures[slot * FIGURES + CREW])
    for place in range(changes.counts[CHANGED_CREWS]):
        refresh_crew(ground, draft, changes.crews[place])


def take_out(draft: Draft, changes: Changes, order: int) -> None:
    """Puts an order among those that are out; its round still has a gap."""
    draft.slot_of[order] = UNKNOWN
    changes.out[changes.counts[OUT]] = order
    changes.counts[OUT] += 1


def _choose_rounds(ground: Ground, draft: Draft, changes: Changes, seed: int, most: int) -> None:
    """Takes out the seed's round, and the next ones met going outwards from its entrance."""
    row = ground.entrance_of[seed] * ground.sizes[NEAR]
    for place in range(row, row + ground.sizes[NEAR]):
        entrance = ground.near[place]
        for order in range(ground.first_order[entrance], ground.first_order[entrance + 1]):
            slot = draft.slot_of[order]
            if slot == UNKNOWN or changes.is_changed[slot] == 1:
                continue
            mark_slot(changes, slot)
            first = slot * ground.sizes[MOST_ORDERS]
            for held in range(first, first + draft.figures[slot * FIGURES + HELD]):
                take_out(draft, changes, draft.orders[held])
            if changes.counts[CHANGED_SLOTS] == most:
                return


def _choose_visits(ground: Ground, draft: Draft, changes: Changes, scratch: Scratch, seed: int) -> None:
    """Takes out all visits of the seed's entrance, and of some near ones."""
    row = ground.entrance_of[seed] * ground.sizes[NEAR]
    left = 1 + below(scratch.dice, _MOST_VISITS)
    for place in range(row, row + ground.sizes[NEAR]):
        if place > row and below(scratch.dice, 3) == 0:
            continue
        entrance = ground.near[place]
        for order in range(ground.first_order[entrance], ground.first_order[entrance + 1]):
            if draft.slot_of[order] != UNKNOWN:
                mark_slot(changes, draft.slot_of[order])
                take_out(draft, changes, order)
        left -= 1
        if left == 0 or changes.counts[OUT] > 3 * _USUAL_STRING:
            return


def _choose_strings(ground: Ground, draft: Draft, changes: Changes, scratch: Scratch, seed: int) -> None:
    """Takes a string of orders out of the seed's round and of its neighbours', each once."""
    longest = 1 + below(scratch.dice, _LONGEST_STRING)
    strings = 1 + below(scratch.dice, max(1, 4 * _USUAL_STRING // (1 + longest)))
    strings = min(strings, 6)
    row = ground.entrance_of[seed] * ground.sizes[NEAR]
    for place in range(row, row + ground.sizes[NEAR]):
        entrance = ground.near[place]
        first = ground.first_order[entrance]
        here = ground.first_order[entrance + 1] - first
        turn = seed - first if place == row else below(scratch.dice, max(1, here))
        for step in range(here):
            order = first + (turn + step) % here
            slot = draft.slot_of[order]
            if slot == UNKNOWN or changes.is_changed[slot] == 1:
                continue
            mark_slot(changes, slot)
            _take_string(ground, draft, changes, scratch, (slot, order, longest))
            strings -= 1
            if strings == 0:
                return


def _take_string(
    ground: Ground, draft: Draft, changes: Changes, scratch: Scratch, string: tuple[int, int, int]
) -> None:
    slot, order, longest = string
    row, held = slot * ground.sizes[MOST_ORDERS], draft.figures[slot * FIGURES + HELD]
    length = min(held, longest)
    at = 0
    while draft.orders[row + at] != order:
        at += 1
    first = max(0, at - below(scratch.dice, length))
    first = min(first, held - length)
    for place in range(row + first, row + first + length):
        take_out(draft, changes, draft.orders[place])


def _close_gaps(ground: Ground, draft: Draft, slot: int) -> None:
    """Closes a round up after orders were taken out; visits that lost some have an unknown price."""
    row, first_at = slot * ground.sizes[MOST_ORDERS], slot * ground.sizes[MOST_STOPS]
    held = stops = 0
    for stop in range(draft.figures[slot * FIGURES + STOPS]):
        at, begin = first_at + stop, held
        first, end = draft.stop_first[at], stop_end(ground, draft, slot, stop)
        for place in range(first, end):
            order = draft.orders[row + place]
            if draft.slot_of[order] != UNKNOWN:
                draft.orders[row + held] = order
                held += 1
        if held > begin:
            kept = first_at + stops
            draft.stops[kept] = draft.stops[at]
            draft.stop_s[kept] = draft.stop_s[at] if held - begin == end - first else UNKNOWN
            draft.stop_first[kept] = begin
            stops += 1
    draft.figures[slot * FIGURES + STOPS] = stops
    draft.figures[slot * FIGURES + HELD] = held
