"""The tables of routing, as the migrations in deploy/migrations/routing leave them.

Longer than 400 lines because one database is read on one page.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Sequence,
    Table,
    Text,
    Time,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()
_MOMENT = DateTime(timezone=True)

# What the estate file says; replaced whole by the next one.
estate_files = Table(
    "estate_files",
    metadata,
    Column("file_id", BigInteger, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("drop_points", Integer, nullable=False),
    Column("entrances", Integer, nullable=False),
    Column("ways", Integer, nullable=False, server_default=text("0")),
    Column("loaded_at", _MOMENT, nullable=False),
    Column("loaded_by", Text, nullable=False),
)

# `plan_version` moves with every plan asked for: a slower, older plan finds it changed and is thrown away.
drop_points = Table(
    "drop_points",
    metadata,
    Column("drop_point_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("community", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("x_m", Double, nullable=False),
    Column("y_m", Double, nullable=False),
    Column("is_current", Boolean, nullable=False),
    Column("plan_version", BigInteger, nullable=False, server_default=text("0")),
)

estate_entrances = Table(
    "estate_entrances",
    metadata,
    Column("feature_id", Text, primary_key=True),
    Column("building_key", Text, nullable=False),
    Column("community", Text, nullable=False),
    Column("compound", Text, nullable=False),
    Column("building", Text, nullable=False),
    Column("entrance", Text),
    Column("x_m", Double, nullable=False),
    Column("y_m", Double, nullable=False),
    Column("floors", Integer, nullable=False),
    Column("has_lift", Boolean, nullable=False),
    Column("gate_s", Integer, nullable=False),
    Column("drop_point_id", Text, nullable=False),
    Column("hand_over_s", Integer),
    Index("estate_entrances_by_building", "building_key"),
)

# A way's points in order, one column for each axis; `position` is its place in the file.
estate_ways = Table(
    "estate_ways",
    metadata,
    Column("feature_id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("xs_m", ARRAY(Double), nullable=False),
    Column("ys_m", ARRAY(Double), nullable=False),
    Column("is_walkable", Boolean, nullable=False),
)

# What orders calls things.
buildings = Table(
    "buildings",
    metadata,
    Column("building_id", Text, primary_key=True),
    Column("building_key", Text, nullable=False),
    Column("compound_id", Text, nullable=False),
    Column("compound", Text, nullable=False),
    Column("building", Text, nullable=False),
    Column("community", Text, nullable=False),
    Column("grid", Text, nullable=False),
    Column("zone_id", Text),
    Column("handling", Text, nullable=False),
    Index("buildings_by_key", "building_key"),
    Index("buildings_by_zone", "zone_id"),
)

entrances = Table(
    "entrances",
    metadata,
    Column("entrance_id", Text, primary_key=True),
    Column("building_id", Text, nullable=False),
    Column("name", Text),
    Column("feature_id", Text),
    # Said by people, so it outlives the next estate file.
    Column("lift_is_out", Boolean, nullable=False, server_default=text("false")),
    Index("entrances_by_building", "building_id"),
)

zones = Table(
    "zones",
    metadata,
    Column("zone_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("community", Text, nullable=False),
    Column("grid", Text, nullable=False),
    Column("zone_class", Text, nullable=False),
    Column("valid_from", _MOMENT, nullable=False),
)

# Every class a zone has had and is to have; the row of `zones` shows the one told last.
zone_classes = Table(
    "zone_classes",
    metadata,
    Column("zone_id", Text, nullable=False),
    Column("valid_from", _MOMENT, nullable=False),
    Column("zone_class", Text, nullable=False),
    PrimaryKeyConstraint("zone_id", "valid_from"),
)

# Room, masked name and note are sealed under the household's own data key; null once it was removed.
households = Table(
    "households",
    metadata,
    Column("household_id", Text, primary_key=True),
    Column("building_id", Text, nullable=False),
    Column("entrance_id", Text, nullable=False),
    Column("floor", Integer),
    Column("door_sealed", LargeBinary),
)

crews = Table(
    "crews",
    metadata,
    Column("crew_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("people", Integer, nullable=False),
    Column("cap_g", Integer, nullable=False),
    Column("cap_crates", Integer, nullable=False),
    Column("shift_start", Time, nullable=False),
    Column("shift_end", Time, nullable=False),
    Column("drop_point_id", Text, nullable=False),
    Column("capabilities", ARRAY(Text), nullable=False),
    Column("climbers", Integer),
    Column("may_enter", Integer),
    Column("is_current", Boolean, nullable=False),
    Index("crews_by_drop_point", "drop_point_id"),
)

crew_absences = Table(
    "crew_absences",
    metadata,
    Column("crew_id", Text, nullable=False),
    Column("day", Date, nullable=False),
    PrimaryKeyConstraint("crew_id", "day"),
)

# Times of codes and sessions are the server's real ones; `shift_ends_at` is the street's.
crew_codes = Table(
    "crew_codes",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),
    Column("crew_id", Text, nullable=False),
    Column("shift_ends_at", _MOMENT, nullable=False),
    Column("expires_at", _MOMENT, nullable=False),
    Column("used_at", _MOMENT),
    Index("crew_codes_by_age", "expires_at"),
)

crew_sessions = Table(
    "crew_sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("crew_id", Text, nullable=False),
    Column("shift_ends_at", _MOMENT, nullable=False),
    Column("ends_at", _MOMENT, nullable=False),
    Index("crew_sessions_by_age", "ends_at"),
)

waves = Table(
    "waves",
    metadata,
    Column("wave_id", Text, primary_key=True),
    Column("wave_date", Date, nullable=False),
    Column("zone_ids", ARRAY(Text), nullable=False),
    Column("communities", ARRAY(Text), nullable=False),
    Column("state", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", _MOMENT, nullable=False),
    Column("released_at", _MOMENT),
    Index("waves_by_age", "made_at"),
)

plan_requests = Table(
    "plan_requests",
    metadata,
    Column("request_id", Text, primary_key=True),
    Column("wave_id", Text, nullable=False),
    Column("drop_point_id", Text, nullable=False),
    Column("community", Text, nullable=False),
    Column("grid", Text),
    Column("plan_version", BigInteger, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    # The database server's real time: one clock for all replicas.
    Column("leased_until", _MOMENT),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("cost", BigInteger),
    Column("crew_s", BigInteger),
    Column("late_s", BigInteger),
    Column("stages", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("planned_in_s", Double),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Index("plan_requests_of_wave", "wave_id"),
    Index(
        "one_live_plan_a_drop_point",
        "drop_point_id",
        unique=True,
        postgresql_where=text("state IN ('waiting', 'leased')"),
    ),
)

# The very problem a plan answers (formats/rounds), orders under their stops' ids: exports and changes of a running
# plan start from it. Apart from the request because nobody reads it with the others.
plan_inputs = Table(
    "plan_inputs",
    metadata,
    Column("request_id", Text, primary_key=True),
    Column("time_zero", _MOMENT, nullable=False),
    Column("late_crews", ARRAY(Text), nullable=False),
    Column("instance", JSONB, nullable=False),
)

# A plan to be made again while it is carried out; `difference` is what came of it.
replans = Table(
    "replans",
    metadata,
    Column("replan_id", Text, primary_key=True),
    Column("request_id", Text, nullable=False),
    Column("drop_point_id", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("crew_ids", ARRAY(Text), nullable=False),
    Column("entrance_ids", ARRAY(Text), nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", _MOMENT, nullable=False),
    Column("state", Text, nullable=False),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    # As with plan requests, the database server's real time.
    Column("leased_until", _MOMENT),
    Column("ended_at", _MOMENT),
    Column("difference", JSONB),
    Index("replans_to_do", "replan_id", postgresql_where=text("state IN ('waiting', 'leased')")),
    Index("replans_of_request", "request_id"),
    Index(
        "one_waiting_improvement_a_plan",
        "request_id",
        unique=True,
        postgresql_where=text("because = 'better' AND state = 'waiting'"),
    ),
)

round_numbers = Sequence("round_numbers", metadata=metadata)

rounds = Table(
    "rounds",
    metadata,
    Column("round_id", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("wave_id", Text, nullable=False),
    Column("wave_date", Date, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("drop_point_id", Text, nullable=False),
    Column("community", Text, nullable=False),
    Column("grid", Text),
    Column("crew_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("planned_start", _MOMENT, nullable=False),
    Column("planned_end", _MOMENT, nullable=False),
    Column("is_late", Boolean, nullable=False),
    Column("started_at", _MOMENT),
    Column("closed_at", _MOMENT),
    Index("rounds_of_wave", "wave_id"),
    Index("rounds_of_request", "request_id"),
    Index("rounds_of_crew", "crew_id", "state", "planned_start"),
)

# One order's turn at its door; a retry is another turn.
stops = Table(
    "stops",
    metadata,
    Column("stop_id", Text, primary_key=True),
    Column("order_id", Text, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("number", Text, nullable=False),
    Column("household_id", Text, nullable=False),
    Column("entrance_id", Text, nullable=False),
    Column("floor", Integer),
    Column("priority", Integer, nullable=False),
    Column("wave_date", Date, nullable=False),
    Column("due_at", _MOMENT),
    Column("bag_ids", ARRAY(Text), nullable=False),
    Column("note_sealed", LargeBinary),
    Column("state", Text, nullable=False),
    Column("is_cancelled", Boolean, nullable=False, server_default=text("false")),
    Column("wave_id", Text),
    Column("request_id", Text),
    Column("round_id", Text),
    Column("position", Integer),
    Column("planned_at", _MOMENT),
    # The window its household was told; while it holds nobody is told another.
    Column("told_from", _MOMENT),
    Column("told_until", _MOMENT),
    UniqueConstraint("order_id", "turn"),
    Index("stops_waiting", "wave_date", postgresql_where=text("state = 'waiting' AND wave_id IS NULL")),
    Index("stops_of_request", "request_id"),
    Index("stops_of_round", "round_id", "position"),
    Index("stops_of_household", "household_id"),
)

unplanned = Table(
    "unplanned",
    metadata,
    Column("wave_id", Text, nullable=False),
    Column("stop_id", Text, nullable=False),
    Column("request_id", Text),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("wave_id", "stop_id"),
)

bags = Table(
    "bags",
    metadata,
    Column("bag_id", Text, primary_key=True),
    Column("order_id", Text, nullable=False),
    Column("grams", Integer, nullable=False),
    Column("crates", Integer, nullable=False),
    Column("cold", Boolean, nullable=False),
    Column("items", JSONB, nullable=False),
    Column("place", Text, nullable=False),
    Index("bags_of_order", "order_id"),
)

# The ledger: each row is one bag less `here` and one more `there`.
bag_moves = Table(
    "bag_moves",
    metadata,
    Column("move_id", BigInteger, Identity(always=True), primary_key=True),
    Column("bag_id", Text, nullable=False),
    Column("here", Text, nullable=False),
    Column("there", Text, nullable=False),
    Column("round_id", Text),
    Column("tap_id", Text),
    Column("moved_at", _MOMENT, nullable=False),
    Index("bag_moves_of_bag", "bag_id"),
)

round_bags = Table(
    "round_bags",
    metadata,
    Column("round_id", Text, nullable=False),
    Column("bag_id", Text, nullable=False),
    Column("stop_id", Text, nullable=False),
    Column("outcome", Text),
    Column("reason", Text),
    Column("outcome_tap_id", Text),
    Column("is_told", Boolean, nullable=False, server_default=text("false")),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    PrimaryKeyConstraint("round_id", "bag_id"),
    Index("one_active_round_a_bag", "bag_id", unique=True, postgresql_where=text("is_active")),
    Index("round_bags_of_stop", "stop_id"),
)

taps = Table(
    "taps",
    metadata,
    Column("tap_id", Text, primary_key=True),
    Column("round_id", Text, nullable=False),
    Column("stop_id", Text),
    Column("crew_id", Text, nullable=False),
    Column("device_id", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("said_at", _MOMENT, nullable=False),
    Column("taken_at", _MOMENT, nullable=False),
    Index("taps_of_round", "round_id", "taken_at"),
)

tasks = Table(
    "tasks",
    metadata,
    Column("task_id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("stop_id", Text, nullable=False),
    Column("round_id", Text),
    Column("community", Text, nullable=False),
    Column("grid", Text),
    Column("made_at", _MOMENT, nullable=False),
    Column("done_at", _MOMENT),
    UniqueConstraint("kind", "stop_id"),
    Index("tasks_open", "made_at", postgresql_where=text("done_at IS NULL")),
)
