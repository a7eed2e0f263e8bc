"""A broker whose disk was wiped or cut back: noticed by its id or its offsets, then told everything again.

PostgreSQL is the record, Kafka a wake-up: what was said in the last days stands in the outbox, and readers drop
what they have applied.
"""

import asyncio
from collections.abc import Mapping, Sequence

from sqlalchemy import text

from shared.database.session import HeldConnection, Transaction
from shared.messaging.broker import Broker, BrokerTrouble, Place, TopicSpec
from shared.observability.logs import get_log

RESEND_DAYS = 14
_SECOND_LOOK_S = 2.0

_CLUSTER = text("SELECT cluster_id FROM relay_broker")
_KEEP_CLUSTER = text("""
    INSERT INTO relay_broker ("only", cluster_id) VALUES (1, :cluster_id)
    ON CONFLICT ("only") DO UPDATE SET cluster_id = excluded.cluster_id
""")
_OFFSETS = text("SELECT topic, partition, last_offset FROM relay_offsets")
_KEEP_OFFSETS = text("""
    INSERT INTO relay_offsets (topic, partition, last_offset)
    SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:offsets AS bigint[]))
    ON CONFLICT (topic, partition) DO UPDATE SET last_offset = excluded.last_offset
""")
_FORGET_OFFSETS = text("DELETE FROM relay_offsets")
_SEND_AGAIN = text("""
    UPDATE outbox SET sent_at = NULL, sent_partition = NULL, sent_offset = NULL
    WHERE written_at > clock_timestamp() - make_interval(days => :days) AND sent_at IS NOT NULL
""")

_log = get_log(__name__)


async def check(held: HeldConnection, broker: Broker, topics: Sequence[TopicSpec]) -> bool:
    """Ask the broker who it is and how far it goes; send the last days again if it is not what we knew.

    The end of each partition serves as its heartbeat: this relay is the topics' only writer, so an end at or below
    the last acknowledged offset can only mean that something was cut off. No extra records are written for it.
    Errors: BrokerTrouble when the broker does not answer.
    """
    cluster_id = await broker.identity()
    async with held.transaction("loop") as tx:
        known_cluster = await tx.scalar(_CLUSTER)
        offsets = await _known_offsets(tx)
    is_other = known_cluster is not None and known_cluster != cluster_id
    cut_back = [] if is_other else await _cut_back(broker, topics, offsets)
    if cut_back:
        # A broker just restarted may for a moment know less than it holds.
        await asyncio.sleep(_SECOND_LOOK_S)
        cut_back = await _cut_back(broker, topics, offsets)
    async with held.transaction("relay") as tx:
        if is_other or cut_back:
            await send_again(tx, "another cluster" if is_other else f"{len(cut_back)} partitions cut back")
        await tx.execute(_KEEP_CLUSTER, {"cluster_id": cluster_id})
    return is_other or bool(cut_back)


async def _cut_back(broker: Broker, topics: Sequence[TopicSpec], offsets: Mapping[Place, int]) -> list[Place]:
    ends = await broker.ends([topic.name for topic in topics])
    if {place.topic for place in ends} != {topic.name for topic in topics}:
        message = "the broker does not show all topics yet"
        raise BrokerTrouble(message)
    return [place for place, last in offsets.items() if ends.get(place, 0) <= last]


async def forgot_by_acks(tx: Transaction, spans: Mapping[Place, tuple[int, int]]) -> bool:
    """Whether an acknowledged offset lies at or below one acknowledged before; else remembers the new ones."""
    known = await _known_offsets(tx)
    if any(first <= known.get(place, -1) for place, (first, _) in spans.items()):
        return True
    await tx.execute(
        _KEEP_OFFSETS,
        {
            "topics": [place.topic for place in spans],
            "partitions": [place.partition for place in spans],
            "offsets": [last for _, last in spans.values()],
        },
    )
    return False


async def send_again(tx: Transaction, reason: str) -> None:
    """Mark the last days unsent; the relay sends them in order, and readers drop what they have."""
    marked = await tx.execute(_SEND_AGAIN, {"days": RESEND_DAYS})
    await tx.execute(_FORGET_OFFSETS)
    _log.error("broker_forgot", reason=reason, rows=marked.rowcount)


async def _known_offsets(tx: Transaction) -> dict[Place, int]:
    return {Place(row.topic, row.partition): row.last_offset for row in await tx.all(_OFFSETS)}
