"""Finds where a block of orders costs least: in a visit, as a visit, or as a round, lateness counted exactly."""

from services.routing.planning.ruin_and_recreate.changes import EMPTY_SLOT, Changes
from services.routing.planning.ruin_and_recreate.dice import below
from services.routing.planning.ruin_and_recreate.draft import (
    BUSY_S,
    CLEAN,
    CRATES,
    CREW_FIGURES,
    FIGURES,
    GRAMS,
    HELD,
    IN_TIME_S,
    LOADED_S,
    MIXED,
    PROMISED,
    ROUNDS,
    SECONDS,
    STOPS,
    UNKNOWN,
    Draft,
    Scratch,
    gather,
    gathered_s,
    kind_of_slot,
    late_s,
    over_cost,
    stop_end,
)
from services.routing.planning.ruin_and_recreate.ground import (
    CLASSES,
    CREW_WEIGHT,
    CREWS,
    LATE_WEIGHT,
    LOAD_S,
    LOAD_S_PER_PACKAGE,
    MOST_ORDERS,
    MOST_ROUNDS,
    MOST_STOPS,
    PLACES,
    SLOTS,
    Ground,
)

FIRST, SIZE, ENTRANCE, LOADING_S, PROMISES_HELD, BLOCK_GRAMS, BLOCK_CRATES = range(7)
"""Columns of `Changes.block`: its first order and how many, their entrance, what loading them takes, how many
were promised a time, their load."""
AT_CREW, AT_ROUND, AT_STOP, IS_NEW_STOP, IS_NEW_ROUND, MORE_COST, MORE_BUSY_S = range(7)
"""Columns of `Changes.place`: whose round, its place in the day, which stop, whether stop and round are new,
what it costs more, and how long that crew works (among equals the least busy opens a new round)."""
NOWHERE = 10**15
_BLINKS = 100
"""One place in so many is overlooked, which keeps the search from always doing the same."""


def find_place(ground: Ground, draft: Draft, changes: Changes, scratch: Scratch, block: tuple[int, int]) -> bool:
    """Writes the cheapest place for a block into `Changes.place`; false if there is none."""
    _take_in_hand(ground, changes, block)
    has_slot = _find_empty_slot(ground, draft, changes)
    for crew in range(ground.sizes[CREWS]):
        room_g = ground.crew_cap_g[crew] - changes.block[BLOCK_GRAMS]
        room_crates = ground.crew_cap_crates[crew] - changes.block[BLOCK_CRATES]
        is_barred = ground.crew_only_sealed[crew] > ground.sealed[changes.block[ENTRANCE]]
        if room_g < 0 or room_crates < 0 or is_barred:
            continue
        if changes.alone_s[ground.crew_class[crew]] == UNKNOWN:
            alone_s = _merged_s(ground, draft, changes, scratch, (UNKNOWN, 0, 0, ground.crew_people[crew]))
            changes.alone_s[ground.crew_class[crew]] = alone_s
        start_s = ground.crew_start_s[crew]
        row = crew * ground.sizes[MOST_ROUNDS]
        for place in range(draft.crews[crew * CREW_FIGURES + ROUNDS]):
            figures = draft.days[row + place] * FIGURES
            if (
                draft.figures[figures + GRAMS] <= room_g
                and draft.figures[figures + CRATES] <= room_crates
                and draft.figures[figures + HELD] + changes.block[SIZE] <= ground.sizes[MOST_ORDERS]
                and below(scratch.dice, _BLINKS) > 0
            ):
                _try_round(ground, draft, changes, scratch, (crew, place, start_s))
            start_s += draft.figures[figures + SECONDS]
        if has_slot:
            _try_new_rounds(ground, draft, changes, crew)
    return changes.place[MORE_COST] < NOWHERE


def _take_in_hand(ground: Ground, changes: Changes, block: tuple[int, int]) -> None:
    changes.place[MORE_COST] = NOWHERE
    for people_class in range(ground.sizes[CLASSES]):
        changes.alone_s[people_class] = UNKNOWN
    grams = crates = packages = dues = 0
    for place in range(block[0], block[1]):
        order = changes.out[place]
        grams += ground.grams[order]
        crates += ground.crates[order]
        packages += ground.first_package[order + 1] - ground.first_package[order]
        dues += ground.due_s[order] >= 0
    changes.block[FIRST] = block[0]
    changes.block[SIZE] = block[1] - block[0]
    changes.block[ENTRANCE] = ground.entrance_of[changes.out[block[0]]]
    changes.block[LOADING_S] = ground.sizes[LOAD_S_PER_PACKAGE] * packages
    changes.block[PROMISES_HELD] = dues
    changes.block[BLOCK_GRAMS] = grams
    changes.block[BLOCK_CRATES] = crates


