"""Cuts a problem into drop points, and what an entrance needs into parts that fit a trolley."""

from dataclasses import dataclass, replace

from services.routing.planning.problem import DropProblem, Problem, RoundAt, VisitAt


@dataclass(frozen=True, slots=True)
class Trolley:
    """What one round may carry, and how many people go with it."""

    cap_g: int
    cap_crates: int
    people: int


@dataclass(frozen=True, slots=True)
class Part:
    """Some orders of one entrance that travel together."""

    entrance: int
    orders: tuple[int, ...]
    grams: int
    crates: int

    @property
    def visit(self) -> VisitAt:
        """Is the visit that delivers this part alone."""
        return self.entrance, self.orders


def share_of(problem: Problem, drop_id: str | None) -> Problem:
    """Cuts out one drop point: its entrances, their orders, its crews."""
    entrances = tuple(place for place in problem.entrances if place.drop == drop_id)
    names = {place.id for place in entrances}
    return replace(
        problem,
        drop_points=tuple(drop for drop in problem.drop_points if drop.id == drop_id),
        entrances=entrances,
        orders=tuple(order for order in problem.orders if order.entrance in names),
        crews=tuple(crew for crew in problem.crews if crew.drop == drop_id),
    )


def trolleys_of(problem: DropProblem) -> tuple[Trolley, ...]:
    """Lists the different trolleys of a drop point's crews, most common first, then largest."""
    trolleys = [Trolley(crew.cap_g, crew.cap_crates, crew.people) for crew in problem.crews]
    different = sorted(set(trolleys), key=lambda it: (-trolleys.count(it), -it.cap_g, -it.cap_crates, -it.people))
    return tuple(different)


def split_entrances(problem: DropProblem, trolley: Trolley) -> list[Part]:
    """Fills trolleys entrance by entrance from the highest floor down.

    An order too big for this trolley becomes a part of its own, for a crew that can carry it.
    Source: reference/planning.md 3.1, where full trolleys beat balanced ones.
    """
    parts: list[Part] = []
    for entrance in range(len(problem.entrance_ids)):
        here = [order for order, place in enumerate(problem.entrance_of) if place == entrance]
        here.sort(key=lambda order: (-problem.packages[order][0][0], order))
        chosen: list[int] = []
        for order in here:
            grams, crates = problem.load_of([*chosen, order])
            if chosen and (grams > trolley.cap_g or crates > trolley.cap_crates):
                parts.append(part_of(problem, entrance, chosen))
                chosen = []
            chosen.append(order)
        if chosen:
            parts.append(part_of(problem, entrance, chosen))
    return parts


def part_of(problem: DropProblem, entrance: int, orders: list[int]) -> Part:
    """Weighs some orders of an entrance as one part."""
    grams, crates = problem.load_of(orders)
    return Part(entrance, tuple(orders), grams, crates)


def round_of(problem: DropProblem, parts: list[Part]) -> RoundAt:
    """Makes a round of parts in their order, clean before sealed, parts of one entrance in one visit."""
    merged: dict[int, list[int]] = {}
    for part in sorted(parts, key=lambda part: problem.sealed[part.entrance]):
        merged.setdefault(part.entrance, []).extend(part.orders)
    return tuple((entrance, tuple(orders)) for entrance, orders in merged.items())
