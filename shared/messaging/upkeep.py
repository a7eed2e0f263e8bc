"""Figures about a service's end of the log, and the removal of what has been kept long enough."""

import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database.session import is_passing_trouble, transaction
from shared.messaging.forgetful_broker import RESEND_DAYS
from shared.observability import metrics
from shared.observability.logs import get_log

_LOOK_EVERY_S = 5.0
_PRUNE_EVERY_LOOKS = 720
# Twice as long as anything is ever sent again, and a margin: an event can never come after its row has gone.
_INBOX_DAYS = 30
_WAITING_ALARM_S = 60.0

_FIGURES = text("""
    SELECT (SELECT count(*) FROM outbox WHERE sent_at IS NULL) AS unsent,
           (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(written_at)), 0)
              FROM outbox WHERE sent_at IS NULL) AS unsent_age_s,
           (SELECT count(*) FROM waiting) AS waiting,
           (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(since)), 0) FROM waiting) AS waiting_age_s,
           (SELECT count(*) FROM parked) AS parked
""")
_PRUNE = (
    text("""DELETE FROM outbox WHERE sent_at IS NOT NULL
            AND written_at < clock_timestamp() - make_interval(days => :resend_days)"""),
    text("DELETE FROM inbox WHERE applied_at < clock_timestamp() - make_interval(days => :inbox_days)"),
)

_log = get_log(__name__)


async def keep_up(engine: AsyncEngine, stop: asyncio.Event) -> None:
    """Measure every five seconds and prune every hour until told to stop; wait for a database that is away."""
    look = 0
    while not stop.is_set():
        try:
            await measure(engine)
            if look % _PRUNE_EVERY_LOOKS == _PRUNE_EVERY_LOOKS - 1:
                await prune(engine)
            look += 1
        except Exception as error:
            if not is_passing_trouble(error):
                raise
            _log.warning("upkeep_waits", reason=type(error).__name__)
        try:
            await asyncio.wait_for(stop.wait(), _LOOK_EVERY_S)
        except TimeoutError:
            continue


async def measure(engine: AsyncEngine) -> None:
    """Set the gauges of outbox, waiting and parked, and raise the alarm on an event that waits too long."""
    async with transaction(engine, "loop") as tx:
        row = await tx.first(_FIGURES)
    if row is None:
        return
    metrics.outbox_unsent.set(row.unsent)
    metrics.outbox_age_seconds.set(float(row.unsent_age_s))
    metrics.waiting_events.set(row.waiting)
    metrics.waiting_age_seconds.set(float(row.waiting_age_s))
    metrics.parked_events.set(row.parked)
    if row.waiting_age_s > _WAITING_ALARM_S:
        _log.error("event_waits_too_long", waiting=row.waiting, age_s=round(float(row.waiting_age_s), 1))


async def prune(engine: AsyncEngine) -> None:
    """Delete sent events older than we would ever send again, and the record of having applied old ones."""
    async with transaction(engine, "loop") as tx:
        for statement in _PRUNE:
            await tx.execute(statement, {"resend_days": RESEND_DAYS, "inbox_days": _INBOX_DAYS})
