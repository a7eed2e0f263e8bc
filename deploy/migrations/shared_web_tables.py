"""DDL of the tables that shared.security and shared.web keep in every service's database."""

from typing import Protocol


class Operations(Protocol):
    """The one thing needed of Alembic's `op`."""

    def execute(self, sqltext: str) -> object:
        """Run one statement."""


_STATEMENTS = (
    """
    CREATE TABLE staff_accounts (
        account_id text PRIMARY KEY,
        login text NOT NULL UNIQUE,
        display_name text NOT NULL,
        roles text[] NOT NULL,
        communities text[] NOT NULL,
        grids text[] NOT NULL,
        verifier text NOT NULL,
        active boolean NOT NULL,
        changed_sequence bigint NOT NULL
    )
    """,
    """
    CREATE TABLE sessions (
        token_hash bytea PRIMARY KEY,
        account_id text NOT NULL,
        made_at timestamptz NOT NULL,
        seen_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX sessions_by_account ON sessions (account_id)",
    # Counters of failed sign-ins need not survive a crash, so they cost no write-ahead log.
    """
    CREATE UNLOGGED TABLE sign_in_attempts (
        subject bytea PRIMARY KEY,
        failures integer NOT NULL,
        window_began_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE data_keys (
        subject text PRIMARY KEY,
        wrapped bytea,
        wrapped_for jsonb NOT NULL DEFAULT '{}',
        destroyed boolean NOT NULL DEFAULT false,
        CONSTRAINT destroyed_means_gone CHECK (NOT destroyed OR (wrapped IS NULL AND wrapped_for = '{}'))
    )
    """,
    """
    CREATE TABLE used_tickets (
        ticket_id text PRIMARY KEY,
        expires_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE audit_entries (
        entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL,
        actor_id text NOT NULL,
        actor_roles text[] NOT NULL,
        action text NOT NULL,
        subject_kind text NOT NULL,
        subject_id text NOT NULL,
        purpose text NOT NULL,
        correlation_id text NOT NULL
    )
    """,
    "CREATE INDEX audit_entries_by_subject ON audit_entries (subject_kind, subject_id, at)",
    """
    CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'audit entries are only ever added' USING ERRCODE = 'insufficient_privilege';
    END
    $$
    """,
    """
    CREATE TRIGGER audit_entries_only_grow BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()
    """,
    """
    CREATE TRIGGER audit_entries_never_emptied BEFORE TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
    """,
    """
    CREATE TABLE idempotency_keys (
        key text PRIMARY KEY,
        route text NOT NULL,
        body_hash bytea NOT NULL,
        status integer NOT NULL,
        answer jsonb NOT NULL,
        kept_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX idempotency_keys_by_age ON idempotency_keys (kept_at)",
)


def create(op: Operations) -> None:
    """Make version 1 of these tables; each service's first migration calls it.

    The trigger on audit entries holds for the owner of the database too, not only for the service's login.
    """
    for statement in _STATEMENTS:
        op.execute(statement)
