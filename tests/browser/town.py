"""A small sealed street, filled through the same doors people use, so that every page has something to show."""

import csv
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from deploy.local.launcher import System
from deploy.rehearsal.actors.accounts import ADMINISTRATOR_LOGIN, Account, account_of, make_accounts
from deploy.rehearsal.actors.administrator import open_accounts
from deploy.rehearsal.actors.browser import World
from deploy.rehearsal.actors.crew import Crew
from deploy.rehearsal.actors.dispatcher import Dispatcher, WaveOrder
from deploy.rehearsal.actors.officer import Officer
from deploy.rehearsal.actors.operator import Call, Operator
from deploy.rehearsal.auditor.databases import Databases
from deploy.rehearsal.history import History
from deploy.rehearsal.quiet import Quiet
from deploy.rehearsal.scenario.days import ScriptedHousehold
from deploy.rehearsal.scenario.plans import MID_RISE, PLANS, WALK_UP, StreetPlan
from deploy.rehearsal.scenario.read_scenario import Scene, read_scene
from deploy.rehearsal.scenario.write_scenario import write_scenario
from shared.basics.clock import SystemClock
from shared.basics.randomness import SystemRandomness
from shared.contracts.topics import SERVICES

TODAY = date(2022, 3, 6)
# 08:00 in the street.
MORNING = datetime(2022, 3, 6, 0, 0, tzinfo=UTC)
SMALL_STREET = StreetPlan(
    name="small-street",
    title="福田街道",
    communities=("莲香社区", "榕荫社区", "海棠社区"),
    zones=3,
    zone_word="封控区",
    buildings=7,
    households=45,
    residents=130,
    residents_share=(12, 28, 30, 19, 8, 3),
    vacant=2,
    premises=0,
    styles=((MID_RISE, 60), (WALK_UP, 40)),
    drop_points_per_zone=1,
    cell_m=82.0,
    wave_dates=(TODAY,),
    sealed_days=((date(2022, 3, 2), date(2022, 3, 3), date(2022, 3, 4)),),
    packages=None,
    order_share=1.0,
    bad_rows=6,
)
SEED = 3


@dataclass(slots=True)
class Town:
    """The filled street: where it answers, who may sign in, and what stands where."""

    system: System = field(repr=False)
    urls: Mapping[str, str]
    accounts: Sequence[Account]
    admin_password: str
    provider_log: Path
    household_ids: dict[str, str] = field(default_factory=dict)
    order_ids: dict[str, str] = field(default_factory=dict)
    waves: dict[str, str] = field(default_factory=dict)
    register_path: Path = Path()
    estate_path: Path = Path()
    roster_path: Path = Path()
    free_doors: list[str] = field(default_factory=list)
    fresh_crew: str = ""
    walking_crew: str = ""

    def password(self, role: str) -> tuple[str, str]:
        """Sign-in name and password of the account that bears this role."""
        if role == "administrator":
            return ADMINISTRATOR_LOGIN, self.admin_password
        account = account_of(list(self.accounts), role)
        return account.login, account.password


def write_small_street(folder: Path) -> Scene:
    """Draw the street, take one building out of the estate file, and leave the last zone without crews."""
    PLANS[SMALL_STREET.name] = SMALL_STREET
    write_scenario(SMALL_STREET.name, SEED, folder)
    scene = read_scene(folder, (), SEED)
    drops = [drop.id for drop in scene.street.drop_points if drop.zone == scene.street.zones[-1].id]
    _without_crews_at(folder / "roster.csv", drops)
    gone = next(b.id for b in scene.street.buildings if b.compound.startswith(scene.street.zones[1].id))
    _without_building(folder / "estate.geojson", gone)
    return scene


def _without_crews_at(path: Path, drops: Sequence[str]) -> None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows = [row for row in reader if row["drop_point"] not in drops]
        names = list(reader.fieldnames or ())
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def _without_building(path: Path, building: str) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    document["features"] = [
        feature
        for feature in document["features"]
        if feature["id"] != building and feature["properties"].get("building") != building
    ]
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


