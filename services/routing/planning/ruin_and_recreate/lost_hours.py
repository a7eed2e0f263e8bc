"""What a day loses by a block of orders: lateness, exactly, and hours that are not kept."""

from services.routing.planning.ruin_and_recreate.breaches import noise_cost, order_cost
from services.routing.planning.ruin_and_recreate.changes import (
    ENTRANCE,
    FIRST,
    LOADING_S,
    PROMISES_HELD,
    SIZE,
    Changes,
)
from services.routing.planning.ruin_and_recreate.draft import (
    CREW_FIGURES,
    FIGURES,
    IN_TIME_S,
    ROUNDS,
    SECONDS,
    STOPS,
    Draft,
    against_hours,
    hours_at,
    late_s,
    stop_end,
)
from services.routing.planning.ruin_and_recreate.ground import (
    LATE_WEIGHT,
    MOST_ORDERS,
    MOST_ROUNDS,
    MOST_STOPS,
    PLACES,
    RULES,
    Ground,
)


def hours_cost(
    ground: Ground, draft: Draft, changes: Changes, at: tuple[int, int, int], change: tuple[int, int, int, int]
) -> int:
    """Prices what a place in a round costs in lateness, and in hours that are not kept."""
    crew, place, start_s = at
    stop, _, more_s, end_s = change
    slot = draft.days[crew * ground.sizes[MOST_ROUNDS] + place]
    late = _block_late_s(ground, changes, end_s)
    late += _stops_later_s(ground, draft, changes, (slot, stop, start_s, more_s))
    start_s += draft.figures[slot * FIGURES + SECONDS]
    late += _rounds_later_s(ground, draft, (crew, place + 1, start_s, more_s))
    cost = ground.sizes[LATE_WEIGHT] * late
    if ground.sizes[RULES] > 0:
        cost += _against_more(ground, draft, changes, (crew, place, stop, more_s, end_s))
    return cost


def new_round_hours_cost(ground: Ground, draft: Draft, changes: Changes, at: tuple[int, int, int, int]) -> int:
    """Prices what a new round at a place of a day costs in lateness, and in hours that are not kept."""
    crew, place, start_s, more_s = at
    ends_s = start_s + more_s - ground.walk_s[(changes.block[ENTRANCE] + 1) * ground.sizes[PLACES]]
    late = _block_late_s(ground, changes, ends_s) + _rounds_later_s(ground, draft, (crew, place, start_s, more_s))
    cost = ground.sizes[LATE_WEIGHT] * late
    if ground.sizes[RULES] > 0:
        enters_s = ends_s - changes.alone_s[ground.crew_class[crew]]
        cost += _block_against(ground, changes, (start_s, enters_s, ends_s))
        cost += _rounds_against(ground, draft, (crew, place, more_s))
    return cost


def counted_from_s(ground: Ground, draft: Draft, crew: int, place: int) -> int:
    """Gives the second from which the visits of the round at a place of a day are counted."""
    at = hours_at(ground, crew, place)
    return draft.ruled[at] + draft.ruled[at + 1]


def _against_more(ground: Ground, draft: Draft, changes: Changes, at: tuple[int, int, int, int, int]) -> int:
    """Prices about what more is not at its hours with the block in a round: rests are as they were."""
    crew, place, stop, more_s, end_s = at
    slot, at_place = draft.days[crew * ground.sizes[MOST_ROUNDS] + place], hours_at(ground, crew, place)
    begins_s, gap_s = draft.ruled[at_place], draft.ruled[at_place + 1]
    enters_s = end_s - changes.alone_s[ground.crew_class[crew]]
    cost = _block_against(ground, changes, (begins_s, enters_s, end_s))
    moved_s = (stop, changes.block[LOADING_S], more_s)
    cost += against_hours(ground, draft, slot, (begins_s, gap_s), moved_s)
    cost -= against_hours(ground, draft, slot, (begins_s, gap_s), (0, 0, 0))
    return cost + _rounds_against(ground, draft, (crew, place + 1, more_s))


def _block_against(ground: Ground, changes: Changes, hours_s: tuple[int, int, int]) -> int:
    """Prices by how much the orders of the block in hand are not served at their hours."""
    cost = noise_cost(ground, hours_s[1], hours_s[2])
    for place in range(changes.block[FIRST], changes.block[FIRST] + changes.block[SIZE]):
        cost += order_cost(ground, changes.out[place], hours_s)
    return cost


def _rounds_against(ground: Ground, draft: Draft, at: tuple[int, int, int]) -> int:
    """Prices what more is not at its hours in the rounds of a day, from one on, when they start later."""
    crew, first, more_s = at
    cost, row = 0, crew * ground.sizes[MOST_ROUNDS]
    for place in range(first, draft.crews[crew * CREW_FIGURES + ROUNDS]):
        slot, at_place = draft.days[row + place], hours_at(ground, crew, place)
        begins_s, gap_s = draft.ruled[at_place], draft.ruled[at_place + 1]
        cost += against_hours(ground, draft, slot, (begins_s + more_s, gap_s), (0, 0, 0))
        cost -= against_hours(ground, draft, slot, (begins_s, gap_s), (0, 0, 0))
    return cost


def _block_late_s(ground: Ground, changes: Changes, end_s: int) -> int:
    """Sums how late the orders of the block in hand are if their visit ends then."""
    late = 0
    if changes.block[PROMISES_HELD] > 0:
        for place in range(changes.block[FIRST], changes.block[FIRST] + changes.block[SIZE]):
            due_s = ground.due_s[changes.out[place]]
            if due_s >= 0:
                late += max(0, end_s - due_s)
    return late


def _stops_later_s(ground: Ground, draft: Draft, changes: Changes, at: tuple[int, int, int, int]) -> int:
    """Sums the lateness that the round's own orders gain: before a stop by loading, from it on by all."""
    slot, from_stop, start_s, more_s = at
    if start_s + max(more_s, changes.block[LOADING_S]) <= draft.figures[slot * FIGURES + IN_TIME_S]:
        return 0
    late, row, first_at = 0, slot * ground.sizes[MOST_ORDERS], slot * ground.sizes[MOST_STOPS]
    for stop in range(draft.figures[slot * FIGURES + STOPS]):
        moved_s = more_s if stop >= from_stop else changes.block[LOADING_S]
        end_s = start_s + draft.stop_end_s[first_at + stop]
        for place in range(draft.stop_first[first_at + stop], stop_end(ground, draft, slot, stop)):
            due_s = ground.due_s[draft.orders[row + place]]
            if due_s >= 0:
                late += max(0, end_s + moved_s - due_s) - max(0, end_s - due_s)
    return late


def _rounds_later_s(ground: Ground, draft: Draft, at: tuple[int, int, int, int]) -> int:
    """Sums the lateness that rounds of a day gain, from one on, when they start later."""
    crew, first, start_s, more_s = at
    late, row = 0, crew * ground.sizes[MOST_ROUNDS]
    for place in range(row + first, row + draft.crews[crew * CREW_FIGURES + ROUNDS]):
        slot = draft.days[place]
        if ground.sizes[RULES] > 0:
            start_s = counted_from_s(ground, draft, crew, place - row)
        if start_s + more_s > draft.figures[slot * FIGURES + IN_TIME_S]:
            late += late_s(ground, draft, slot, start_s + more_s) - late_s(ground, draft, slot, start_s)
        start_s += draft.figures[slot * FIGURES + SECONDS]
    return late
