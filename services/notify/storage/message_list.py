"""The list of messages as staff see it: newest first, own grids only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from services.notify.domain.message import MessageState
from services.notify.domain.news import News
from services.notify.storage.tables import messages, orders, places
from shared.database.session import Transaction

PAGE_LENGTH = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages to list. None of communities or grids means all; `before` is a position to go on below."""

    communities: Collection[str] | None
    grids: Collection[str] | None
    state: MessageState | None = None
    number: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """One message in the list; no text, no name, no phone."""

    position: int
    message_id: str
    order_id: str
    household_id: str
    number: str
    community: str
    grid: str
    news: News
    attempt: int
    state: MessageState
    reason: str
    due_at: datetime
    ended_at: datetime | None


async def list_messages(tx: Transaction, wanted: Wanted) -> list[ListedMessage]:
    """One page of messages, newest first.

    Shape: at most PAGE_LENGTH + 1; the one too many says that there is more.
    """
    number = messages.c.facts["number"].astext
    listed = (
        select(
            messages.c.position,
            messages.c.message_id,
            messages.c.order_id,
            messages.c.household_id,
            number.label("number"),
            func.coalesce(places.c.community, "").label("community"),
            func.coalesce(places.c.grid, "").label("grid"),
            messages.c.news,
            messages.c.attempt,
            messages.c.state,
            messages.c.reason,
            messages.c.due_at,
            messages.c.ended_at,
        )
        .outerjoin(orders, orders.c.order_id == messages.c.order_id)
        .outerjoin(places, places.c.building_id == orders.c.building_id)
        .order_by(messages.c.position.desc())
        .limit(PAGE_LENGTH + 1)
    )
    if wanted.communities is not None:
        listed = listed.where(places.c.community.in_(wanted.communities))
    if wanted.grids is not None:
        listed = listed.where(or_(places.c.grid.in_(wanted.grids), places.c.grid == ""))
    if wanted.state is not None:
        listed = listed.where(messages.c.state == wanted.state.value)
    if wanted.number:
        listed = listed.where(number == wanted.number)
    if wanted.before is not None:
        listed = listed.where(messages.c.position < wanted.before)
    return [
        ListedMessage(
            **{
                **row._asdict(),
                "news": News(row.news),
                "state": MessageState(row.state),
            }
        )
        for row in await tx.all(listed)
    ]
