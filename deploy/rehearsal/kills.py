"""SIGKILLs at moments drawn from KILL_SEED: each service, the broker and PostgreSQL, while orders are open."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from deploy.local.launcher import SERVICES, System
from deploy.rehearsal.auditor.databases import DatabaseAway, Databases
from shared.basics.clock import Clock

LEAST_OPEN = 50
# Moments are drawn from this range, counted from the recovery of the one killed before. Units: real seconds.
PAUSE_S = (1.0, 6.0)
LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class KillPlan:
    """What is to be killed; `wipes` takes the broker's disk away in mid-run."""

    kills: bool = False
    seed: int = 1
    wipes: bool = False
    least_open: int = LEAST_OPEN

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "KillPlan":
        """DRILL_KILL=1, KILL_SEED, DRILL_WIPE=1, KILL_OPEN (how many orders must be open; 50)."""
        return cls(
            environment.get("DRILL_KILL") == "1",
            int(environment.get("KILL_SEED") or "1"),
            environment.get("DRILL_WIPE") == "1",
            int(environment.get("KILL_OPEN") or str(LEAST_OPEN)),
        )

    @property
    def is_any(self) -> bool:
        """Whether anything is to be broken at all."""
        return self.kills or self.wipes


class Killer:
    """Works through its list beside the play; the launcher brings back what it kills."""

    def __init__(self, system: System, databases: Databases, plan: KillPlan, clock: Clock) -> None:
        self.done: list[dict[str, Any]] = []
        self._system = system
        self._databases = databases
        self._clock = clock
        self._least_open = plan.least_open
        self._chance = random.Random(f"{plan.seed}/kills")  # noqa: S311  (a kill plan is to be repeatable)
        self._began_s = clock.monotonic()
        self._list = self._draw(plan)
        self._task: asyncio.Task[None] | None = None
        self._is_over = False

    @property
    def unfinished(self) -> list[str]:
        """What should have been killed and was not: the play ended too early."""
        return [f"{target} was not killed: too few orders were open" for target in self._list[len(self.done) :]]

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Kill while the block runs; what is left on the list at its end is not killed any more."""
        self._task = asyncio.create_task(self._work())
        try:
            yield
        finally:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def until_done(self) -> None:
        """Begin no more kills and see the one that is under way through: the services are to come to rest."""
        self._is_over = True
        if self._task is not None:
            await self._task

    def _draw(self, plan: KillPlan) -> list[str]:
        brokers = [name for name in self._system.names if name.startswith("broker")]
        targets = [*SERVICES, self._chance.choice(brokers), "postgres"] if plan.kills else []
        self._chance.shuffle(targets)
        if plan.wipes:
            targets.insert(len(targets) // 2, "broker's disk")
        return targets

    async def _work(self) -> None:
        for target in self._list:
            await asyncio.sleep(self._chance.uniform(*PAUSE_S))
            open_orders = await self._until_enough_open()
            if open_orders is None:
                return
            at_s = round(self._clock.monotonic() - self._began_s, 2)
            pid = await asyncio.to_thread(self._kill, target)
            self.done.append({"target": target, "pid": pid, "time": at_s, "open": open_orders})
            if target != "broker's disk":
                await asyncio.to_thread(self._system.wait_until_ready, target)

    async def _until_enough_open(self) -> int | None:
        while not self._is_over:
            try:
                count = await self._databases.open_orders()
            except DatabaseAway:
                count = 0
            if count >= self._least_open:
                return count
            await asyncio.sleep(LOOK_EVERY_S)
        return None

    def _kill(self, target: str) -> int:
        if target == "broker's disk":
            pid = self._system.pid("broker") or 0
            self._system.wipe_broker()
            return pid
        return self._system.kill(target)
