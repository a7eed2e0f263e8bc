"""Owns the due doors of a date and how far their plan is: planning -> planned -> released."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.basics.errors import Refused


class WaveState(StrEnum):
    """How far a wave is; `discarded` when its plan was thrown away before anybody was told."""

    PLANNING = "planning"
    PLANNED = "planned"
    RELEASED = "released"
    DISCARDED = "discarded"


class RequestState(StrEnum):
    """How far one drop point's plan is; `failed` when no solver could make one."""

    WAITING = "waiting"
    LEASED = "leased"
    PLANNED = "planned"
    FAILED = "failed"


LIVE_REQUESTS: Final = frozenset({RequestState.WAITING, RequestState.LEASED})

# Why an order is on no round, beside what the planner says (planning.problem.Reason).
NO_DROP_POINT: Final = "no_drop_point"
BAGS_NOT_BACK: Final = "bags_not_back"
PLAN_FAILED: Final = "plan_failed"
LEFT_OUT: Final = "left_out"


@dataclass(frozen=True, slots=True)
class Reach:
    """The places somebody may see and plan for; None for all."""

    communities: frozenset[str] | None = None
    grids: frozenset[str] | None = None

    def holds(self, community: str, grid: str | None) -> bool:
        """Whether a place lies within; what belongs to several grids needs its community only."""
        if self.communities is not None and community not in self.communities:
            return False
        return self.grids is None or grid is None or grid in self.grids


class WaveRefused(Refused):
    """A wave cannot be made or released now."""


def wave_state(requests: Iterable[RequestState]) -> WaveState:
    """How far a wave is that has not been released: planned once no drop point is being planned any more."""
    return WaveState.PLANNING if any(state in LIVE_REQUESTS for state in requests) else WaveState.PLANNED
