"""The rounds and days a search works on, in flat sequences, and how they are priced, copied and read."""

from collections.abc import Sequence
from typing import NamedTuple

from services.routing.planning.problem import DayAt, DropProblem
from services.routing.planning.ruin_and_recreate.dice import seeded
from services.routing.planning.ruin_and_recreate.ground import (
    CREW_WEIGHT,
    CREWS,
    LATE_WEIGHT,
    LOAD_S,
    LOAD_S_PER_PACKAGE,
    MOST_ORDERS,
    MOST_ROUNDS,
    MOST_STOPS,
    ORDERS,
    OVER_WEIGHT,
    PLACES,
    SLOTS,
    Ground,
    Ints,
    numbered_orders,
)
from services.routing.planning.visit_cost import visit_s

STOPS, CLEAN, HELD, GRAMS, CRATES, LOADED_S, SECONDS, DUES, CREW, IN_TIME_S, FIGURES = range(11)
"""A round's figures: stops, how many of them clean, orders, load, seconds of loading packages and of all,
promises among its orders, whose it is, and the last second at which it can start with none of them late."""
ROUNDS, MIXED, BUSY_S, PROMISED, COST, CREW_FIGURES = range(6)
"""A crew's figures: rounds in its day, mixed ones, seconds worked, promises, cost."""
UNKNOWN = -1
ALWAYS_S = 10**12
OVER_AT_ALL_S = 100_000
"""Seconds that count as over whenever a day ends too late at all."""


class Draft(NamedTuple):
    """Rounds in numbered slots, an empty slot having no orders, and each crew's day as slots in order.

    Shape: a slot has one row in each sequence, `Ground.sizes` wide; a stop's orders stand together and begin at
    `stop_first`; `stop_s` is what it takes inside, `stop_end_s` its end counted from the round's start.
    Orders in a stop, rounds of a day (clean, at most one mixed, sealed) and stops of a round (clean, sealed)
    are sorted.
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
    here, clean, in_time_s = 0, 0, ALWAYS_S
    for stop in range(draft.figures[figures + STOPS]):
        at = slot * ground.sizes[MOST_STOPS] + stop
        if draft.stop_s[at] == UNKNOWN:
            draft.stop_s[at] = price_stop(ground, draft, scratch, slot, stop)
        there = draft.stops[at] + 1
        now_s += ground.walk_s[here * ground.sizes[PLACES] + there] + draft.stop_s[at]
        draft.stop_end_s[at] = now_s
        if dues > 0:
            for place in range(row + draft.stop_first[at], row + stop_end(ground, draft, slot, stop)):
                due_s = ground.due_s[draft.orders[place]]
                if due_s >= 0:
                    in_time_s = min(in_time_s, due_s - now_s)
        clean += 1 - ground.sealed[draft.stops[at]]
        here = there
    draft.figures[figures + CLEAN] = clean
    draft.figures[figures + GRAMS] = grams
    draft.figures[figures + CRATES] = crates
    draft.figures[figures + DUES] = dues
    draft.figures[figures + IN_TIME_S] = in_time_s
    draft.figures[figures + SECONDS] = now_s + ground.walk_s[here * ground.sizes[PLACES]]


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
    """Says 0 for a clean round, 1 for a mixed one, 2 for a sealed one: the order of a day."""
    clean, stops = draft.figures[slot * FIGURES + CLEAN], draft.figures[slot * FIGURES + STOPS]
    if clean == stops:
        return 0
    return 1 if clean > 0 else 2


def refresh_crew(ground: Ground, draft: Draft, crew: int) -> None:
    """Brings a crew's figures in line with its rounds; drops rounds that have no orders left."""
    row, figures, kept = crew * ground.sizes[MOST_ROUNDS], crew * CREW_FIGURES, 0
    for place in range(draft.crews[figures + ROUNDS]):
        slot = draft.days[row + place]
        if draft.figures[slot * FIGURES + HELD] > 0:
            draft.days[row + kept] = slot
            kept += 1
    draft.crews[figures + ROUNDS] = kept
    now_s, late, mixed, dues = ground.crew_start_s[crew], 0, 0, 0
    for place in range(kept):
        slot = draft.days[row + place]
        late += late_s(ground, draft, slot, now_s)
        mixed += kind_of_slot(draft, slot) == 1
        dues += draft.figures[slot * FIGURES + DUES]
        now_s += draft.figures[slot * FIGURES + SECONDS]
    busy_s = now_s - ground.crew_start_s[crew]
    draft.crews[figures + MIXED] = mixed
    draft.crews[figures + BUSY_S] = busy_s
    draft.crews[figures + PROMISED] = dues
    draft.crews[figures + COST] = (
        ground.sizes[CREW_WEIGHT] * busy_s
        + ground.sizes[LATE_WEIGHT] * late
        + over_cost(ground, now_s - ground.crew_end_s[crew])
    )


