"""Throws a wave's plan away before anybody was told of it; its orders wait for another wave."""

from services.routing.domain.round import RoundState
from services.routing.domain.wave import WaveRefused, WaveState
from services.routing.storage import plan_inputs, plan_requests, rounds, stops, waves
from shared.basics.errors import NotFound
from shared.database.session import Transaction


async def discard_wave(tx: Transaction, wave_id: str) -> None:
    """Drop a wave's rounds and plan requests, and let its orders wait again. A second time changes nothing.

    Errors: NotFound("wave_unknown"); WaveRefused("wave_is_told") once a round of it was released.
    """
    wave = await waves.find_wave(tx, wave_id, lock=True)
    if wave is None:
        raise NotFound("wave_unknown")
    if wave.state is WaveState.DISCARDED:
        return
    planned = await rounds.planned_of_wave(tx, wave_id)
    if wave.state is WaveState.RELEASED or len(planned) < await rounds.count_of_wave(tx, wave_id):
        raise WaveRefused("wave_is_told")
    await plan_requests.call_off(tx, wave_id)
    await plan_inputs.forget_inputs(tx, wave_id)
    for round_id in planned:
        await rounds.set_round_state(tx, round_id, RoundState.DROPPED)
    await stops.leave_wave(tx, wave_id)
    await waves.mark_discarded(tx, wave_id)
