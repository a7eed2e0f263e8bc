"""The rounds and days a search works on, in flat sequences, and how they are priced, copied and read."""

from typing import NamedTuple

from services.routing.planning.ruin_and_recreate.breaches import (
    breach_cost,
    noise_cost,
    order_cost,
    rested_at,
)
from services.routing.planning.ruin_and_recreate.dice import seeded
from services.routing.planning.ruin_and_recreate.ground import (
    BEGAN_S,
    CLASS_BEFORE,
    COLD_LIMIT_S,
    CREW_OF,
    CREW_RULES,
    CREW_WEIGHT,
    CREWS,
    DISINFECT_S,
    FROM_S,
    HANDED_OVER,
    IS_COLD,
    LATE_S,
    LATE_WEIGHT,
    LOAD_S,
    LOAD_S_PER_PACKAGE,
    MOST_ORDERS,
    MOST_ROUNDS,
    MOST_STOPS,
    ORDER_RULES,
    ORDERS,
    PLACES,
    QUIETS,
    RESTED_S,
    ROUNDS_BEFORE,
    RULES,
    SLOTS,
    TO_S,
    Ground,
    Ints,
)
from services.routing.planning.visit_cost import visit_s

STOPS, CLEAN, HELD, GRAMS, CRATES, LOADED_S, SECONDS, DUES, CREW, IN_TIME_S, HANDLING, FIGURES = range(12)
"""A round's figures: stops, how many of them clean, orders, load, seconds of loading packages and of all,
promises among its orders, whose it is, the last second at which it can start with none of them late, and the
class of its last entrance."""
STARTS_FROM_S, STARTS_TO_S, COLD_S, LOCKED_TO, RULED = range(5)
"""What `Draft.ruled` holds of a round: from when till when it can start with all at their hours, when the last of
its cold orders is served, and the crew that one of its orders is locked to."""
ROUNDS, MIXED, BUSY_S, PROMISED, COST, SEEN, CREW_FIGURES = range(7)
"""A crew's figures: rounds in its day, mixed ones, seconds worked, promises, cost; and, where there are rules, one
promise more than there are and the classes it enters, a bit each."""
UNKNOWN = -1
ALWAYS_S = 10**12
HIGHEST_BIT = 60


class Draft(NamedTuple):
    """Rounds in numbered slots, an empty slot having no orders, and each crew's day as slots in order.

    Shape: a slot has one row in each sequence, `Ground.sizes` wide; a stop's orders stand together and begin at
    `stop_first`; `stop_s` is what it takes inside, `stop_end_s` its end counted from the round's start.
    Orders in a stop, rounds of a day (clean, at most one mixed, sealed) and stops of a round (clean, sealed)
    are sorted. Where there are rules `ruled` has RULED numbers a slot, and then two for a place in a day: when the
    round there begins, and the disinfecting before its first visit.
    """

    figures: Ints
    stops: Ints
    stop_first: Ints
    stop_s: Ints
    stop_end_s: Ints
    orders: Ints
    days: Ints
    crews: Ints
    slot_of: Ints
    ruled: Ints


class Scratch(NamedTuple):
    """What every step has at hand: dice, and room for one visit's packages and `visit_cost`'s stop."""

    dice: Ints
    ranks: Ints
    floors: Ints
    grams: Ints
    stop: Ints


def empty_draft(ground: Ground) -> Draft:
    """Makes a draft without any round."""
    sizes = ground.sizes
    slots = sizes[SLOTS]
    return Draft(
        figures=[0] * (slots * FIGURES),
        stops=[0] * (slots * sizes[MOST_STOPS]),
        stop_first=[0] * (slots * sizes[MOST_STOPS]),
        stop_s=[0] * (slots * sizes[MOST_STOPS]),
        stop_end_s=[0] * (slots * sizes[MOST_STOPS]),
        orders=[0] * (slots * sizes[MOST_ORDERS]),
        days=[0] * (sizes[CREWS] * sizes[MOST_ROUNDS]),
        crews=[0] * (sizes[CREWS] * CREW_FIGURES),
        slot_of=[UNKNOWN] * sizes[ORDERS],
        ruled=[0] * (slots * RULED + 2 * sizes[CREWS] * sizes[MOST_ROUNDS]),
    )


def empty_scratch(ground: Ground, seed: int) -> Scratch:
    """Makes room for the largest visit there can be."""
    most = max(
        (
            ground.first_package[ground.first_order[entrance + 1]]
            - ground.first_package[ground.first_order[entrance]]
            for entrance in range(ground.sizes[PLACES] - 1)
        ),
        default=0,
    )
    return Scratch(seeded(seed), [0] * most, [0] * most, [0] * most, [0] * 4)


