"""Releases a planned wave: one round a transaction, then the orders that are on none."""

from collections.abc import Sequence
from datetime import datetime

from services.routing import events_out
from services.routing.domain.round import Fact, RoundState, RoundWasReleased
from services.routing.domain.stop import StopState, StopWasNotPlanned, StopWasScheduled, window_to_tell
from services.routing.domain.wave import LEFT_OUT, WaveRefused, WaveState
from services.routing.storage import rounds, stops, waves
from services.routing.storage.rounds import RoundRow
from services.routing.storage.stops import StopRow
from services.routing.storage.waves import Wave
from shared.basics.errors import NotFound, Unavailable
from shared.database.session import Transaction


async def rounds_to_release(tx: Transaction, wave_id: str) -> list[str]:
    """The rounds of a planned wave that are still to be released; none once all are.

    Errors: NotFound("wave_unknown"); WaveRefused("wave_still_planning" | "wave_was_discarded").
    """
    await require_planned(tx, wave_id)
    return await rounds.planned_of_wave(tx, wave_id)


async def require_planned(tx: Transaction, wave_id: str) -> None:
    """Refuse a wave that has no plan to look at, or none any more.

    Errors: NotFound("wave_unknown"); WaveRefused("wave_still_planning" | "wave_was_discarded").
    """
    wave = await waves.find_wave(tx, wave_id)
    if wave is None:
        raise NotFound("wave_unknown")
    if wave.state is WaveState.PLANNING:
        raise WaveRefused("wave_still_planning")
    if wave.state is WaveState.DISCARDED:
        raise WaveRefused("wave_was_discarded")


async def release_round(tx: Transaction, round_id: str, at: datetime) -> bool:
    """Fix a round, put its bags on it, and tell each household its window; False when it was released before.

    A stop cancelled meanwhile is left out; a bag still on another round keeps its stop back for the next wave.
    """
    row = await rounds.find_round(tx, round_id, lock=True)
    if row is None or row.state is not RoundState.PLANNED:
        return False
    planned = [stop for stop in await stops.of_round(tx, round_id, lock=True) if stop.state is StopState.PLANNED]
    busy = await rounds.active_bags(tx, [bag_id for stop in planned for bag_id in stop.bag_ids])
    kept = [stop for stop in planned if not busy.intersection(stop.bag_ids)]
    held_back = [stop.stop_id for stop in planned if busy.intersection(stop.bag_ids)]
    await stops.add_unplanned(tx, row.wave_id, row.request_id, dict.fromkeys(held_back, LEFT_OUT))
    await stops.keep_in_wave(tx, held_back)
    if not kept:
        await rounds.set_round_state(tx, round_id, RoundState.DROPPED)
        return True
    await rounds.set_round_state(tx, round_id, RoundState.RELEASED)
    await stops.set_state(tx, [stop.stop_id for stop in kept], StopState.RELEASED)
    await rounds.put_bags_on_round(
        tx, round_id, {bag_id: stop.stop_id for stop in kept for bag_id in stop.bag_ids}
    )
    await tell_windows(tx, row, kept, at, first=[_released(row, kept)])
    return True


async def tell_windows(
    tx: Transaction, row: RoundRow, held: Sequence[StopRow], at: datetime, first: Sequence[Fact] = ()
) -> None:
    """Tell households in which window these stops of a released round come, after what is to be told first.

    Whoever knows a window that holds is given the same one again: only the round is another.
    """
    scheduled = sorted((_scheduled(row, stop) for stop in held), key=lambda fact: fact.household_id)
    await stops.note_told(tx, {fact.stop_id: (fact.window_from, fact.window_to) for fact in scheduled})
    await events_out.publish_all(tx, [*first, *scheduled], at)


async def finish_release(tx: Transaction, wave_id: str, at: datetime) -> bool:
    """Tell each order that is on no round why, and let it wait for the next wave; False when done before.

    Errors: NotFound("wave_unknown"); Unavailable("try_again") while a plan made again has rounds to release.
    """
    wave = await waves.find_wave(tx, wave_id, lock=True)
    if wave is None:
        raise NotFound("wave_unknown")
    if wave.state is not WaveState.PLANNED:
        return False
    if await rounds.planned_of_wave(tx, wave_id):
        raise Unavailable("try_again")
    left = await waves.unplanned_of(tx, wave_id)
    facts: list[Fact] = [_not_planned(wave, household, order, why) for household, order, _, why in left]
    await stops.send_back_to_waiting(tx, [stop_id for _, _, stop_id, _ in left])
    await waves.mark_released(tx, wave_id, at)
    await events_out.publish_all(tx, facts, at)
    return True


def _released(row: RoundRow, kept: list[StopRow]) -> RoundWasReleased:
    return RoundWasReleased(
        round_id=row.round_id,
        number=row.number,
        wave_id=row.wave_id,
        wave_date=row.wave_date,
        drop_point_id=row.drop_point_id,
        crew_id=row.crew_id,
        stops=len(kept),
        bags=sum(len(stop.bag_ids) for stop in kept),
        planned_start=row.planned_start,
        planned_end=row.planned_end,
    )


def _scheduled(row: RoundRow, stop: StopRow) -> StopWasScheduled:
    window_from, window_to = window_to_tell(stop.planned_at or row.planned_start, stop.told)
    return StopWasScheduled(
        household_id=stop.household_id,
        order_id=stop.order_id,
        wave_id=row.wave_id,
        wave_date=row.wave_date,
        round_id=row.round_id,
        stop_id=stop.stop_id,
        window_from=window_from,
        window_to=window_to,
    )


def _not_planned(wave: Wave, household_id: str, order_id: str, reason: str) -> StopWasNotPlanned:
    return StopWasNotPlanned(household_id, order_id, wave.wave_id, reason)
