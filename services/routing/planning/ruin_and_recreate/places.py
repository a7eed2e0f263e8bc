"""Finds where a block of orders costs least: in a visit, as a visit, or as a round, lateness counted exactly."""

from services.routing.planning.ruin_and_recreate.breaches import breach_cost
from services.routing.planning.ruin_and_recreate.changes import (
    ALONE_S,
    BLOCK_CRATES,
    BLOCK_GRAMS,
    EMPTY_SLOT,
    ENTRANCE,
    FIRST,
    HAS_ROOM,
    IS_NEW_ROUND,
    LOADING_S,
    LOCKED_BLOCK,
    MORE_BUSY_S,
    MORE_COST,
    PROMISES_HELD,
    SIZE,
    TURN,
    VISITED_BY,
    Changes,
)
from services.routing.planning.ruin_and_recreate.dice import below
from services.routing.planning.ruin_and_recreate.draft import (
    BUSY_S,
    CLEAN,
    CRATES,
    CREW,
    CREW_FIGURES,
    FIGURES,
    GRAMS,
    HANDLING,
    HELD,
    HIGHEST_BIT,
    LOADED_S,
    MIXED,
    PROMISED,
    ROUNDS,
    SECONDS,
    SEEN,
    STOPS,
    UNKNOWN,
    Draft,
    Scratch,
    gather,
    gathered_s,
    kind_of_slot,
    stop_end,
)
from services.routing.planning.ruin_and_recreate.ground import (
    BEGAN_S,
    CLASSES,
    CREW_OF,
    CREW_RULES,
    CREW_WEIGHT,
    CREWS,
    DISINFECT_S,
    HIGHEST,
    LOAD_S,
    LOAD_S_PER_PACKAGE,
    LOWEST,
    MOST_ORDERS,
    MOST_ROUNDS,
    MOST_STOPS,
    ORDER_RULES,
    PLACES,
    RULES,
    SLOTS,
    Ground,
)
from services.routing.planning.ruin_and_recreate.lost_hours import (
    counted_from_s,
    hours_cost,
    new_round_hours_cost,
)

NOWHERE = 10**15
_BLINKS = 100
"""One place in so many is overlooked, which keeps the search from always doing the same."""


def find_place(
    ground: Ground, draft: Draft, changes: Changes, scratch: Scratch, block: tuple[int, int, int]
) -> bool:
    """Writes the cheapest place for a block into `Changes.place`; false if none costs less than a limit.

    Shape: the block's first order and end among what is out, and the limit.
    """
    first, end, limit = block
    _take_in_hand(ground, draft, changes, (first, end))
    changes.place[MORE_COST] = limit
    has_slot = _find_empty_slot(ground, draft, changes)
    turn = changes.counts[TURN]
    for step in range(ground.sizes[CREWS]):
        # Who goes there anyway comes first: what that costs rules most of the others out at a glance.
        crew = changes.block[VISITED_BY] + step
        if crew >= ground.sizes[CREWS]:
            crew -= ground.sizes[CREWS]
        if not _is_ready(ground, draft, changes, scratch, crew):
            continue
        alone_cost = ground.sizes[CREW_WEIGHT] * changes.block[ALONE_S]  # and walking can only add to it
        if alone_cost >= changes.place[MORE_COST] and changes.visits[ground.sizes[SLOTS] + crew] != turn:
            changes.place[HAS_ROOM] = 1
            continue
        start_s, row = ground.crew_start_s[crew], crew * ground.sizes[MOST_ROUNDS]
        for place in range(draft.crews[crew * CREW_FIGURES + ROUNDS]):
            slot = draft.days[row + place]
            if ground.sizes[RULES] > 0:
                start_s = counted_from_s(ground, draft, crew, place)
            if changes.visits[slot] != turn and alone_cost >= changes.place[MORE_COST]:
                changes.place[HAS_ROOM] = 1
            elif _has_room(ground, draft, changes, slot, crew) and below(scratch.dice, _BLINKS) > 0:
                changes.place[HAS_ROOM] = 1
                _try_round(ground, draft, changes, scratch, (crew, place, start_s))
            start_s += draft.figures[slot * FIGURES + SECONDS]
        if has_slot:
            _try_new_rounds(ground, draft, changes, crew)
    return changes.place[MORE_COST] < limit


