"""The planner bench's table compares with the best peer of each street; a peer held back is noticed."""

from pathlib import Path
from typing import Any

from tests.bench.planner_report import ANCHORS, anchor_faults, table, write_section


def row(street: str, solver: str, cost: int, **more: Any) -> dict[str, Any]:
    """Is one raw result of the class tiny unless said otherwise."""
    about = {
        "class": "tiny",
        "date": "2026-11-22T00:00:00",
        "machine": "2 cores",
        "revision": "abc",
        "versions": {"pyvrp": "0.14.1"},
    }
    load = {"clock": "wall", "load": [0.5, 0.5, 0.5], "load_after": [3.0, 0.5, 0.5]}
    found = {"errors": [], "cost": cost, "crew_s": cost, "late_s": 0, "seconds": 1.0, "memory_mib": 70}
    return {"street": street, "solver": solver, **about, **load, **found, **more}


ROWS = [
    row("tiny-9101", "baimi", 990),
    row("tiny-9101", "pyvrp-door-30", 1_000),
    row("tiny-9101", "vroom-door", 1_010),
    row("tiny-9102", "baimi", 1_010),
    row("tiny-9102", "vroom-door", 1_000),
    row("tiny-9102", "pyvrp-door-30", 0, errors=["no plan within its time"]),
]


def test_only_the_best_peer_of_each_street_counts() -> None:
    line = table(ROWS).splitlines()[2]
    assert "| 1.0000, 1.0100 |" in line
    assert "pyvrp-door-30 1, vroom-door 1" in line


def test_a_peer_that_was_held_back_is_named() -> None:
    fair, slow = round(ANCHORS["pyvrp"] * 1.002), round(ANCHORS["pyvrp"] * 1.004)
    about = {"class": "anchor"}
    assert anchor_faults([row("futian-s9001", "pyvrp-door-30", fair, **about)]) == []
    assert "pyvrp" in anchor_faults([row("futian-s9001", "pyvrp-door-30", slow, **about)])[0]


def test_the_section_is_replaced_and_the_rest_of_the_page_stays(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("# Benchmarks\n\n## Orders\n\nfast\n", encoding="utf-8")
    write_section(page, ROWS)
    once = page.read_text(encoding="utf-8")
    write_section(page, ROWS)
    assert page.read_text(encoding="utf-8") == once
    assert "fast" in once
    assert "tiny-9102" in once


def test_a_part_never_takes_the_place_of_more(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    assert write_section(page, ROWS) == []
    whole = page.read_text(encoding="utf-8")
    assert write_section(page, [line for line in ROWS if line["street"] == "tiny-9101"]) == ["tiny-9102 | 1"]
    assert page.read_text(encoding="utf-8") == whole
    vrp = [row("X-n101-k25", "baimi", 27_591, gap=0.0, **{"class": "vrp", "seconds": 60.0})]
    assert write_section(page, [*ROWS, *vrp]) == []
    assert write_section(page, ROWS) == ["X-n101-k25"]


def test_seeds_for_tuning_never_reach_the_page(tmp_path: Path) -> None:
    write_section(tmp_path / "benchmarks.md", [row("tiny-1", "baimi", 1), row("tiny-1", "vroom-door", 2)])
    assert not (tmp_path / "benchmarks.md").exists()


def test_public_files_are_shown_by_their_gap_to_the_best_known(tmp_path: Path) -> None:
    about = {"class": "vrp", "seconds": 60.0}
    rows = [
        row("X-n101-k25", "baimi", 27_591, gap=0.0, **about),
        row("X-n200-k36", "baimi", 59_000, gap=0.5, **about),
    ]
    write_section(tmp_path / "benchmarks.md", rows)
    page = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert "| X-n200-k36 | 0.50 |" in page
    assert "| mean of 2 X | 0.25 |" in page
