"""A service started once with a deadly crash point in it; when it has died, the launcher's own takes its place."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deploy.local.launcher import CHECKOUT, READY_PATH, System
from deploy.rehearsal.actors.http_wire import NoAnswer, Request, Wire
from shared.testing.eventually import eventually

READY_WITHIN_S = 60.0


@asynccontextmanager
async def armed(system: System, service: str, point: str) -> AsyncIterator[None]:
    """Run the block with the service armed.

    Errors: AssertionError when the block ends and the service never came to its point.
    """
    await asyncio.to_thread(system.stop_one, service)
    with system.log_path(f"{service}-armed").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"services.{service}.main"),
            cwd=CHECKOUT,
            env={**os.environ, **system.service_settings(service), "CRASH_AT": point},
            stdout=log,
            stderr=log,
        )
    follower = asyncio.create_task(_take_its_place(system, service, process))
    try:
        await _until_ready_or_dead(system, service, process)
        yield
        assert process.returncode == -signal.SIGKILL, f"{service} never came to {point}"
    finally:
        if process.returncode is None:
            process.kill()
        await follower


async def _take_its_place(system: System, service: str, process: asyncio.subprocess.Process) -> None:
    await process.wait()
    await asyncio.to_thread(system.start_one, service)


async def _until_ready_or_dead(system: System, service: str, process: asyncio.subprocess.Process) -> None:
    wire = Wire("127.0.0.1", getattr(system.plan.ports, service))
    try:
        await eventually(lambda: _is_dead_or_ready(process, wire), READY_WITHIN_S)
    finally:
        wire.close()


async def _is_dead_or_ready(process: asyncio.subprocess.Process, wire: Wire) -> bool:
    if process.returncode is not None:
        return True
    try:
        return (await wire.send(Request("GET", READY_PATH))).status == 200
    except NoAnswer:
        return False
