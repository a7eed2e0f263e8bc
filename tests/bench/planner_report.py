"""What the raw results of the planner bench say: a table a class, and the peers held to their anchors."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench.planner_runs import OURS, Row
from tests.bench.planner_streets import JUDGING_SEEDS, TUNING_SEEDS

ANCHORS = {"pyvrp": 166_535}
"""What a peer's best setting cost on futian-9001: PyVRP's in 10 CPU seconds of each of two processes on 2026-11-21
(two idle cores do at least as well). VROOM has none: it does not end by itself within 10 s, so load decides."""
_TOLERANCE = 0.003
_TARGETS = {
    "tiny": "cost ≤ 1.000, worst ≤ 1.003",
    "futian": "cost ≤ 0.995, late ≤ 300 s",
    "nankeng": "crew ≤ 0.985, cost ≤ 0.97",
    "langkou": "cost ≤ 0.99",
    "tower": "cost ≤ 0.998",
}
_BEGIN, _END = "<!-- planner: begin, written by `make bench-planner` -->", "<!-- planner: end -->"


@dataclass(frozen=True, slots=True)
class Compared:
    """Our row and the peers', of one street and budget."""

    ours: Row
    peers: tuple[Row, ...]

    def best(self, key: str = "cost") -> Row:
        """Is the peers' row that does best by a figure."""
        return min(self.peers, key=lambda row: int(row[key]))


def anchor_faults(rows: Sequence[Row]) -> list[str]:
    """Names the peers whose best result on the anchor street is more than 0.3 % worse than recorded."""
    faults = []
    for peer, anchor in ANCHORS.items():
        costs = [row["cost"] for row in rows if row["class"] == "anchor" and _is_of(row, peer)]
        if costs and min(costs) > anchor * (1 + _TOLERANCE):
            faults.append(
                f"{peer} cost {min(costs):,} on futian-9001 where {anchor:,} is recorded: not a fair run"
            )
    return faults


def _is_of(row: Row, peer: str) -> bool:
    return not row["errors"] and row["solver"].startswith(f"{peer}-")


def table(rows: Sequence[Row]) -> str:
    """Draws one line a class and budget: our cost and crew time by those of the peer that did best there."""
    lines = [
        "| class | budget | n | cost: median, worst | crew: median, worst | late: ours, best | by | MiB | goal |",
        "| --- " * 9 + "|",
    ]
    for name in _TARGETS:
        for seconds in sorted({row["seconds"] for row in rows if row["class"] == name}):
            here = [row for row in rows if row["class"] == name and row["seconds"] == seconds]
            lines.append(_line(name, seconds, _compared(here)))
    return "\n".join(lines)


def _compared(rows: Sequence[Row]) -> list[Compared]:
    pairs = []
    for street in sorted({row["street"] for row in rows}):
        valid = [row for row in rows if row["street"] == street and not row["errors"]]
        ours = [row for row in valid if row["solver"] == OURS]
        peers = [row for row in valid if row["solver"] != OURS]
        if ours and peers:
            pairs.append(Compared(ours[0], tuple(peers)))
    return pairs


def _line(name: str, seconds: float, pairs: Sequence[Compared]) -> str:
    head = f"| {name} | {seconds:g} s | {len(pairs)} "
    if not pairs:
        return head + f"| | | | | | {_TARGETS[name]} |"
    shown = []
    for key in ("cost", "crew_s"):
        ratios = [pair.ours[key] / pair.best(key)[key] for pair in pairs]
        shown.append(f"{median(ratios):.4f}, {max(ratios):.4f}")
    late = [
        median(row["late_s"] for row in rows) for rows in zip(*((it.ours, it.best()) for it in pairs), strict=True)
    ]
    winners = [pair.best()["solver"] for pair in pairs]
    ranked = sorted(set(winners), key=lambda it: (-winners.count(it), it))
    shown += [f"{late[0]:,.0f} s, {late[1]:,.0f} s", ", ".join(f"{it} {winners.count(it)}" for it in ranked)]
    memory_mib = max(pair.ours["memory_mib"] for pair in pairs)
    return head + f"| {' | '.join(shown)} | {memory_mib} | {_TARGETS[name]} |"


def write_section(path: Path, rows: Sequence[Row]) -> list[str]:
    """Puts the judging seeds' results into the page of benchmarks, leaving the rest of it alone.

    A part never takes the place of more: gives the streets that the page has and the rows lack, and then leaves
    the page as it is.
    """
    quoted = [row for row in rows if row["class"] == "vrp" or _is_judged(row)]
    if not quoted:
        return []
    page = path.read_text(encoding="utf-8") if path.exists() else "# Benchmarks\n"
    section = f"{_BEGIN}\n{_section(quoted)}\n{_END}"
    before, begin, rest = page.partition(_BEGIN)
    old, _, after = rest.partition(_END) if begin else ("", "", "\n")
    lacking = [street for street in _streets_in(old) if street not in _streets_in(section)]
    if lacking:
        return lacking
    path.write_text(f"{before if begin else before.rstrip() + chr(10) * 2}{section}{after}", encoding="utf-8")
    return []


