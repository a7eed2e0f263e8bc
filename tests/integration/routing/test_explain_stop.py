"""Why an order is in no round, or where it is (explain_stop), through the page and as data."""

from fastapi import FastAPI

from services.routing.planning.child import SolverProcess
from shared.security.roles import Role
from tests.integration.routing.browsers import Browser, hire
from tests.integration.routing.district import District, a_wave, an_order, open_district, plan_all, settle


async def test_an_order_in_no_round_has_its_rule_and_what_would_help(
    district: District, solver: SolverProcess, app: FastAPI
) -> None:
    await open_district(district, homes=2)
    await district.rows("UPDATE crews SET cap_g = 9000 RETURNING 1")
    await settle(district, 7)
    await district.hear(an_order(district, 7, bags=3))
    wave_id = await a_wave(district)
    await plan_all(district, solver)
    (stop,) = await district.rows("SELECT stop_id FROM unplanned")
    await hire(district, "zhao", Role.DISPATCHER)
    await hire(district, "qian", Role.DISPATCHER, "榕荫社区")
    zhao, qian = await Browser(app).sign_in("zhao"), await Browser(app).sign_in("qian")
    address = f"/waves/{wave_id}/why?stop_id={stop['stop_id']}"
    assert address in (await zhao.get(f"/waves/{wave_id}", page=True)).text
    why = (await zhao.get(address)).json()
    assert why["rule"] == "too_heavy"
    assert [(change["relaxing"], change["amount"]) for change in why["relaxations"][0]["changes"]] == [
        ("more_carry", 3_000)
    ]
    page = (await zhao.get(address, page=True)).text
    assert "一组" in page
    assert "3000" in page
    assert (await qian.get(address)).status_code == 404


async def test_a_placed_order_has_its_next_best_place(
    district: District, solver: SolverProcess, app: FastAPI
) -> None:
    await open_district(district, homes=4)
    wave_id = await a_wave(district)
    await plan_all(district, solver)
    (stop, *_) = await district.rows("SELECT stop_id FROM stops")
    await hire(district, "zhao", Role.DISPATCHER)
    zhao = await Browser(app).sign_in("zhao")
    why = (await zhao.get(f"/waves/{wave_id}/why?stop_id={stop['stop_id']}")).json()
    assert why["runner_up_costs_more"] > 0
    assert (await zhao.get(f"/waves/{wave_id}/why?stop_id={stop['stop_id']}", page=True)).status_code == 200
    assert (await zhao.get(f"/waves/{wave_id}/why?stop_id=none")).status_code == 404
