"""Owns why a plan that is being carried out is made again, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

# A plan is changed for being better only if it is better by this much: every change costs people attention.
BETTER_BY_SHARE: Final = 0.01
BETTER_BY_LEAST: Final = 60


class Because(StrEnum):
    """Why: it may be better now, a crew is missing, a lift stands still or runs again, a building is handled
    another way, a zone has another class."""

    BETTER = "better"
    CREW_ABSENT = "crew_absent"
    LIFT_CHANGED = "lift_changed"
    HANDLING_CHANGED = "handling_changed"
    ZONE_CHANGED = "zone_changed"


class ReplanState(StrEnum):
    """How far it is: `kept` when the old plan stays, `failed` when it could not be made."""

    WAITING = "waiting"
    LEASED = "leased"
    SAVED = "saved"
    KEPT = "kept"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class MovedStop:
    """A stop whose crew or time is another now. Units: seconds later, negative for sooner."""

    stop_id: str
    number: str
    from_crew: str
    to_crew: str
    later_s: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What a plan made again changed. Units: cost as the plan weighs it; stops left out with their reason."""

    cost_before: int
    cost_after: int
    moved: Sequence[MovedStop]
    left_out: Mapping[str, str]

    def as_data(self) -> dict[str, object]:
        """Lays it out for keeping."""
        return asdict(self)


def is_better(cost_before: int, cost_after: int) -> bool:
    """Whether a plan is so much better that changing to it is worth people's attention."""
    return cost_before - cost_after >= max(BETTER_BY_LEAST, BETTER_BY_SHARE * cost_before)
