"""How fast orders are taken and told: p99 at a steady rate, the highest rate beside a bare handler, order to SMS.

Run by `python -m tests.bench.orders`; BENCH_SECONDS (10) and BENCH_RATE (50) change it, raw samples go to
`$BENCH_OUT/orders.json`. The Futian street's households call, each once a date; while they do, routing, notify
and the provider take in what follows from it. Real parts, started for this run alone; the machine is named.
"""

import asyncio
import json
import os
import platform
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from urllib.parse import urlencode

from deploy.local import postgres
from deploy.local.launcher import Ports, System, SystemPlan, forget
from deploy.local.processes import free_ports, is_listening, wait_s
from deploy.rehearsal.actors.accounts import account_of, make_accounts
from deploy.rehearsal.actors.browser import World
from deploy.rehearsal.actors.http_wire import Request, Wire
from deploy.rehearsal.actors.operator import Call, Operator
from deploy.rehearsal.auditor.databases import Databases
from deploy.rehearsal.history import History
from deploy.rehearsal.memory import MemoryWatch
from deploy.rehearsal.play import Play, Troupe
from deploy.rehearsal.quiet import Quiet
from deploy.rehearsal.scene_files import prepare_scene
from deploy.rehearsal.simulators.provider_log import read_log
from deploy.rehearsal.street_time import ZONE, Street
from shared.basics.clock import SystemClock
from shared.basics.randomness import SystemRandomness
from shared.contracts.topics import SERVICES
from tests.bench.bare_handler import TABLES
from tests.end_to_end.tiny_street import NoPace

AT_ONCE = 16
# As many dates ahead as the desk takes orders for.
DATES = 13
CLOCK = SystemClock()
Act = Callable[[], Coroutine[None, None, None]]


@dataclass
class Samples:
    """What was measured. Units: seconds; `taken_at` by order id, on the machine's clock."""

    accepted_s: list[float] = field(default_factory=list)
    taken_at: dict[str, datetime] = field(default_factory=dict)
    told_s: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Hotline:
    """The street opened, and an operator at the desk. `calls`: who has not called yet, and for which date."""

    system: System
    world: World
    databases: Databases
    quiet: Quiet
    operator: Operator
    calls: Iterator[tuple[str, date]]

    async def one_order(self, samples: Samples) -> None:
        """Place one order as the desk does, and note how long the answer took."""
        household_id, day = next(self.calls)
        began_s = CLOCK.monotonic()
        order_id = await self.operator.place_order(Call(household_id, day, tag=f"{household_id} {day}"))
        samples.accepted_s.append(CLOCK.monotonic() - began_s)
        samples.taken_at[order_id] = CLOCK.now()

    async def close(self) -> None:
        """Let go of files and connections."""
        self.world.history.close()
        self.world.close()
        await self.databases.close()


async def open_hotline(system: System, folder: Path) -> Hotline:
    """Accounts, zones, register, estate and roster by HTTP, and an operator signed in."""
    scene = prepare_scene("futian", 1, None, folder)
    databases = Databases({name: system.database_url("auditor", name) for name in SERVICES})
    quiet = Quiet(databases, CLOCK)
    street = system.plan.settings["all"]
    assert isinstance(street, Street)
    world = World.of(system.urls, History(_in_memory(folder) / "history.jsonl", CLOCK), CLOCK, street.now)
    accounts = make_accounts(SystemRandomness())
    troupe = Troupe(accounts, system.admin_password, system.provider_log)
    await Play(world, scene, troupe, NoPace(quiet)).open_street()
    operator = Operator(world, account_of(accounts, "operator"))
    await operator.sign_in()
    ids = [await operator.find_household(household.door) for household in scene.days.households]
    first = max(scene.days.wave_dates)
    calls = ((household_id, first + timedelta(days=ahead)) for ahead in range(DATES) for household_id in ids)
    await quiet.until_rest()
    return Hotline(system, world, databases, quiet, operator, calls)


def _in_memory(folder: Path) -> Path:
    """Where the callers' history goes: its syncs to disk are the rehearsal's own, no part of an order."""
    memory = Path("/dev/shm")
    return Path(mkdtemp(prefix="baimi-bench-", dir=memory)) if memory.is_dir() else folder


async def measure(system: System, folder: Path, seconds: float, rate: float) -> dict[str, object]:
    """All three figures on one running system."""
    hotline = await open_hotline(system, folder)
    samples, spare = Samples(), Samples()
    with MemoryWatch(lambda: [pid for name in system.names if (pid := system.pid(name)) is not None]) as watch:
        before_s = watch.look()
        await at_a_steady_rate(rate, seconds, lambda: hotline.one_order(samples))
        await hotline.quiet.until_rest()
        after_s = watch.look()
    await see_what_was_told(hotline, samples)
    ours = await highest_rate(seconds / 2, lambda: hotline.one_order(spare))
    await hotline.quiet.until_rest()
    bare = await bare_rate(system, seconds / 2)
    await hotline.close()
    return {
        "machine": machine(),
        "rate_per_s": rate,
        "seconds": seconds,
        "accepted_ms": in_ms(samples.accepted_s),
        "order_to_sms_ms": in_ms(samples.told_s),
        "cpu_ms_an_order": {
            name: round((cpu_s - before_s.get(name, 0.0)) * 1000 / len(samples.accepted_s), 2)
            for name, cpu_s in after_s.items()
        },
        "highest_per_s": round(ours, 1),
        "bare_per_s": round(bare, 1),
        "ratio": round(ours / bare, 3),
        "samples": {"accepted_s": samples.accepted_s, "order_to_sms_s": samples.told_s},
    }


