"""The loop takes what was asked for, says how long it took, and stops when told."""

import asyncio

from prometheus_client.parser import text_string_to_metric_families

from services.routing.plan_loop import PlanLoop
from services.routing.planning.child import SolverProcess
from shared.observability.health import Heartbeats
from shared.observability.metrics import render_metrics
from shared.testing.clocks import FakeClock
from shared.testing.eventually import eventually
from tests.integration.routing.district import District, a_planner, a_wave, open_district


def figure(sample_name: str, **labels: str) -> float:
    """One figure as /metrics shows it; 0 before it was ever counted."""
    families = text_string_to_metric_families(render_metrics()[0].decode())
    found = (
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == sample_name and sample.labels == labels
    )
    return next(found, 0.0)


async def test_a_wave_is_planned_and_its_solve_is_counted(district: District) -> None:
    await open_district(district)
    wave_id = await a_wave(district)
    planned = figure("baimi_plan_solve_seconds_count")
    saved = figure("baimi_plans_total", outcome="saved")
    stop = asyncio.Event()

    async def is_planned() -> bool:
        return bool(
            await district.rows("SELECT 1 AS one FROM waves WHERE wave_id = :w AND state = 'planned'", w=wave_id)
        )

    async with SolverProcess(workers=1) as solver:
        loop = PlanLoop(a_planner(district, solver), 1, Heartbeats(FakeClock()))
        running = asyncio.create_task(loop.run(stop))
        try:
            await eventually(is_planned, within_s=60)
        finally:
            stop.set()
            loop.wake()
            await running
    assert figure("baimi_plan_solve_seconds_count") == planned + 1
    assert figure("baimi_plans_total", outcome="saved") == saved + 1
