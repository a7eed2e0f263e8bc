"""What each plan was made from, and until when each household was told to expect its goods."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_DDL = (
    """CREATE TABLE plan_inputs (
        request_id text NOT NULL,
        time_zero timestamptz NOT NULL,
        late_crews text[] NOT NULL,
        instance jsonb NOT NULL,
        PRIMARY KEY (request_id))""",
    "ALTER TABLE stops ADD COLUMN told_until timestamptz",
)


def upgrade() -> None:
    """Make the table and the column."""
    for statement in _DDL:
        op.execute(statement)
