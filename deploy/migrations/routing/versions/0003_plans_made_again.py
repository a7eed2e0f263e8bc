"""Plans made again while carried out: what was asked and what it changed; absent crews, lifts out of order."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_DDL = (
    """CREATE TABLE replans (
        replan_id text NOT NULL,
        request_id text NOT NULL,
        drop_point_id text NOT NULL,
        because text NOT NULL,
        crew_ids text[] NOT NULL,
        entrance_ids text[] NOT NULL,
        asked_by text NOT NULL,
        asked_at timestamptz NOT NULL,
        state text NOT NULL,
        fence bigint NOT NULL DEFAULT 0,
        attempts integer NOT NULL DEFAULT 0,
        leased_until timestamptz,
        ended_at timestamptz,
        difference jsonb,
        PRIMARY KEY (replan_id))""",
    "CREATE INDEX replans_to_do ON replans (replan_id) WHERE state IN ('waiting', 'leased')",
    "CREATE INDEX replans_of_request ON replans (request_id)",
    """CREATE UNIQUE INDEX one_waiting_improvement_a_plan ON replans (request_id)
        WHERE because = 'better' AND state = 'waiting'""",
    """CREATE TABLE crew_absences (
        crew_id text NOT NULL,
        day date NOT NULL,
        PRIMARY KEY (crew_id, day))""",
    "ALTER TABLE entrances ADD COLUMN lift_is_out boolean NOT NULL DEFAULT false",
)


def upgrade() -> None:
    """Make the tables and the column."""
    for statement in _DDL:
        op.execute(statement)
