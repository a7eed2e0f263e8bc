"""`make drill`: plays a scene as fast as it goes, then lets the auditor judge; the last line is JSON."""

import asyncio
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from deploy.local.launcher import Ports, System, SystemPlan, forget
from deploy.local.missing import Missing
from deploy.rehearsal.actors.accounts import make_accounts
from deploy.rehearsal.actors.browser import World
from deploy.rehearsal.auditor.audit import Audit
from deploy.rehearsal.auditor.databases import Databases
from deploy.rehearsal.history import History
from deploy.rehearsal.kills import Killer, KillPlan
from deploy.rehearsal.memory import MemoryWatch
from deploy.rehearsal.planted import Plant
from deploy.rehearsal.play import Play, Troupe
from deploy.rehearsal.quiet import Quiet
from deploy.rehearsal.scenario.plans import ScenarioError
from deploy.rehearsal.scenario.read_scenario import Scene
from deploy.rehearsal.scene_files import prepare_scene
from deploy.rehearsal.street_time import ZONE, Street
from deploy.rehearsal.trouble import Trouble
from shared.basics.clock import Clock, SystemClock
from shared.basics.randomness import SystemRandomness
from shared.contracts.topics import SERVICES

# How many orders a second go from the first call to the closed round, all in, on two cores. On a faster street the
# last wave's orders would come when their date is over: they are refused, as they should be.
ORDERS_PER_S = 30.0
DAYS_AHEAD = 5
DAYS_BETWEEN_WAVES_S = 2 * 86_400.0
FASTEST, SLOWEST = 7200.0, 60.0
# From the start of the first service to the first call.
SET_UP_S = 12.0
# Search seconds a drop point: less than people would give it, for nobody waits for these rounds.
PLAN_SECONDS = 1
COUNT_EVERY_S = 5.0
# Shares of the processors that others leave us: below the first it is as if there were so much; above the second
# they are as good as away.
LEAST_IDLE, BARELY_USED = 0.25, 0.9


@dataclass(frozen=True, slots=True)
class Wish:
    """What the environment asks of this drill."""

    scenario: str
    seed: int
    given: Path | None
    brokers: int
    kills: KillPlan
    plant: Plant
    factor: float | None
    folder: Path | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Wish":
        """SCENARIO, SEED, INPUT, BROKERS, DRILL_KILL, KILL_SEED, DRILL_WIPE, PLANT, DRILL_FACTOR, DRILL_FOLDER."""
        given, factor, folder = (environment.get(name) for name in ("INPUT", "DRILL_FACTOR", "DRILL_FOLDER"))
        return cls(
            scenario=environment.get("SCENARIO") or "futian",
            seed=int(environment.get("SEED") or "1"),
            given=Path(given) if given else None,
            brokers=int(environment.get("BROKERS") or "1"),
            kills=KillPlan.from_environment(environment),
            plant=Plant.of(environment.get("PLANT") or ""),
            factor=float(factor) if factor else None,
            folder=Path(folder) if folder else None,
        )


class Hurry:
    """The drill's pace: no pauses but those the calendar asks for."""

    def __init__(self, street: Street, quiet: Quiet, clock: Clock) -> None:
        self._street = street
        self._quiet = quiet
        self._clock = clock
        self._began_s = clock.monotonic()
        self._counted_s = self._began_s

    async def until_day(self, day: date) -> None:
        """Orders for a date are taken from five days before it, so calls never wait for crews."""
        await self._until(datetime.combine(day - timedelta(days=DAYS_AHEAD), time(0), ZONE))

    async def until_morning(self, day: date) -> None:
        """Nobody knocks at a door before seven on the wave's date."""
        await self._until(datetime.combine(day, time(7), ZONE))

    async def until_call(self, day: date, part: float) -> None:
        """The next call is there already."""

    async def between_doors(self, doors: int) -> None:
        """Crews run."""

    async def until_heard(self, writer: str, reader: str) -> None:
        """As `Quiet`."""
        await self._quiet.until_heard(writer, reader)

    async def _until(self, moment: datetime) -> None:
        wait_s = (moment - self._street.now()).total_seconds() / self._street.clock.factor
        if wait_s > 0:
            self.say(f"waiting {wait_s:.1f} s until it is {moment:%m-%d %H:%M} in the street")
            await asyncio.sleep(wait_s)

    def say(self, text: str) -> None:
        """Progress on standard error, with real and street time."""
        street = self._street.now().astimezone(ZONE)
        print(f"{self._clock.monotonic() - self._began_s:6.1f} s  {street:%m-%d %H:%M}  {text}", file=sys.stderr)

    def count(self, text: str) -> None:
        """Every five seconds."""
        if self._clock.monotonic() - self._counted_s > COUNT_EVERY_S:
            self._counted_s = self._clock.monotonic()
            self.say(text)


def clock_factor(scene: Scene, wish: Wish, busy: float) -> float:
    """How fast the street lives: two days last as long as the biggest wave needs; twice that with kills."""
    if wish.factor is not None:
        return wish.factor
    biggest = max(sum(order.wave_date == day for order in scene.days.orders) for day in scene.days.wave_dates)
    factor = DAYS_BETWEEN_WAVES_S / (biggest / ORDERS_PER_S) / busy
    return max(SLOWEST, min(FASTEST / busy, factor / (2 if wish.kills.is_any else 1)))


def busyness() -> float:
    """How many times slower everything goes because others work on this machine; 1 when it is ours alone.

    Looked at for half a second now: the load average still counts what ended a minute ago.
    """
    idle = 1 - psutil.cpu_percent(interval=0.5) / 100
    return 1 / max(LEAST_IDLE, idle) if idle < BARELY_USED else 1.0