def find_place_in(
    ground: Ground, draft: Draft, changes: Changes, scratch: Scratch, block: tuple[int, int, int]
) -> bool:
    """Writes the cheapest place for a block in the round it names into `Changes.place`; false if there is none."""
    first, end, slot = block
    _take_in_hand(ground, draft, changes, (first, end))
    crew = draft.figures[slot * FIGURES + CREW]
    if not _is_ready(ground, draft, changes, scratch, crew) or not _has_room(ground, draft, changes, slot, crew):
        return False
    start_s, row = ground.crew_start_s[crew], crew * ground.sizes[MOST_ROUNDS]
    for place in range(draft.crews[crew * CREW_FIGURES + ROUNDS]):
        if draft.days[row + place] == slot:
            if ground.sizes[RULES] > 0:
                start_s = counted_from_s(ground, draft, crew, place)
            _try_round(ground, draft, changes, scratch, (crew, place, start_s))
        start_s += draft.figures[draft.days[row + place] * FIGURES + SECONDS]
    return changes.place[MORE_COST] < NOWHERE


def _is_ready(ground: Ground, draft: Draft, changes: Changes, scratch: Scratch, crew: int) -> bool:
    """Prepares the block in hand for a crew; false if that crew can never take it."""
    if ground.crew_cap_g[crew] < changes.block[BLOCK_GRAMS]:
        return False
    if ground.crew_cap_crates[crew] < changes.block[BLOCK_CRATES] or _is_barred(ground, changes, crew):
        return False
    if changes.alone_s[ground.crew_class[crew]] == UNKNOWN:
        alone_s = _merged_s(ground, draft, changes, scratch, (UNKNOWN, 0, 0, ground.crew_people[crew]))
        changes.alone_s[ground.crew_class[crew]] = alone_s
    changes.block[ALONE_S] = changes.alone_s[ground.crew_class[crew]] + changes.block[LOADING_S]
    if ground.sizes[RULES] > 0:
        changes.block[ALONE_S] += _gap_more_s(ground, draft, changes, crew)
    return True


def _has_room(ground: Ground, draft: Draft, changes: Changes, slot: int, crew: int) -> bool:
    figures = slot * FIGURES
    return (
        draft.figures[figures + GRAMS] + changes.block[BLOCK_GRAMS] <= ground.crew_cap_g[crew]
        and draft.figures[figures + CRATES] + changes.block[BLOCK_CRATES] <= ground.crew_cap_crates[crew]
        and draft.figures[figures + HELD] + changes.block[SIZE] <= ground.sizes[MOST_ORDERS]
    )


def _is_barred(ground: Ground, changes: Changes, crew: int) -> bool:
    """Says whether a crew may not go where the block in hand goes, or the block is another crew's."""
    handling = ground.handling[changes.block[ENTRANCE]]
    rules = crew * CREW_RULES
    if handling < ground.crew_rules[rules + LOWEST] or handling > ground.crew_rules[rules + HIGHEST]:
        return True
    return changes.block[LOCKED_BLOCK] != UNKNOWN and changes.block[LOCKED_BLOCK] != crew


def _gap_more_s(ground: Ground, draft: Draft, changes: Changes, crew: int) -> int:
    """Gives the disinfecting that a day gains by the block in hand: each class after its first costs it once."""
    seen = draft.crews[crew * CREW_FIGURES + SEEN]
    is_new = seen != 0 and (seen >> min(ground.handling[changes.block[ENTRANCE]], HIGHEST_BIT)) & 1 == 0
    return ground.sizes[DISINFECT_S] if is_new else 0


