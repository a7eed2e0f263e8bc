"""Puts a service together: pages, guards, health, loops; and serves it."""

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import uvicorn
from fastapi import Depends, FastAPI
from starlette.routing import Mount

from shared.basics import crash_points
from shared.database.session import transaction
from shared.observability.health import Heartbeats
from shared.observability.logs import configure_logs, get_log
from shared.security.roles import Role
from shared.settings import Environment
from shared.web import health_pages, sign_in_pages, style_guide_page
from shared.web.assets import SHARED_STATIC, Assets
from shared.web.error_responses import add_error_responses
from shared.web.idempotency import forget_old_keys
from shared.web.languages import SHARED_LOCALE, read_catalogues
from shared.web.loops import Loop, RunningLoops
from shared.web.parts import ServiceParts
from shared.web.request_guards import RequestContext, SameSiteGuard
from shared.web.routes import DeclaredRoute, admit, list_routes
from shared.web.templates import SHARED_TEMPLATES, Templates

BODY_LIMIT_BYTES: Final = 1_000_000
_TIDY_EVERY_S: Final = 3600
_log = get_log("app")


def create_app(parts: ServiceParts) -> FastAPI:
    """Make the web application of one service.

    A route may take more than a megabyte by `@router.post(..., max_body_size=8_000_000)`.

    Errors: BareRoute when a route declares no role and scope.
    """
    routers = [health_pages.router, *(parts.routers if parts.settings.does_web else ())]
    if parts.settings.does_web and parts.has_staff:
        routers.append(sign_in_pages.router)
    if parts.settings.does_web and parts.settings.environment is not Environment.PRODUCTION:
        routers.append(style_guide_page.router)
    declared = list_routes(routers)
    app = FastAPI(
        title=f"Baimi {parts.name}",
        openapi_url=None,
        dependencies=[Depends(admit)],
        lifespan=_lifespan(parts),
        max_body_size=BODY_LIMIT_BYTES,
        # Our own spans carry the correlation id; two sets of spans would only cost time.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    for router in routers:
        app.include_router(router)
    assets = Assets([SHARED_STATIC, parts.folder / "pages" / "static"])
    app.router.routes.append(Mount("/static", app=assets))
    catalogues = read_catalogues([SHARED_LOCALE, parts.folder / "locale"])
    folders = [parts.folder / "pages" / "templates", SHARED_TEMPLATES]
    app.state.parts = parts
    app.state.declared_routes = declared
    app.state.page_roles = _page_roles(declared)
    app.state.catalogues = catalogues
    app.state.assets = assets
    app.state.templates = Templates(parts, catalogues, assets, folders)
    app.state.heartbeats = parts.heartbeats or Heartbeats(parts.clock)
    add_error_responses(app)
    # Set directly, for `add_middleware` would leave the answer to a bug outside of both.
    app.middleware_stack = RequestContext(SameSiteGuard(app.build_middleware_stack(), parts), parts)
    return app


def declared_routes(app: FastAPI) -> list[DeclaredRoute]:
    """Every route of an application with its declaration, for generated tests."""
    found: list[DeclaredRoute] = app.state.declared_routes
    return found


def run(parts: ServiceParts) -> None:
    """Serve until told to stop by SIGTERM or SIGINT; a dead loop ends the process with status 70."""
    settings = parts.settings
    configure_logs(parts.name)
    # A bug has been logged with its route by then; the server's own line would say it again.
    logging.getLogger("uvicorn.error").addFilter(lambda record: "ASGI application" not in record.getMessage())
    if settings.crash_at and settings.environment is not Environment.PRODUCTION:
        crash_points.arm(settings.crash_at)
    app = create_app(parts)
    _collect_less_garbage()
    _log.info(
        "starting", role=settings.role.value, port=settings.http_port, environment=settings.environment.value
    )
    uvicorn.run(
        app,
        host=settings.http_host,
        port=settings.http_port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=2,
        backlog=512,
    )


def _collect_less_garbage() -> None:
    """Leave what lives as long as the process out of each collection, and collect less often.

    Routes, templates and mapped tables are some hundred thousand objects; looking at all of them again and again
    cost an order up to 40 ms at the worst moment.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _lifespan(parts: ServiceParts) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        for start in parts.on_start:
            await start()
        loops = {**parts.loops, "tidy": _tidy(parts)} if parts.settings.does_work else {}
        running = RunningLoops(loops, parts.on_loop_death)
        try:
            yield
        finally:
            await running.stop()
            for stop in parts.on_stop:
                await stop()

    return lifespan


def _tidy(parts: ServiceParts) -> Loop:
    """Forget answers kept longer than they must be, once an hour."""

    async def tidy(stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                async with transaction(parts.engine, "loop") as tx:
                    await forget_old_keys(tx, parts.real_clock.now())
            except Exception as error:  # noqa: BLE001  (the database may be away; the next hour will do)
                _log.warning("tidy_failed", exc_info=error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _TIDY_EVERY_S)

    return tidy


def _page_roles(declared: list[DeclaredRoute]) -> dict[str, frozenset[Role] | None]:
    return {
        route.path: None if route.declaration.is_public else route.declaration.roles
        for route in declared
        if route.method == "GET"
    }
