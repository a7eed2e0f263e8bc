"""Runs a service's background loops beside its pages; a loop that dies takes the process with it."""

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from shared.observability.logs import get_log

# A loop runs until told to stop; returning earlier, or any error, counts as its death.
Loop = Callable[[asyncio.Event], Awaitable[None]]

# EX_SOFTWARE of sysexits.h: the launcher sees that it was no ordinary stop, and starts the process again.
EXIT_OF_A_DEAD_LOOP: Final = 70
_STOP_LIMIT_S: Final = 2.5
_log = get_log("loops")


def end_process(loop: str) -> None:
    """End this process at once: half a service is worse than one that is started again."""
    _log.critical("process_ends", loop=loop, pid=os.getpid())
    logging.shutdown()
    sys.stderr.flush()
    sys.stdout.flush()
    os._exit(EXIT_OF_A_DEAD_LOOP)


class RunningLoops:
    """The loops of one process while they run."""

    def __init__(self, loops: Mapping[str, Loop], on_death: Callable[[str], None]) -> None:
        self._stop = asyncio.Event()
        self._on_death = on_death
        self._tasks = [
            asyncio.create_task(self._supervise(name, loop), name=f"loop-{name}") for name, loop in loops.items()
        ]

    async def stop(self) -> None:
        """Ask all loops to stop, and cancel those that have not within two and a half seconds."""
        self._stop.set()
        if not self._tasks:
            return
        _, slow = await asyncio.wait(self._tasks, timeout=_STOP_LIMIT_S)
        for task in slow:
            _log.warning("loop_cancelled", loop=task.get_name())
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    async def _supervise(self, name: str, loop: Loop) -> None:
        try:
            await loop(self._stop)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  (whatever killed it, the process must not go on without it)
            _log.critical("loop_died", loop=name, exc_info=error)
            self._on_death(name)
            return
        if not self._stop.is_set():
            _log.critical("loop_returned", loop=name)
            self._on_death(name)
