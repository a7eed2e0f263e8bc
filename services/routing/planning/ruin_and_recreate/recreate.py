"""Puts orders back, in blocks of one entrance, each where it costs least at that moment.

Blocks matter: order by order an insertion is blind to the gate, the lift's wait and the climbs that orders of
one entrance share (reference/planning.md 3.3).
"""

from services.routing.planning.ruin_and_recreate.changes import (
    AT_CREW,
    AT_ROUND,
    AT_STOP,
    BLOCKS,
    EMPTY_SLOT,
    ENTRANCE,
    FIRST,
    HAS_ROOM,
    IS_NEW_ROUND,
    IS_NEW_STOP,
    MORE_COST,
    OUT,
    SIZE,
    Changes,
    mark_crew,
    mark_slot,
)
from services.routing.planning.ruin_and_recreate.dice import below
from services.routing.planning.ruin_and_recreate.draft import (
    CREW,
    CREW_FIGURES,
    FIGURES,
    HELD,
    ROUNDS,
    STOPS,
    UNKNOWN,
    Draft,
    Scratch,
    kind_of_slot,
    refresh_crew,
    refresh_round,
    stop_end,
)
from services.routing.planning.ruin_and_recreate.ground import (
    MOST_CRATES,
    MOST_G,
    MOST_ORDERS,
    MOST_ROUNDS,
    MOST_STOPS,
    Ground,
    Ints,
)
from services.routing.planning.ruin_and_recreate.places import find_place

WHOLE_BLOCKS, RUNS = 450, 750
"""Of 1,000 recreations: below the first an entrance's orders stay together, below the second in runs; the
others go order by order."""
BY_CHANCE, BY_LOAD, FAR_FIRST, NEAR_FIRST, BY_PROMISE = range(5)


def recreate(ground: Ground, draft: Draft, changes: Changes, scratch: Scratch, spare: int) -> bool:
    """Finds a place for every order that is out; false if one has none, or all none within what is to spare.

    A step that will not be kept is given up early: what orders still out cost at the least counts as spent.
    """
    _cut_blocks(ground, changes, scratch)
    _rank_blocks(ground, changes, scratch)
    for place in range(changes.counts[OUT]):
        spare -= ground.least_cost[changes.out[place]]
    for block in range(changes.counts[BLOCKS]):
        spare = _insert_or_split(ground, draft, changes, scratch, (block, spare))
        if spare < 0:
            return False
    changes.counts[OUT] = 0
    return True


def _cut_blocks(ground: Ground, changes: Changes, scratch: Scratch) -> None:
    """Sorts what is out and cuts it into blocks of one entrance that the largest trolley can take."""
    _sort(changes.out, changes.counts[OUT])
    way = below(scratch.dice, 1_000)
    blocks = first = 0
    out = changes.counts[OUT]
    while first < out:
        entrance = ground.entrance_of[changes.out[first]]
        end = first + 1
        while end < out and ground.entrance_of[changes.out[end]] == entrance:
            end += 1
        while first < end:
            size = end - first
            if way >= WHOLE_BLOCKS:
                size = 1 if way >= RUNS else 1 + below(scratch.dice, size)
            size = _takeable(ground, changes, first, size)
            changes.block_first[blocks] = first
            changes.block_end[blocks] = first + size
            blocks += 1
            first += size
    changes.counts[BLOCKS] = blocks


def _sort(numbers: Ints, count: int) -> None:
    for place in range(1, count):
        number, before = numbers[place], place - 1
        while before >= 0 and numbers[before] > number:
            numbers[before + 1] = numbers[before]
            before -= 1
        numbers[before + 1] = number


def _takeable(ground: Ground, changes: Changes, first: int, size: int) -> int:
    """Says how many of the orders from the first on the largest trolley can take together, at least one."""
    grams = crates = 0
    for place in range(size):
        order = changes.out[first + place]
        grams += ground.grams[order]
        crates += ground.crates[order]
        too_much = grams > ground.sizes[MOST_G] or crates > ground.sizes[MOST_CRATES]
        if place > 0 and (too_much or place == ground.sizes[MOST_ORDERS]):
            return place
    return size


def _rank_blocks(ground: Ground, changes: Changes, scratch: Scratch) -> None:
    """Puts the blocks in the order in which they will look for a place."""
    way = below(scratch.dice, 5)
    for block in range(changes.counts[BLOCKS]):
        first = changes.block_first[block]
        order = changes.out[first]
        key = below(scratch.dice, 1_000_000)
        if way == BY_LOAD:
            key = 0
            for place in range(first, changes.block_end[block]):
                key -= ground.grams[changes.out[place]]
        elif way == BY_PROMISE:
            key = ground.due_s[order] if ground.due_s[order] >= 0 else 1_000_000 + key
        elif way != BY_CHANCE:
            walk_s = ground.walk_s[ground.entrance_of[order] + 1]
            key = walk_s if way == NEAR_FIRST else -walk_s
        place = block
        first, end = changes.block_first[block], changes.block_end[block]
        while place > 0 and changes.block_key[place - 1] > key:
            changes.block_key[place] = changes.block_key[place - 1]
            changes.block_first[place] = changes.block_first[place - 1]
            changes.block_end[place] = changes.block_end[place - 1]
            place -= 1
        changes.block_key[place] = key
        changes.block_first[place], changes.block_end[place] = first, end


