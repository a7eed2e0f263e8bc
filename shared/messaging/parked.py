"""Events that can never be applied as things stand: kept whole with the reason, listed, replayed by a person."""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from shared.contracts.sealed_parts import Sealed
from shared.database.session import Transaction
from shared.messaging.arrival import Arrival, headers_to_json
from shared.messaging.broker import IncomingRecord

_NAMESPACE = uuid.UUID("6b61c0de-0000-4000-8000-0062616d6921")

_PARK = text("""
    INSERT INTO parked (event_id, topic, partition, record_offset, key, sequence, headers, body, reason)
    VALUES (CAST(:event_id AS uuid), :topic, :partition, :record_offset, :key, :sequence,
            CAST(:headers AS jsonb), :body, :reason)
    ON CONFLICT (event_id) DO UPDATE SET attempts = parked.attempts + 1, reason = excluded.reason
""")
_LIST = text("""
    SELECT event_id, topic, partition, record_offset, key, sequence, headers, reason, attempts, parked_at,
           (SELECT count(*) FROM waiting
            WHERE waiting.topic = parked.topic AND waiting.key = parked.key) AS held_back
    FROM parked ORDER BY parked_at, event_id LIMIT :most
""")
_LOAD = text("""
    SELECT event_id, topic, key, headers, body FROM parked
    WHERE event_id = CAST(:event_id AS uuid) AND key IS NOT NULL FOR UPDATE
""")
_FORGET = text("DELETE FROM parked WHERE event_id = CAST(:event_id AS uuid)")
_BODIES_OF_KEY = text("""
    SELECT 'parked' AS kept_in, event_id, body FROM parked WHERE key = :key
    UNION ALL SELECT 'waiting', event_id, body FROM waiting WHERE key = :key
""")
_BLANK = {
    "parked": text("UPDATE parked SET body = :body WHERE event_id = CAST(:event_id AS uuid)"),
    "waiting": text("UPDATE waiting SET body = :body WHERE event_id = CAST(:event_id AS uuid)"),
}


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """One parked event as a person is shown it: where it came from and why it stands here, never its body."""

    event_id: str
    topic: str
    partition: int
    record_offset: int
    key: str | None
    sequence: int | None
    event_type: str
    reason: str
    attempts: int
    parked_at: datetime
    held_back: int


def reason_of(error: BaseException | None) -> str:
    """Say why in words that hold no resident's data: the error's kind, and its text only where it is ours."""
    if error is None:
        return "unknown"
    text_of_ours = type(error).__module__.startswith(("shared.", "services."))
    return f"{type(error).__name__}: {error}"[:500] if text_of_ours else type(error).__name__


async def park_arrival(
    tx: Transaction, arrival: Arrival, reason: str, record: IncomingRecord | None = None
) -> None:
    """Keep an event that could be read but not applied; its stream waits behind it."""
    await tx.execute(
        _PARK,
        {
            "event_id": arrival.envelope.event_id,
            "topic": arrival.topic,
            "partition": record.place.partition if record else -1,
            "record_offset": record.offset if record else -1,
            "key": arrival.key,
            "sequence": arrival.envelope.sequence,
            "headers": headers_to_json(arrival.headers),
            "body": arrival.body,
            "reason": _for_table(reason),
        },
    )


async def park_unreadable(tx: Transaction, record: IncomingRecord, reason: str) -> None:
    """Keep a record that is no event of ours; it belongs to no stream and holds back nobody."""
    where = f"{record.place.topic}/{record.place.partition}/{record.offset}/{record.timestamp_s}"
    await tx.execute(
        _PARK,
        {
            "event_id": str(uuid.uuid5(_NAMESPACE, where)),
            "topic": record.place.topic,
            "partition": record.place.partition,
            "record_offset": record.offset,
            "key": None,
            "sequence": None,
            "headers": headers_to_json(record.headers),
            "body": record.body or b"",
            "reason": _for_table(reason),
        },
    )


async def list_parked(tx: Transaction, most: int = 200) -> list[ParkedEvent]:
    """The parked events, oldest first, with how many events of its stream each holds back."""
    return [_shown(row) for row in await tx.all(_LIST, {"most": most})]


async def load_for_replay(tx: Transaction, event_id: str) -> Any | None:
    """The row of a parked event that can be tried again; None if there is none, or it is no event."""
    return await tx.first(_LOAD, {"event_id": event_id})


async def forget(tx: Transaction, event_id: str) -> None:
    """Take an event off the list once it has been applied."""
    await tx.execute(_FORGET, {"event_id": event_id})


async def blank_sealed_parts(tx: Transaction, key: str) -> None:
    """Empty the sealed parts of parked and waiting events of this key."""
    for row in await tx.all(_BODIES_OF_KEY, {"key": key}):
        blanked = _blanked(bytes(row.body))
        if blanked is not None:
            await tx.execute(_BLANK[row.kept_in], {"event_id": row.event_id, "body": blanked})


def _blanked(body: bytes) -> bytes | None:
    try:
        event = json.loads(body)
    except ValueError:
        return None
    if not isinstance(event, dict):
        return None
    sealed = [name for name in event if name.startswith("for_")]
    for name in sealed:
        event[name] = Sealed(reader=name.removeprefix("for_"), wrapped_key="", sealed="").model_dump()
    return json.dumps(event).encode() if sealed else None


def _shown(row: Any) -> ParkedEvent:
    named = dict(row.headers)
    return ParkedEvent(
        event_id=str(row.event_id),
        topic=row.topic,
        partition=row.partition,
        record_offset=row.record_offset,
        key=row.key,
        sequence=row.sequence,
        event_type=str(named.get("ce_type", "")),
        reason=row.reason,
        attempts=row.attempts,
        parked_at=row.parked_at,
        held_back=row.held_back,
    )


def _for_table(reason: str) -> str:
    # A reason may quote a header's name, and PostgreSQL keeps no NUL.
    return reason.replace("\x00", "\ufffd")
