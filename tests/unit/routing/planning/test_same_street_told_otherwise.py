"""A street under other names, its rows shuffled, turned around its drop point: the same street to the planner."""

import copy
import math
import random
from statistics import median
from typing import Any

from services.routing.planning import fallback
from services.routing.planning.check import check_plan
from services.routing.planning.instance_files import plan_dict, problem_from
from services.routing.planning.problem import drop_problems, plan_of
from services.routing.planning.ruin_and_recreate.machine_code import fastest_engine
from services.routing.planning.ruin_and_recreate.search import Budget, improve
from tests.bench.planner_streets import TUNING_SEEDS, street

ENGINE = fastest_engine()
STEPS = 40_000
"""A third of a second: what a small street has of a second's budget."""


def told_otherwise(original: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    turned = copy.deepcopy(original)
    angle = dice.uniform(0, 2 * math.pi)
    for place in (*turned["drop_points"], *turned["entrances"]):
        x, y = place["x"], place["y"]
        place["x"] = round(x * math.cos(angle) - y * math.sin(angle), 2)
        place["y"] = round(x * math.sin(angle) + y * math.cos(angle), 2)
    names = {row["id"]: f"楼{dice.getrandbits(64):x}" for row in (*turned["entrances"], *turned["orders"])}
    for row in (*turned["entrances"], *turned["orders"]):
        row["id"] = names[row["id"]]
    for order in turned["orders"]:
        order["entrance"] = names[order["entrance"]]
    for rows in ("entrances", "orders", "crews"):
        dice.shuffle(turned[rows])
    return turned


def cost_of_plan(content: dict[str, Any]) -> int:
    days = [
        (part, improve(part, fallback.solve(part, seed=1).days, Budget(1, steps=STEPS), ENGINE).days)
        for part in drop_problems(problem_from(content))
    ]
    score = check_plan(content, plan_dict(plan_of(content["name"], days)))
    assert score.errors == ()
    return score.cost


def test_its_plans_are_valid_and_cost_the_same_within_half_a_percent() -> None:
    ratios = []
    for seed in TUNING_SEEDS:
        original = street("tiny", seed)
        ratios.append(cost_of_plan(told_otherwise(original, random.Random(seed))) / cost_of_plan(original))
    assert 0.995 <= median(ratios) <= 1.005
    assert max(ratios) < 1.02
