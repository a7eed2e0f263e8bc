"""The least that could take an order: a form in, two inserts in one transaction, 303 out; ours is held against it.

Served by uvicorn as the services are; the tables are copies of orders' own, indexes and all.
"""

import itertools
import json
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from urllib.parse import parse_qs

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

TABLES = """
    CREATE TABLE bench_orders (LIKE orders INCLUDING DEFAULTS INCLUDING INDEXES);
    CREATE TABLE bench_outbox (LIKE outbox INCLUDING ALL);
"""
_ORDER = """
    INSERT INTO bench_orders (order_id, number, household_id, wave_date, has_pack, packs, extras, priority, bags,
                              state, reason, attempt, round_id, placed_at, placed_by, changed_at)
    VALUES ($1, $2, $3, $4, true, 1, '{}', 'normal', $5, 'accepted', '', 1, '', $6, 'bench', $6)
"""
_EVENT = """
    INSERT INTO bench_outbox (topic, key, sequence, event_type, version, body, saw, occurred_at, correlation_id,
                              traceparent)
    VALUES ('orders.household-events', $1, $2, 'orders.order_placed', 1, $3, '{}', $4, '', '')
"""
# As long as a usual order's bags and event are.
_BAGS = json.dumps([{"bag_id": "b" * 36, "lines": "x" * 300}] * 2)
_BODY = json.dumps({"order_id": "o" * 36, "sealed": "x" * 2200})
_numbers = itertools.count(1)


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.pool = await asyncpg.create_pool(os.environ["BENCH_DATABASE_URL"], min_size=12, max_size=12)
    yield
    await app.state.pool.close()


async def take_order(request: Request) -> Response:
    """Insert the order and its event, both or neither."""
    form = parse_qs((await request.body()).decode())
    order_id, household_id = str(uuid.uuid4()), form["household_id"][0]
    now = datetime.now(UTC)
    day = date.fromisoformat(form["wave_date"][0])
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        await connection.execute(_ORDER, order_id, order_id, household_id, day, _BAGS, now)
        await connection.execute(_EVENT, household_id, next(_numbers), _BODY, now)
    return RedirectResponse(f"/desk/households/{household_id}?placed={order_id}", 303)


app = Starlette(routes=[Route("/desk/orders", take_order, methods=["POST"])], lifespan=_lifespan)
