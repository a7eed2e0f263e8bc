"""`make demo`: the whole system started, the Futian days played to be watched, addresses and accounts printed.

Ctrl-C stops it; the next start goes on where it stopped; `make reset` forgets it.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from deploy.local import state
from deploy.local.launcher import SERVICES, System, SystemPlan
from deploy.local.missing import Missing
from deploy.rehearsal import street_time
from deploy.rehearsal.actors.accounts import Account, make_accounts
from deploy.rehearsal.actors.browser import World
from deploy.rehearsal.actors.resident import link_in
from deploy.rehearsal.auditor.databases import Databases
from deploy.rehearsal.history import History
from deploy.rehearsal.play import Play, Troupe
from deploy.rehearsal.quiet import Quiet
from deploy.rehearsal.scenario.plans import ScenarioError
from deploy.rehearsal.scenario.read_scenario import Scene
from deploy.rehearsal.scene_files import prepare_scene
from deploy.rehearsal.simulators.provider_log import read_log
from deploy.rehearsal.street_time import ZONE, Street
from deploy.rehearsal.trouble import Trouble
from shared.basics.clock import SystemClock
from shared.basics.randomness import SystemRandomness

# How many real minutes one day of the street lasts, unless DEMO_PACE says otherwise.
MINUTES_PER_DAY = 3.0
# Faster, no machine keeps up; slower, the street's day would be longer than a day.
LEAST_MINUTES_PER_DAY = 0.5
MOST_MINUTES_PER_DAY = 1440.0
CALLS_FROM, CALLING = time(8), timedelta(hours=11)
# From the roster's first shift on; the plan's hour is stretched over the day, so that it can be watched.
WALKS_FROM, WALKS_TO, WALKING = time(9), time(18), timedelta(hours=9)
COUNT_EVERY_S = 5.0
KEEP_TIME_EVERY_S = 5.0
LOOK_FOR_LINKS_EVERY_S = 1.0
# Every crew is on its way at the same time; how many there are in all the demo need not know.
MOST_CREWS = 80
STOPPED_BY_CTRL_C = 130


@dataclass(frozen=True, slots=True)
class Place:
    """Where the demo keeps what is its own, beside the system's state."""

    folder: Path

    @property
    def scene(self) -> Path:
        """The drawn street's files."""
        return self.folder / "scene"

    @property
    def history(self) -> Path:
        """What was asked and answered so far."""
        return self.folder / "history.jsonl"

    @property
    def clock(self) -> Path:
        """The street's time when it was last written down."""
        return self.folder / "street-time.json"

    def accounts(self) -> list[Account]:
        """The demo's staff; passwords are made once."""
        path = self.folder / "accounts.json"
        if path.exists():
            return [Account(**entry) for entry in json.loads(path.read_text())]
        accounts = make_accounts(SystemRandomness())
        state.write_private(path, json.dumps([asdict(account) for account in accounts], ensure_ascii=False))
        return accounts


class Stroll:
    """The demo's pace: calls and doors spread over the hours of the street's day."""

    def __init__(self, street: Street, quiet: Quiet) -> None:
        self._street = street
        self._quiet = quiet
        self._clock = SystemClock()
        self._counted_s = 0.0

    async def until_day(self, day: date) -> None:
        """Calls for a date begin at eight on the day before."""
        await self._until(datetime.combine(day - timedelta(days=1), CALLS_FROM, ZONE), f"calls for {day} begin")

    async def until_morning(self, day: date) -> None:
        """Crews start at nine."""
        await self._until(datetime.combine(day, WALKS_FROM, ZONE), f"crews of {day} start")

    async def until_call(self, day: date, part: float) -> None:
        """Calls are spread over the eve; a machine that is behind takes them as they come."""
        eve = datetime.combine(day - timedelta(days=1), CALLS_FROM, ZONE)
        await asyncio.sleep(max(0.0, self._real_s(eve + part * CALLING - self._street.now())))

    async def between_doors(self, doors: int) -> None:
        """Two rounds with two bags at each of so many doors fill a crew's day; after hours crews hurry."""
        if WALKS_FROM <= self._street.now().astimezone(ZONE).time() < WALKS_TO:
            await asyncio.sleep(self._real_s(WALKING) / max(1, doors * 4))

    async def until_heard(self, writer: str, reader: str) -> None:
        """As `Quiet`."""
        await self._quiet.until_heard(writer, reader)

    def say(self, text: str) -> None:
        """One line with the street's time."""
        print(f"  {self._street.now().astimezone(ZONE):%m-%d %H:%M}  {text}", flush=True)

    def count(self, text: str) -> None:
        """Not more than one line in five seconds."""
        if self._clock.monotonic() - self._counted_s > COUNT_EVERY_S:
            self._counted_s = self._clock.monotonic()
            self.say(text)

    async def _until(self, moment: datetime, what: str) -> None:
        wait_s = self._real_s(moment - self._street.now())
        if wait_s > 0:
            self.say(f"{what} at {moment:%m-%d %H:%M}, in {wait_s:.0f} s")
            await asyncio.sleep(wait_s)

    def _real_s(self, street_time: timedelta) -> float:
        return street_time.total_seconds() / self._street.clock.factor