def _find_empty_slot(ground: Ground, draft: Draft, changes: Changes) -> bool:
    slot = changes.counts[EMPTY_SLOT]
    for _ in range(ground.sizes[SLOTS]):
        if draft.figures[slot * FIGURES + HELD] == 0:
            changes.counts[EMPTY_SLOT] = slot
            return True
        slot += 1
        if slot == ground.sizes[SLOTS]:
            slot = 0
    return False


def _merged_s(
    ground: Ground, draft: Draft, changes: Changes, scratch: Scratch, at: tuple[int, int, int, int]
) -> int:
    """Prices the block in hand together with the orders of a slot from one place to another."""
    slot, old, end, people = at
    row = slot * ground.sizes[MOST_ORDERS]
    new, last = changes.block[FIRST], changes.block[FIRST] + changes.block[SIZE]
    orders, packages = end - old + changes.block[SIZE], 0
    while old < end or new < last:
        if new == last or (old < end and draft.orders[row + old] < changes.out[new]):
            packages = gather(ground, scratch, draft.orders[row + old], packages)
            old += 1
        else:
            packages = gather(ground, scratch, changes.out[new], packages)
            new += 1
    return gathered_s(ground, scratch, changes.block[ENTRANCE], people, (orders, packages))


def _try_round(ground: Ground, draft: Draft, changes: Changes, scratch: Scratch, at: tuple[int, int, int]) -> None:
    """Tries the block in hand in one round: in the visit of its entrance, or as a visit at each place."""
    crew, place, start_s = at
    slot = draft.days[crew * ground.sizes[MOST_ROUNDS] + place]
    first_at, stops = slot * ground.sizes[MOST_STOPS], draft.figures[slot * FIGURES + STOPS]
    entrance = changes.block[ENTRANCE]
    for stop in range(stops):
        if draft.stops[first_at + stop] == entrance:
            first, end = draft.stop_first[first_at + stop], stop_end(ground, draft, slot, stop)
            people = ground.crew_people[crew]
            seconds = _merged_s(ground, draft, changes, scratch, (slot, first, end, people))
            more_s = seconds - draft.stop_s[first_at + stop] + changes.block[LOADING_S]
            end_s = start_s + draft.stop_end_s[first_at + stop] + more_s
            _consider(ground, draft, changes, at, (stop, 0, more_s, end_s))
            return
    inside_s = changes.alone_s[ground.crew_class[crew]] + changes.block[LOADING_S]
    if ground.sizes[CREW_WEIGHT] * inside_s >= changes.place[MORE_COST]:
        return  # walking there and on can only add to it
    clean = draft.figures[slot * FIGURES + CLEAN]
    is_sealed = ground.sealed[entrance] == 1
    turns_mixed = clean == stops if is_sealed else clean == 0
    if turns_mixed and draft.crews[crew * CREW_FIGURES + MIXED] > 0:
        return
    loaded_s = ground.sizes[LOAD_S] + draft.figures[slot * FIGURES + LOADED_S]
    first, last = (clean, stops) if is_sealed else (0, clean)
    row = (entrance + 1) * ground.sizes[PLACES]
    for stop in range(first, last + 1):
        here, there, left_s, arrives_s = 0, 0, loaded_s, draft.figures[slot * FIGURES + SECONDS]
        if stop > 0:
            here, left_s = draft.stops[first_at + stop - 1] + 1, draft.stop_end_s[first_at + stop - 1]
        if stop < stops:
            there = draft.stops[first_at + stop] + 1
            arrives_s = draft.stop_end_s[first_at + stop] - draft.stop_s[first_at + stop]
        # Walks are as long there as back: both are read from the entrance's own row, which stays in the cache.
        to_s = ground.walk_s[row + here]
        more_s = to_s + ground.walk_s[row + there] - (arrives_s - left_s) + inside_s
        _consider(ground, draft, changes, at, (stop, 1, more_s, start_s + left_s + to_s + inside_s))


