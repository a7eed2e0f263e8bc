"""The ways an estate file draws, entrances where the building head takes the goods, and who of a crew carries."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_DDL = (
    """CREATE TABLE estate_ways (
        feature_id text NOT NULL,
        position integer NOT NULL,
        xs_m double precision[] NOT NULL,
        ys_m double precision[] NOT NULL,
        is_walkable boolean NOT NULL,
        PRIMARY KEY (feature_id))""",
    "ALTER TABLE estate_files ADD COLUMN ways integer NOT NULL DEFAULT 0",
    "ALTER TABLE estate_entrances ADD COLUMN hand_over_s integer",
    "ALTER TABLE crews ADD COLUMN climbers integer, ADD COLUMN may_enter integer",
)


def upgrade() -> None:
    """Make the table and the columns; what was loaded before draws no way and says nothing of the rest."""
    for statement in _DDL:
        op.execute(statement)
