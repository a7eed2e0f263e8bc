"""How fast the running service answers where an urgent order goes, in a plan of 20,000 orders on real PostgreSQL.

Two figures: its own functions with the database (`ask_place`, `offer_places`), and its door over TCP, signed in.
Used by `python -m tests.bench.live_insert`.
"""

import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.processes import free_ports, is_listening
from services.routing.actions.waves.insert_order import ask_place, offer_places
from services.routing.actions.waves.read_running_plan import RunningPlans
from services.routing.planning.instance_files import instance_dict
from services.routing.planning.problem import Entrance
from services.routing.planning.running_plan import RunningPlan
from services.routing.planning.timetable import timetable
from services.routing.storage import tables as t
from shared.basics.clock import SystemClock
from shared.database.engine import create_engine
from shared.database.session import reading, transaction
from shared.security.roles import Role
from shared.testing.eventually import eventually
from shared.testing.servers import FreshDatabase, LentServers, PostgresServer
from tests.integration.routing.browsers import PASSWORD, hire
from tests.integration.routing.district import START, make_district

CLOCK: Final = SystemClock()
ASKED: Final = 600
ASKED_A_MINUTE: Final = 50
WARM_UP: Final = 100
WAVE: Final = "wave-1"
# The plans begin at nine in the street, an hour after the service's clock does.
TIME_ZERO: Final = START + timedelta(hours=1)
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ServiceFigures:
    """Units: seconds, one sample an order; `first_s` are the first looks at each drop point, not laid out yet, and
    `next_minute_s` those at the beginning of each other minute."""

    first_s: list[float]
    next_minute_s: list[float]
    functions_s: list[float]
    door_s: list[float]


def measure_service(plans: Sequence[RunningPlan]) -> ServiceFigures:
    """Fill a database with these plans, start routing on it, and ask for places."""
    servers = LentServers()
    try:
        database = PostgresServer(servers).fresh_database("routing")
        with TemporaryDirectory() as folder:
            return asyncio.run(_measure(database, Path(folder), plans))
    finally:
        servers.close()


async def _measure(database: FreshDatabase, folder: Path, plans: Sequence[RunningPlan]) -> ServiceFigures:
    url = database.url
    engine = create_engine(url, 4, application="bench")
    try:
        await hire(make_district(engine, folder), "zhao", Role.DISPATCHER)
        asked = await _fill(engine, plans)
        await _tidy(database.owner_url)
        _collect_less_garbage()
        first_s, next_minute_s, functions_s = await _functions(engine, asked)
        (port,) = free_ports(1)
        service = _start(url, folder / "routing-keys.json", port)
        try:
            await eventually(lambda: _answers(port), within_s=30)
            door_s = await _door(port, asked)
        finally:
            service.terminate()
            service.wait(20)
        return ServiceFigures(first_s, next_minute_s, functions_s, door_s)
    finally:
        await engine.dispose()


async def _tidy(owner_url: str) -> None:
    """What the database does by itself within its first minute, done before anybody looks at the clock."""
    owner = create_engine(owner_url, 2, application="bench")
    async with reading(owner) as tx:
        await tx.execute(text("VACUUM ANALYZE"))
    await owner.dispose()