def _streets_in(section: str) -> list[str]:
    """Lists the streets, each with its seconds, and the public files that have a line in a section."""
    return [
        found[1] for found in re.finditer(r"^\| (\w+-\d+ \| \d+|[A-Z][\w-]*\d[\w-]*) \|", section, re.MULTILINE)
    ]


def _is_judged(row: Row) -> bool:
    return row["class"] in _TARGETS and int(row["street"].rpartition("-")[2]) in JUDGING_SEEDS


def _section(rows: Sequence[Row]) -> str:
    judged = [row for row in rows if row["class"] != "vrp"]
    dates = sorted(row["date"][:10] for row in rows)
    loads = sorted(max(row["load"][0], row["load_after"][0]) for row in rows)
    cpu = any(row["clock"] == "cpu" for row in rows)
    disturbed = sum(load > 2.5 for load in loads)
    lines = [
        "## Planner",
        "",
        f"{' to '.join(dict.fromkeys((dates[0], dates[-1])))}, {_named(rows, 'machine')};",
        f"{_named(rows, 'versions')};",
        f"ours at {', '.join(sorted({row['revision'] for row in rows if row['solver'] == OURS}))}.",
        f"Load average (1 min) beside the runs: median {median(loads):.1f}, most {loads[-1]:.1f};",
        f"{disturbed} of {len(loads)} readings had more than 2.5, so something else ran on the two cores.",
        "",
        "Below 1 is better than the best peer on the same street, in the same wall time, by the same check.",
        f"Streets: `tests/bench/planner_streets`, seeds {_span(JUDGING_SEEDS)} (tuned on {_span(TUNING_SEEDS)}).",
        "Peers: PyVRP and VROOM (exploration 5) at door, batch (climbs in stairwells) and entrance level, PyVRP",
        "with `history_length` 300 and 30; drop points in two processes; their rounds are finished by our own",
        "sequencing and CP-SAT, in a tenth of the budget on top of it. Their loading is not counted; ours is.",
        *(["Peers had their budget in CPU seconds, because other work ran beside."] if cpu else []),
        "",
        table(judged),
        "",
        "Costs (crew seconds and seconds late), all solvers; `-` found no plan in its time.",
        "",
        *_costs(judged),
        *_yardstick([row for row in rows if row["class"] == "vrp"]),
    ]
    return "\n".join(lines)


def _named(rows: Sequence[Row], key: str) -> str:
    """Lists the different values of what should be the same in every row."""
    values = [row[key] for row in rows]
    texts = {" ".join(f"{a} {b}," for a, b in it.items())[:-1] if isinstance(it, Mapping) else it for it in values}
    return "; ".join(sorted(texts))


def _span(seeds: range) -> str:
    return f"{seeds[0]}-{seeds[-1]}"


def _costs(rows: Sequence[Row]) -> list[str]:
    lines = []
    for name in _TARGETS:
        here = [row for row in rows if row["class"] == name]
        if not here:
            continue
        streets = sorted({(row["street"], row["seconds"]) for row in here})
        solvers = list(dict.fromkeys(row["solver"] for row in here))
        cost_of = {(row["street"], row["seconds"], row["solver"]): row for row in here}
        lines += ["", f"| street | s | {' | '.join(solvers)} |", "| --- " * (2 + len(solvers)) + "|"]
        for street, seconds in streets:
            cells = [_cost(cost_of.get((street, seconds, solver))) for solver in solvers]
            lines.append(f"| {street} | {seconds:g} | {' | '.join(cells)} |")
    return lines[1:]


def _cost(row: Row | None) -> str:
    if row is None:
        return ""
    return "-" if row["errors"] else f"{row['cost']:,}"


def _yardstick(rows: Sequence[Row]) -> list[str]:
    """Draws CVRPLIB's files by how far each solver is from the best known, in percent."""
    if not rows:
        return []
    solvers = list(dict.fromkeys(row["solver"] for row in rows))
    gaps = {(row["street"], row["solver"]): row["gap"] for row in rows if not row["errors"] and "gap" in row}
    lines = ["", f"CVRPLIB, {rows[0]['seconds']:g} s, one thread, gap to the best known in %:", ""]
    lines += [f"| file | {' | '.join(solvers)} |", "| --- " * (1 + len(solvers)) + "|"]
    files = sorted({row["street"] for row in rows})
    for file in files:
        lines.append(f"| {file} | {' | '.join(_gap([gaps.get((file, it))]) for it in solvers)} |")
    public = [file for file in files if file.startswith("X-")]
    means = [_gap([gaps.get((file, it)) for file in public]) for it in solvers]
    return [*lines, f"| mean of {len(public)} X | {' | '.join(means)} |"]


def _gap(gaps: Sequence[float | None]) -> str:
    known = [gap for gap in gaps if gap is not None]
    return f"{sum(known) / len(known):.2f}" if known and len(known) == len(gaps) else "-"
