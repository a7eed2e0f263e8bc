"""Rounds found by the plan they belong to: every look into a running plan asks for them."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.execute("CREATE INDEX rounds_of_request ON rounds (request_id)")
