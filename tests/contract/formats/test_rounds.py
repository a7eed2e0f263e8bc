"""The copied vectors of formats/rounds: unchanged, and agreed with to the second."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from services.routing.planning import check, visit_cost
from services.routing.planning.bound import lower_bound_s
from services.routing.planning.instance_files import instance_dict, plan_dict, plan_from, problem_from
from services.routing.planning.problem import days_of, drop_problems
from services.routing.planning.timetable import cost_of, timetable

HERE = Path(__file__).parent
SCORED = ("tiny-9001", "tiny-9002")
INSTANCES = (*SCORED, "futian-9001")


def load(name: str) -> Any:
    return json.loads((HERE / "rounds" / f"{name}.json").read_text(encoding="utf-8"))


def test_the_copied_vectors_are_the_published_ones() -> None:
    lines = (HERE / "rounds.sha256").read_text(encoding="utf-8").splitlines()
    listed = dict(reversed(line.split(maxsplit=1)) for line in lines)
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (HERE / "rounds").iterdir()}
    assert found == listed


@pytest.mark.parametrize("name", SCORED)
def test_the_check_scores_a_valid_plan_as_its_file_says(name: str) -> None:
    score = check.check_plan(load(name), load(f"{name}.plan"))
    wanted = load(f"{name}.score")
    assert score.errors == ()
    assert {key: getattr(score, key) for key in wanted if key not in ("ok", "lower_bound_s")} == {
        key: value for key, value in wanted.items() if key not in ("ok", "lower_bound_s")
    }


@pytest.mark.parametrize("name", SCORED)
def test_the_model_prices_a_valid_plan_as_its_file_says(name: str) -> None:
    problem, plan = problem_from(load(name)), plan_from(load(f"{name}.plan"))
    (part,) = drop_problems(problem)
    assert cost_of(part, days_of(part, plan)) == load(f"{name}.score")["cost"]
    assert max(each.ends_s for each in timetable(problem, plan)) == load(f"{name}.score")["makespan_s"]


@pytest.mark.parametrize("name", SCORED)
def test_the_bound_is_at_least_the_published_one_and_below_the_known_plan(name: str) -> None:
    score = load(f"{name}.score")
    assert score["lower_bound_s"] <= lower_bound_s(problem_from(load(name))) <= score["crew_s"]


@pytest.mark.parametrize("wrong", load("invalid-plans"), ids=lambda wrong: wrong["name"])
def test_an_invalid_plan_is_refused(wrong: dict[str, Any]) -> None:
    assert check.check_plan(load("tiny-9001"), wrong["plan"]).errors


@pytest.mark.parametrize("name", INSTANCES)
def test_every_visit_lasts_as_long_as_its_vector_says_in_the_model_and_in_the_check(name: str) -> None:
    instance = load(name)
    entrances = {row["id"]: row for row in instance["entrances"]}
    orders = {row["id"]: row for row in instance["orders"]}
    part_of = {entrance: part for part in drop_problems(problem_from(instance)) for entrance in part.entrance_ids}
    for vector in (row for row in load("visit-seconds") if row["instance"] == name):
        part = part_of[vector["entrance"]]
        served = tuple(part.order_ids.index(order) for order in vector["orders"])
        visit = (part.entrance_ids.index(vector["entrance"]), served)
        model_s = visit_cost.visit_s(*part.visit_arguments(visit, vector["people"]))
        rows = [orders[order] for order in vector["orders"]]
        check_s = check.visit_s(instance["model"], entrances[vector["entrance"]], rows, vector["people"])
        assert (model_s, check_s) == (vector["seconds"], vector["seconds"]), vector


@pytest.mark.parametrize("name", INSTANCES)
def test_an_instance_is_written_as_it_was_read(name: str) -> None:
    assert instance_dict(problem_from(load(name))) == load(name)


@pytest.mark.parametrize("name", SCORED)
def test_a_plan_is_written_as_it_was_read(name: str) -> None:
    assert plan_dict(plan_from(load(f"{name}.plan"))) == load(f"{name}.plan")
