"""Who saw or changed whose data, and what for: entries are only ever added."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from shared.database.session import Transaction
from shared.observability.tracing import current_correlation_id
from shared.security.scope import Actor
from shared.security.tables import audit_entries


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act on one subject; ids and fixed words only, never a name or a number that was looked up."""

    action: str
    subject_kind: str
    subject_id: str
    purpose: str


async def write_audit(tx: Transaction, actor: Actor, entry: AuditEntry, at: datetime) -> None:
    """Add one entry in the transaction of the act itself: no act without its entry."""
    await write_audits(tx, actor, [entry], at)


async def write_audits(tx: Transaction, actor: Actor, entries: list[AuditEntry], at: datetime) -> None:
    """Add an entry for each subject, such as each row of a search result."""
    if not entries:
        return
    rows = [
        {
            "at": at,
            "actor_id": actor.account_id,
            "actor_roles": sorted(actor.roles),
            "action": entry.action,
            "subject_kind": entry.subject_kind,
            "subject_id": entry.subject_id,
            "purpose": entry.purpose,
            "correlation_id": current_correlation_id(),
        }
        for entry in entries
    ]
    await tx.execute(insert(audit_entries), rows)


@dataclass(frozen=True, slots=True)
class WrittenEntry:
    """An entry as it stands in the trail."""

    at: datetime
    actor_id: str
    actor_roles: frozenset[str]
    entry: AuditEntry
    correlation_id: str


async def entries_about(
    tx: Transaction, subject_kind: str, subject_id: str, limit: int = 100
) -> list[WrittenEntry]:
    """The newest entries about one subject, newest first."""
    rows = await tx.all(
        select(audit_entries)
        .where(audit_entries.c.subject_kind == subject_kind)
        .where(audit_entries.c.subject_id == subject_id)
        .order_by(audit_entries.c.entry_id.desc())
        .limit(limit)
    )
    return [
        WrittenEntry(
            row.at,
            row.actor_id,
            frozenset(row.actor_roles),
            AuditEntry(row.action, row.subject_kind, row.subject_id, row.purpose),
            row.correlation_id,
        )
        for row in rows
    ]