def over_cost(ground: Ground, over_s: int) -> int:
    """Prices a day that ends after its shift: more than any lateness saves, and less the sooner it ends."""
    if over_s <= 0:
        return 0
    return ground.sizes[OVER_WEIGHT] * (OVER_AT_ALL_S + over_s)


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


def copy_crew(ground: Ground, origin: Draft, target: Draft, crew: int) -> None:
    """Makes a crew's day in one draft what it is in another."""
    for place in range(crew * CREW_FIGURES, crew * CREW_FIGURES + CREW_FIGURES):
        target.crews[place] = origin.crews[place]
    first = crew * ground.sizes[MOST_ROUNDS]
    for place in range(first, first + origin.crews[crew * CREW_FIGURES + ROUNDS]):
        target.days[place] = origin.days[place]


def write_days(ground: Ground, draft: Draft, problem: DropProblem, days: Sequence[DayAt]) -> None:
    """Fills an empty draft with crews' days; figures and prices are for the refreshers."""
    numbers = {order: number for number, order in enumerate(numbered_orders(problem))}
    slot = 0
    for crew, day in enumerate(days):
        for place, each in enumerate(day):
            merged: dict[int, list[int]] = {}
            for entrance, orders in each:
                merged.setdefault(entrance, []).extend(orders)
            held = 0
            for stop, (entrance, together) in enumerate(merged.items()):
                at = slot * ground.sizes[MOST_STOPS] + stop
                draft.stops[at], draft.stop_first[at], draft.stop_s[at] = entrance, held, UNKNOWN
                for number in sorted(numbers[order] for order in together):
                    draft.orders[slot * ground.sizes[MOST_ORDERS] + held] = number
                    held += 1
            draft.figures[slot * FIGURES + STOPS] = len(merged)
            draft.figures[slot * FIGURES + HELD] = held
            draft.figures[slot * FIGURES + CREW] = crew
            draft.days[crew * ground.sizes[MOST_ROUNDS] + place] = slot
            slot += 1
        draft.crews[crew * CREW_FIGURES + ROUNDS] = len(day)


def read_days(ground: Ground, draft: Draft, problem: DropProblem) -> list[DayAt]:
    """Reads crews' days out of a draft."""
    orders = numbered_orders(problem)
    return [
        tuple(
            tuple(
                (
                    int(draft.stops[slot * ground.sizes[MOST_STOPS] + stop]),
                    tuple(
                        orders[draft.orders[slot * ground.sizes[MOST_ORDERS] + place]]
                        for place in range(
                            draft.stop_first[slot * ground.sizes[MOST_STOPS] + stop],
                            stop_end(ground, draft, slot, stop),
                        )
                    ),
                )
                for stop in range(draft.figures[slot * FIGURES + STOPS])
            )
            for slot in draft.days[row : row + draft.crews[crew * CREW_FIGURES + ROUNDS]]
        )
        for crew in range(len(problem.crews))
        for row in (crew * ground.sizes[MOST_ROUNDS],)
    ]
