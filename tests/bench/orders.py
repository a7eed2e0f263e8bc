"""How fast orders are taken and told: p99 at a steady rate, the highest rate beside a bare handler, order to SMS.

Run by `python -m tests.bench.orders`; BENCH_SECONDS (10) and BENCH_RATE (50) change it, raw samples go to
`$BENCH_OUT/orders.json`. Real parts, started for this run alone; the machine is named in the result.
"""

import asyncio
import json
import os
import platform
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from deploy.local import postgres
from deploy.local.launcher import System, forget
from deploy.local.processes import free_ports, is_listening, wait_s
from deploy.rehearsal.actors.http_wire import Request, Wire
from deploy.rehearsal.actors.operator import Call
from deploy.rehearsal.simulators.provider_log import read_log
from shared.basics.clock import SystemClock
from tests.bench.bare_handler import TABLES
from tests.end_to_end.tiny_street import WAVE_DATE, TinyStreet, open_tiny_street, plan_of

AT_ONCE = 16
CLOCK = SystemClock()
Act = Callable[[int], Awaitable[None]]


@dataclass
class Samples:
    """What was measured. Units: seconds; `taken_at` by order id, on the machine's clock."""

    accepted_s: list[float] = field(default_factory=list)
    taken_at: dict[str, datetime] = field(default_factory=dict)
    told_s: list[float] = field(default_factory=list)


async def measure(system: System, folder: Path, seconds: float, rate: float) -> dict[str, object]:
    """All three figures on one running system."""
    street = await open_tiny_street(system, folder)
    ids = [await street.household(number) for number in range(len(street.scene.days.households))]
    await street.quiet.until_rest()
    samples, spare = Samples(), Samples()
    await at_a_steady_rate(rate, seconds, lambda number: one_order(street, ids[number % len(ids)], samples))
    await street.quiet.until_rest()
    await see_what_was_told(street, samples)
    ours = await highest_rate(seconds / 2, lambda number: one_order(street, ids[number % len(ids)], spare))
    await street.quiet.until_rest()
    bare = await bare_rate(system, seconds / 2)
    await street.close()
    return {
        "machine": machine(),
        "rate_per_s": rate,
        "seconds": seconds,
        "accepted_ms": in_ms(samples.accepted_s),
        "order_to_sms_ms": in_ms(samples.told_s),
        "highest_per_s": round(ours, 1),
        "bare_per_s": round(bare, 1),
        "ratio": round(ours / bare, 3),
        "samples": {"accepted_s": samples.accepted_s, "order_to_sms_s": samples.told_s},
    }


async def one_order(street: TinyStreet, household_id: str, samples: Samples) -> None:
    """Place one order as the desk does, and note how long the answer took."""
    number = len(samples.taken_at)
    began_s = CLOCK.monotonic()
    call = Call(household_id, WAVE_DATE, has_another=True, tag=f"bench-{id(samples)}-{number}-{began_s}")
    order_id = await street.operator.place_order(call)
    samples.accepted_s.append(CLOCK.monotonic() - began_s)
    samples.taken_at[order_id] = CLOCK.now()


async def at_a_steady_rate(rate: float, seconds: float, act: Act) -> None:
    """Begin so many acts a second whether or not earlier ones have ended: callers do not wait for each other."""
    began_s = CLOCK.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(round(rate * seconds)):
            await asyncio.sleep(max(0.0, began_s + number / rate - CLOCK.monotonic()))
            group.create_task(act(number))


async def highest_rate(seconds: float, act: Act) -> float:
    """Acts a second with sixteen clients, each beginning anew as soon as it is answered."""
    began_s = CLOCK.monotonic()
    done = 0

    async def go_on(first: int) -> None:
        nonlocal done
        number = first
        while CLOCK.monotonic() - began_s < seconds:
            await act(number)
            number += AT_ONCE
            done += 1

    await asyncio.gather(*(go_on(first) for first in range(AT_ONCE)))
    return done / (CLOCK.monotonic() - began_s)


async def see_what_was_told(street: TinyStreet, samples: Samples) -> None:
    """From the order's answer to the provider's line about it; both by this machine's clock."""
    order_of = {m.message_id: m.order_id for m in await street.databases.messages() if m.news == "received"}
    for line in read_log(street.system.provider_log):
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
        "wave_date": WAVE_DATE.isoformat(),
        "pack": "standard",
        "idempotency_key": "k",
    }
    headers = {"content-type": "application/x-www-form-urlencoded"}

    async def act(_: int) -> None:
        reply = await wire.send(Request("POST", "/desk/orders", headers, urlencode(form).encode()))
        assert reply.status == 303, reply.body

    try:
        await asyncio.to_thread(wait_for_port, port)
        await act(0)
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
        with System.start(plan_of(folder / "state")) as system:
            figures = asyncio.run(measure(system, folder / "scene", seconds, rate))
        forget(folder / "state")
    samples = figures.pop("samples")
    print(json.dumps(figures, indent=1, ensure_ascii=False))
    if out := os.environ.get("BENCH_OUT"):
        Path(out, "orders.json").write_text(json.dumps({**figures, "samples": samples}), encoding="utf-8")


if __name__ == "__main__":
    main()
