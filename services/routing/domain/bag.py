"""Owns where a bag is and which ways it may go; what leaves one place arrives at another, so the sum is zero."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from shared.basics.errors import Refused


class BagPlace(StrEnum):
    """Where a bag can be."""

    SUPPLIER = "supplier"
    DROP_POINT = "drop_point"
    CART = "cart"
    DOOR = "door"
    RETURNED = "returned"
    WRITTEN_OFF = "written_off"


class BagOutcome(StrEnum):
    """What became of a bag on one round."""

    DELIVERED = "delivered"
    FAILED = "failed"
    SHORT = "short"
    CANCELLED = "cancelled"


class MissReason(StrEnum):
    """Why a bag did not stay at a door; the same words as on the wire."""

    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    SHORT = "short"
    DAMAGED = "damaged"
    NO_ACCESS = "no_access"
    CANCELLED = "cancelled"


# From where to where. `door -> cart` is an undo; `returned -> drop_point` is a retry; `written_off -> drop_point`
# is a bag packed anew under the same label.
WAYS: Final = frozenset(
    {
        (BagPlace.SUPPLIER, BagPlace.DROP_POINT),
        (BagPlace.DROP_POINT, BagPlace.CART),
        (BagPlace.CART, BagPlace.DOOR),
        (BagPlace.DOOR, BagPlace.CART),
        (BagPlace.CART, BagPlace.RETURNED),
        (BagPlace.CART, BagPlace.WRITTEN_OFF),
        (BagPlace.RETURNED, BagPlace.DROP_POINT),
        (BagPlace.WRITTEN_OFF, BagPlace.DROP_POINT),
        (BagPlace.DROP_POINT, BagPlace.WRITTEN_OFF),
    }
)


class BagMoveRefused(Refused):
    """A bag cannot go this way."""

    def __init__(self, bag_id: str, here: BagPlace, there: BagPlace) -> None:
        super().__init__("bag_cannot_go_there", bag_id=bag_id, here=here.value, there=there.value)


@dataclass(frozen=True, slots=True)
class BagMove:
    """One entry of the ledger: one bag less here, one more there."""

    bag_id: str
    here: BagPlace
    there: BagPlace


@dataclass(frozen=True, slots=True)
class Bag:
    """One bag on one round. `is_told`: the household's readers know its outcome."""

    bag_id: str
    place: BagPlace
    outcome: BagOutcome | None = None
    reason: MissReason | None = None
    outcome_tap_id: str | None = None
    is_told: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do with it on this round."""
        return self.outcome is not None and self.place is not BagPlace.CART


@dataclass(frozen=True, slots=True)
class BagsWereReturned:
    """These bags of an order lie at the drop point again."""

    household_id: str
    order_id: str
    round_id: str
    bag_ids: tuple[str, ...]
    returned_at: datetime


def move_bag(bag: Bag, there: BagPlace) -> tuple[Bag, BagMove]:
    """Moves a bag and writes the ledger's entry.

    Errors: BagMoveRefused for a way that does not exist.
    """
    if (bag.place, there) not in WAYS:
        raise BagMoveRefused(bag.bag_id, bag.place, there)
    return replace(bag, place=there), BagMove(bag.bag_id, bag.place, there)


def balance(moves: Iterable[BagMove]) -> dict[BagPlace, int]:
    """How many bags the ledger says are at each place; the suppliers' figure is negative and all sum to zero."""
    counts: Counter[BagPlace] = Counter()
    for move in moves:
        counts[move.here] -= 1
        counts[move.there] += 1
    return dict(counts)
