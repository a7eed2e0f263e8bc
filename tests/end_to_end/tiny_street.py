"""A whole system with a street of forty homes on it, and the people who act there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from deploy.local.launcher import SERVICES, Ports, System, SystemPlan
from deploy.rehearsal.actors.accounts import Account, account_of, make_accounts
from deploy.rehearsal.actors.browser import World
from deploy.rehearsal.actors.crew import Crew, DoorPlan, Manner
from deploy.rehearsal.actors.dispatcher import Dispatcher, WaveOrder
from deploy.rehearsal.actors.operator import Call, Operator
from deploy.rehearsal.auditor.databases import Databases
from deploy.rehearsal.history import History, read_history
from deploy.rehearsal.play import Play, Troupe
from deploy.rehearsal.quiet import Quiet
from deploy.rehearsal.scenario import plans
from deploy.rehearsal.scenario.plans import FUTIAN
from deploy.rehearsal.scenario.read_scenario import Scene, read_scene
from deploy.rehearsal.scenario.write_scenario import Scenario, write_scenario
from deploy.rehearsal.street_time import ZONE, Street
from shared.basics.clock import SystemClock
from shared.basics.randomness import SystemRandomness

WAVE_DATE = date(2022, 3, 2)
# A minute of the street passes in a second: "delivered" is told soon, and night is a quarter of an hour away.
FACTOR = 60.0
TINY = replace(
    FUTIAN,
    name="tiny",
    communities=("莲香社区", "榕荫社区"),
    zones=2,
    buildings=8,
    households=40,
    residents=117,
    vacant=2,
    wave_dates=(WAVE_DATE, date(2022, 3, 4)),
    sealed_days=((date(2022, 2, 25), date(2022, 2, 26)),),
    packages=None,
    bad_rows=4,
)


def write_tiny(folder: Path) -> Scenario:
    """Write the street's files into the folder."""
    plans.PLANS["tiny"] = TINY
    try:
        return write_scenario("tiny", 1, folder)
    finally:
        del plans.PLANS["tiny"]


def plan_of(folder: Path, **settings: dict[str, str]) -> SystemPlan:
    """A system whose street is at nine in the morning of its first wave."""
    street = Street(datetime.combine(WAVE_DATE, time(9), ZONE), FACTOR)
    return SystemPlan(folder=folder, ports=Ports.free(), settings={"all": street, **settings})


class NoPace:
    """Nobody waits for anything but news."""

    def __init__(self, quiet: Quiet) -> None:
        self._quiet = quiet

    async def until_day(self, day: date) -> None:
        """It is the day."""

    async def until_morning(self, day: date) -> None:
        """It is morning."""

    async def until_call(self, day: date, part: float) -> None:
        """At once."""

    async def between_doors(self, doors: int) -> None:
        """At once."""

    async def until_heard(self, writer: str, reader: str) -> None:
        """As `Quiet`."""
        await self._quiet.until_heard(writer, reader)

    def say(self, text: str) -> None:
        """Nothing."""

    def count(self, text: str) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class TinyStreet:
    """The system, its street and its people; opened and signed in."""

    system: System
    scenario: Scenario
    scene: Scene
    world: World
    accounts: Sequence[Account]
    databases: Databases
    quiet: Quiet
    operator: Operator
    dispatcher: Dispatcher

    async def household(self, number: int) -> str:
        """The id of the script's household by its place in the script."""
        return await self.operator.find_household(self.scene.days.households[number].door)

    async def order(self, number: int) -> str:
        """An order for the wave date by this household."""
        return await self.operator.place_order(
            Call(
                await self.household(number), WAVE_DATE, has_another=True, tag=SystemRandomness().token_urlsafe(6)
            )
        )

    async def release_wave(self) -> dict[str, Any]:
        """A wave of all that waits, planned and released."""
        await self.quiet.until_heard("orders", "routing")
        wave_id = await self.dispatcher.make_wave(WaveOrder(WAVE_DATE, plan_seconds=1))
        wave = await self.dispatcher.wait_for_plan(wave_id, 60)
        await self.dispatcher.release_wave(wave_id)
        return dict(wave)

    async def walk(self, wave: dict[str, Any]) -> None:
        """Every round of the wave, all bags at their doors."""
        for each in wave["rounds"]:
            crew = Crew(self.world, each["crew_id"])
            await crew.enter(await self.dispatcher.admit_crew(each["crew_id"]))
            crew_round = await crew.see_round()
            assert crew_round is not None
            await crew.walk(crew_round, lambda _: DoorPlan(), Manner(self._at_once))

    async def close(self) -> None:
        """Let go of files and connections."""
        self.world.history.close()
        self.world.close()
        await self.databases.close()

    async def _at_once(self, _: int) -> None:
        """No rest between doors."""


async def open_tiny_street(system: System, folder: Path) -> TinyStreet:
    """Accounts, zones, register, estate and roster by HTTP, then everybody signed in."""
    scenario = write_tiny(folder)
    scene = read_scene(folder, (), 1)
    clock = SystemClock()
    databases = Databases({name: system.database_url("auditor", name) for name in SERVICES})
    quiet = Quiet(databases, clock, within_s=60)
    street = system.plan.settings["all"]
    street_now = street.now if isinstance(street, Street) else system.state.clock.now
    world = World.of(system.urls, History(folder / "history.jsonl", clock), clock, street_now)
    accounts = make_accounts(SystemRandomness())
    troupe = Troupe(accounts, system.admin_password, system.provider_log, operators=2)
    await Play(world, scene, troupe, NoPace(quiet)).open_street()
    operator = Operator(world, account_of(accounts, "operator"))
    dispatcher = Dispatcher(world, account_of(accounts, "dispatcher"))
    await operator.sign_in()
    await dispatcher.sign_in()
    return TinyStreet(system, scenario, scene, world, accounts, databases, quiet, operator, dispatcher)


def correlation_of_order(street: TinyStreet, order_id: str) -> str:
    """The correlation id that the operator's browser was answered with."""
    for line in read_history(street.world.history.path):
        if line.deed.act == "order" and order_id in str(line.answer.get("location")):
            return str(line.answer["correlation_id"])
    raise AssertionError(f"no answer names {order_id}")
