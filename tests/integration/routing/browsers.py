"""Routing as a browser and a crew's phone meet it: the whole web application on a real database, without loops."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from services.routing.main import make_parts
from services.routing.settings import RoutingSettings
from shared.database.session import transaction
from shared.security.accounts import StaffAccount, save_account
from shared.security.passwords import make_verifier
from shared.security.roles import Role as StaffRole
from shared.settings import Environment, Role
from shared.web.app import create_app
from tests.integration.routing.district import START, District

PASSWORD = "seven-green-kettles"
PAGE = {"accept": "text/html"}
_VERIFIER = make_verifier(PASSWORD)


class Browser:
    """One person's browser."""

    def __init__(self, app: FastAPI) -> None:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(
            transport=transport, base_url="https://routing.test", headers={"sec-fetch-site": "same-origin"}
        )

    async def sign_in(self, login: str) -> "Browser":
        answer = await self.client.post("/sign-in", data={"login": login, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return self

    async def get(self, path: str, *, page: bool = False) -> httpx.Response:
        return await self.client.get(path, headers=PAGE if page else {})

    async def post(self, path: str, *, key: str = "", page: bool = False, **fields: object) -> httpx.Response:
        data = {"idempotency_key": key or uuid.uuid4().hex, **fields}
        return await self.client.post(path, data=data, headers=PAGE if page else {})

    async def bring_in(self, path: str, content: bytes, *, page: bool = False) -> httpx.Response:
        return await self.client.post(
            path,
            data={"idempotency_key": uuid.uuid4().hex},
            files={"file": ("file", content)},
            headers=PAGE if page else {},
        )


async def hire(
    district: District, login: str, role: StaffRole, *communities: str, grids: tuple[str, ...] = ()
) -> None:
    """Write a staff account down as an event would."""
    account = StaffAccount(
        account_id=f"account-{login}",
        login=login,
        display_name=login,
        roles=frozenset({role}),
        communities=frozenset(communities or ("*",)),
        grids=frozenset(grids),
        verifier=_VERIFIER,
        active=True,
        changed_sequence=1,
    )
    async with transaction(district.engine) as tx:
        await save_account(tx, account)


@asynccontextmanager
async def running_app(database_url: str, key_file: Path) -> AsyncIterator[FastAPI]:
    """The application, started, with no loops."""
    settings = RoutingSettings(
        environment=Environment.TEST,
        role=Role.WEB,
        database_url=SecretStr(database_url),
        kafka_bootstrap_servers="127.0.0.1:1",
        key_file=key_file,
        clock_origin=START,
        clock_anchor=datetime.now(UTC),
        plan_seconds=0.5,
    )
    app = create_app(make_parts(settings))
    async with app.router.lifespan_context(app):
        yield app
