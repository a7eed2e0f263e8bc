"""Events leave by a row written in the same transaction as what they tell."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from shared.contracts.envelope import Contract
from shared.contracts.topics import HOUSEHOLD_TOPICS
from shared.database.session import Transaction
from shared.observability import tracing

# One statement, because each order waits for it. The streams' rows are locked in sorted order, and all of them
# before the first outbox id is drawn: `placed` is sorted, so it is complete before the insert's identity column is
# computed. Hence id order is commit order within a stream, and the relay may read unsent rows in id order.
_APPEND = text("""
    WITH given AS (
        SELECT * FROM unnest(
            CAST(:topics AS text[]), CAST(:keys AS text[]), CAST(:event_types AS text[]), CAST(:versions AS int[]),
            CAST(:bodies AS text[]), CAST(:correlation_ids AS text[])
        ) WITH ORDINALITY AS event (topic, key, event_type, version, body, correlation_id, position)
    ), bumped AS (
        INSERT INTO streams (topic, key, n)
        SELECT topic, key, count(*) FROM given GROUP BY topic, key ORDER BY topic, key
        ON CONFLICT (topic, key) DO UPDATE SET n = streams.n + excluded.n
        RETURNING topic, key, n
    ), placed AS (
        SELECT given.*,
               bumped.n - count(*) OVER (PARTITION BY given.topic, given.key)
                   + row_number() OVER (PARTITION BY given.topic, given.key ORDER BY given.position) AS sequence
        FROM given JOIN bumped USING (topic, key)
        ORDER BY given.position
    )
    INSERT INTO outbox (topic, key, sequence, event_type, version, body, saw,
                        occurred_at, correlation_id, traceparent)
    SELECT topic, key, sequence, event_type, version, CAST(body AS jsonb),
           CASE WHEN topic = ANY(CAST(:household_topics AS text[])) THEN coalesce(
               (SELECT jsonb_object_agg(applied.topic, applied.sequence)
                FROM applied_streams AS applied
                WHERE applied.key = placed.key AND applied.topic <> placed.topic
                  AND applied.topic = ANY(CAST(:household_topics AS text[]))),
               '{}') ELSE '{}' END,
           :occurred_at, correlation_id, :traceparent
    FROM placed
    ORDER BY position
    RETURNING sequence
""")

_BLANK = text("""
    UPDATE outbox SET body = body || CAST(:blank AS jsonb)
    WHERE key = :key AND (body ? 'for_routing' OR body ? 'for_notify')
""")
_BLANK_PARTS = json.dumps(
    {f"for_{reader}": {"reader": reader, "wrapped_key": "", "sealed": ""} for reader in ("routing", "notify")}
)


async def append(tx: Transaction, event: Contract, *, at: datetime) -> int:
    """Write an event down to be sent once this transaction commits; answers its sequence in its stream."""
    return (await append_all(tx, [event], at=at))[0]


async def append_all(
    tx: Transaction, events: Sequence[Contract], *, at: datetime, correlation_ids: Sequence[str] = ()
) -> list[int]:
    """Write several events down, in this order within each stream; answers their sequences.

    Streams are locked in sorted order, so that two transactions never wait for each other. What this service had
    applied of a household's other streams travels along as `saw`.

    Shape: `correlation_ids`, one for each event, where one transaction ends what several clicks began; an empty
           one, or none at all, means the id of what is going on now.
    """
    if not events:
        return []
    if tx.before_append is not None:
        await tx.before_append()
    current = tracing.current_correlation_id()
    rows = await tx.all(
        _APPEND,
        {
            "topics": [event.TOPIC for event in events],
            "keys": [event.stream_key for event in events],
            "event_types": [event.EVENT_TYPE for event in events],
            "versions": [event.VERSION for event in events],
            "bodies": [event.model_dump_json() for event in events],
            "household_topics": list(HOUSEHOLD_TOPICS),
            "occurred_at": at,
            "correlation_ids": [own or current for own in correlation_ids or [current] * len(events)],
            "traceparent": tracing.current_traceparent(),
        },
    )
    return [int(row.sequence) for row in rows]


async def blank_sealed_parts(tx: Transaction, key: str) -> None:
    """Empty the sealed parts of everything ever said under this key; sequences stay as they are."""
    await tx.execute(_BLANK, {"key": key, "blank": _BLANK_PARTS})
