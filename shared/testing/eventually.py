"""Waiting in tests: ask again until it is so, never sleep and hope."""

import asyncio
from collections.abc import Awaitable, Callable


async def eventually(condition: Callable[[], Awaitable[bool]], within_s: float = 10.0) -> None:
    """Return as soon as the condition holds.

    Errors: AssertionError when it does not within the time.
    """
    deadline_s = asyncio.get_running_loop().time() + within_s
    while not await condition():
        if asyncio.get_running_loop().time() > deadline_s:
            message = f"not so within {within_s} s"
            raise AssertionError(message)
        await asyncio.sleep(0.01)
