"""Orders as a browser meets it: the whole web application on a real database, without loops."""

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from services.orders.actions.staff.change_staff import StaffChange, change_staff
from services.orders.main import make_parts
from services.orders.pages.asked import office_of
from services.orders.settings import OrdersSettings
from shared.contracts.topics import SERVICES
from shared.database.session import transaction
from shared.security.new_keys import make_key_files
from shared.security.sessions import begin_session, cookie_name
from shared.settings import Environment, Role
from shared.web.app import create_app
from tests.integration.orders.street import START

ADMIN_PASSWORD = "quiet-harbour-lantern"
PASSWORD = "seven-green-kettles"
PAGE = {"accept": "text/html"}


class Desk:
    """One person's browser, signed in or not."""

    def __init__(self, app: FastAPI) -> None:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(
            transport=transport, base_url="https://orders.test", headers={"sec-fetch-site": "same-origin"}
        )

    async def sign_in(self, login: str, password: str = PASSWORD) -> "Desk":
        answer = await self.client.post("/sign-in", data={"login": login, "password": password})
        assert answer.status_code == 303, answer.text
        return self

    async def get(self, path: str, *, page: bool = False) -> httpx.Response:
        return await self.client.get(path, headers=PAGE if page else {})

    async def post(self, path: str, *, key: str = "", page: bool = False, **fields: str) -> httpx.Response:
        data = {"idempotency_key": key or uuid.uuid4().hex, **fields}
        return await self.client.post(path, data=data, headers=PAGE if page else {})

    async def bring_in(self, content: bytes, *, page: bool = False) -> httpx.Response:
        return await self.client.post(
            "/register/import",
            data={"idempotency_key": uuid.uuid4().hex},
            files={"file": ("register.csv", content)},
            headers=PAGE if page else {},
        )


@asynccontextmanager
async def running_app(database_url: str, folder: Path) -> AsyncIterator[FastAPI]:
    """The application, started; its first administrator is `admin`."""
    key_file = folder / "orders-keys.json"
    key_file.write_text(json.dumps(make_key_files(SERVICES)["orders"]))
    key_file.chmod(0o600)
    settings = OrdersSettings(
        environment=Environment.TEST,
        role=Role.WEB,
        database_url=SecretStr(database_url),
        kafka_bootstrap_servers="127.0.0.1:1",
        http_port=8001,
        key_file=key_file,
        clock_origin=START,
        clock_anchor=datetime.now(UTC),
        admin_password=SecretStr(ADMIN_PASSWORD),
    )
    app = create_app(make_parts(settings))
    async with app.router.lifespan_context(app):
        yield app


async def open_street(app: FastAPI) -> dict[str, Desk]:
    """Two communities, a zone each, an operator each, an officer and the administrator, all signed in."""
    desks = {
        login: await let_in(app, login, role, community)
        for login, role, community in (
            ("officer", "officer", "*"),
            ("lotus", "operator", "莲香社区"),
            ("banyan", "operator", "榕荫社区"),
            ("dispatcher", "dispatcher", "*"),
            ("admin", "administrator", "*"),
        )
    }
    for community, compound in (("莲香社区", "梅香花园"), ("榕荫社区", "榕树新村")):
        declared = await desks["officer"].post(
            "/zones",
            community=community,
            grid=f"{community}第一网格",
            name=f"{community}一号封控区",
            zone_class="sealed",
            valid_from="2022-03-01",
            compounds=compound,
        )
        assert declared.status_code == 303, declared.text
    return desks


async def let_in(app: FastAPI, login: str, role: str, community: str) -> Desk:
    """An account with a running session, without the half second that two password hashes cost."""
    parts = app.state.parts
    change = StaffChange(
        login, login, frozenset({role}), frozenset({community}), frozenset(), verifier="nobody signs in with this"
    )
    async with transaction(parts.engine) as tx:
        account = await change_staff(tx, office_of(parts), change)
        token = await begin_session(tx, account.account_id, parts.real_clock.now())
    desk = Desk(app)
    desk.client.cookies.set(cookie_name("orders"), token)
    return desk


def a_register(*rows: str) -> bytes:
    """A register as CSV: compound, building, entrance, room, people, name, phone, needs, language, pets."""
    return "\n".join(["小区,楼栋,单元,房号,人口,姓名,联系电话,特殊需求,语言,宠物", *rows]).encode()


LOTUS_HOME = "梅香花园,5号楼,1单元,1802,4,王建国,13800005621,听障,,"
BANYAN_HOME = "榕树新村,7号楼,2单元,0301,2,Anna B,13800001802,,英语,狗1"


async def a_home(desk: Desk, row: str = LOTUS_HOME, typed: str = "1802") -> str:
    """Bring one home in and find its id."""
    answer = await desk.bring_in(a_register(row))
    assert answer.status_code == 200, answer.text
    found = (await desk.get(f"/api/v1/households?q={typed}")).json()["households"]
    return str(found[0]["household_id"])