async def at_a_steady_rate(rate: float, seconds: float, act: Act) -> None:
    """Begin so many acts a second whether or not earlier ones have ended: callers do not wait for each other."""
    began_s = CLOCK.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(round(rate * seconds)):
            await asyncio.sleep(max(0.0, began_s + number / rate - CLOCK.monotonic()))
            group.create_task(act())


async def highest_rate(seconds: float, act: Act) -> float:
    """Acts a second with sixteen clients, each beginning anew as soon as it is answered."""
    began_s = CLOCK.monotonic()
    done = 0

    async def go_on() -> None:
        nonlocal done
        while CLOCK.monotonic() - began_s < seconds:
            await act()
            done += 1

    await asyncio.gather(*(go_on() for _ in range(AT_ONCE)))
    return done / (CLOCK.monotonic() - began_s)


async def see_what_was_told(hotline: Hotline, samples: Samples) -> None:
    """From the order's answer to the provider's line about it; both by this machine's clock."""
    order_of = {m.message_id: m.order_id for m in await hotline.databases.messages() if m.news == "received"}
    for line in read_log(hotline.system.provider_log):
        taken_at = samples.taken_at.get(order_of.get(line.reference, ""))
        if taken_at is not None:
            samples.told_s.append((datetime.fromisoformat(line.time).astimezone(UTC) - taken_at).total_seconds())


async def bare_rate(system: System, seconds: float) -> float:
    """The same form put to a handler that only inserts twice, on the same PostgreSQL, served the same way."""
    server = postgres.place_server(system.state.folder, system.plan.ports.postgres, system.state.passwords)
    owner = await server.connect("orders_owner", "orders")
    await owner.execute(TABLES)
    await owner.close()
    port = free_ports(1)[0]
    url = system.database_url("orders").replace("+asyncpg", "")
    words = [sys.executable, "-m", "uvicorn", "tests.bench.bare_handler:app", "--port", str(port)]
    words += ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    handler = await asyncio.create_subprocess_exec(*words, env={**os.environ, "BENCH_DATABASE_URL": url})
    wire = Wire("127.0.0.1", port)
    form = {
        "household_id": "bench",
        "wave_date": date(2022, 3, 6).isoformat(),
        "pack": "standard",
        "idempotency_key": "k",
    }
    headers = {"content-type": "application/x-www-form-urlencoded"}

    async def act() -> None:
        reply = await wire.send(Request("POST", "/desk/orders", headers, urlencode(form).encode()))
        assert reply.status == 303, reply.body

    try:
        await asyncio.to_thread(wait_for_port, port)
        await act()
        return await highest_rate(seconds, act)
    finally:
        wire.close()
        handler.terminate()
        await handler.wait()


def wait_for_port(port: int) -> None:
    """Look until somebody listens there."""
    while not is_listening(port):
        wait_s(0.1)


def in_ms(samples_s: Sequence[float]) -> dict[str, float]:
    """Percentiles. Units: milliseconds."""
    ordered = sorted(samples_s)
    places = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    shown = {name: ordered[min(len(ordered) - 1, int(part * len(ordered)))] for name, part in places.items()}
    return {**{name: round(seconds * 1000, 1) for name, seconds in shown.items()}, "count": len(ordered)}


def machine() -> str:
    """Whose figures these are."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    return f"{os.cpu_count()} cores, {names[0] if names else platform.machine()}, load {os.getloadavg()[0]:.1f}"


def main() -> None:
    """Measure, print, write the raw samples down."""
    seconds, rate = float(os.environ.get("BENCH_SECONDS") or 10), float(os.environ.get("BENCH_RATE") or 50)
    with TemporaryDirectory(prefix="baimi-bench-") as spare:
        folder = Path(spare)
        street = Street(datetime(2022, 3, 5, 9, tzinfo=ZONE), factor=1.0)
        plan = SystemPlan(folder=folder / "state", ports=Ports.free(), settings={"all": street})
        with System.start(plan) as system:
            figures = asyncio.run(measure(system, folder / "scene", seconds, rate))
        forget(folder / "state")
    samples = figures.pop("samples")
    print(json.dumps(figures, indent=1, ensure_ascii=False))
    if out := os.environ.get("BENCH_OUT"):
        Path(out, "orders.json").write_text(json.dumps({**figures, "samples": samples}), encoding="utf-8")


if __name__ == "__main__":
    main()
