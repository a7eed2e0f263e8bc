"""What the stages ask of OR-Tools, in a file of its own: a process with little time never loads it (0.2 s)."""

from services.routing.planning import assignment
from services.routing.planning.batching import batch
from services.routing.planning.sequencing import Days, Roster

__all__ = ["assigned", "batch", "refined"]


def assigned(roster: Roster, *, seconds: float, seed: int) -> Days:
    """Deals rounds to crews in order, from a deal of its own."""
    return assignment.assign(roster, assignment.Effort(seconds=seconds, seed=seed))


def refined(roster: Roster, deal: Days, *, seconds: float, seed: int) -> Days:
    """Deals rounds out anew, from the deal they have; never worse than that."""
    return assignment.refine(roster, deal, assignment.Effort(seconds=seconds, seed=seed))
