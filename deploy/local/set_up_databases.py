"""Roles, databases, walls and migrations on a PostgreSQL that runs elsewhere, named by the environment."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from deploy.local.postgres import ADMINISTRATOR, LOGINS, SERVICES, Postgres, make_database, make_roles
from deploy.migrations.migrate import upgrade


def set_up_databases(server: Postgres) -> None:
    """Bring the server to what the services expect. A second time changes nothing."""
    asyncio.run(_make_databases(server))
    for service in SERVICES:
        upgrade(service, server.url(f"{service}_owner", service))


def server_from(environment: Mapping[str, str]) -> Postgres:
    """The server that POSTGRES_HOST, POSTGRES_PORT and <LOGIN>_PASSWORD name.

    Errors: KeyError naming the variable that is absent.
    """
    passwords = {login: environment[f"{login.upper()}_PASSWORD"] for login in (*LOGINS, ADMINISTRATOR)}
    elsewhere = Path(os.devnull)
    port = int(environment["POSTGRES_PORT"])
    return Postgres(elsewhere, elsewhere, port, passwords, account=None, host=environment["POSTGRES_HOST"])


async def _make_databases(server: Postgres) -> None:
    await make_roles(server)
    for service in SERVICES:
        await make_database(server, service, service)


if __name__ == "__main__":
    set_up_databases(server_from(os.environ))
