"""Each service's history ends where its tables.py stands."""

from collections.abc import Callable
from importlib import import_module

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.migrating import newest_revisions
from deploy.local.postgres import revision_of
from shared.testing.servers import FreshDatabase


@pytest.mark.parametrize("service", ["orders", "routing", "notify"])
async def test_the_migrated_database_has_what_the_tables_say(
    service: str, fresh_database: Callable[[str], FreshDatabase]
) -> None:
    metadata: MetaData = import_module(f"services.{service}.storage.tables").metadata
    engine = create_async_engine(fresh_database(service).owner_url)
    async with engine.connect() as connection:
        differences = await connection.run_sync(_compare, metadata)
    await engine.dispose()
    # Tables of shared/ have their own metadata: what the database has beyond this service's tables is theirs.
    missing = [each for each in differences if not str(_kind(each)).startswith("remove_")]
    assert missing == []


@pytest.mark.parametrize("service", ["orders", "routing", "notify"])
async def test_the_services_login_may_write_every_migrated_table(
    service: str, fresh_database: Callable[[str], FreshDatabase]
) -> None:
    engine = create_async_engine(fresh_database(service).url)
    async with engine.connect() as connection:
        closed = await connection.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')"
            " AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE'))"
        )
        names = closed.scalars().all()
    await engine.dispose()
    assert names == []


@pytest.mark.parametrize("service", ["orders", "routing", "notify"])
async def test_the_launcher_knows_without_alembic_that_nothing_is_to_do(
    service: str, fresh_database: Callable[[str], FreshDatabase]
) -> None:
    assert {await revision_of(fresh_database(service).owner_url)} == newest_revisions(service)


def _compare(connection: Connection, metadata: MetaData) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def _kind(difference: object) -> object:
    # Alembic gives a tuple for one difference, or a list of tuples for the columns of one table.
    first = difference[0] if isinstance(difference, list) else difference
    return first[0] if isinstance(first, tuple) else first