def gather(ground: Ground, scratch: Scratch, order: int, count: int) -> int:
    """Adds an order's packages to the sorted `count` that are gathered; gives their new number."""
    for held in range(ground.first_package[order], ground.first_package[order + 1]):
        rank = ground.packages[held]
        place = count
        while place > 0 and scratch.ranks[place - 1] > rank:
            scratch.ranks[place] = scratch.ranks[place - 1]
            place -= 1
        scratch.ranks[place] = rank
        count += 1
    return count


def gathered_s(ground: Ground, scratch: Scratch, entrance: int, people: int, counts: tuple[int, int]) -> int:
    """Prices the visit that was gathered; counts are its orders and its packages."""
    orders, packages = counts
    if ground.has_lift[entrance] == HANDED_OVER:  # all of it is in the gate's seconds: nobody goes up
        return ground.gate_s[entrance]
    for place in range(packages):
        scratch.floors[place] = ground.package_floor[scratch.ranks[place]]
        scratch.grams[place] = ground.package_grams[scratch.ranks[place]]
    scratch.stop[0] = ground.has_lift[entrance]
    scratch.stop[1] = ground.gate_s[entrance]
    scratch.stop[2] = orders
    scratch.stop[3] = people
    return visit_s(ground.times, scratch.stop, scratch.floors[:packages], scratch.grams[:packages])


def stop_end(ground: Ground, draft: Draft, slot: int, stop: int) -> int:
    """Gives where the orders of a stop end in its round's row of orders."""
    if stop + 1 < draft.figures[slot * FIGURES + STOPS]:
        return draft.stop_first[slot * ground.sizes[MOST_STOPS] + stop + 1]
    return draft.figures[slot * FIGURES + HELD]


def price_stop(ground: Ground, draft: Draft, scratch: Scratch, slot: int, stop: int) -> int:
    """Prices one stop as it stands."""
    row, at = slot * ground.sizes[MOST_ORDERS], slot * ground.sizes[MOST_STOPS] + stop
    packages = 0
    first, end = draft.stop_first[at], stop_end(ground, draft, slot, stop)
    for place in range(first, end):
        packages = gather(ground, scratch, draft.orders[row + place], packages)
    people = ground.crew_people[draft.figures[slot * FIGURES + CREW]]
    return gathered_s(ground, scratch, draft.stops[at], people, (end - first, packages))


def refresh_round(ground: Ground, draft: Draft, scratch: Scratch, slot: int) -> None:
    """Brings a round's figures in line with its stops and orders; prices the stops whose price is unknown."""
    figures, row = slot * FIGURES, slot * ground.sizes[MOST_ORDERS]
    grams = crates = packages = dues = 0
    for place in range(draft.figures[figures + HELD]):
        order = draft.orders[row + place]
        draft.slot_of[order] = slot
        grams += ground.grams[order]
        crates += ground.crates[order]
        packages += ground.first_package[order + 1] - ground.first_package[order]
        dues += ground.due_s[order] >= 0
    draft.figures[figures + LOADED_S] = ground.sizes[LOAD_S_PER_PACKAGE] * packages
    now_s = ground.sizes[LOAD_S] + draft.figures[figures + LOADED_S]
    here, clean, handling, in_time_s = 0, 0, 0, ALWAYS_S
    for stop in range(draft.figures[figures + STOPS]):
        at = slot * ground.sizes[MOST_STOPS] + stop
        if draft.stop_s[at] == UNKNOWN:
            draft.stop_s[at] = price_stop(ground, draft, scratch, slot, stop)
        there = draft.stops[at] + 1
        now_s += ground.walk_s[here * ground.sizes[PLACES] + there] + draft.stop_s[at]
        handling = ground.handling[draft.stops[at]]
        if handling > 0 and clean == stop and clean > 0:
            now_s += ground.sizes[DISINFECT_S]
        draft.stop_end_s[at] = now_s
        if dues > 0:
            for place in range(row + draft.stop_first[at], row + stop_end(ground, draft, slot, stop)):
                due_s = ground.due_s[draft.orders[place]]
                if due_s >= 0:
                    in_time_s = min(in_time_s, due_s - now_s)
        clean += handling == 0
        here = there
    draft.figures[figures + CLEAN] = clean
    draft.figures[figures + GRAMS] = grams
    draft.figures[figures + CRATES] = crates
    draft.figures[figures + DUES] = dues
    draft.figures[figures + IN_TIME_S] = in_time_s
    draft.figures[figures + SECONDS] = now_s + ground.walk_s[here * ground.sizes[PLACES]]
    draft.figures[figures + HANDLING] = handling
    if ground.sizes[RULES] > 0:
        _refresh_hours(ground, draft, slot)


