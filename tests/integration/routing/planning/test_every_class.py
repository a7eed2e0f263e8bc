"""Both engines plan every class of street validly, and Baimi's own is never the dearer one."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.routing.planning.check import check_plan
from tests.bench.planner_streets import SIZES, street

SECONDS = {"tiny": 2, "futian": 10, "nankeng": 12, "langkou": 16, "tower": 6}


def planned(file: Path, seconds: int, engine: str) -> tuple[dict[str, Any], dict[str, Any]]:
    out = file.with_suffix(f".{engine}.json")
    options = ["--seconds", str(seconds), "--seed", "1", "--engine", engine, "--out", str(out)]
    command = [sys.executable, "-m", "services.routing", "plan", str(file), *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 60)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout), json.loads(out.read_text(encoding="utf-8"))


@pytest.mark.long
@pytest.mark.parametrize("name", SIZES)
def test_every_class_is_planned_validly_by_both_engines_and_cheaper_by_ours(name: str, tmp_path: Path) -> None:
    content = street(name, 1)
    file = tmp_path / "street.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    costs = {}
    for engine in ("ortools", "baimi"):
        line, plan = planned(file, SECONDS[name], engine)
        score = check_plan(content, plan)
        assert (score.errors, score.cost) == ((), line["cost"])
        assert {"ortools_batching", "ortools_assignment"} <= {stage["stage"] for stage in plan["stages"]}
        assert ("ruin_and_recreate" in {stage["stage"] for stage in plan["stages"]}) == (engine == "baimi")
        costs[engine] = line["cost"]
    assert costs["baimi"] < costs["ortools"]
