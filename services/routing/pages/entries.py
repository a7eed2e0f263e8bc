"""Reads what people type into routing's forms, and says in their words what is wrong with it."""

import datetime as dt

from services.routing.domain.wave import Reach
from shared.security.scope import Actor, visible_communities, visible_grids
from shared.web.error_responses import Malformed

MAX_FILE_BYTES = 32_000_000


def reach_of(actor: Actor) -> Reach:
    """The places this person may see."""
    return Reach(visible_communities(actor), visible_grids(actor))


def read_date(text: str) -> dt.date:
    """A date. Errors: Malformed("date_unreadable"), 422."""
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        raise Malformed("date_unreadable") from None


def read_seconds(text: str, default: float) -> float:
    """Planning seconds, or the default for an empty field. Errors: Malformed("plan_seconds_unreadable"), 422."""
    if not text.strip():
        return default
    try:
        seconds = float(text)
    except ValueError:
        raise Malformed("plan_seconds_unreadable") from None
    if not 0.2 <= seconds <= 600:
        raise Malformed("plan_seconds_unreadable")
    return seconds


def read_ids(text: str) -> frozenset[str]:
    """Ids with commas between them; `*` or nothing for all, which is the empty set."""
    ids = frozenset(part.strip() for part in text.split(",") if part.strip())
    return frozenset() if "*" in ids else ids
