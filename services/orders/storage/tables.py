"""The tables of orders, as the migrations in deploy/migrations/orders leave them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Sequence,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

zones = Table(
    "zones",
    metadata,
    Column("zone_id", Text, primary_key=True),
    Column("community", Text, nullable=False),
    Column("grid", Text, nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("community", "name"),
)

# Every class a zone ever had: an order asks for the one of its own date.
zone_classes = Table(
    "zone_classes",
    metadata,
    Column("zone_id", Text, ForeignKey("zones.zone_id"), nullable=False),
    Column("valid_from", DateTime(timezone=True), nullable=False),
    Column("zone_class", Text, nullable=False),
    PrimaryKeyConstraint("zone_id", "valid_from"),
)

compounds = Table(
    "compounds",
    metadata,
    Column("compound_id", Text, primary_key=True),
    Column("zone_id", Text, ForeignKey("zones.zone_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    UniqueConstraint("zone_id", "name_key"),
    Index("compounds_by_key", "name_key"),
)

buildings = Table(
    "buildings",
    metadata,
    Column("building_id", Text, primary_key=True),
    Column("compound_id", Text, ForeignKey("compounds.compound_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("handling", Text, nullable=False),
    UniqueConstraint("compound_id", "name_key"),
    Index("buildings_by_key", "name_key"),
)

entrances = Table(
    "entrances",
    metadata,
    Column("entrance_id", Text, primary_key=True),
    Column("building_id", Text, ForeignKey("buildings.building_id"), nullable=False),
    Column("name", Text),
    Column("name_key", Text, nullable=False),
    UniqueConstraint("building_id", "name_key"),
)

households = Table(
    "households",
    metadata,
    Column("household_id", Text, primary_key=True),
    Column("entrance_id", Text, ForeignKey("entrances.entrance_id"), nullable=False),
    Column("room", Text, nullable=False),
    Column("room_key", Text, nullable=False),
    Column("floor", Integer),
    Column("residents", Integer),
    Column("pets", Integer),
    Column("language", Text, nullable=False),
    # Names, phones and needs, sealed with the household's own key; empty once it was removed.
    Column("private", LargeBinary),
    # Keyed hash of all facts: an import sees what changed without opening anything.
    Column("digest", LargeBinary, nullable=False),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("removed_at", DateTime(timezone=True)),
    Index(
        "households_at_door", "entrance_id", "room_key", unique=True, postgresql_where=text("removed_at IS NULL")
    ),
    Index("households_by_room", "room_key", postgresql_ops={"room_key": "text_pattern_ops"}),
)

household_phones = Table(
    "household_phones",
    metadata,
    Column("household_id", Text, ForeignKey("households.household_id"), nullable=False),
    Column("full_hash", LargeBinary, nullable=False),
    Column("first_7_hash", LargeBinary, nullable=False),
    Column("last_4_hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("household_id", "full_hash"),
    Index("household_phones_full", "full_hash"),
    Index("household_phones_first_7", "first_7_hash"),
    Index("household_phones_last_4", "last_4_hash"),
)

order_numbers = Sequence("order_numbers", metadata=metadata)

orders = Table(
    "orders",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("household_id", Text, ForeignKey("households.household_id"), nullable=False),
    Column("wave_date", Date, nullable=False),
    Column("has_pack", Boolean, nullable=False),
    Column("packs", SmallInteger, nullable=False),
    Column("extras", JSONB, nullable=False),
    Column("priority", Text, nullable=False),
    # Free text of the caller, sealed with the household's key.
    Column("note", LargeBinary),
    Column("due_at", DateTime(timezone=True)),
    Column("bags", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("round_id", Text, nullable=False),
    Column("window_from", DateTime(timezone=True)),
    Column("window_to", DateTime(timezone=True)),
    Column("placed_at", DateTime(timezone=True), nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint(
        "state IN ('accepted', 'scheduled', 'loaded', 'out', 'delivered', 'failed', 'returned', 'cancelled')",
        name="orders_state_known",
    ),
    Index("orders_of_household", "household_id", "placed_at"),
    Index("orders_by_date", "wave_date", "state"),
    Index("orders_by_age", "placed_at"),
)

# What a person at the desk must look at: bags left after a cancel, somebody no message reaches.
desk_tasks = Table(
    "desk_tasks",
    metadata,
    Column("task_id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("household_id", Text, ForeignKey("households.household_id"), nullable=False),
    Column("order_id", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("done_at", DateTime(timezone=True)),
    UniqueConstraint("kind", "order_id"),
    Index("desk_tasks_open", "household_id", postgresql_where=text("done_at IS NULL")),
)

register_imports = Table(
    "register_imports",
    metadata,
    Column("import_id", Text, primary_key=True),
    Column("imported_at", DateTime(timezone=True), nullable=False),
    Column("imported_by", Text, nullable=False),
    Column("registered", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    # Where and why, never what the cell held: that may be a name or a number.
    Column("rejected", JSONB, nullable=False),
    Column("warnings", JSONB, nullable=False),
    Index("register_imports_by_age", "imported_at"),
)
