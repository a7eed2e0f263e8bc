"""Version 1 of the tables behind outbox and inbox, for the first migration of each service."""

from deploy.migrations.shared_web_tables import Operations

_DDL = (
    """CREATE TABLE streams (
        topic text NOT NULL, key text NOT NULL, n bigint NOT NULL,
        PRIMARY KEY (topic, key))""",
    """CREATE TABLE outbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
        topic text NOT NULL, key text NOT NULL, sequence bigint NOT NULL,
        event_type text NOT NULL, version integer NOT NULL,
        body jsonb NOT NULL, saw jsonb NOT NULL,
        occurred_at timestamptz NOT NULL,
        correlation_id text NOT NULL, traceparent text NOT NULL,
        written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        sent_at timestamptz, sent_partition integer, sent_offset bigint,
        UNIQUE (topic, key, sequence))""",
    "CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL",
    "CREATE INDEX outbox_written ON outbox (written_at)",
    """CREATE TABLE relay_offsets (
        topic text NOT NULL, partition integer NOT NULL, last_offset bigint NOT NULL,
        PRIMARY KEY (topic, partition))""",
    """CREATE TABLE relay_broker (
        "only" integer PRIMARY KEY DEFAULT 1 CHECK ("only" = 1), cluster_id text NOT NULL)""",
    """CREATE TABLE inbox (
        event_id uuid PRIMARY KEY,
        topic text NOT NULL, key text NOT NULL, sequence bigint NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp())""",
    "CREATE INDEX inbox_applied ON inbox (applied_at)",
    """CREATE TABLE applied_streams (
        topic text NOT NULL, key text NOT NULL, sequence bigint NOT NULL,
        PRIMARY KEY (key, topic))""",
    """CREATE TABLE waiting (
        event_id uuid PRIMARY KEY,
        topic text NOT NULL, key text NOT NULL, sequence bigint NOT NULL,
        headers jsonb NOT NULL, body bytea NOT NULL, reason text NOT NULL,
        since timestamptz NOT NULL DEFAULT clock_timestamp())""",
    "CREATE INDEX waiting_stream ON waiting (key, topic, sequence)",
    """CREATE TABLE parked (
        event_id uuid PRIMARY KEY,
        topic text NOT NULL, partition integer NOT NULL, record_offset bigint NOT NULL,
        key text, sequence bigint,
        headers jsonb NOT NULL, body bytea NOT NULL, reason text NOT NULL,
        attempts integer NOT NULL DEFAULT 1,
        parked_at timestamptz NOT NULL DEFAULT clock_timestamp())""",
    "CREATE INDEX parked_stream ON parked (key, topic)",
)


def create(op: Operations) -> None:
    """Create the tables as `shared/messaging/tables.py` declares them."""
    for statement in _DDL:
        op.execute(statement)
