"""The classes zones have from a moment on, and the beginning of the window that a household was told."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_DDL = (
    """CREATE TABLE zone_classes (
        zone_id text NOT NULL,
        valid_from timestamptz NOT NULL,
        zone_class text NOT NULL,
        PRIMARY KEY (zone_id, valid_from))""",
    "INSERT INTO zone_classes SELECT zone_id, valid_from, zone_class FROM zones",
    "ALTER TABLE stops ADD COLUMN told_from timestamptz",
    # A window is 45 or 50 minutes long; taken for the shorter, nobody keeps a time that does not hold.
    "UPDATE stops SET told_from = told_until - interval '45 minutes' WHERE told_until IS NOT NULL",
)


def upgrade() -> None:
    """Make the table and the column, and fill them from what is known."""
    for statement in _DDL:
        op.execute(statement)
