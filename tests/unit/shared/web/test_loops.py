"""Half a service is worse than one that is started again."""

import asyncio

import pytest

from shared.testing.eventually import eventually
from shared.web.loops import Loop, RunningLoops


async def until_stopped(stop: asyncio.Event) -> None:
    await stop.wait()


async def fails(_: asyncio.Event) -> None:
    raise RuntimeError("gone")


async def returns(_: asyncio.Event) -> None:
    return


@pytest.mark.parametrize("loop", [fails, returns])
async def test_a_loop_that_dies_or_returns_is_reported(loop: Loop) -> None:
    died: list[str] = []

    async def has_died() -> bool:
        return bool(died)

    running = RunningLoops({"relay": until_stopped, "consumer": loop}, died.append)
    await eventually(has_died)
    await running.stop()
    assert died == ["consumer"]


async def test_loops_that_stop_when_told_are_no_deaths() -> None:
    died: list[str] = []
    running = RunningLoops({"relay": until_stopped}, died.append)
    await asyncio.sleep(0)
    await running.stop()
    assert died == []


async def test_a_loop_that_will_not_stop_is_cancelled_within_three_seconds() -> None:
    cancelled = asyncio.Event()

    async def stubborn(_: asyncio.Event) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    running = RunningLoops({"stubborn": stubborn}, lambda _: None)
    await asyncio.sleep(0)
    async with asyncio.timeout(3):
        await running.stop()
    assert cancelled.is_set()