def _refresh_hours(ground: Ground, draft: Draft, slot: int) -> None:
    """Brings in line with a round's stops from when till when it can start, and who alone can take it."""
    row, figures = slot * ground.sizes[MOST_ORDERS], slot * FIGURES
    from_s, to_s, cold_s, locked_to = -ALWAYS_S, ALWAYS_S, 0, UNKNOWN
    for stop in range(draft.figures[figures + STOPS]):
        at = slot * ground.sizes[MOST_STOPS] + stop
        ends_s = draft.stop_end_s[at]
        for place in range(row + draft.stop_first[at], row + stop_end(ground, draft, slot, stop)):
            order = draft.orders[place]
            rules = order * ORDER_RULES
            from_s = max(from_s, ground.order_rules[rules + FROM_S] - ends_s + draft.stop_s[at])
            to_s = min(to_s, ground.order_rules[rules + TO_S] - ends_s)
            if ground.order_rules[rules + IS_COLD] == 1:
                cold_s = ends_s
            if ground.order_rules[rules + CREW_OF] != UNKNOWN:
                locked_to = ground.order_rules[rules + CREW_OF]
    draft.ruled[slot * RULED + STARTS_FROM_S] = from_s
    draft.ruled[slot * RULED + STARTS_TO_S] = to_s
    draft.ruled[slot * RULED + COLD_S] = cold_s
    draft.ruled[slot * RULED + LOCKED_TO] = locked_to


def hours_at(ground: Ground, crew: int, place: int) -> int:
    """Tells where in `Draft.ruled` the hours of a place in a crew's day stand."""
    return ground.sizes[SLOTS] * RULED + 2 * (crew * ground.sizes[MOST_ROUNDS] + place)


def against_hours(
    ground: Ground, draft: Draft, slot: int, hours_s: tuple[int, int], moved_s: tuple[int, int, int]
) -> int:
    """Prices what in a round is not at its hours.

    Units: hours are when it begins and the disinfecting before its first visit; moved is a stop, and by how much
    later all stops before it and from it on would be.
    """
    begins_s, gap_s = hours_s
    from_stop, early_s, later_s = moved_s
    base_s = begins_s + gap_s
    least_s, most_s = min(early_s, later_s), max(early_s, later_s)
    if (
        draft.ruled[slot * RULED + STARTS_FROM_S] <= base_s + least_s
        and base_s + most_s <= draft.ruled[slot * RULED + STARTS_TO_S]
        and gap_s + most_s + draft.ruled[slot * RULED + COLD_S] <= ground.sizes[COLD_LIMIT_S]
        and ground.sizes[QUIETS] == 0
    ):
        return 0
    cost, row = 0, slot * ground.sizes[MOST_ORDERS]
    for stop in range(draft.figures[slot * FIGURES + STOPS]):
        at = slot * ground.sizes[MOST_STOPS] + stop
        ends_s = base_s + draft.stop_end_s[at] + (later_s if stop >= from_stop else early_s)
        starts_s = ends_s - draft.stop_s[at]
        cost += noise_cost(ground, starts_s, ends_s)
        for place in range(row + draft.stop_first[at], row + stop_end(ground, draft, slot, stop)):
            cost += order_cost(ground, draft.orders[place], (begins_s, starts_s, ends_s))
    return cost


def late_s(ground: Ground, draft: Draft, slot: int, start_s: int) -> int:
    """Sums how late a round's orders are if it starts then."""
    if start_s <= draft.figures[slot * FIGURES + IN_TIME_S]:
        return 0
    seconds = 0
    row = slot * ground.sizes[MOST_ORDERS]
    for stop in range(draft.figures[slot * FIGURES + STOPS]):
        at = slot * ground.sizes[MOST_STOPS] + stop
        for place in range(draft.stop_first[at], stop_end(ground, draft, slot, stop)):
            due_s = ground.due_s[draft.orders[row + place]]
            if due_s >= 0:
                seconds += max(0, start_s + draft.stop_end_s[at] - due_s)
    return seconds


def kind_of_slot(draft: Draft, slot: int) -> int:
    """Says 0 for a clean round, 1 for a mixed one, else twice its class: the order of a day."""
    clean, stops = draft.figures[slot * FIGURES + CLEAN], draft.figures[slot * FIGURES + STOPS]
    if clean == stops:
        return 0
    return 1 if clean > 0 else 2 * draft.figures[slot * FIGURES + HANDLING]


