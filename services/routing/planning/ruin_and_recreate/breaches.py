"""What breaking a rule costs: so much that the search leaves it, and less the nearer it is to being kept."""

from services.routing.planning.ruin_and_recreate.ground import (
    COLD_LIMIT_S,
    FIRST_QUIET,
    FROM_S,
    IS_COLD,
    ORDER_RULES,
    OVER_WEIGHT,
    QUIETS,
    REST_AFTER_S,
    REST_S,
    TO_S,
    Ground,
)

AT_ALL_S = 100_000
"""Seconds that count whenever a rule is broken at all."""


def breach_cost(ground: Ground, seconds: int) -> int:
    """Prices a rule broken by some seconds: more than any lateness saves, and less the fewer they are."""
    if seconds <= 0:
        return 0
    return ground.sizes[OVER_WEIGHT] * (AT_ALL_S + seconds)


def rested_at(ground: Ground, now_s: int, rested_s: int) -> int:
    """Gives when a crew that comes back begins its next round, after a rest if one is due."""
    if now_s - rested_s >= ground.sizes[REST_AFTER_S]:
        return now_s + ground.sizes[REST_S]
    return now_s


def order_cost(ground: Ground, order: int, hours_s: tuple[int, int, int]) -> int:
    """Prices by how much an order is not served at its hours.

    Units: hours in seconds from time 0: its round begins, its visit begins and ends.
    """
    begins_s, starts_s, ends_s = hours_s
    row = order * ORDER_RULES
    seconds = max(0, ground.order_rules[row + FROM_S] - starts_s)
    seconds += max(0, ends_s - ground.order_rules[row + TO_S])
    if ground.order_rules[row + IS_COLD] == 1:
        seconds += max(0, ends_s - begins_s - ground.sizes[COLD_LIMIT_S])
    return breach_cost(ground, seconds)


def noise_cost(ground: Ground, starts_s: int, ends_s: int) -> int:
    """Prices by how much a visit lies in quiet hours."""
    cost = 0
    for pair in range(FIRST_QUIET, FIRST_QUIET + 2 * ground.sizes[QUIETS], 2):
        from_s, until_s = ground.sizes[pair], ground.sizes[pair + 1]
        if starts_s < until_s and ends_s > from_s:
            cost += breach_cost(ground, max(1, min(until_s - starts_s, ends_s - from_s)))
    return cost