def system_plan(street: Street, wish: Wish, folder: Path) -> SystemPlan:
    """A system of its own, on free ports, living in the street's time."""
    return SystemPlan(
        folder=folder,
        ports=Ports.free(wish.brokers),
        brokers=wish.brokers,
        settings={"all": street, **wish.plant.settings},
    )


def street_of(scene: Scene, wish: Wish) -> Street:
    """A street that wakes up a little before the midnight of the first wave's eve."""
    busy = busyness()
    factor = clock_factor(scene, wish, busy)
    eve = datetime.combine(min(scene.days.wave_dates) - timedelta(days=1), time(0), ZONE)
    return Street(eve - timedelta(seconds=SET_UP_S * min(2.0, busy) * factor), factor)


def run(wish: Wish, folder: Path) -> dict[str, Any]:
    """One whole drill in this folder; gives the verdict's JSON.

    Errors: Missing, ScenarioError when it could not begin.
    """
    clock = SystemClock()
    began_s = clock.monotonic()
    scene = prepare_scene(wish.scenario, wish.seed, wish.given, folder / "scene")
    # A folder that was named is kept afterwards to look into, and begun anew each time.
    forget(folder / "state")
    starts_s = clock.monotonic()
    street = street_of(scene, wish)
    with System.start(system_plan(street, wish, folder / "state")) as system:
        ready_s = clock.monotonic() - starts_s
        print(f"ready after {ready_s:.1f} s on {system.urls}", file=sys.stderr)
        with MemoryWatch(partial(_pids, system)) as memory:
            report = asyncio.run(Drill(system, street, scene, wish).run())
        report["ready_s"] = round(ready_s, 2)
        report["memory_peak_mib"] = memory.peak_mib
        report["memory_by_process_mib"] = memory.peak_by_name
        report["cpu_s_by_process"] = memory.cpu_s_by_name
    report["elapsed_s"] = round(clock.monotonic() - began_s, 1)
    return report


class Drill:
    """One scene on one running system."""

    def __init__(self, system: System, street: Street, scene: Scene, wish: Wish) -> None:
        self._system = system
        self._street = street
        self._scene = scene
        self._wish = wish
        self._clock = clock = SystemClock()
        self._databases = Databases({name: system.database_url("auditor", name) for name in SERVICES})
        self._quiet = Quiet(self._databases, clock)

    async def run(self) -> dict[str, Any]:
        """Play, rest, audit."""
        randomness = SystemRandomness()
        history = History(self._system.state.folder / "history.jsonl", self._clock)
        world = World.of(self._system.urls, history, self._clock, self._street.now)
        troupe = Troupe(
            make_accounts(randomness),
            self._system.admin_password,
            self._system.provider_log,
            plan_seconds=PLAN_SECONDS,
        )
        pace = Hurry(self._street, self._quiet, self._clock)
        play = Play(world, self._scene, troupe, pace)
        killer = Killer(self._system, self._databases, self._wish.kills, self._clock)
        trouble: list[str] = []
        try:
            await play.open_street()
            async with self._wish.plant.at_work(self._system):
                async with killer.at_work():
                    await play.play_dates()
                    await killer.until_done()
                pace.say("waiting until everything rests")
                await self._quiet.until_rest()
        except* Trouble as failures:
            trouble = [f"{type(each).__name__}: {each}" for each in _leaves(failures)]
            pace.say("; ".join(trouble)[:500])
        pace.say("auditing")
        return await self._report(history, killer, trouble, pace)

    async def _report(
        self, history: History, killer: Killer, trouble: Sequence[str], pace: Hurry
    ) -> dict[str, Any]:
        history.close()
        audit = Audit(self._databases, self._system.kafka("auditor"), self._system.provider_log, history.path)
        verdict, facts = await audit.run(asdict(self._scene.expected), ZONE)
        logins = await self._databases.logins()
        await self._databases.close()
        pace.say("judged; stopping")
        reasons = [*trouble, *killer.unfinished, *verdict.reasons]
        return {
            "scenario": "input" if self._wish.given else self._wish.scenario,
            "seed": self._wish.seed,
            "ok": not reasons,
            "reasons": reasons,
            "machine": _machine(),
            "broker": facts["broker"],
            "postgres": facts["postgres"],
            "processes": list(_processes(self._system, logins)),
            **verdict.figures,
            "kills": killer.done,
            "clock_factor": self._street.clock.factor,
        }


def _leaves(group: BaseExceptionGroup[Exception]) -> Iterable[Exception]:
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from _leaves(each)
        else:
            yield each


def _processes(system: System, logins: Mapping[str, Sequence[str]]) -> Iterable[dict[str, Any]]:
    for name in system.names:
        yield {"name": name, "pid": system.pid(name), "login": ", ".join(logins.get(name, [])) or None}


def _pids(system: System) -> list[int]:
    return [pid for name in system.names if (pid := system.pid(name)) is not None]


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release()}"


def main() -> int:
    """Run one drill; exit code 0 only if all is well, 2 when it could not begin."""
    wish = Wish.from_environment(os.environ)
    with TemporaryDirectory(prefix="baimi-drill-") as spare:
        folder = wish.folder or Path(spare)
        try:
            report = run(wish, folder)
        except (Missing, ScenarioError) as problem:
            print(problem, file=sys.stderr)
            return 2
        finally:
            if wish.folder is None:
                forget(folder / "state")
    for reason in report["reasons"]:
        print(f"NOT WELL: {reason}", file=sys.stderr)
    print(json.dumps(report, ensure_ascii=False))
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
