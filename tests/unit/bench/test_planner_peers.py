"""What a peer's routes are turned into obeys the rules, at every level; skipped where no peer is installed."""

import json
from pathlib import Path

import pytest

from services.routing.planning.check import check_plan
from services.routing.planning.instance_files import problem_from
from services.routing.planning.parts import trolleys_of
from services.routing.planning.problem import drop_problems
from tests.bench.planner_levels import LEVELS, nodes_of, rounds_of
from tests.bench.planner_streets import street


@pytest.mark.parametrize("level", LEVELS)
def test_every_order_is_at_one_node_and_comes_back_out(level: str) -> None:
    for part in drop_problems(problem_from(street("futian", 1))):
        nodes = nodes_of(part, trolleys_of(part)[0], level)
        held = [order for orders in nodes.orders for order in orders]
        assert sorted(held) == list(range(len(part.order_ids)))
        rounds = rounds_of(part, nodes, [[node] for node in range(1, len(nodes.orders) + 1)])
        assert sum(len(orders) for each in rounds for _, orders in each) == len(held)


@pytest.mark.parametrize("solver", ["pyvrp-door-30", "pyvrp-batch-300", "pyvrp-entrance-30", "vroom-door"])
def test_a_peers_plan_obeys_the_rules(solver: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pyvrp")
    pytest.importorskip("vroom")
    from tests.bench.planner_peers import main

    content = street("tiny", 2)
    tmp_path.joinpath("instance.json").write_text(json.dumps(content), encoding="utf-8")
    request = {"instance": str(tmp_path / "instance.json"), "drops": ["d0"], "marks_s": [0.1, 0.2], "threads": 1}
    request |= {"solver": solver, "seed": 1, "clock": "wall"}
    tmp_path.joinpath("request.json").write_text(json.dumps(request), encoding="utf-8")
    main(str(tmp_path / "request.json"))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["mark"] for line in lines] == [0, 1]
    for line in lines:
        assert check_plan(content, {**line["plan"], "instance": content["name"]}).errors == ()
