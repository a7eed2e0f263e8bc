"""The command `solve-vrp` solves a CVRPLIB file within its seconds and writes a solution that is what it says."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from services.routing.planning.vrp_files import check_routes, read_vrp, routes_from

RING = """NAME : ring
TYPE : CVRP
DIMENSION : 9
EDGE_WEIGHT_TYPE : EUC_2D
CAPACITY : 4
NODE_COORD_SECTION
1 0 0
2 0 100
3 10 100
4 100 0
5 100 10
6 0 -100
7 -10 -100
8 -100 0
9 -100 -10
DEMAND_SECTION
1 0
2 2
3 2
4 2
5 2
6 2
7 2
8 2
9 2
DEPOT_SECTION
1
-1
EOF
"""


def run(*arguments: object) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "services.routing", "solve-vrp", *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    (line,) = ended.stdout.splitlines()
    return ended.returncode, json.loads(line)


def test_a_public_file_is_solved_and_its_solution_written(tmp_path: Path) -> None:
    file, out = tmp_path / "ring.vrp", tmp_path / "ring.sol"
    file.write_text(RING, encoding="utf-8")
    status, line = run(file, "--seconds", 2, "--out", out)
    assert status == 0
    assert line["routes"] == 4
    assert line["elapsed_s"] < 3
    assert check_routes(read_vrp(file), routes_from(out.read_text(encoding="utf-8"))) == (line["cost"], [])
    assert line["cost"] == 4 * (100 + 10 + 100)


def test_a_malformed_file_is_refused_by_its_field(tmp_path: Path) -> None:
    file = tmp_path / "ring.vrp"
    file.write_text(RING.replace("CAPACITY : 4", "CAPACITY : none"), encoding="utf-8")
    status, line = run(file, "--seconds", 2)
    assert status == 2
    assert line["error"].startswith("CAPACITY:")