async def play(system: System, scene: Scene, place: Place, street: Street) -> None:
    """Play what was not played yet, then keep the system up until told to stop."""
    clock = SystemClock()
    databases = Databases({name: system.database_url("auditor", name) for name in SERVICES})
    history = History(place.history, clock)
    pace = Stroll(street, Quiet(databases, clock))
    world = World.of(system.urls, history, clock, street.now)
    accounts = place.accounts()
    troupe = Troupe(
        accounts, system.admin_password, system.provider_log, operators=6, crews=MOST_CREWS, taps_a_call=1
    )
    keeping = asyncio.create_task(_keep_time(place, street))
    showing = asyncio.create_task(_show_first_status_page(system))
    try:
        stage = Play(world, scene, troupe, pace)
        await stage.open_street()
        show_places(system, accounts)
        await stage.play_dates(lambda: show_a_status_page(system))
        pace.say("all days are played; everything stays up until Ctrl-C")
        await asyncio.Event().wait()
    except* Trouble as failures:
        for failure in failures.exceptions:
            pace.say(f"the play stopped: {str(failure)[:300]}")
        pace.say("the services stay up until Ctrl-C; if this machine is too slow for the street's pace,")
        pace.say("`make reset`, then DEMO_PACE=10 make demo: a day of the street in ten minutes")
        await asyncio.Event().wait()
    finally:
        keeping.cancel()
        showing.cancel()
        street_time.keep(place.clock, street)
        history.close()
        world.close()
        await databases.close()


async def _keep_time(place: Place, street: Street) -> None:
    while True:
        street_time.keep(place.clock, street)
        await asyncio.sleep(KEEP_TIME_EVERY_S)


def show_places(system: System, accounts: Sequence[Account]) -> None:
    """Where to look, and as whom."""
    by_role = {account.role: account for account in accounts}
    orders, routing, notify = (system.urls[name] for name in SERVICES)
    pages = (
        (f"{orders}/desk", "the hotline desk: find a door, take an order", "operator"),
        (f"{orders}/orders", "every order and how far it is", "operator"),
        (f"{orders}/register", "the register and its findings", "operator"),
        (f"{orders}/zones", "zones and their classes", "officer"),
        (f"{routing}/board", "waves, rounds, unassigned orders", "dispatcher"),
        (f"{routing}/crews", "crews; a crew's phone is let in by the code shown there", "dispatcher"),
        (f"{routing}/estate", "the estate as it was matched", "dispatcher"),
        (f"{notify}/messages", "every message and its fate", "dispatcher"),
    )
    print("\nOpen in a browser (?lang=en for English):")
    for address, what, role in pages:
        print(f"  {address:<36} {what}; sign in as {by_role[role].login}")
    print(f"  {f'{orders}/staff':<36} accounts; sign in as admin")
    print(f"  {f'{routing}/crew/admission':<36} a crew's list of doors, with a code from the crews page")
    print("\nAccounts (made for this demo alone):")
    for account in accounts:
        print(f"  {account.login:<12} {account.password:<24} {account.role}")
    print(f"  {'admin':<12} {system.admin_password:<24} administrator, at {orders} only\n", flush=True)


async def _show_first_status_page(system: System) -> None:
    while True:
        if show_a_status_page(system):
            return
        await asyncio.sleep(LOOK_FOR_LINKS_EVERY_S)


def show_a_status_page(system: System) -> bool:
    """The newest message that carries a link: what a resident sees; whether there is one."""
    links = [link for line in read_log(system.provider_log)[-50:] if (link := link_in(line.text))]
    if links:
        print(f"    a resident's page: {links[-1]}", flush=True)
    return bool(links)


def read_pace(text: str) -> float:
    """How many real minutes a day of the street lasts, by DEMO_PACE; empty for the usual.

    Errors: Missing when it is no number, too small or too large.
    """
    try:
        minutes = float(text or MINUTES_PER_DAY)
    except ValueError:
        minutes = 0.0
    if not LEAST_MINUTES_PER_DAY <= minutes <= MOST_MINUTES_PER_DAY:
        span = f"{LEAST_MINUTES_PER_DAY:g} to {MOST_MINUTES_PER_DAY:g}"
        raise Missing(f"DEMO_PACE={text} is no number of minutes for a day: {span} will do")
    return minutes


def run() -> None:
    """Start everything, play, and stop in good order when told to.

    Errors: Missing, ScenarioError.
    """
    folder = state.default_folder()
    # Before anything else puts a file there: passwords and a register lie in it.
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    place = Place(folder / "demo")
    scene = prepare_scene("futian", int(os.environ.get("SEED") or "1"), None, place.scene)
    minutes = read_pace(os.environ.get("DEMO_PACE", ""))
    factor = 1440 / minutes
    street = street_time.go_on(place.clock, min(scene.days.wave_dates), factor)
    plan = SystemPlan(
        folder=folder,
        brokers=int(os.environ.get("BROKERS") or "1"),
        settings={"all": street},
    )
    print("Starting PostgreSQL, Kafka, three services and the SMS simulator …", flush=True)
    began_s = SystemClock().monotonic()
    with System.start(plan) as system:
        print(f"Ready after {SystemClock().monotonic() - began_s:.1f} s. Ctrl-C stops it.")
        print(f"A day of the street lasts {minutes:g} minutes here (DEMO_PACE); times below are the street's.")
        print(
            "Crews take the whole day for what was planned for an hour, so that they can be watched.", flush=True
        )
        asyncio.run(_until_told(play(system, scene, place, street)))
        print("\nStopping; the data is kept, `make demo` goes on from here, `make reset` forgets it.", flush=True)


async def _until_told(playing: Coroutine[None, None, None]) -> None:
    """Play until Ctrl-C or SIGTERM, then leave in good order."""
    task = asyncio.ensure_future(playing)
    for stopping in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(stopping, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def main() -> int:
    """Run the demo; what this machine lacks is one plain line and exit code 1."""
    try:
        run()
    except (Missing, ScenarioError) as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return STOPPED_BY_CTRL_C
    return 0


if __name__ == "__main__":
    sys.exit(main())
