"""The loop that takes plan requests, as many at once as there are planners."""

import asyncio
import contextlib
from dataclasses import dataclass, field

from services.routing.actions.waves.run_plan_request import PlanEnd, PlannerParts, run_plan_request
from services.routing.actions.waves.run_replan import run_replan
from shared.database.session import is_passing_trouble
from shared.observability.health import Heartbeats
from shared.observability.logs import get_log
from shared.observability.metrics import plan_solve_seconds, plans_made

# How often an idle planner looks without being woken: another process may have made the wave.
_LOOK_EVERY_S = 0.5
_PAUSE_AFTER_TROUBLE_S = 1.0

_log = get_log("plan")


@dataclass
class PlanLoop:
    """Plans until told to stop. `wake` makes idle planners look at once."""

    parts: PlannerParts
    workers: int
    heartbeats: Heartbeats
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """A plan was asked for."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Plan until told to stop; the solver's process ends with the loop."""
        try:
            await self.parts.solver.start()
            async with asyncio.TaskGroup() as group:
                for _ in range(self.workers):
                    group.create_task(self._plan_forever(stop))
        finally:
            await self.parts.solver.close()

    async def _plan_forever(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self.heartbeats.beat("plan")
            try:
                end = await self._one()
            except Exception as error:
                if not is_passing_trouble(error):
                    raise
                _log.warning("plan_waits", reason=type(error).__name__)
                await self._wait(stop, _PAUSE_AFTER_TROUBLE_S)
                continue
            if end is PlanEnd.NOTHING_TO_DO:
                self._woken.clear()
                await self._wait(stop, _LOOK_EVERY_S)

    async def _one(self) -> PlanEnd:
        began_s = self.parts.clock.monotonic()
        end = await run_plan_request(self.parts)
        if end is PlanEnd.NOTHING_TO_DO:
            # Waves first: running plans are looked into while nobody waits for a new one.
            end = await run_replan(self.parts)
        if end is not PlanEnd.NOTHING_TO_DO:
            took_s = self.parts.clock.monotonic() - began_s
            plans_made.labels(end.value).inc()
            plan_solve_seconds.observe(took_s)
            _log.info("plan_ended", outcome=end.value, took_s=round(took_s, 3))
        return end

    async def _wait(self, stop: asyncio.Event, pause_s: float) -> None:
        waits = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(self._woken.wait())]
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait(waits, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
