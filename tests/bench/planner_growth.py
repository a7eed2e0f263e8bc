"""How the planner's time and memory grow with the orders of a street: each gets the same seconds an order.

Run by `python -m tests.bench.planner_growth`; raw results go to `$BENCH_OUT/planner_growth.json`. Streets are of
Langkou's kind, with more and more drop points. Fails when more orders make an order dearer, which is what time
that grows faster than they do looks like, and when the largest street takes too much memory.
"""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tests.bench.planner_runs import OURS, Cell, machine, run_cell
from tests.bench.planner_streets import SIZES, street_of_size

DROP_POINTS: Final = (2, 6, 13, 22)
S_PER_ORDER: Final = 0.004
MOST_MIB: Final = 1_024
MOST_DEARER: Final = 1.02
"""An order of a larger street may cost so much of one of the smallest: streets differ by that much themselves."""


def main() -> int:
    """Measures, prints, writes the results down."""
    rows = [measured(drops) for drops in DROP_POINTS]
    print(machine())
    print("| drop points | orders | budget | elapsed | MiB | cost an order |", "| --- " * 6 + "|", sep="\n")
    for row in rows:
        print(
            f"| {row['drop_points']} | {row['orders']:,} | {row['budget_s']:.0f} s | {row['wall_s']:.1f} s "
            f"| {row['memory_mib']} | {row['cost'] / row['orders']:.2f} s |"
        )
    if folder := os.environ.get("BENCH_OUT"):
        Path(folder, "planner_growth.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    worst = max(row["cost"] / row["orders"] for row in rows) / (rows[0]["cost"] / rows[0]["orders"])
    most = max(row["memory_mib"] for row in rows)
    print(f"the dearest order costs {worst:.3f} of the smallest street's (limit {MOST_DEARER})")
    print(f"the most memory is {most} MiB (limit {MOST_MIB})")
    return int(worst > MOST_DEARER or most > MOST_MIB)


def measured(drops: int) -> dict[str, Any]:
    """Plans one street; its plan was judged by the check."""
    whole = SIZES["langkou"]
    size = replace(
        whole,
        drops=drops,
        buildings=whole.buildings * drops // whole.drops,
        entrances=whole.entrances * drops // whole.drops,
        orders=whole.orders * drops // whole.drops,
    )
    content = street_of_size(size, f"growth-{drops}", 1)
    budget_s = round(S_PER_ORDER * size.orders, 1)
    [row] = run_cell(Cell(content, OURS, (budget_s,), "wall"))
    if row["errors"]:
        raise SystemExit(f"{content['name']}: {row['errors'][0]}")
    return {**row, "drop_points": drops, "orders": size.orders, "budget_s": budget_s}


if __name__ == "__main__":
    sys.exit(main())
