"""A service with a handful of routes, one for each promise that shared/web makes."""

import asyncio
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import httpx
from fastapi import APIRouter, FastAPI, Form, Request
from fastapi.responses import JSONResponse, Response

from shared.basics.errors import Refused
from shared.basics.randomness import Randomness, SeededRandomness
from shared.database.session import Transaction
from shared.security.accounts import StaffAccount
from shared.security.key_file import ServiceKeys
from shared.security.passwords import make_verifier
from shared.security.roles import Role
from shared.security.scope import Scope, require_in_scope
from shared.settings import Environment, ServiceSettings
from shared.testing.clocks import FakeClock
from shared.web.idempotency import Answer, Engine, answer_once, see_other
from shared.web.parts import NavigationEntry, ServiceParts
from shared.web.request_keys import GivenKey, respond
from shared.web.routes import CurrentActor, Parts, declare, public

HOST = "https://notify.test"
PASSWORD = "a quiet street at dawn"

# Starts `example_main` with one of its loops: the process and its address.
Start = Callable[[str], tuple[subprocess.Popen[str], str]]

router = APIRouter()
works_done: list[str] = []


@dataclass
class SmallService:
    """The running pieces a test holds on to."""

    app: FastAPI
    parts: ServiceParts
    clock: FakeClock
    randomness: Randomness


@router.get("/")
@declare(roles={Role.OPERATOR, Role.DISPATCHER}, scope=Scope.STREET)
async def first_page(actor: CurrentActor) -> JSONResponse:
    return JSONResponse({"hello": actor.name})


@router.get("/households/{community}")
@declare(roles={Role.OPERATOR}, scope=Scope.COMMUNITY)
async def household(community: str, actor: CurrentActor) -> JSONResponse:
    require_in_scope(actor, community)
    return JSONResponse({"community": community})


@router.get("/careless")
@declare(roles={Role.OPERATOR}, scope=Scope.HOUSEHOLD)
async def careless() -> JSONResponse:
    return JSONResponse({"name": "somebody"})


@router.get("/dispatch")
@declare(roles={Role.DISPATCHER}, scope=Scope.STREET)
async def dispatch_page() -> JSONResponse:
    return JSONResponse({})


@router.get("/broken")
@public("shows what a bug looks like")
async def broken() -> Response:
    raise RuntimeError("张三 13800001234")


@router.get("/refusing")
@public("shows what a refusal looks like")
async def refusing() -> Response:
    raise Refused("order_over_limit", limit_g=9000)


@router.post("/forms")
@declare(roles={Role.OPERATOR}, scope=Scope.STREET)
async def send_form(parts: Parts, key: GivenKey, packs: Annotated[int, Form()]) -> Response:
    async def work(tx: Transaction) -> Answer:
        tx.on_commit(lambda: works_done.append(key.key))
        if packs > 3:
            raise Refused("order_over_limit", limit_g=9000)
        return see_other(f"/done/{packs}")

    return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))


@router.post("/api/things")
@public("a program's door")
async def make_thing(request: Request, parts: Parts, key: GivenKey) -> Response:
    body = await request.json()

    async def work(tx: Transaction) -> Answer:
        tx.on_commit(lambda: works_done.append(key.key))
        await asyncio.sleep(0)
        return Answer(201, {"thing": body["thing"], "number": len(works_done)})

    return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))


@router.post("/files", max_body_size=3_000_000)
@public("takes more than a megabyte")
async def take_file(request: Request) -> JSONResponse:
    return JSONResponse({"bytes": len(await request.body())})


def small_parts(engine: Engine, keys: ServiceKeys, clock: FakeClock) -> ServiceParts:
    settings = ServiceSettings(
        environment=Environment.TEST,
        database_url="postgresql+asyncpg://nobody@127.0.0.1/none",
        kafka_bootstrap_servers="127.0.0.1:1",
        http_port=1,
        key_file=Path("none"),
        notify_url=HOST,
    )
    return ServiceParts(
        name="notify",
        title="Messages",
        folder=Path(__file__).parent / "small_service_files",
        settings=settings,
        engine=engine,
        keys=keys,
        clock=clock,
        real_clock=clock,
        randomness=SeededRandomness(1),
        routers=[router],
        error_texts={"order_over_limit": "At most %(limit_g)s g in one order."},
        navigation=[NavigationEntry("Today", "/"), NavigationEntry("Dispatch", "/dispatch")],
    )


@lru_cache
def _verifier() -> str:
    return make_verifier(PASSWORD)


def an_account(role: str, *, sequence: int = 1, active: bool = True, community: str = "A") -> StaffAccount:
    return StaffAccount(
        account_id=f"account-{role}",
        login=role,
        display_name=f"The {role}",
        roles=frozenset({Role(role)}),
        communities=frozenset({community}),
        grids=frozenset(),
        verifier=_verifier(),
        active=active,
        changed_sequence=sequence,
    )


async def sign_in(client: httpx.AsyncClient, login: str, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/sign-in", data={"login": login, "password": password})
