"""Takes what a crew says about its round: loaded, delivered, not delivered, taken back, returned, closed."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.routing import events_out
from services.routing.domain.round import CrewRound, RoundState
from services.routing.domain.take_tap import Taken, take
from services.routing.domain.tap import DOOR_TAPS, Tap, TapIdReused, TapOutcome, Verdict
from services.routing.storage import bags, rounds, taps
from services.routing.storage.bags import Because
from services.routing.storage.tap_writes import TakenTap, write_door_tap
from services.routing.storage.taps import TaskPlace
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class TapResult:
    """What the phone is told: the outcome, how the stop stands, which version of the round holds."""

    tap_id: str
    outcome: TapOutcome
    stop_id: str | None = None
    stop_state: str | None = None
    round_version: int | None = None


async def record_tap(tx: Transaction, tap: Tap, crew_id: str, taken_at: datetime) -> TapResult:
    """Write one tap down, do what it says, and tell the other services.

    Saying the same thing twice is harmless: the second time gets the first outcome, marked as replayed, and
    nothing is published again. A tap that contradicts the plan is no error: its outcome says so. A rejected one
    is not kept, so the phone may send it again once it can be true.

    Errors: TapIdReused when the id came before with another body; nothing is changed.
    """
    stop_id = tap.stop_id if tap.type in DOOR_TAPS else None
    loaded = await rounds.load_for_tap(tx, tap.round_id, stop_id)
    if loaded is None or loaded[0].crew_id != crew_id:
        return TapResult(tap.tap_id, TapOutcome(Verdict.REJECTED, "foreign_round"))
    row, before = loaded
    known = await taps.find_tap(tx, tap.tap_id)
    if known is not None and known.body_hash != tap.body_hash:
        raise TapIdReused(tap.tap_id)
    if known is not None:
        replayed = replace(known.outcome, replayed=True)
        return TapResult(tap.tap_id, replayed, stop_id, _state(before, stop_id), row.version)
    taken = take(before, tap, taken_at)
    if taken.outcome.verdict is not Verdict.REJECTED:
        await _write(tx, tap, before, taken, taken_at)
        await taps.add_tasks(tx, taken.tasks, TaskPlace(row.round_id, row.community, row.grid), taken_at)
        await events_out.publish_all(tx, taken.facts, taken_at)
    return TapResult(tap.tap_id, taken.outcome, stop_id, _state(taken.round, stop_id), row.version)


async def _write(tx: Transaction, tap: Tap, before: CrewRound, taken: Taken, taken_at: datetime) -> None:
    crew_id, outcome = before.crew_id, taken.outcome
    if tap.type in DOOR_TAPS and before.state is RoundState.STARTED and len(before.stops) == 1:
        await write_door_tap(tx, TakenTap(tap, crew_id, outcome, taken_at, taken.round.stops[0], taken.moves))
        return
    await rounds.save_after_tap(tx, before, taken.round, taken_at)
    await bags.move_bags(tx, taken.moves, Because(taken_at, tap.round_id, tap.tap_id))
    await taps.insert_tap(tx, tap, crew_id, outcome, taken_at)


def _state(crew_round: CrewRound, stop_id: str | None) -> str | None:
    return next((stop.state.value for stop in crew_round.stops if stop.stop_id == stop_id), None)
