"""The commands `plan` and `check` as formats/rounds/README.md describes them, each in a process of its own."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from services.routing.planning.check import check_plan
from tests.unit.routing.planning.streets import a_crew, a_plan, a_street, an_entrance, an_order

VECTORS = Path(__file__).parents[3] / "contract" / "formats" / "rounds"
LINE = ["cost", "crew_s", "late_s", "makespan_s", "rounds", "crews", "elapsed_s", "lower_bound_s"]


def run(*arguments: object) -> tuple[int, dict[str, Any], str]:
    command = [sys.executable, "-m", "services.routing", *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    lines = ended.stdout.splitlines()
    assert len(lines) == 1, ended.stderr
    return ended.returncode, json.loads(lines[0]), ended.stderr


def written(folder: Path, street: object) -> Path:
    path = folder / "street.json"
    path.write_text(json.dumps(street), encoding="utf-8")
    return path


def test_futian_is_planned_within_its_seconds_and_the_plan_passes_the_check(tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    began_s = time.monotonic()
    status, line, progress = run("plan", VECTORS / "futian-9001.json", "--seconds", 2, "--seed", 1, "--out", out)
    assert time.monotonic() - began_s < 3
    assert status == 0
    assert list(line) == LINE
    assert line["lower_bound_s"] <= line["crew_s"] <= line["cost"]
    assert "savings" in progress
    status, checked, _ = run("check", VECTORS / "futian-9001.json", out)
    assert status == 0
    assert {key: checked[key] for key in LINE[:6]} == {key: line[key] for key in LINE[:6]}


def test_a_plan_file_names_the_stages_that_made_it(tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    run("plan", VECTORS / "tiny-9001.json", "--seconds", 3, "--workers", 1, "--engine", "ortools", "--out", out)
    stages = [stage["stage"] for stage in json.loads(out.read_text(encoding="utf-8"))["stages"]]
    assert stages == ["savings", "ortools_batching", "ortools_assignment"]


@pytest.mark.parametrize("name", ["tiny-9001", "tiny-9002"])
def test_a_tiny_street_in_a_second_is_no_dearer_than_its_known_plan(name: str, tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    status, line, _ = run("plan", VECTORS / f"{name}.json", "--seconds", 2, "--out", out)
    assert status == 0
    known = json.loads((VECTORS / f"{name}.score.json").read_text(encoding="utf-8"))
    assert line["cost"] <= known["cost"]


def test_orders_that_cannot_be_served_end_with_3_reasons_and_the_best_partial_plan(tmp_path: Path) -> None:
    orders = [an_order("o0", "clean", packages_g=[999_999]), an_order("o1", "sealed"), an_order("o2", "nowhere")]
    entrances = [*a_street()["entrances"], an_entrance("nowhere", drop=None)]
    path = written(tmp_path, a_street(orders=orders, entrances=entrances))
    out = tmp_path / "plan.json"
    status, line, _ = run("plan", path, "--seconds", 2, "--out", out)
    assert status == 3
    assert line["unassigned"] == [
        {"order": "o0", "reason": "too_heavy"},
        {"order": "o2", "reason": "entrance_without_drop"},
    ]
    (crew,) = json.loads(out.read_text(encoding="utf-8"))["crews"]
    assert crew["rounds"] == [{"visits": [{"entrance": "sealed", "orders": ["o1"]}]}]


def test_what_lies_in_a_closed_zone_stays_behind_with_its_reason(tmp_path: Path) -> None:
    entrances = [an_entrance("clean"), an_entrance("sealed", zone="z1", sealed=True)]
    path = written(tmp_path, a_street(entrances=entrances, closed_zones=["z1"]))
    out = tmp_path / "plan.json"
    status, line, _ = run("plan", path, "--seconds", 1, "--out", out)
    assert status == 3
    assert line["unassigned"] == [{"order": "o2", "reason": "zone_closed"}]
    (crew,) = json.loads(out.read_text(encoding="utf-8"))["crews"]
    assert [visit["entrance"] for each in crew["rounds"] for visit in each["visits"]] == ["clean"]


def test_an_instance_with_the_products_rules_gets_a_plan_that_keeps_them(tmp_path: Path) -> None:
    rules = {"disinfect_s": 120, "own_crews": True, "cold_limit_s": 2_400, "rest_after_s": 3_600, "rest_s": 600}
    street = json.loads((VECTORS / "tiny-9001.json").read_text(encoding="utf-8"))
    path = written(tmp_path, {**street, "rules": rules})
    out = tmp_path / "plan.json"
    status, line, _ = run("plan", path, "--seconds", 3, "--out", out)
    assert status in {0, 3}
    crews = json.loads(out.read_text(encoding="utf-8"))["crews"]
    left_out = {one["order"] for one in line.get("unassigned", [])}
    assert len(left_out) <= len(street["orders"]) // 4
    served = {**street, "rules": rules} | {"orders": [o for o in street["orders"] if o["id"] not in left_out]}
    assert check_plan(served, {"instance": street["name"], "crews": crews}).errors == ()


def test_a_plan_that_misstates_its_cost_ends_with_1(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    content = {**a_plan([[("clean", ["o0", "o1"]), ("sealed", ["o2"])]]), "score": {"cost": 1}}
    plan.write_text(json.dumps(content), encoding="utf-8")
    status, line, _ = run("check", written(tmp_path, a_street()), plan)
    assert status == 1
    assert line["errors"][0].startswith("says cost is 1, it is ")


def test_a_street_without_crews_serves_nobody_and_says_why(tmp_path: Path) -> None:
    status, line, _ = run(
        "plan", written(tmp_path, a_street(crews=[])), "--seconds", 1, "--out", tmp_path / "plan"
    )
    assert status == 3
    assert {it["reason"] for it in line["unassigned"]} == {"no_crew"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"entrances": [an_entrance("clean", x=float("nan")), an_entrance("sealed")]}, "entrances[0].x"),
        ({"crews": [a_crew("c0", drop="d9")]}, "crews[0].drop"),
        ({"orders": [an_order("o0", "e9")]}, "orders[0].entrance"),
        ({"orders": [an_order("o0", "clean", packages_g=[])]}, "orders[0].packages_g"),
        ({"entrances": [an_entrance("clean", drop="d9"), an_entrance("sealed")]}, "entrances[0].drop"),
        ({"drop_points": [{"id": "d0", "zone": "z0", "x": 0.0, "y": float("inf")}]}, "drop_points[0].y"),
        ({"closed_zones": ["z9"]}, "closed_zones[0]"),
    ],
)
def test_a_malformed_instance_ends_with_2_and_the_field(
    changes: dict[str, Any], field: str, tmp_path: Path
) -> None:
    path = written(tmp_path, a_street(**changes))
    for arguments in (("plan", path, "--seconds", 1, "--out", tmp_path / "plan"), ("check", path, path)):
        status, line, message = run(*arguments)
        assert status == 2
        assert line["error"].startswith(f"{field}:")
        assert field in message
    assert not (tmp_path / "plan").exists()


def a_lock(*orders: str, crew: str = "c0", entrance: str = "clean") -> dict[str, Any]:
    return {"crew": crew, "rounds": [{"visits": [{"entrance": entrance, "orders": list(orders)}]}]}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"orders": [an_order("o0", "clean", packages_g=[999_999])]}, "locked[0].rounds: .*carries 999999 g"),
        ({"rules": {"quiet": [[0, 80_000]]}}, "locked[0].rounds: .*which are quiet"),
        ({"orders": [an_order("o0", "clean", not_after_s=1)]}, "locked[0].rounds: .*served after 1"),
        ({"closed_zones": ["z0"]}, "locked[0].rounds: .*closed zone z0"),
        ({"crews": [a_crew("c0", end_s=1)]}, "locked[0].rounds: .*after its shift's end"),
        ({"entrances": [an_entrance("clean", drop=None)]}, "locked[0].rounds: .*do not lie at d0"),
        ({"locked": [a_lock("o7")]}, "locked[0].rounds: .*there is no order o7"),
        ({"crews": [a_crew("c0"), a_crew("c1")], "locked": [a_lock("o0"), a_lock("o0", crew="c1")]}, "locked: .*"),
    ],
)
def test_locked_rounds_that_break_a_rule_by_themselves_are_refused_by_name(
    changes: dict[str, Any], told: str, tmp_path: Path
) -> None:
    street = a_street(orders=[an_order("o0", "clean")], entrances=[an_entrance("clean")], locked=[a_lock("o0")])
    status, line, _ = run(
        "plan", written(tmp_path, {**street, **changes}), "--seconds", 1, "--out", tmp_path / "plan"
    )
    assert status == 2
    field, _, rule = told.partition(".*")
    assert line["error"].startswith(field)
    assert rule in line["error"]
    assert line["error"].endswith("change these rounds or unlock them")
    assert not (tmp_path / "plan").exists()


@pytest.mark.parametrize(
    "arguments", [("--seconds", "0"), ("--seconds", "soon"), ("--seconds", "1", "--workers", "0"), ()]
)
def test_a_command_without_a_sensible_budget_is_refused(arguments: tuple[str, ...], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "services.routing", "plan", "street.json", "--out", "plan.json", *arguments]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2


def test_a_plan_that_breaks_a_rule_ends_with_1_and_its_errors(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(a_plan([[("sealed", ["o2"]), ("clean", ["o0", "o1"])]])), encoding="utf-8")
    status, line, _ = run("check", written(tmp_path, a_street()), plan)
    assert status == 1
    assert line["errors"] == ["crew c0, round 1: enters clean clean after sealed sealed"]


def test_a_file_that_is_no_plan_ends_with_1(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text("[]", encoding="utf-8")
    status, line, _ = run("check", written(tmp_path, a_street()), plan)
    assert (status, line) == (1, {"errors": ["file: must be an object"]})


def test_an_output_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    out = tmp_path / "no such folder" / "plan.json"
    status, line, _ = run("plan", written(tmp_path, a_street()), "--seconds", 1, "--out", out)
    assert status == 2
    assert line["error"].startswith("--out:")
    assert not os.path.lexists(out)
