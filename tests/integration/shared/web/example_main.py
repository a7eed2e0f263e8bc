"""The smallest service there is, as a process: `python -m tests.integration.shared.web.example_main [LOOP]`."""

import asyncio
import os
import sys
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from shared.basics.randomness import SystemRandomness
from shared.database.engine import create_engine
from shared.security.key_file import load_keys
from shared.security.roles import Role
from shared.security.scope import Scope
from shared.settings import ServiceSettings
from shared.web.app import run
from shared.web.parts import NavigationEntry, ServiceParts
from shared.web.routes import CurrentActor, declare
from shared.web.templates import render

router = APIRouter()


@router.get("/")
@declare(roles={Role.OPERATOR}, scope=Scope.STREET)
async def first_page(request: Request, actor: CurrentActor) -> Response:
    return render(request, "style_guide.html", {"statuses": ("received", "out", "delivered")})


async def dies(_: asyncio.Event) -> None:
    raise RuntimeError("this loop died")


async def lives(stop: asyncio.Event) -> None:
    await stop.wait()


async def hangs(_: asyncio.Event) -> None:
    await asyncio.Event().wait()


def main() -> None:
    settings = ServiceSettings(http_port=int(os.environ["HTTP_PORT"]))
    database_url = settings.database_url.get_secret_value()
    engine = create_engine(database_url, settings.database_pool_size, application="notify")
    loop = {"dies": dies, "lives": lives, "hangs": hangs}[sys.argv[1] if len(sys.argv) > 1 else "lives"]
    run(
        ServiceParts(
            name="notify",
            title="Messages",
            folder=Path(__file__).parent,
            settings=settings,
            engine=engine,
            keys=load_keys(settings.key_file),
            clock=settings.clock(),
            randomness=SystemRandomness(),
            routers=[router],
            loops={"send": loop},
            navigation=[NavigationEntry("Today", "/")],
            on_stop=[engine.dispose],
        )
    )


if __name__ == "__main__":
    main()
