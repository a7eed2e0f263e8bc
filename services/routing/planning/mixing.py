"""Which parts of entrances one round may hold one after the other."""

from services.routing.planning.parts import Part, Trolley, part_of, split_entrances
from services.routing.planning.problem import DropProblem

MIXED_PENALTY_S = 90
"""A round that turns from clean to sealed binds its crew's whole day; measured in reference/planning.md 3.3."""


def parts_of(problem: DropProblem, trolley: Trolley) -> list[Part]:
    """Fills trolleys entrance by entrance; what is locked to a crew travels apart from the rest."""
    parts = []
    for part in split_entrances(problem, trolley):
        crews = dict.fromkeys(problem.orders[order].crew for order in part.orders)
        for crew in crews:
            own = [order for order in part.orders if problem.orders[order].crew == crew]
            parts.append(part if len(crews) == 1 else part_of(problem, part.entrance, own))
    return parts


def mixing_s(problem: DropProblem, first: Part, second: Part) -> int | None:
    """Gives what it costs that one part comes right after another in a round, None where it may not.

    Shape: parts of `parts_of`.
    """
    before, after = (
        problem.entrances[first.entrance].handling_class,
        problem.entrances[second.entrance].handling_class,
    )
    if problem.orders[first.orders[0]].crew != problem.orders[second.orders[0]].crew:
        return None
    if before == after:
        return 0
    may_mix = (before, after) == (0, 1) and not problem.rules.own_crews
    return MIXED_PENALTY_S + problem.rules.disinfect_s if may_mix else None
