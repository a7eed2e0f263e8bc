"""First tables of notify: contacts, places, links, orders as their households follow them, and messages."""

from alembic import op

from deploy.migrations import shared_messaging_tables, shared_web_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE contacts (
        household_id text PRIMARY KEY,
        building_id text NOT NULL,
        language text NOT NULL,
        sealed bytea NOT NULL
    )
    """,
    """
    CREATE TABLE places (
        building_id text PRIMARY KEY,
        community text NOT NULL,
        grid text NOT NULL
    )
    """,
    """
    CREATE TABLE links (
        household_id text PRIMARY KEY,
        generation integer NOT NULL,
        token_hash bytea NOT NULL UNIQUE
    )
    """,
    """
    CREATE TABLE orders (
        order_id text PRIMARY KEY,
        household_id text NOT NULL,
        building_id text NOT NULL,
        number text NOT NULL,
        attempt integer NOT NULL,
        telling integer NOT NULL,
        known_rank smallint NOT NULL,
        wave_date date NOT NULL,
        window_from timestamptz,
        window_to timestamptz,
        items jsonb NOT NULL,
        placed_at timestamptz NOT NULL,
        scheduled_at timestamptz,
        out_at timestamptz,
        delivered_at timestamptz,
        failed_at timestamptz,
        failed_reason text NOT NULL DEFAULT '',
        cancelled_at timestamptz,
        changed_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX orders_household ON orders (household_id, placed_at)",
    """
    CREATE TABLE messages (
        message_id text PRIMARY KEY,
        position bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        household_id text NOT NULL,
        order_id text NOT NULL,
        news text NOT NULL,
        rank smallint NOT NULL,
        attempt integer NOT NULL,
        telling integer NOT NULL,
        facts jsonb NOT NULL,
        state text NOT NULL,
        due_at timestamptz NOT NULL,
        queued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        fence integer NOT NULL DEFAULT 0,
        calls integer NOT NULL DEFAULT 0,
        leased_until timestamptz,
        retry_at timestamptz,
        provider_id text,
        reason text NOT NULL DEFAULT '',
        superseded_by text,
        ended_at timestamptz,
        correlation_id text NOT NULL DEFAULT '',
        CONSTRAINT messages_told_once UNIQUE (order_id, news, attempt, telling)
    )
    """,
    "CREATE UNIQUE INDEX messages_position ON messages (position)",
    "CREATE INDEX messages_due ON messages (due_at, position) WHERE state = 'due'",
    "CREATE INDEX messages_open ON messages (household_id, position) WHERE state IN ('due', 'leased', 'unknown')",
    "CREATE INDEX messages_unsure ON messages (position) WHERE state IN ('leased', 'unknown')",
)


def upgrade() -> None:
    """Make the tables that every service has, then notify's own."""
    shared_messaging_tables.create(op)
    shared_web_tables.create(op)
    for statement in _STATEMENTS:
        op.execute(statement)
