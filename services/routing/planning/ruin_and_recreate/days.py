"""Puts crews' days into a draft and reads them out of one."""

from collections.abc import Sequence

from services.routing.planning.problem import DayAt, DropProblem
from services.routing.planning.ruin_and_recreate.draft import (
    CREW,
    CREW_FIGURES,
    FIGURES,
    HELD,
    ROUNDS,
    STOPS,
    UNKNOWN,
    Draft,
    stop_end,
)
from services.routing.planning.ruin_and_recreate.ground import (
    MOST_ORDERS,
    MOST_ROUNDS,
    MOST_STOPS,
    Ground,
    numbered_orders,
)


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