class TownMaker:
    """Fills a running system with the small street."""

    def __init__(self, system: System, scene: Scene) -> None:
        self._scene = scene
        self._clock = SystemClock()
        randomness = SystemRandomness()
        history = History(system.state.folder / "history.jsonl", self._clock)
        self._world = World.of(system.urls, history, self._clock, system.state.clock.now)
        self._databases = Databases({name: system.database_url("auditor", name) for name in SERVICES})
        self._quiet = Quiet(self._databases, self._clock)
        accounts = make_accounts(randomness)
        self.town = Town(system, system.urls, accounts, system.admin_password, system.provider_log)
        self.town.register_path = scene.register_path
        self.town.estate_path, self.town.roster_path = scene.estate_path, scene.roster_path
        self._officer = Officer(self._world, account_of(accounts, "officer"))
        self._operator = Operator(self._world, account_of(accounts, "operator"))
        self._dispatcher = Dispatcher(self._world, account_of(accounts, "dispatcher"))

    async def fill(self) -> Town:
        """Register, estate, crews; one zone on its way, one planned, one without crews; one order of each fate."""
        await self._open_street()
        first, second, third = (self._of_zone(zone.id) for zone in self._scene.street.zones)
        await self._order(first)
        await self._quiet.until_heard("orders", "routing")
        self.town.waves["released"] = await self._wave(released=True)
        await self._begin_rounds()
        await self._order([*second[:-2], *third[:3]])
        self.town.free_doors = self._doors_of_one_home(third[3:])
        await self._quiet.until_heard("orders", "routing")
        self.town.waves["planned"] = await self._wave(released=False)
        await self._order(second[-2:])
        await self._operator.cancel_order(self.town.order_ids[second[-1].id])
        await self._quiet.until_heard("orders", "notify")
        await self._quiet.until_heard("routing", "notify")
        await self._quiet.until_heard("routing", "orders")
        await self._databases.close()
        self._world.close()
        return self.town

    async def _open_street(self) -> None:
        await open_accounts(self._world, self.town.admin_password, self.town.accounts)
        await self._officer.sign_in()
        await self._officer.seal_zones(self._scene.street)
        await self._operator.sign_in()
        await self._operator.import_register(self._scene.register_path)
        await self._officer.mark_positive_buildings(self._scene.street)
        await self._dispatcher.sign_in()
        await self._dispatcher.import_estate(self._scene.estate_path)
        await self._dispatcher.import_roster(self._scene.roster_path)
        await self._quiet.until_heard("orders", "routing")

    def _doors_of_one_home(self, households: Sequence[ScriptedHousehold]) -> list[str]:
        """The doors as a caller says them, `5-1-1802`, that no other compound has too."""
        said = Counter(_as_said(each) for each in self._scene.days.households)
        return [door for each in households if (door := _as_said(each)) and said[door] == 1]

    def _of_zone(self, zone: str) -> list[ScriptedHousehold]:
        return [household for household in self._scene.days.households if household.zone == zone]

    async def _order(self, households: Sequence[ScriptedHousehold]) -> None:
        for number, household in enumerate(households):
            found = await self._operator.find_household(household.door)
            self.town.household_ids[household.id] = found
            extras = (("MILK", 1), ("RICE", 2)) if number % 3 == 0 else ()
            self.town.order_ids[household.id] = await self._operator.place_order(Call(found, TODAY, extras))

    async def _wave(self, *, released: bool) -> str:
        wave_id = await self._dispatcher.make_wave(WaveOrder(TODAY, 1))
        await self._dispatcher.wait_for_plan(wave_id)
        if released:
            await self._dispatcher.release_wave(wave_id)
        return wave_id

    async def _begin_rounds(self) -> None:
        """One crew is half-way through its round, another has not begun."""
        wave = await self._dispatcher.see_wave(self.town.waves["released"])
        crews = list(dict.fromkeys(str(each["crew_id"]) for each in wave["rounds"]))
        self.town.walking_crew, self.town.fresh_crew = crews[0], crews[-1]
        crew = Crew(self._world, crews[0])
        await crew.enter(await self._dispatcher.admit_crew(crews[0]))
        walked = await crew.see_round()
        assert walked is not None
        stops = list(walked["stops"])
        await self._say(crew, walked, "round_loaded", {"short": _short(stops[2])})
        await self._say(crew, walked, "delivered", {}, stops[0]["stop_id"])
        await self._say(crew, walked, "not_delivered", {"reason": "no_answer"}, stops[1]["stop_id"])

    async def _say(
        self, crew: Crew, walked: Mapping[str, Any], kind: str, payload: Mapping[str, Any], stop: str | None = None
    ) -> None:
        await crew._say(walked, [crew._event(walked, kind, payload, stop)])


def _as_said(household: ScriptedHousehold) -> str:
    parts = (household.door.building, household.door.entrance or "")
    numbers = ["".join(sign for sign in part if sign.isdigit()) for part in parts]
    return "-".join([*numbers, household.door.room]) if all(numbers) else ""


def _short(stop: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"bag_id": stop["bags"][0]["bag_id"], "reason": "short"}] if len(stop["bags"]) > 1 else []
