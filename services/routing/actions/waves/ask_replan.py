"""Asks for running plans to be made again: for the better, or because something in the street has changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.routing.domain.replan import Because
from services.routing.storage import crews, replans
from services.routing.storage.estate import set_lift_out
from services.routing.storage.replans import NewReplan, RunningRequest
from shared.basics.clock import Clock
from shared.basics.ids import new_id
from shared.basics.randomness import Randomness
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and what names and dates the wish."""

    name: str
    clock: Clock
    randomness: Randomness


async def ask_improvement(tx: Transaction, request_id: str, drop_point_id: str, asker: Asker) -> None:
    """Ask whether a plan can be better now; asked twice it is looked into once."""
    await _ask(tx, [RunningRequest(request_id, drop_point_id)], (Because.BETTER, (), ()), asker)


async def mark_crew_absent(tx: Transaction, crew_id: str, day: date, asker: Asker) -> int:
    """Note that a crew is away for a day, and ask for every plan it had a part in; answers how many.

    A second time changes nothing but that the plans are looked into again. What the crew has loaded stays its own.
    """
    await crews.add_absence(tx, crew_id, day)
    running = await replans.running_with_crew(tx, crew_id, day)
    await _ask(tx, running, (Because.CREW_ABSENT, (crew_id,), ()), asker)
    return len(running)


async def mark_crew_back(tx: Transaction, crew_id: str, day: date, asker: Asker) -> int:
    """Note that a crew that was away for a day is back, and ask whether its plans can be better; answers how many.

    What was not made anew yet stays with the crew; what others have been told stays with them. A second time, or
    said by two at once, changes nothing more.
    """
    if not await crews.remove_absence(tx, crew_id, day):
        return 0
    await replans.take_absence_back(tx, crew_id)
    running = await replans.running_knowing_crew(tx, crew_id, day)
    await _ask(tx, running, (Because.BETTER, (), ()), asker)
    return len(running)


async def change_lift(tx: Transaction, entrance_id: str, asker: Asker, *, works: bool) -> int:
    """Note that a lift stands still or runs again, and ask for every plan that goes there; answers how many."""
    if not await set_lift_out(tx, entrance_id, is_out=not works):
        return 0
    running = await replans.running_at_entrances(tx, [entrance_id])
    await _ask(tx, running, (Because.LIFT_CHANGED, (), (entrance_id,)), asker)
    return len(running)


async def ask_for_entrances(tx: Transaction, entrance_ids: Sequence[str], asker: Asker) -> int:
    """Ask for every plan that goes to entrances which are handled another way now; answers how many."""
    running = await replans.running_at_entrances(tx, entrance_ids)
    await _ask(tx, running, (Because.HANDLING_CHANGED, (), tuple(entrance_ids)), asker)
    return len(running)


async def ask_for_zone(tx: Transaction, zone_id: str, asker: Asker) -> int:
    """Ask for every plan of today or later that may enter a zone of another class now; answers how many."""
    running = await replans.running_in_zone(tx, zone_id, asker.clock.now().date())
    entrance_ids = await replans.visited_in_zone(tx, zone_id, [one.request_id for one in running])
    await _ask(tx, running, (Because.ZONE_CHANGED, (), tuple(entrance_ids)), asker)
    return len(running)


async def _ask(
    tx: Transaction,
    running: Sequence[RunningRequest],
    why: tuple[Because, tuple[str, ...], tuple[str, ...]],
    asker: Asker,
) -> None:
    for one in running:
        await replans.ask_replan(
            tx,
            NewReplan(
                replan_id=new_id(asker.clock, asker.randomness),
                request_id=one.request_id,
                drop_point_id=one.drop_point_id,
                because=why[0],
                crew_ids=why[1],
                entrance_ids=why[2],
                asked_by=asker.name,
                asked_at=asker.clock.now(),
            ),
        )
