"""CVRPLIB's files are read as the library means them, faults in them are named, and solutions are judged."""

from pathlib import Path

import pytest

from services.routing.planning import fallback
from services.routing.planning.problem import drop_problems, plan_of
from services.routing.planning.vrp_files import (
    MalformedVrp,
    check_routes,
    routes_from,
    routes_of,
    sol_text,
    street_of,
    vrp_from,
    write_sol,
)

SQUARE = """NAME : square
COMMENT : "four corners: one depot"
TYPE : CVRP
DIMENSION : 5
EDGE_WEIGHT_TYPE : EUC_2D
CAPACITY : 10
NODE_COORD_SECTION
1 0 0
2 0 3
3 4 3
4 4 0
5 1 1
DEMAND_SECTION
1 0
2 4
3 6
4 5
5 1
DEPOT_SECTION
 1
 -1
EOF
""".splitlines()


def changed(old: str, new: str) -> list[str]:
    """Is the square's file with one line put otherwise."""
    assert old in SQUARE
    return [new if line == old else line for line in SQUARE]


def test_a_file_is_read_with_the_depot_first() -> None:
    lines = ["2 0" if line == "2 4" else "1 4" if line == "1 0" else line for line in changed(" 1", " 2")]
    vrp = vrp_from(lines)
    assert vrp.name == "square"
    assert vrp.capacity == 10
    assert vrp.places == ((0.0, 3.0), (0.0, 0.0), (4.0, 3.0), (4.0, 0.0), (1.0, 1.0))
    assert vrp.demands == (0, 4, 6, 5, 1)


def test_a_leg_is_rounded_to_the_nearest_whole_number() -> None:
    vrp = vrp_from(SQUARE)
    assert [vrp.distance(0, node) for node in range(5)] == [0, 3, 5, 4, 1]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("DIMENSION : 5", "DIMENSION : five", "DIMENSION:"),
        ("DIMENSION : 5", "DIMENSION : 6", "NODE_COORD_SECTION:"),
        ("DIMENSION : 5", "", "DIMENSION:"),
        ("CAPACITY : 10", "CAPACITY : 0", "CAPACITY:"),
        ("CAPACITY : 10", "CAPACITY : 5", "DEMAND_SECTION, node 3:"),
        ("TYPE : CVRP", "TYPE : TSP", "TYPE:"),
        ("TYPE : CVRP", "", "TYPE:"),
        ("EDGE_WEIGHT_TYPE : EUC_2D", "EDGE_WEIGHT_TYPE : GEO", "EDGE_WEIGHT_TYPE:"),
        ("3 4 3", "3 4 nan", "NODE_COORD_SECTION, line 10:"),
        ("3 4 3", "3 4", "NODE_COORD_SECTION, line 10:"),
        ("3 4 3", "2 4 3", "NODE_COORD_SECTION, line 10:"),
        ("3 6", "3 x", "DEMAND_SECTION, line 16:"),
        ("3 6", "3 -6", "DEMAND_SECTION, node 3:"),
        ("1 0", "1 2", "DEMAND_SECTION, node 1:"),
        (" 1", " 9", "DEPOT_SECTION:"),
        (" -1", " 2", "DEPOT_SECTION:"),
        ("NAME : square", "square", "line 1:"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(old: str, new: str, named: str) -> None:
    with pytest.raises(MalformedVrp) as refusal:
        vrp_from(changed(old, new))
    assert str(refusal.value).startswith(named)


def test_routes_are_measured_and_broken_rules_named() -> None:
    vrp = vrp_from(SQUARE)
    assert check_routes(vrp, [[1, 2], [3, 4]]) == (12 + 4 + 3 + 1, [])
    assert check_routes(vrp, [[1, 2, 4], [3]])[1] == ["route 1 carries 11 of at most 10"]
    for routes in ([[1, 2], [3]], [[1, 2], [3, 4, 4]], [[1, 2], [3, 4, 9]]):
        assert check_routes(vrp, routes)[1]


def test_a_solution_is_written_as_it_is_read(tmp_path: Path) -> None:
    assert routes_from(sol_text([[1, 2], [3, 4]], 20)) == [[1, 2], [3, 4]]
    write_sol(tmp_path / "a.sol", [[1, 2]], 20)
    assert (tmp_path / "a.sol").read_text(encoding="utf-8") == "Route #1: 1 2\nCost 20\n"
    with pytest.raises(MalformedVrp, match=r"b\.sol: cannot be written"):
        write_sol(tmp_path / "nowhere" / "b.sol", [[1, 2]], 20)
    with pytest.raises(MalformedVrp, match="line 1"):
        routes_from("Route #1: 1 two")


def test_a_street_made_of_it_walks_its_distances_and_its_plans_are_routes() -> None:
    vrp = vrp_from(SQUARE)
    street = street_of(vrp)
    (part,) = drop_problems(street)
    assert [list(row) for row in part.walk_s] == [[vrp.distance(a, b) for b in range(5)] for a in range(5)]
    solution = fallback.solve(part, seed=0)
    routes = routes_of(plan_of(street.name, [(part, solution.days)]))
    assert check_routes(vrp, routes) == (fallback.rank(part, solution)[1], [])
