"""The migrated database has exactly the tables that the code believes in."""

from collections.abc import Callable

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from services.orders.storage import tables
from shared.messaging import tables as messaging_tables
from shared.security import tables as security_tables
from shared.testing.servers import FreshDatabase
from shared.web import idempotency

_INDEXED_IN_DDL = {*security_tables.metadata.tables, *idempotency.metadata.tables}


def differences(connection: Connection) -> list[object]:
    known = MetaData()
    for part in (tables, messaging_tables, security_tables, idempotency):
        for table in part.metadata.tables.values():
            table.to_metadata(known)
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [
        difference
        for difference in compare_metadata(context, known)
        if not (difference[0] == "remove_table" and difference[1].name == "alembic_version")
        # Security's and the idempotency table's indexes stand in their DDL alone.
        and not (difference[0] == "remove_index" and difference[1].table.name in _INDEXED_IN_DDL)
    ]


async def test_the_migrated_schema_is_the_one_the_code_declares(
    fresh_database: Callable[[str], FreshDatabase],
) -> None:
    engine = create_async_engine(fresh_database("orders").owner_url)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    assert found == []