def _take_in_hand(ground: Ground, draft: Draft, changes: Changes, block: tuple[int, int]) -> None:
    changes.place[MORE_COST] = NOWHERE
    changes.place[HAS_ROOM] = 0
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
    changes.block[LOCKED_BLOCK] = _locked_to(ground, changes, block) if ground.sizes[RULES] > 0 else UNKNOWN
    changes.counts[TURN] += 1
    entrance = changes.block[ENTRANCE]
    changes.block[VISITED_BY] = 0
    for order in range(ground.first_order[entrance], ground.first_order[entrance + 1]):
        slot = draft.slot_of[order]
        if slot != UNKNOWN:
            crew = draft.figures[slot * FIGURES + CREW]
            changes.visits[slot] = changes.visits[ground.sizes[SLOTS] + crew] = changes.counts[TURN]
            changes.block[VISITED_BY] = crew


def _locked_to(ground: Ground, changes: Changes, block: tuple[int, int]) -> int:
    """Tells which crew alone may take a block; none may where its orders are locked to several."""
    locked_to = ground.order_rules[changes.out[block[0]] * ORDER_RULES + CREW_OF]
    for place in range(block[0], block[1]):
        if ground.order_rules[changes.out[place] * ORDER_RULES + CREW_OF] != locked_to:
            return ground.sizes[CREWS]
    return locked_to


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
    if changes.visits[slot] == changes.counts[TURN]:
        _try_visit(ground, draft, changes, scratch, at)
        return
    if ground.sizes[RULES] > 0 and _is_of_another_class(ground, draft, slot, entrance):
        return
    inside_s = changes.block[ALONE_S]
    clean = draft.figures[slot * FIGURES + CLEAN]
    is_sealed = ground.handling[entrance] > 0
    turns_mixed = clean == stops if is_sealed else clean == 0
    if turns_mixed and draft.crews[crew * CREW_FIGURES + MIXED] > 0:
        return
    first, last = (clean, stops) if is_sealed else (0, clean)
    turn = clean if ground.sizes[DISINFECT_S] > 0 and 0 < clean < stops else UNKNOWN
    # Walks are as long there as back: both are read from the entrance's own row, which stays in the cache.
    row = (entrance + 1) * ground.sizes[PLACES]
    left_s, to_s = ground.sizes[LOAD_S] + draft.figures[slot * FIGURES + LOADED_S], ground.walk_s[row]
    if first > 0:
        left_s = draft.stop_end_s[first_at + first - 1]
        to_s = ground.walk_s[row + draft.stops[first_at + first - 1] + 1]
    for stop in range(first, last + 1):
        ends_s, arrives_s, from_s = 0, draft.figures[slot * FIGURES + SECONDS], ground.walk_s[row]
        if stop < stops:
            ends_s = draft.stop_end_s[first_at + stop]
            arrives_s = ends_s - draft.stop_s[first_at + stop]
            from_s = ground.walk_s[row + draft.stops[first_at + stop] + 1]
        more_s = to_s + from_s - (arrives_s - left_s) + inside_s
        if stop == turn:  # between these two the crew disinfects, and goes on doing so
            more_s += ground.sizes[DISINFECT_S]
        if ground.sizes[CREW_WEIGHT] * more_s < changes.place[MORE_COST]:
            _consider(ground, draft, changes, at, (stop, 1, more_s, start_s + left_s + to_s + inside_s))
        left_s, to_s = ends_s, from_s


def _try_visit(ground: Ground, draft: Draft, changes: Changes, scratch: Scratch, at: tuple[int, int, int]) -> None:
    """Tries the block in hand in a round's visit of its entrance."""
    crew, place, start_s = at
    slot, stop = draft.days[crew * ground.sizes[MOST_ROUNDS] + place], 0
    first_at = slot * ground.sizes[MOST_STOPS]
    while draft.stops[first_at + stop] != changes.block[ENTRANCE]:
        stop += 1
    first, end = draft.stop_first[first_at + stop], stop_end(ground, draft, slot, stop)
    seconds = _merged_s(ground, draft, changes, scratch, (slot, first, end, ground.crew_people[crew]))
    more_s = seconds - draft.stop_s[first_at + stop] + changes.block[LOADING_S]
    if ground.sizes[CREW_WEIGHT] * more_s < changes.place[MORE_COST]:
        end_s = start_s + draft.stop_end_s[first_at + stop] + more_s
        _consider(ground, draft, changes, at, (stop, 0, more_s, end_s))


