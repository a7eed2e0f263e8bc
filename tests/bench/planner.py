"""Our planner beside the best free solvers, on the same streets, within the same wall time, under the same judge.

Run by `make bench-planner`, which installs the peers first. Raw results go line by line to
`$BENCH_OUT/planner.jsonl`; a cell that stands there is not run again, ours only if it is of the same revision. The
table goes to docs/benchmarks.md.

`BENCH_CLASSES=tiny,futian`, `BENCH_SEEDS=9101-9103`, `BENCH_SOLVERS=baimi,pyvrp-door-30` run a part;
`BENCH_FACTOR=1` leaves the longer budget out; `BENCH_CLOCK=cpu` gives peers their budget in CPU time, for when
the machine has other work. `BENCH_VRP=FOLDER` adds CVRPLIB's files that lie there (.vrp, and the best known .sol)
at 60 s on one thread; they are not ours to ship. `BENCH_CLASSES=none` runs those alone.
Ten seeds of every class at one and three budgets take about eleven hours on two cores.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.basics.clock import SystemClock
from tests.bench.planner_report import anchor_faults, table, write_section
from tests.bench.planner_runs import (
    OURS,
    PEERS,
    Cell,
    Row,
    VrpCell,
    machine,
    revision,
    run_cell,
    run_vrp,
    versions,
)
from tests.bench.planner_streets import JUDGING_SEEDS, street

ROOT = Path(__file__).resolve().parents[2]
VRP_SOLVERS, VRP_BUDGET_S = (OURS, "pyvrp-300", "pyvrp-30"), 60.0
ANCHOR_STREET = ROOT / "tests/contract/formats/rounds/futian-9001.json"
BUDGETS_S = {"tiny": 1.0, "futian": 10.0, "nankeng": 30.0, "langkou": 60.0, "tower": 10.0}
CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Wish:
    """Which part of the whole comparison to run."""

    classes: tuple[str, ...]
    seeds: tuple[int, ...]
    solvers: tuple[str, ...]
    factors: tuple[int, ...]
    clock: str
    out: Path
    vrp_folder: Path | None


def main() -> int:
    """Runs what is missing, prints the table, writes it down; fails on a broken plan and a peer held back."""
    wish = _wish(os.environ)
    lacking = {"pyvrp", "pyvroom"} - set(versions())
    if lacking:
        print(f"{' and '.join(sorted(lacking))} must be there to compare with: `make bench-planner` brings them")
        return 2
    raw = wish.out / "planner.jsonl"
    known = _read(raw)
    for new in _new_rows(wish, known):
        _append(raw, new)
        _tell(new)
        known = _latest([*known, *new])
    print(table(known))
    lacking = write_section(ROOT / "docs/benchmarks.md", known)
    if lacking:
        print(f"docs/benchmarks.md stays as it is: this lacks {len(lacking)} of its lines, such as {lacking[0]}")
    faults = [f"{row['street']}, {row['solver']}: {row['errors'][0]}" for row in known if _is_broken(row)]
    faults += [f"{row['street']}: ours ran uncompiled, `make setup` compiles it" for row in known if _is_slow(row)]
    faults += anchor_faults(known)
    print("\n".join(faults))
    return int(bool(faults))


def _new_rows(wish: Wish, known: Sequence[Row]) -> Iterator[list[Row]]:
    """Runs what is wished for and not known yet, cell by cell."""
    here = revision()
    kept = [row for row in known if row["solver"] != OURS or (row["revision"] == here and not _is_slow(row))]
    done = {(row["street"], row["solver"], row["seconds"]) for row in kept}
    for name, content in _streets(wish):
        for solver in wish.solvers:
            cell = _cell_of(name, content, solver, wish)
            if not {(content["name"], solver, mark_s) for mark_s in cell.marks_s} <= done:
                yield [{"class": name, **row, **_circumstances()} for row in run_cell(cell)]
    for path in sorted(wish.vrp_folder.glob("*.vrp")) if wish.vrp_folder else ():
        for solver in VRP_SOLVERS:
            if (path.stem, solver, VRP_BUDGET_S) not in done:
                row = run_vrp(VrpCell(path, solver, VRP_BUDGET_S, wish.clock))
                yield [{"class": "vrp", **row, **_circumstances()}]


def _wish(environment: "os._Environ[str]") -> Wish:
    classes = environment.get("BENCH_CLASSES") or ",".join(BUDGETS_S)
    seeds = environment.get("BENCH_SEEDS") or f"{JUDGING_SEEDS[0]}-{JUDGING_SEEDS[-1]}"
    factor = int(environment.get("BENCH_FACTOR") or 3)
    out, vrp_folder = environment.get("BENCH_OUT"), environment.get("BENCH_VRP")
    return Wish(
        classes=tuple(classes.split(",")),
        seeds=tuple(_numbers(seeds)),
        solvers=tuple((environment.get("BENCH_SOLVERS") or ",".join((OURS, *PEERS))).split(",")),
        factors=tuple(sorted({1, factor})),
        clock=environment.get("BENCH_CLOCK") or "wall",
        out=Path(out) if out else Path(tempfile.mkdtemp(prefix="baimi-bench-")),
        vrp_folder=Path(vrp_folder) if vrp_folder else None,
    )


def _numbers(text: str) -> Iterator[int]:
    """Reads `1,5-7` as 1, 5, 6, 7."""
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _streets(wish: Wish) -> Iterator[tuple[str, Row]]:
    """Yields the streets to compare on; the one with the peers' anchors comes before its class."""
    for name in (it for it in wish.classes if it != "none"):
        if name == "futian":
            yield "anchor", json.loads(ANCHOR_STREET.read_text(encoding="utf-8"))
        for seed in wish.seeds:
            yield name, street(name, seed)


def _cell_of(name: str, content: Row, solver: str, wish: Wish) -> Cell:
    budget_s = BUDGETS_S["futian" if name == "anchor" else name]
    factors = wish.factors[:1] if name == "anchor" else wish.factors
    return Cell(content, solver, tuple(budget_s * factor for factor in factors), wish.clock)


def _circumstances() -> dict[str, Any]:
    return {
        "date": CLOCK.now().isoformat(timespec="seconds"),
        "machine": machine(),
        "revision": revision(),
        "versions": versions(),
        "load_after": [round(it, 2) for it in os.getloadavg()],
    }


def _is_broken(row: Row) -> bool:
    """Tells a plan against the rules, of whomever, or none of ours; a peer may fail to find one in time."""
    return bool(row["errors"]) and ("cost" in row or row["solver"] == OURS)


def _is_slow(row: Row) -> bool:
    return any(stage.endswith("_uncompiled") for stage in row.get("stages", ()))


def _read(path: Path) -> list[Row]:
    if not path.exists():
        return []
    return _latest([json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()])


def _latest(rows: Sequence[Row]) -> list[Row]:
    """Keeps the last of the rows of one street, solver and budget."""
    return list({(row["street"], row["solver"], row["seconds"]): row for row in rows}.values())


def _append(path: Path, rows: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def _tell(rows: Sequence[Row]) -> None:
    for row in rows:
        found = row["errors"][0] if row["errors"] else f"cost {row['cost']:,}, late {row['late_s']:,}"
        print(f"{row['street']:14} {row['solver']:18} {row['seconds']:5g} s: {found}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
