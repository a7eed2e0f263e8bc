"""The first tables of orders: estate, households, orders, desk tasks, imports."""

from alembic import op

from deploy.migrations import shared_messaging_tables, shared_web_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_DDL = (
    """CREATE TABLE zones (
        zone_id text PRIMARY KEY,
        community text NOT NULL, grid text NOT NULL, name text NOT NULL,
        UNIQUE (community, name))""",
    """CREATE TABLE zone_classes (
        zone_id text NOT NULL REFERENCES zones,
        valid_from timestamptz NOT NULL,
        zone_class text NOT NULL,
        PRIMARY KEY (zone_id, valid_from))""",
    """CREATE TABLE compounds (
        compound_id text PRIMARY KEY,
        zone_id text NOT NULL REFERENCES zones,
        name text NOT NULL, name_key text NOT NULL,
        UNIQUE (zone_id, name_key))""",
    "CREATE INDEX compounds_by_key ON compounds (name_key)",
    """CREATE TABLE buildings (
        building_id text PRIMARY KEY,
        compound_id text NOT NULL REFERENCES compounds,
        name text NOT NULL, name_key text NOT NULL,
        handling text NOT NULL,
        UNIQUE (compound_id, name_key))""",
    "CREATE INDEX buildings_by_key ON buildings (name_key)",
    """CREATE TABLE entrances (
        entrance_id text PRIMARY KEY,
        building_id text NOT NULL REFERENCES buildings,
        name text, name_key text NOT NULL,
        UNIQUE (building_id, name_key))""",
    """CREATE TABLE households (
        household_id text PRIMARY KEY,
        entrance_id text NOT NULL REFERENCES entrances,
        room text NOT NULL, room_key text NOT NULL,
        floor integer, residents integer, pets integer,
        language text NOT NULL,
        private bytea,
        digest bytea NOT NULL,
        registered_at timestamptz NOT NULL, changed_at timestamptz NOT NULL, removed_at timestamptz)""",
    """CREATE UNIQUE INDEX households_at_door ON households (entrance_id, room_key)
        WHERE removed_at IS NULL""",
    "CREATE INDEX households_by_room ON households (room_key text_pattern_ops)",
    """CREATE TABLE household_phones (
        household_id text NOT NULL REFERENCES households,
        full_hash bytea NOT NULL, first_7_hash bytea NOT NULL, last_4_hash bytea NOT NULL,
        PRIMARY KEY (household_id, full_hash))""",
    "CREATE INDEX household_phones_full ON household_phones (full_hash)",
    "CREATE INDEX household_phones_first_7 ON household_phones (first_7_hash)",
    "CREATE INDEX household_phones_last_4 ON household_phones (last_4_hash)",
    "CREATE SEQUENCE order_numbers",
    """CREATE TABLE orders (
        order_id text PRIMARY KEY,
        number text NOT NULL UNIQUE,
        household_id text NOT NULL REFERENCES households,
        wave_date date NOT NULL,
        has_pack boolean NOT NULL, packs smallint NOT NULL, extras jsonb NOT NULL,
        priority text NOT NULL,
        note bytea,
        due_at timestamptz,
        bags jsonb NOT NULL,
        state text NOT NULL,
        reason text NOT NULL,
        attempt integer NOT NULL,
        round_id text NOT NULL,
        window_from timestamptz, window_to timestamptz,
        placed_at timestamptz NOT NULL, placed_by text NOT NULL, changed_at timestamptz NOT NULL,
        CONSTRAINT orders_state_known CHECK (state IN
            ('accepted', 'scheduled', 'loaded', 'out', 'delivered', 'failed', 'returned', 'cancelled')))""",
    "CREATE INDEX orders_of_household ON orders (household_id, placed_at)",
    "CREATE INDEX orders_by_date ON orders (wave_date, state)",
    "CREATE INDEX orders_by_age ON orders (placed_at)",
    """CREATE TABLE desk_tasks (
        task_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        kind text NOT NULL,
        household_id text NOT NULL REFERENCES households,
        order_id text NOT NULL,
        made_at timestamptz NOT NULL, done_at timestamptz,
        UNIQUE (kind, order_id))""",
    "CREATE INDEX desk_tasks_open ON desk_tasks (household_id) WHERE done_at IS NULL",
    """CREATE TABLE register_imports (
        import_id text PRIMARY KEY,
        imported_at timestamptz NOT NULL, imported_by text NOT NULL,
        registered integer NOT NULL, changed integer NOT NULL, unchanged integer NOT NULL,
        rejected jsonb NOT NULL, warnings jsonb NOT NULL)""",
    "CREATE INDEX register_imports_by_age ON register_imports (imported_at)",
)


def upgrade() -> None:
    """Make the tables."""
    shared_messaging_tables.create(op)
    shared_web_tables.create(op)
    for statement in _DDL:
        op.execute(statement)
