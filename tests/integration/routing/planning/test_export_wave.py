"""A wave of the service as an instance file: the command plans it as the service did."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from services.routing.actions.waves.export_wave import export_wave
from services.routing.domain.wave import WaveRefused
from services.routing.planning.child import SolverProcess
from shared.basics.errors import NotFound
from shared.database.session import transaction
from shared.security.roles import Role
from shared.testing.servers import FreshDatabase
from tests.integration.routing.browsers import Browser, hire
from tests.integration.routing.district import (
    START,
    District,
    a_wave,
    an_order,
    open_district,
    plan_all,
    release,
    settle,
)

SECONDS = 3
HOMES = 24


async def a_planned_wave(district: District, solver: SolverProcess) -> str:
    """A wave whose orders differ, some of them promised for an hour they may miss."""
    await open_district(district, homes=2)
    for n in range(3, HOMES + 1):
        await settle(district, n, building=1 + n % 2)
        promised = START + timedelta(hours=1, minutes=20) if n % 5 == 0 else None
        order = an_order(district, n, building=1 + n % 2, bags=1 + n % 4)
        await district.hear(order.model_copy(update={"floor": 1 + n % 11, "due_at": promised}))
    wave_id = await a_wave(district)
    await plan_all(district, solver)
    return wave_id


def run(folder: Path, *arguments: object, **environment: str) -> tuple[int, dict[str, Any]]:
    ended = subprocess.run(
        [sys.executable, "-m", "services.routing", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment},
    )
    lines = ended.stdout.splitlines()
    assert len(lines) == 1, ended.stderr
    return ended.returncode, json.loads(lines[0])


def settings(database: FreshDatabase, tmp_path: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": database.url,
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "KEY_FILE": str(tmp_path / "routing-keys.json"),
    }


async def test_the_command_plans_an_exported_wave_at_the_services_cost(
    district: District, solver: SolverProcess, database: FreshDatabase, tmp_path: Path
) -> None:
    wave_id = await a_planned_wave(district, solver)
    await release(district, wave_id)
    file, plan = tmp_path / "wave.json", tmp_path / "plan.json"
    known = settings(database, tmp_path)
    assert run(tmp_path, "export-wave", wave_id, "--out", file, **known) == (
        0,
        {"wave": wave_id, "orders": HOMES, "crews": 2},
    )
    status, line = run(tmp_path, "plan", file, "--seconds", SECONDS, "--seed", 1, "--out", plan)
    assert status == 0
    (request,) = await district.rows("SELECT cost FROM plan_requests")
    assert line["cost"] == pytest.approx(request["cost"], rel=0.005)


async def test_what_an_export_holds_is_the_problem_and_no_person(
    district: District, solver: SolverProcess
) -> None:
    wave_id = await a_planned_wave(district, solver)
    async with transaction(district.engine) as tx:
        instance: Any = await export_wave(tx, wave_id)
    assert (instance["format"], instance["name"]) == ("l100m-instance/1", wave_id)
    stops = await district.rows("SELECT stop_id FROM stops ORDER BY stop_id")
    assert [order["id"] for order in instance["orders"]] == [stop["stop_id"] for stop in stops]
    assert "household" not in json.dumps(instance)


async def test_drop_points_with_other_first_shifts_share_one_time_zero(
    district: District, solver: SolverProcess
) -> None:
    wave_id = await a_planned_wave(district, solver)
    await district.rows(
        """WITH again AS (INSERT INTO plan_requests (request_id, wave_id, drop_point_id, community, plan_version,
                                                     seconds, seed, state)
                          SELECT 'r2', wave_id, 'z9', community, 1, seconds, seed, 'planned' FROM plan_requests)
           INSERT INTO plan_inputs SELECT 'r2', time_zero + interval '30 min', late_crews, instance
           FROM plan_inputs RETURNING 1"""
    )
    async with transaction(district.engine) as tx:
        instance: Any = await export_wave(tx, wave_id)
    first, second = instance["orders"][:HOMES], instance["orders"][HOMES:]
    dues = [(a["due_s"], b["due_s"]) for a, b in zip(first, second, strict=True) if a["due_s"] is not None]
    assert dues
    assert all(later - sooner == 1_800 for sooner, later in dues)
    assert [crew["start_s"] for crew in instance["crews"]] == [0, 0, 1_800, 1_800]


async def test_a_wave_without_a_plan_is_not_exported(
    district: District, database: FreshDatabase, tmp_path: Path
) -> None:
    await open_district(district)
    wave_id = await a_wave(district)
    async with transaction(district.engine) as tx:
        with pytest.raises(WaveRefused, match="wave_still_planning"):
            await export_wave(tx, wave_id)
        with pytest.raises(NotFound):
            await export_wave(tx, "no such wave")
    status, line = run(tmp_path, "export-wave", wave_id, **settings(database, tmp_path))
    assert (status, line) == (2, {"error": "wave: wave_still_planning"})


def test_an_export_without_settings_names_them(tmp_path: Path) -> None:
    status, line = run(tmp_path, "export-wave", "w1")
    assert status == 2
    assert "DATABASE_URL: is missing" in line["error"]


async def test_the_wave_page_hands_the_instance_out(
    district: District, solver: SolverProcess, app: FastAPI
) -> None:
    wave_id = await a_planned_wave(district, solver)
    await hire(district, "zhao", Role.DISPATCHER)
    await hire(district, "qian", Role.DISPATCHER, "榕荫社区")
    zhao, qian = await Browser(app).sign_in("zhao"), await Browser(app).sign_in("qian")
    page = await zhao.get(f"/waves/{wave_id}", page=True)
    assert f"/waves/{wave_id}/instance" in page.text
    answer = await zhao.get(f"/waves/{wave_id}/instance")
    assert answer.json()["format"] == "l100m-instance/1"
    assert f"wave-{wave_id}.json" in answer.headers["content-disposition"]
    assert (await qian.get(f"/waves/{wave_id}/instance")).status_code == 404