def _collect_less_garbage() -> None:
    """As `shared/web/app.py` does when the service starts: its functions are looked at as they run there."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _functions(engine: AsyncEngine, stop_ids: Sequence[str]) -> tuple[list[float], ...]:
    running = RunningPlans()
    first_s: list[float] = []
    next_minute_s: list[float] = []
    samples_s: list[float] = []
    looked_at: dict[str, int] = {}
    for number, stop_id in enumerate(stop_ids):
        minute = number // ASKED_A_MINUTE
        began_s = CLOCK.monotonic()
        async with reading(engine) as tx:
            asked = await ask_place(tx, running, (WAVE, stop_id), START + timedelta(minutes=minute))
        offer = offer_places(asked, running.lay_out(asked.plan))
        took_s = CLOCK.monotonic() - began_s
        before = looked_at.get(offer.state.request_id)
        # A connection learns its statements first, as the service's have long since.
        if before is None:
            first_s.append(took_s)
        elif before < minute:
            next_minute_s.append(took_s)
        elif number >= WARM_UP:
            samples_s.append(took_s)
        looked_at[offer.state.request_id] = minute
        if len(offer.places) != 3:
            sys.exit(f"only {len(offer.places)} places in a plan with room for more")
    return first_s, next_minute_s, samples_s


def _start(url: str, key_file: Path, port: int) -> subprocess.Popen[bytes]:
    """Routing's own process, without its loops: no broker is needed for a page."""
    settings = {
        "ENVIRONMENT": "test",
        "ROLE": "web",
        "DATABASE_URL": url,
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "KEY_FILE": str(key_file),
        "HTTP_PORT": str(port),
        "CLOCK_ORIGIN": START.isoformat(),
        "CLOCK_ANCHOR": datetime.now(UTC).isoformat(),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "services.routing.main"], env={**os.environ, **settings}, stdout=subprocess.DEVNULL
    )


async def _answers(port: int) -> bool:
    return is_listening(port)


async def _door(port: int, stop_ids: Sequence[str]) -> list[float]:
    base = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=base, headers={"sec-fetch-site": "same-origin"}) as client:
        signed_in = await client.post("/sign-in", data={"login": "zhao", "password": PASSWORD})
        # The cookie is for https; this end of the wire says it itself.
        cookie = signed_in.headers["set-cookie"].partition(";")[0]
        samples_s = []
        for stop_id in stop_ids:
            began_s = CLOCK.monotonic()
            answer = await client.get(f"/waves/{WAVE}/places?stop_id={stop_id}", headers={"cookie": cookie})
            samples_s.append(CLOCK.monotonic() - began_s)
            if answer.status_code != 200 or len(answer.json()["places"]) != 3:
                sys.exit(f"the door answered {answer.status_code}: {answer.text[:200]}")
    return samples_s


async def _fill(engine: AsyncEngine, plans: Sequence[RunningPlan]) -> list[str]:
    """Write the plans down as a planned wave, and the orders that seek a place in them; answers their stops."""
    dice = Random(7)
    rows: dict[str, Rows] = {table.name: [] for table in _ORDER}
    rows["waves"].append(
        {
            "wave_id": WAVE,
            "wave_date": START.date(),
            "zone_ids": [],
            "communities": ["c"],
            "state": "planned",
            "made_by": "bench",
            "made_at": START,
        }
    )
    for plan in plans:
        _add_plan(rows, plan)
    stop_ids = []
    for number in range(ASKED):
        plan = dice.choices(plans, [len(one.problem.orders) for one in plans])[0]
        stop_ids.append(_add_urgent(rows, dice, dice.choice(plan.problem.entrances), number))
    for table in _ORDER:
        for begin in range(0, len(rows[table.name]), 2_000):
            async with transaction(engine) as tx:
                await tx.execute(insert(table), rows[table.name][begin : begin + 2_000])
    return stop_ids


_ORDER = (
    t.drop_points,
    t.estate_entrances,
    t.buildings,
    t.entrances,
    t.waves,
    t.plan_requests,
    t.plan_inputs,
    t.crews,
    t.rounds,
    t.bags,
    t.stops,
)


