"""What following an order needs, and what to do about one that is not there."""

from dataclasses import dataclass, field
from datetime import datetime

from services.notify.actions.messages.announce import Announcer
from services.notify.storage import contacts
from shared.basics.errors import NotFound
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class StoryTeller:
    """Announces news, and knows the key that links are made from."""

    announcer: Announcer
    link_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Said:
    """When something was said, and which click began it."""

    at: datetime
    correlation_id: str


async def pass_over_removed(tx: Transaction, household_id: str) -> None:
    """Pass over an order whose household was removed.

    Errors: NotFound("order_unknown") when the household is still there: then the order should be too.
    """
    if await contacts.is_known(tx, household_id):
        raise NotFound("order_unknown")
