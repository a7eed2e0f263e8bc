"""The exact seconds a crew spends inside one entrance; plain integer functions, made to be compiled as they stand.

Nothing here calls anything but its neighbours and builtins, so the search core can compile these very functions:
there is no second copy of the model.
"""

from collections.abc import Sequence

WAIT_S, S_PER_FLOOR, STOP_S, WALK_DOWN_S, UP_S, DOWN_S, CLIMB_S, CARRY_G, LIFT_MS_PER_FLOOR_KG, DOOR_S = range(10)
HAS_LIFT, GATE_S, ORDERS, PEOPLE = range(4)


def visit_s(times: Sequence[int], stop: Sequence[int], floors: Sequence[int], grams: Sequence[int]) -> int:
    """Prices one visit of one entrance.

    Shape: times by the first row of names above, stop by the second; one floor and one weight a package,
    sorted by (floor, grams), highest first.
    Units: seconds, grams.
    Source: formats/rounds/README.md, "Times".
    """
    seconds = stop[GATE_S] + times[DOOR_S] * stop[ORDERS]
    if stop[HAS_LIFT]:
        return seconds + lift_s(times, floors)
    limit_g = times[CARRY_G] * stop[PEOPLE]
    return seconds + climbs_s(times, limit_g, floors, grams) + hauling_s(times, floors, grams)


def lift_s(times: Sequence[int], floors: Sequence[int]) -> int:
    """Prices one ride up and the way down floor by floor; floors highest first, repeats allowed."""
    here = floors[0]
    seconds = times[WAIT_S] + (here - 1) * times[S_PER_FLOOR] + times[STOP_S]
    for position in range(1, len(floors)):
        floor = floors[position]
        if floor != here:
            seconds += downwards_s(times, here - floor) + times[STOP_S]
            here = floor
    return seconds + downwards_s(times, here - 1)


def downwards_s(times: Sequence[int], storeys: int) -> int:
    """Prices going down some storeys in a lift entrance: the ride or the stairs, whichever is shorter."""
    if storeys == 0:
        return 0
    return min(times[WAIT_S] + storeys * times[S_PER_FLOOR], storeys * times[WALK_DOWN_S])


def climbs_s(times: Sequence[int], limit_g: int, floors: Sequence[int], grams: Sequence[int]) -> int:
    """Prices the climbs of a stair visit at the cheapest consecutive cut.

    Filling each climb from the highest floor down is that cut: starting a climb earlier can only raise
    the floor at which it, and every climb after it, begins.
    """
    seconds = 0
    load_g = limit_g + 1
    for position in range(len(floors)):
        load_g += grams[position]
        if load_g > limit_g:
            seconds += times[CLIMB_S] + (floors[position] - 1) * (times[UP_S] + times[DOWN_S])
            load_g = grams[position]
    return seconds


def hauling_s(times: Sequence[int], floors: Sequence[int], grams: Sequence[int]) -> int:
    """Prices lifting the packages of a stair visit, rounded down once a visit."""
    floor_grams = 0
    for position in range(len(floors)):
        floor_grams += (floors[position] - 1) * grams[position]
    return floor_grams * times[LIFT_MS_PER_FLOOR_KG] // 1_000_000