def _add_plan(rows: dict[str, Rows], plan: RunningPlan) -> None:
    problem = plan.problem
    (drop,) = problem.drop_points
    request_id = f"request-{drop.id}"
    rows["drop_points"].append(
        {"drop_point_id": drop.id, "name": drop.id, "community": "c", "zone": drop.zone, "x_m": drop.x}
        | {"y_m": drop.y, "is_current": True, "plan_version": 1}
    )
    for place in problem.entrances:
        _add_entrance(rows, place)
    rows["plan_requests"].append(
        {"request_id": request_id, "wave_id": WAVE, "drop_point_id": drop.id, "community": "c", "plan_version": 1}
        | {"seconds": 1.0, "seed": 1, "state": "planned", "cost": 0, "crew_s": 0, "late_s": 0}
    )
    rows["plan_inputs"].append(
        {"request_id": request_id, "time_zero": TIME_ZERO, "late_crews": [], "instance": instance_dict(problem)}
    )
    entrance_of = {order.id: order.entrance for order in problem.orders}
    for number, times in enumerate(timetable(problem, plan.plan)):
        round_id = f"{request_id}-{number}"
        rows["rounds"].append(
            {"round_id": round_id, "number": f"R{number}", "wave_id": WAVE, "wave_date": START.date()}
            | {"request_id": request_id, "drop_point_id": drop.id, "community": "c", "crew_id": times.crew}
            | {"state": "planned", "version": 1, "is_late": False}
            | {"planned_start": _moment(times.starts_s), "planned_end": _moment(times.ends_s)}
        )
        held = [(order, visit.ends_s) for visit in times.visits for order in visit.orders]
        for position, (order, at_s) in enumerate(held, start=1):
            stop = _stop(order, entrance_of[order], "planned")
            rows["stops"].append(
                stop
                | {"wave_id": WAVE, "request_id": request_id, "round_id": round_id, "position": position}
                | {"planned_at": _moment(at_s), "told_from": None, "told_until": _moment(at_s + 900)}
            )
            rows["bags"].append(_bag(order, 0, 4_000))


def _add_entrance(rows: dict[str, Rows], place: Entrance) -> None:
    names = {"building_key": place.id, "community": "c", "compound": "c", "building": place.id}
    rows["estate_entrances"].append(
        {"feature_id": place.id, **names, "x_m": place.x, "y_m": place.y, "floors": place.floors}
        | {"has_lift": place.lift, "gate_s": place.gate_s, "drop_point_id": place.drop}
    )
    handling = "positive" if place.sealed else "clean"
    rows["buildings"].append(
        {"building_id": place.id, **names, "compound_id": "c", "grid": "g", "zone_id": place.zone}
        | {"handling": handling}
    )
    rows["entrances"].append({"entrance_id": place.id, "building_id": place.id, "feature_id": place.id})


def _add_urgent(rows: dict[str, Rows], dice: Random, place: Entrance, number: int) -> str:
    stop = _stop(f"urgent-{number}", place.id, "waiting") | {"floor": dice.randint(1, place.floors)}
    bags = [_bag(stop["order_id"], bag, dice.randint(500, 9_000)) for bag in range(dice.randint(1, 4))]
    rows["bags"] += bags
    unplaced = dict.fromkeys(("wave_id", "request_id", "round_id", "position", "planned_at", "told_from"))
    due_at = dice.choice([None, TIME_ZERO + timedelta(hours=1)])
    bag_ids = [bag["bag_id"] for bag in bags]
    rows["stops"].append(stop | unplaced | {"told_until": None, "due_at": due_at, "bag_ids": bag_ids})
    return str(stop["stop_id"])


def _stop(order_id: str, entrance_id: str, state: str) -> dict[str, Any]:
    return {"stop_id": order_id, "order_id": order_id, "turn": 1, "number": order_id, "household_id": order_id} | {
        "entrance_id": entrance_id,
        "floor": 1,
        "priority": 0,
        "wave_date": START.date(),
        "due_at": None,
        "bag_ids": [f"{order_id}/0"],
        "state": state,
    }


def _bag(order_id: str, number: int, grams: int) -> dict[str, Any]:
    where = {"order_id": order_id, "items": [], "place": "drop_point", "cold": False}
    return {"bag_id": f"{order_id}/{number}", "grams": grams, "crates": 1, **where}


def _moment(seconds: int) -> datetime:
    return TIME_ZERO + timedelta(seconds=seconds)