def _insert_or_split(ground: Ground, draft: Draft, changes: Changes, scratch: Scratch, at: tuple[int, int]) -> int:
    """Puts a block where it costs least; one that no trolley has room for goes order by order.

    Gives what is to spare afterwards, less than nothing if the block found no place for what there was.
    """
    block, spare = at
    first, end = changes.block_first[block], changes.block_end[block]
    spare = _insert(ground, draft, changes, scratch, (first, end, spare))
    if spare >= 0 or end == first + 1 or changes.place[HAS_ROOM] == 1:
        return spare
    spare = at[1]
    for place in range(first, end):
        spare = _insert(ground, draft, changes, scratch, (place, place + 1, spare))
        if spare < 0:
            return spare
    return spare


def _insert(ground: Ground, draft: Draft, changes: Changes, scratch: Scratch, at: tuple[int, int, int]) -> int:
    first, end, spare = at
    for place in range(first, end):
        spare += ground.least_cost[changes.out[place]]
    if not find_place(ground, draft, changes, scratch, (first, end, spare + 1)):
        return -1
    spare -= changes.place[MORE_COST]
    insert(ground, draft, changes, scratch)
    return spare


def insert(ground: Ground, draft: Draft, changes: Changes, scratch: Scratch) -> None:
    """Puts the block in hand where `find_place` found."""
    crew, place, stop = changes.place[AT_CREW], changes.place[AT_ROUND], changes.place[AT_STOP]
    row = crew * ground.sizes[MOST_ROUNDS]
    if changes.place[IS_NEW_ROUND] == 1:
        _open_round(ground, draft, changes.counts[EMPTY_SLOT], (crew, place))
    slot = draft.days[row + place]
    before = kind_of_slot(draft, slot)
    mark_slot(changes, slot)
    mark_crew(ground, changes, crew)
    if changes.place[IS_NEW_STOP] == 1:
        _open_stop(ground, draft, slot, stop, changes.block[ENTRANCE])
    _fill_stop(ground, draft, changes, slot, stop)
    refresh_round(ground, draft, scratch, slot)
    if changes.place[IS_NEW_ROUND] == 0 and kind_of_slot(draft, slot) != before:
        settle(ground, draft, crew, place)
    refresh_crew(ground, draft, crew)


def _open_round(ground: Ground, draft: Draft, slot: int, at: tuple[int, int]) -> None:
    """Puts an empty slot at a place in a crew's day."""
    crew, place = at
    row, rounds = crew * ground.sizes[MOST_ROUNDS], draft.crews[crew * CREW_FIGURES + ROUNDS]
    for later in range(row + rounds, row + place, -1):
        draft.days[later] = draft.days[later - 1]
    draft.days[row + place] = slot
    draft.crews[crew * CREW_FIGURES + ROUNDS] = rounds + 1
    draft.figures[slot * FIGURES + CREW] = crew
    draft.figures[slot * FIGURES + STOPS] = 0


def _open_stop(ground: Ground, draft: Draft, slot: int, stop: int, entrance: int) -> None:
    """Makes a stop without orders."""
    first_at, stops = slot * ground.sizes[MOST_STOPS], draft.figures[slot * FIGURES + STOPS]
    begin = draft.figures[slot * FIGURES + HELD]
    if stop < stops:
        begin = draft.stop_first[first_at + stop]
    for at in range(first_at + stops, first_at + stop, -1):
        draft.stops[at] = draft.stops[at - 1]
        draft.stop_s[at] = draft.stop_s[at - 1]
        draft.stop_first[at] = draft.stop_first[at - 1]
    draft.stops[first_at + stop] = entrance
    draft.stop_first[first_at + stop] = begin
    draft.figures[slot * FIGURES + STOPS] = stops + 1


def _fill_stop(ground: Ground, draft: Draft, changes: Changes, slot: int, stop: int) -> None:
    """Merges the block in hand into a stop's sorted orders."""
    row, first_at = slot * ground.sizes[MOST_ORDERS], slot * ground.sizes[MOST_STOPS]
    size = changes.block[SIZE]
    first, end = draft.stop_first[first_at + stop], stop_end(ground, draft, slot, stop)
    for place in range(row + draft.figures[slot * FIGURES + HELD] - 1, row + end - 1, -1):
        draft.orders[place + size] = draft.orders[place]
    into, old, new = row + end + size - 1, row + end - 1, changes.block[FIRST] + size - 1
    while new >= changes.block[FIRST]:
        if old >= row + first and draft.orders[old] > changes.out[new]:
            draft.orders[into] = draft.orders[old]
            old -= 1
        else:
            draft.orders[into] = changes.out[new]
            new -= 1
        into -= 1
    for later in range(first_at + stop + 1, first_at + draft.figures[slot * FIGURES + STOPS]):
        draft.stop_first[later] += size
    draft.stop_s[first_at + stop] = UNKNOWN
    draft.figures[slot * FIGURES + HELD] += size


def settle(ground: Ground, draft: Draft, crew: int, place: int) -> None:
    """Moves a round whose kind has changed to where a day's order wants it: clean, mixed, sealed."""
    row = crew * ground.sizes[MOST_ROUNDS]
    slot = draft.days[row + place]
    kind = kind_of_slot(draft, slot)
    while place > 0 and kind_of_slot(draft, draft.days[row + place - 1]) > kind:
        draft.days[row + place] = draft.days[row + place - 1]
        place -= 1
    last = draft.crews[crew * CREW_FIGURES + ROUNDS] - 1
    while place < last and kind_of_slot(draft, draft.days[row + place + 1]) < kind:
        draft.days[row + place] = draft.days[row + place + 1]
        place += 1
    draft.days[row + place] = slot
