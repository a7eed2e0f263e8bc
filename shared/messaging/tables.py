"""The tables by which one service remembers what it said, what it heard, and what it could not take."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

# One row a stream this service writes; its lock, held to commit, is what makes sequences gap-free.
streams = Table(
    "streams",
    metadata,
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("n", BigInteger, nullable=False),
    PrimaryKeyConstraint("topic", "key"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("event_id", Uuid(as_uuid=False), nullable=False, server_default=text("gen_random_uuid()")),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("saw", JSONB, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("correlation_id", Text, nullable=False),
    Column("traceparent", Text, nullable=False),
    Column("written_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("sent_at", DateTime(timezone=True)),
    Column("sent_partition", Integer),
    Column("sent_offset", BigInteger),
    UniqueConstraint("event_id"),
    UniqueConstraint("topic", "key", "sequence"),
    Index("outbox_unsent", "id", postgresql_where=text("sent_at IS NULL")),
    Index("outbox_written", "written_at"),
)

# How far the broker has acknowledged each partition: an answer at or below this means that it forgot.
relay_offsets = Table(
    "relay_offsets",
    metadata,
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("last_offset", BigInteger, nullable=False),
    PrimaryKeyConstraint("topic", "partition"),
)

relay_broker = Table(
    "relay_broker",
    metadata,
    Column("only", Integer, primary_key=True, server_default=text("1")),
    Column("cluster_id", Text, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("event_id", Uuid(as_uuid=False), primary_key=True),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("applied_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Index("inbox_applied", "applied_at"),
)

# The last sequence of each stream that this service has applied.
applied_streams = Table(
    "applied_streams",
    metadata,
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    PrimaryKeyConstraint("key", "topic"),
)

waiting = Table(
    "waiting",
    metadata,
    Column("event_id", Uuid(as_uuid=False), primary_key=True),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Index("waiting_stream", "key", "topic", "sequence"),
)

parked = Table(
    "parked",
    metadata,
    Column("event_id", Uuid(as_uuid=False), primary_key=True),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("record_offset", BigInteger, nullable=False),
    # Null where not even the headers could be read: such a record holds back nobody.
    Column("key", Text),
    Column("sequence", BigInteger),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("1")),
    Column("parked_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Index("parked_stream", "key", "topic"),
)