def refresh_crew(ground: Ground, draft: Draft, crew: int) -> None:
    """Brings a crew's figures in line with its rounds; drops rounds that have no orders left."""
    row, figures, kept = crew * ground.sizes[MOST_ROUNDS], crew * CREW_FIGURES, 0
    for place in range(draft.crews[figures + ROUNDS]):
        slot = draft.days[row + place]
        if draft.figures[slot * FIGURES + HELD] > 0:
            draft.days[row + kept] = slot
            kept += 1
    draft.crews[figures + ROUNDS] = kept
    now_s, late, mixed, dues, against = ground.crew_start_s[crew], 0, 0, ground.sizes[RULES], 0
    if ground.sizes[RULES] > 0:
        against, late = _refresh_day(ground, draft, crew), ground.crew_rules[crew * CREW_RULES + LATE_S]
    for place in range(kept):
        slot = draft.days[row + place]
        if ground.sizes[RULES] > 0:
            at = hours_at(ground, crew, place)
            now_s = draft.ruled[at] + draft.ruled[at + 1]
        late += late_s(ground, draft, slot, now_s)
        mixed += kind_of_slot(draft, slot) == 1
        dues += draft.figures[slot * FIGURES + DUES]
        now_s += draft.figures[slot * FIGURES + SECONDS]
    busy_s = now_s - ground.crew_rules[crew * CREW_RULES + BEGAN_S]
    draft.crews[figures + MIXED] = mixed
    draft.crews[figures + BUSY_S] = busy_s
    draft.crews[figures + PROMISED] = dues
    draft.crews[figures + COST] = (
        ground.sizes[CREW_WEIGHT] * busy_s
        + ground.sizes[LATE_WEIGHT] * late
        + breach_cost(ground, now_s - ground.crew_end_s[crew])
        + against
    )


def _refresh_day(ground: Ground, draft: Draft, crew: int) -> int:
    """Brings a day's hours in line with its rounds, rests and disinfecting; prices what is not at its hours."""
    row, cost, rules = crew * ground.sizes[MOST_ROUNDS], 0, crew * CREW_RULES
    now_s, rested_s = ground.crew_start_s[crew], ground.crew_rules[rules + RESTED_S]
    handling = ground.crew_rules[rules + CLASS_BEFORE]
    seen = 0 if handling < 0 else 1 << min(handling, HIGHEST_BIT)
    for place in range(draft.crews[crew * CREW_FIGURES + ROUNDS]):
        slot, at = draft.days[row + place], hours_at(ground, crew, place)
        begins_s = now_s
        if place > 0 or ground.crew_rules[rules + ROUNDS_BEFORE] > 0:
            begins_s = rested_at(ground, now_s, rested_s)
            rested_s = rested_s if begins_s == now_s else begins_s
        last = draft.figures[slot * FIGURES + HANDLING]
        first = 0 if draft.figures[slot * FIGURES + CLEAN] > 0 else last
        gap_s = ground.sizes[DISINFECT_S] if 0 <= handling < first else 0
        draft.ruled[at], draft.ruled[at + 1] = begins_s, gap_s
        cost += against_hours(ground, draft, slot, (begins_s, gap_s), (0, 0, 0))
        now_s = begins_s + gap_s + draft.figures[slot * FIGURES + SECONDS]
        seen |= 1 << min(first, HIGHEST_BIT) | 1 << min(last, HIGHEST_BIT)
        handling = last
    draft.crews[crew * CREW_FIGURES + SEEN] = seen
    return cost


def copy_round(ground: Ground, origin: Draft, target: Draft, slot: int) -> None:
    """Makes a round in one draft what it is in another."""
    for place in range(slot * FIGURES, slot * FIGURES + FIGURES):
        target.figures[place] = origin.figures[place]
    first = slot * ground.sizes[MOST_STOPS]
    for place in range(first, first + origin.figures[slot * FIGURES + STOPS]):
        target.stops[place] = origin.stops[place]
        target.stop_first[place] = origin.stop_first[place]
        target.stop_s[place] = origin.stop_s[place]
        target.stop_end_s[place] = origin.stop_end_s[place]
    first = slot * ground.sizes[MOST_ORDERS]
    for place in range(first, first + origin.figures[slot * FIGURES + HELD]):
        target.orders[place] = origin.orders[place]
        target.slot_of[origin.orders[place]] = slot
    if ground.sizes[RULES] > 0:
        for place in range(slot * RULED, slot * RULED + RULED):
            target.ruled[place] = origin.ruled[place]


def copy_crew(ground: Ground, origin: Draft, target: Draft, crew: int) -> None:
    """Makes a crew's day in one draft what it is in another."""
    for place in range(crew * CREW_FIGURES, crew * CREW_FIGURES + CREW_FIGURES):
        target.crews[place] = origin.crews[place]
    first = crew * ground.sizes[MOST_ROUNDS]
    for place in range(first, first + origin.crews[crew * CREW_FIGURES + ROUNDS]):
        target.days[place] = origin.days[place]
    if ground.sizes[RULES] > 0:
        at = hours_at(ground, crew, 0)
        for place in range(at, at + 2 * origin.crews[crew * CREW_FIGURES + ROUNDS]):
            target.ruled[place] = origin.ruled[place]
