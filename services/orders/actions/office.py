"""What every action works with, and for whom it works."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from services.orders.domain.zone import Sight
from shared.basics.clock import Clock
from shared.basics.ids import new_id
from shared.basics.randomness import Randomness
from shared.security.key_file import ServiceKeys
from shared.security.scope import Actor, visible_communities, visible_grids


@dataclass(frozen=True, slots=True)
class Office:
    """Time, chance, keys and the one local zone."""

    clock: Clock
    randomness: Randomness
    keys: ServiceKeys
    local_zone: ZoneInfo

    def new_id(self) -> str:
        """A fresh id that sorts by time."""
        return new_id(self.clock, self.randomness)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and which part of the street exists for this person."""

    actor: Actor
    sight: Sight

    @classmethod
    def of(cls, actor: Actor) -> "Asker":
        """Somebody who was let in, seeing what the own scope holds."""
        return cls(actor, Sight(visible_communities(actor), visible_grids(actor)))

    @property
    def account_id(self) -> str:
        """Whose account it is."""
        return self.actor.account_id
