"""Plays a scene day by day through the doors that people use; the drill hurries, the demo takes its time."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol, TypeVar

from deploy.rehearsal.actors.accounts import Account, account_of
from deploy.rehearsal.actors.administrator import open_accounts
from deploy.rehearsal.actors.browser import GaveUp, Refused, World
from deploy.rehearsal.actors.crew import MOST_EVENTS, Crew, DoorPlan, Manner
from deploy.rehearsal.actors.dispatcher import Dispatcher, WaveOrder
from deploy.rehearsal.actors.officer import Officer
from deploy.rehearsal.actors.operator import Call, Operator
from deploy.rehearsal.actors.resident import link_in, open_link
from deploy.rehearsal.history import Deed, Kind, Line, placed_order, read_history
from deploy.rehearsal.scenario.days import Outcome, ScriptedOrder
from deploy.rehearsal.scenario.read_scenario import Scene
from deploy.rehearsal.simulators.provider_log import read_log

Thing = TypeVar("Thing")
DATE_PLAYED = "date_played"
TRIES_AT_THE_DOOR = 5
FORBIDDEN = 403


class Pace(Protocol):
    """How fast the street lives, and how the play knows that news has arrived everywhere."""

    async def until_day(self, day: date) -> None:
        """Wait until the hotline takes orders for this wave date."""

    async def until_morning(self, day: date) -> None:
        """Wait until crews may knock on this date."""

    async def until_call(self, day: date, part: float) -> None:
        """Wait for a call for this wave date; `part` of the calls, 0 to 1, came before it."""

    async def between_doors(self, doors: int) -> None:
        """Wait as long as a crew needs to the next door of a round with so many."""

    async def until_heard(self, writer: str, reader: str) -> None:
        """Wait until one service has heard what another has said up to now."""

    def say(self, text: str) -> None:
        """Show one line of progress."""

    def count(self, text: str) -> None:
        """Show a figure that grows; now and then is enough."""


@dataclass(frozen=True, slots=True)
class Troupe:
    """Who plays, and how many at the same time."""

    accounts: Sequence[Account]
    admin_password: str
    provider_log: Path
    operators: int = 6
    recallers: int = 2
    crews: int = 4
    curious_residents: int = 12
    plan_seconds: int | None = None
    taps_a_call: int = MOST_EVENTS


@dataclass(slots=True)
class Played:
    """What the play has learnt: who lives where, which order is which, which dates are over."""

    household_ids: dict[str, str] = field(default_factory=dict)
    order_ids: dict[str, str] = field(default_factory=dict)
    dates: set[str] = field(default_factory=set)
    register: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "Played":
        """What an earlier start left in the history."""
        done = [line for line in lines if line.kind is Kind.OK]
        played = cls(dates={line.deed.what["day"] for line in done if line.deed.act == DATE_PLAYED})
        for line in done:
            if line.deed.act == "order":
                played.order_ids[line.deed.what["tag"]] = placed_order(line)
        return played


class Play:
    """One scene, played once."""

    def __init__(self, world: World, scene: Scene, troupe: Troupe, pace: Pace) -> None:
        self.played = Played.of(read_history(world.history.path))
        self._world = world
        self._scene = scene
        self._troupe = troupe
        self._pace = pace
        accounts = list(troupe.accounts)
        self._officer = Officer(world, account_of(accounts, "officer"))
        self._dispatcher = Dispatcher(world, account_of(accounts, "dispatcher"))
        self._operators = [Operator(world, account_of(accounts, "operator")) for _ in range(troupe.operators)]
        # Those who call failed households back, beside the hotline.
        self._recallers = [Operator(world, account_of(accounts, "operator")) for _ in range(troupe.recallers)]
        self._households = {household.id: household for household in scene.days.households}

    async def open_street(self) -> None:
        """Accounts, zones, register, estate, roster, positive buildings: what a street does once."""
        self._pace.say("accounts and zones")
        await open_accounts(self._world, self._troupe.admin_password, self._troupe.accounts)
        await self._officer.sign_in()
        await self._officer.seal_zones(self._scene.street)
        await self._operators[0].sign_in()
        self._pace.say("register")
        self.played.register = await self._operators[0].import_register(self._scene.register_path)
        await self._officer.mark_positive_buildings(self._scene.street)
        await self._dispatcher.sign_in()
        self._pace.say("estate and crews")
        await self._dispatcher.import_estate(self._scene.estate_path)
        await self._dispatcher.import_roster(self._scene.roster_path)
        await self._pace.until_heard("orders", "routing")

    async def play_dates(self, when_over: Callable[[], object] = lambda: None) -> None:
        """All wave dates: while crews walk one date's rounds, the next dates' calls come in.

        `when_over` is called after each date's last closed round. A second time plays what was not played yet.
        """
        days = [day for day in self._scene.days.wave_dates if day.isoformat() not in self.played.dates]
        taken = {day: asyncio.Event() for day in days}
        async with asyncio.TaskGroup() as group:
            calls = group.create_task(self._take_calls(taken))
            for day in days:
                await taken[day].wait()
                await self._pace.until_heard("orders", "routing")
                await self._deliver(day)
                await self._open_links()
                await self._take_retries(self._orders_of(day))
                await self._close_date(day)
                when_over()
            await calls

    async def _take_calls(self, taken: Mapping[date, asyncio.Event]) -> None:
        for day, all_taken in taken.items():
            await self._pace.until_day(day)
            await asyncio.gather(*(operator.sign_in() for operator in self._operators))
            await self._take_orders(day, self._orders_of(day))
            all_taken.set()

    def _orders_of(self, day: date) -> Sequence[ScriptedOrder]:
        return [order for order in self._scene.days.orders if order.wave_date == day]

    async def _close_date(self, day: date) -> None:
        await self._world.history.write(Kind.OK, Deed(DATE_PLAYED, "", "play", "", {"day": day.isoformat()}))
        self.played.dates.add(day.isoformat())

    async def _take_orders(self, day: date, orders: Sequence[ScriptedOrder]) -> None:
        brought_again = {order.household for order in self._scene.days.orders if order.retry_date == day}
        taken = sum(order.id in self.played.order_ids for order in orders)
        if taken < len(orders):
            self._pace.say(f"{day}: {len(orders) - taken} households call")

        async def call(operator: Operator, order: ScriptedOrder) -> None:
            nonlocal taken
            order_id = self.played.order_ids.get(order.id)
            if order_id is None:
                await self._pace.until_call(day, taken / len(orders))
                order_id = await self._order(operator, order, is_second=order.household in brought_again)
                taken += 1
                self._pace.count(f"{day}: {taken} of {len(orders)} orders taken")
            if order.amended is not None:
                await operator.change_order(order_id, day, order.amended)
            if order.outcome is Outcome.CANCELLED:
                await operator.cancel_order(order_id)

        await share(self._operators, orders, call)
        ended = Counter(order.outcome.value for order in orders)
        self._pace.say(f"{day}: {len(orders)} orders taken, {ended['cancelled']} called off again")

    async def _order(self, operator: Operator, order: ScriptedOrder, *, is_second: bool) -> str:
        household_id = self.played.household_ids.get(order.household)
        if household_id is None:
            household_id = await operator.find_household(self._households[order.household].door)
            self.played.household_ids[order.household] = household_id
        call = Call(household_id, order.wave_date, order.extras, is_second, order.id)
        order_id = await operator.place_order(call)
        self.played.order_ids[order.id] = order_id
        return order_id

    async def _deliver(self, day: date) -> None:
        wave_id = await self._dispatcher.make_wave(WaveOrder(day, self._troupe.plan_seconds))
        wave = await self._dispatcher.wait_for_plan(wave_id)
        self._pace.say(
            f"{day}: {len(wave['rounds'])} rounds planned, {len(wave['unassigned'])} orders on none of them"
        )
        await self._dispatcher.release_wave(wave_id)
        await self._pace.until_morning(day)
        scripted = self._scripted(day)
        # An earlier start may have walked some of them.
        left = [each for each in wave["rounds"] if each["state"] != "closed"]
        rounds_of = Counter(str(each["crew_id"]) for each in left)
        manner = Manner(self._pace.between_doors, self._troupe.taps_a_call)
        walked = len(wave["rounds"]) - len(left)
        self._pace.say(f"{day}: crews set out on {len(left)} rounds")

        async def work(_: object, crew_id: str) -> None:
            nonlocal walked
            for _ in range(rounds_of[crew_id]):
                # Admitted anew for each round: the street lives fast, and an admission ends with its shift.
                crew = await self._crew(crew_id)
                crew_round = await crew.see_round()
                if crew_round is None:
                    return
                await crew.walk(crew_round, lambda stop: door_plan(scripted.get(stop["order_id"]), day), manner)
                walked += 1
                self._pace.count(f"{day}: {walked} of {len(wave['rounds'])} rounds walked")

        await share(range(self._troupe.crews), rounds_of, work)
        self._pace.say(f"{day}: all crews are back")

    def _scripted(self, day: date) -> Mapping[str, ScriptedOrder]:
        return {
            self.played.order_ids[order.id]: order
            for order in self._scene.days.orders
            if day in {order.wave_date, order.retry_date} and order.id in self.played.order_ids
        }

    async def _crew(self, crew_id: str) -> Crew:
        for _ in range(TRIES_AT_THE_DOOR):
            crew = Crew(self._world, crew_id)
            try:
                await crew.enter(await self._dispatcher.admit_crew(crew_id))
            except Refused as refusal:
                # A code works once; when the answer to its first use was lost, the crew asks for another.
                if refusal.status != FORBIDDEN:
                    raise
                continue
            return crew
        raise GaveUp(f"crew {crew_id} is not let in")

    async def _take_retries(self, orders: Sequence[ScriptedOrder]) -> None:
        again = [order for order in orders if order.retry_date is not None]
        if not again:
            return
        await self._pace.until_heard("routing", "orders")
        self._pace.say(f"{len(again)} orders are to be brought again")
        await asyncio.gather(*(operator.sign_in() for operator in self._recallers))

        async def call(operator: Operator, order: ScriptedOrder) -> None:
            if order.retry_date is not None:
                await operator.retry_order(self.played.order_ids[order.id], order.retry_date)

        await share(self._recallers, again, call)

    async def _open_links(self) -> None:
        """Some residents are curious; they open the newest messages' links."""
        lines = await asyncio.to_thread(read_log, self._troupe.provider_log)
        links = [link for line in lines[-200:] if (link := link_in(line.text))]
        for link in links[: self._troupe.curious_residents]:
            await open_link(self._world, link)


def door_plan(order: ScriptedOrder | None, day: date) -> DoorPlan:
    """What the script says happens to an order on this date; an order it does not know is simply delivered."""
    if order is None:
        return DoorPlan()
    if order.outcome is Outcome.NO_ANSWER or (order.outcome is Outcome.RETRIED and day == order.wave_date):
        return DoorPlan(nobody_there=True)
    if order.outcome is Outcome.PARTIAL:
        return DoorPlan(short_bags=1) if order.missing_bag == "short" else DoorPlan(damaged_bags=1)
    return DoorPlan()


Worker = TypeVar("Worker")


async def share(
    workers: Iterable[Worker], things: Iterable[Thing], work: Callable[[Worker, Thing], Awaitable[None]]
) -> None:
    """Let workers take one thing after the other until none is left; the first failure stops all."""
    queue = iter(list(things))

    async def go_on(worker: Worker) -> None:
        for thing in queue:
            await work(worker, thing)

    async with asyncio.TaskGroup() as group:
        for worker in workers:
            group.create_task(go_on(worker))
