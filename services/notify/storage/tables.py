"""The tables of notify's own database."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

# Who can be told; `sealed` opens with the household's data key only.
contacts = Table(
    "contacts",
    metadata,
    Column("household_id", Text, primary_key=True),
    Column("building_id", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

# Which community and grid a building belongs to: for staff scope alone.
places = Table(
    "places",
    metadata,
    Column("building_id", Text, primary_key=True),
    Column("community", Text, nullable=False),
    Column("grid", Text, nullable=False),
)

links = Table(
    "links",
    metadata,
    Column("household_id", Text, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
)

orders = Table(
    "orders",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("household_id", Text, nullable=False),
    Column("building_id", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("telling", Integer, nullable=False),
    Column("known_rank", SmallInteger, nullable=False),
    Column("wave_date", Date, nullable=False),
    Column("window_from", DateTime(timezone=True)),
    Column("window_to", DateTime(timezone=True)),
    Column("items", JSONB, nullable=False),
    Column("placed_at", DateTime(timezone=True), nullable=False),
    Column("scheduled_at", DateTime(timezone=True)),
    Column("out_at", DateTime(timezone=True)),
    Column("delivered_at", DateTime(timezone=True)),
    Column("failed_at", DateTime(timezone=True)),
    Column("failed_reason", Text, nullable=False, server_default=""),
    Column("cancelled_at", DateTime(timezone=True)),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("orders_household", "household_id", "placed_at"),
)

# `due_at` and `ended_at` are street time; `queued_at`, `leased_until` and `retry_at` are the database's real time.
messages = Table(
    "messages",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("position", BigInteger, Identity(always=True), nullable=False),
    Column("household_id", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("news", Text, nullable=False),
    Column("rank", SmallInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("telling", Integer, nullable=False),
    Column("facts", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("queued_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("fence", Integer, nullable=False, server_default=text("0")),
    Column("calls", Integer, nullable=False, server_default=text("0")),
    Column("leased_until", DateTime(timezone=True)),
    Column("retry_at", DateTime(timezone=True)),
    Column("provider_id", Text),
    Column("reason", Text, nullable=False, server_default=""),
    Column("superseded_by", Text),
    Column("ended_at", DateTime(timezone=True)),
    Column("correlation_id", Text, nullable=False, server_default=""),
    # Each state of each order is told once, whatever comes twice.
    UniqueConstraint("order_id", "news", "attempt", "telling", name="messages_told_once"),
    Index("messages_position", "position", unique=True),
    Index("messages_due", "due_at", "position", postgresql_where=text("state = 'due'")),
    Index(
        "messages_open",
        "household_id",
        "position",
        postgresql_where=text("state IN ('due', 'leased', 'unknown')"),
    ),
    Index("messages_unsure", "position", postgresql_where=text("state IN ('leased', 'unknown')")),
)
