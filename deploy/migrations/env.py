"""What Alembic runs for each command: one connection as the owner, one transaction a revision, no long waits."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

# Any number will do as long as it is ours: two migrations of one database at once would trip over each other.
MIGRATION_LOCK = 700_001
# A migration that cannot have its lock soon fails and is tried again, rather than blocking every reader behind it.
LOCK_WAIT = "5s"


async def migrate() -> None:
    """Run the wanted command on the database that `migrate.py` or `new_migration.py` names."""
    engine = create_async_engine(context.config.attributes["url"])
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_run)
    finally:
        await engine.dispose()


def _run(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": MIGRATION_LOCK})
    connection.execute(text(f"SET lock_timeout = '{LOCK_WAIT}'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes.get("metadata"),
        transaction_per_migration=True,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


asyncio.run(migrate())
