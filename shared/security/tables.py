"""The tables that security keeps in each service's database."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()

staff_accounts = Table(
    "staff_accounts",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("display_name", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("communities", ARRAY(Text), nullable=False),
    Column("grids", ARRAY(Text), nullable=False),
    Column("verifier", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("changed_sequence", BigInteger, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
)

sign_in_attempts = Table(
    "sign_in_attempts",
    metadata,
    Column("subject", LargeBinary, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("window_began_at", DateTime(timezone=True), nullable=False),
)

data_keys = Table(
    "data_keys",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("wrapped", LargeBinary),
    Column("wrapped_for", JSONB, nullable=False),
    Column("destroyed", Boolean, nullable=False),
)

used_tickets = Table(
    "used_tickets",
    metadata,
    Column("ticket_id", Text, primary_key=True),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("entry_id", BigInteger, primary_key=True, autoincrement=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("actor_roles", ARRAY(Text), nullable=False),
    Column("action", Text, nullable=False),
    Column("subject_kind", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("correlation_id", Text, nullable=False),
)