def _is_of_another_class(ground: Ground, draft: Draft, slot: int, entrance: int) -> bool:
    """Says whether an entrance and a round do not go together: classes above sealed have rounds of their own."""
    ours, theirs = ground.handling[entrance], draft.figures[slot * FIGURES + HANDLING]
    return max(ours, theirs) > 1 and ours != theirs


def _consider(
    ground: Ground, draft: Draft, changes: Changes, at: tuple[int, int, int], change: tuple[int, int, int, int]
) -> None:
    """Remembers a place in a round if it is the best so far."""
    crew, place, _ = at
    stop, is_new_stop, more_s, _ = change
    cost = ground.sizes[CREW_WEIGHT] * more_s + _over_cost(ground, draft, crew, more_s)
    if draft.crews[crew * CREW_FIGURES + PROMISED] + changes.block[PROMISES_HELD] > 0:
        cost += hours_cost(ground, draft, changes, at, change)
    if cost < changes.place[MORE_COST]:
        _remember(changes, (crew, place, stop, is_new_stop, 0, cost, 0))


def _remember(changes: Changes, found: tuple[int, int, int, int, int, int, int]) -> None:
    for column in range(7):
        changes.place[column] = found[column]


def _over_cost(ground: Ground, draft: Draft, crew: int, more_s: int) -> int:
    began_s = ground.crew_rules[crew * CREW_RULES + BEGAN_S]
    over_s = began_s + draft.crews[crew * CREW_FIGURES + BUSY_S] - ground.crew_end_s[crew]
    return breach_cost(ground, over_s + more_s) - breach_cost(ground, over_s)


def _try_new_rounds(ground: Ground, draft: Draft, changes: Changes, crew: int) -> None:
    """Tries the block in hand as a round: the last of its kind, and where a time was promised the first too."""
    entrance = changes.block[ENTRANCE]
    more_s = (
        ground.sizes[LOAD_S]
        + changes.block[ALONE_S]
        + ground.walk_s[entrance + 1]
        + ground.walk_s[(entrance + 1) * ground.sizes[PLACES]]
    )
    rounds = draft.crews[crew * CREW_FIGURES + ROUNDS]
    if rounds + 1 >= ground.sizes[MOST_ROUNDS]:
        return
    changes.place[HAS_ROOM] = 1
    if ground.sizes[CREW_WEIGHT] * more_s > changes.place[MORE_COST]:
        return
    start_s, row = ground.crew_start_s[crew], crew * ground.sizes[MOST_ROUNDS]
    kind, is_first = 2 * ground.handling[entrance], True
    for place in range(rounds):
        slot = draft.days[row + place]
        if ground.sizes[RULES] > 0:
            start_s = counted_from_s(ground, draft, crew, place)
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
    crew, place, _, more_s = at
    cost = ground.sizes[CREW_WEIGHT] * more_s + _over_cost(ground, draft, crew, more_s)
    if draft.crews[crew * CREW_FIGURES + PROMISED] + changes.block[PROMISES_HELD] > 0:
        cost += new_round_hours_cost(ground, draft, changes, at)
    busy_s = draft.crews[crew * CREW_FIGURES + BUSY_S]
    best, is_new = changes.place[MORE_COST], changes.place[IS_NEW_ROUND]
    if cost < best or (cost == best and is_new == 1 and busy_s < changes.place[MORE_BUSY_S]):
        _remember(changes, (crew, place, 0, 1, 1, cost, busy_s))