def _consider(
    ground: Ground, draft: Draft, changes: Changes, at: tuple[int, int, int], change: tuple[int, int, int, int]
) -> None:
    """Remembers a place in a round if it is the best so far."""
    crew, place, start_s = at
    stop, is_new_stop, more_s, end_s = change
    cost = ground.sizes[CREW_WEIGHT] * more_s
    if cost >= changes.place[MORE_COST]:
        return
    cost += _over_cost(ground, draft, crew, more_s)
    if draft.crews[crew * CREW_FIGURES + PROMISED] + changes.block[PROMISES_HELD] > 0:
        slot = draft.days[crew * ground.sizes[MOST_ROUNDS] + place]
        late = _block_late_s(ground, changes, end_s)
        late += _stops_later_s(ground, draft, changes, (slot, stop, start_s, more_s))
        start_s += draft.figures[slot * FIGURES + SECONDS]
        late += _rounds_later_s(ground, draft, (crew, place + 1, start_s, more_s))
        cost += ground.sizes[LATE_WEIGHT] * late
    if cost < changes.place[MORE_COST]:
        _remember(changes, (crew, place, stop, is_new_stop, 0, cost, 0))


def _remember(changes: Changes, found: tuple[int, int, int, int, int, int, int]) -> None:
    for column in range(7):
        changes.place[column] = found[column]


def _over_cost(ground: Ground, draft: Draft, crew: int, more_s: int) -> int:
    over_s = ground.crew_start_s[crew] + draft.crews[crew * CREW_FIGURES + BUSY_S] - ground.crew_end_s[crew]
    return over_cost(ground, over_s + more_s) - over_cost(ground, over_s)


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
        if start_s + more_s > draft.figures[slot * FIGURES + IN_TIME_S]:
            late += late_s(ground, draft, slot, start_s + more_s) - late_s(ground, draft, slot, start_s)
        start_s += draft.figures[slot * FIGURES + SECONDS]
    return late


def _try_new_rounds(ground: Ground, draft: Draft, changes: Changes, crew: int) -> None:
    """Tries the block in hand as a round: the last of its kind, and where a time was promised the first too."""
    entrance = changes.block[ENTRANCE]
    more_s = (
        ground.sizes[LOAD_S]
        + changes.block[LOADING_S]
        + ground.walk_s[entrance + 1]
        + changes.alone_s[ground.crew_class[crew]]
        + ground.walk_s[(entrance + 1) * ground.sizes[PLACES]]
    )
    rounds = draft.crews[crew * CREW_FIGURES + ROUNDS]
    if ground.sizes[CREW_WEIGHT] * more_s > changes.place[MORE_COST] or rounds + 1 >= ground.sizes[MOST_ROUNDS]:
        return
    start_s, row = ground.crew_start_s[crew], crew * ground.sizes[MOST_ROUNDS]
    kind, is_first = 2 * ground.sealed[entrance], True
    for place in range(rounds):
        slot = draft.days[row + place]
        if kind_of_slot(draft, slot) > kind:
            _consider_new_round(ground, draft, changes, (crew, place, start_s, more_s))
            return
        if is_first and changes.block[PROMISES_HELD] > 0 and kind_of_slot(draft, slot) == kind:
            _consider_new_round(ground, draft, changes, (crew, place, start_s, more_s))
            is_first = False
        start_s += draft.figures[slot * FIGURES + SECONDS]
    _consider_new_round(ground, draft, changes, (crew, rounds, start_s, more_s))


def _consider_new_round(ground: Ground, draft: Draft, changes: Changes, at: tuple[int, int, int, int]) -> None:
    """Remembers a new round if it is the best place so far, among equals the least busy crew's."""
    crew, place, start_s, more_s = at
    cost = ground.sizes[CREW_WEIGHT] * more_s + _over_cost(ground, draft, crew, more_s)
    if draft.crews[crew * CREW_FIGURES + PROMISED] + changes.block[PROMISES_HELD] > 0:
        back_s = ground.walk_s[(changes.block[ENTRANCE] + 1) * ground.sizes[PLACES]]
        late = _block_late_s(ground, changes, start_s + more_s - back_s)
        late += _rounds_later_s(ground, draft, (crew, place, start_s, more_s))
        cost += ground.sizes[LATE_WEIGHT] * late
    busy_s = draft.crews[crew * CREW_FIGURES + BUSY_S]
    best, is_new = changes.place[MORE_COST], changes.place[IS_NEW_ROUND]
    if cost < best or (cost == best and is_new == 1 and busy_s < changes.place[MORE_BUSY_S]):
        _remember(changes, (crew, place, 0, 1, 1, cost, busy_s))
