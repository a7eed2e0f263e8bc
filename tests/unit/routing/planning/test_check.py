"""Every rule broken on purpose is caught by the independent check."""

from typing import Any

import pytest

from services.routing.planning.check import check_plan
from tests.unit.routing.planning.streets import a_crew, a_plan, a_street, an_entrance, an_order

GOOD = a_plan([[("clean", ["o0", "o1"]), ("sealed", ["o2"])]])
TWO_CREWS = [a_crew("c0"), a_crew("c1")]

BROKEN: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("order o1 is not delivered", a_street(), a_plan([[("clean", ["o0"]), ("sealed", ["o2"])]])),
    ("order o0 is delivered 2 times", a_street(), a_plan([[("clean", ["o0", "o1", "o0"]), ("sealed", ["o2"])]])),
    ("there is no order o9", a_street(), a_plan([[("clean", ["o0", "o1", "o9"]), ("sealed", ["o2"])]])),
    ("there is no entrance attic", a_street(), a_plan([[("attic", ["o0", "o1"]), ("sealed", ["o2"])]])),
    ("there is no crew c1", a_street(), a_plan([[("clean", ["o0", "o1"])]], [[("sealed", ["o2"])]])),
    ("carries 15000 g of at most 14999 g", a_street(crews=[a_crew("c0", cap_g=14_999)]), GOOD),
    ("carries 3 crates of at most 2", a_street(crews=[a_crew("c0", cap_crates=2)]), GOOD),
    ("after its shift's end at 600", a_street(crews=[a_crew("c0", end_s=600)]), GOOD),
    (
        "enters clean clean after sealed sealed",
        a_street(),
        a_plan([[("sealed", ["o2"]), ("clean", ["o0", "o1"])]]),
    ),
    (
        "round 2: enters clean clean after sealed sealed",
        a_street(),
        a_plan([[("sealed", ["o2"])], [("clean", ["o0", "o1"])]]),
    ),
    ("order o2 does not live in clean", a_street(), a_plan([[("clean", ["o0", "o1", "o2"])]])),
    (
        "serves nobody in sealed",
        a_street(),
        a_plan([[("clean", ["o0", "o1"]), ("sealed", ["o2"]), ("sealed", [])]]),
    ),
    ("visits nothing", a_street(), a_plan([[("clean", ["o0", "o1"]), ("sealed", ["o2"])], []])),
    (
        "the goods of clean do not lie at d1",
        a_street(
            drop_points=[{"id": d, "zone": "z0", "x": 0.0, "y": 0.0} for d in ("d0", "d1")],
            crews=[a_crew("c0", drop="d1")],
        ),
        GOOD,
    ),
    ("enters clean in closed zone z0", a_street(closed_zones=["z0"]), GOOD),
    ("says cost is 7, it is", a_street(), {**GOOD, "score": {"cost": 7}}),
    ("says rounds is 2, it is 1", a_street(), {**GOOD, "score": {"rounds": 2}}),
    ("the plan is for another", a_street(), {**GOOD, "instance": "another"}),
    (
        "crew c0 is there more than once",
        a_street(),
        {**GOOD, "crews": [*GOOD["crews"], {"crew": "c0", "rounds": []}]},
    ),
]


def test_a_plan_that_keeps_every_rule_is_scored() -> None:
    score = check_plan(a_street(), GOOD)
    assert (score.errors, score.rounds, score.crews, score.late_s) == ((), 1, 1, 0)
    assert score.cost == score.crew_s == score.makespan_s > 0


@pytest.mark.parametrize(("error", "street", "plan"), BROKEN, ids=[row[0] for row in BROKEN])
def test_a_broken_rule_is_caught(error: str, street: dict[str, Any], plan: dict[str, Any]) -> None:
    assert any(error in found for found in check_plan(street, plan).errors)


def test_a_shift_may_end_in_the_very_second_it_must() -> None:
    end_s = check_plan(a_street(), GOOD).makespan_s
    assert check_plan(a_street(crews=[a_crew("c0", end_s=end_s)]), GOOD).errors == ()
    assert check_plan(a_street(crews=[a_crew("c0", end_s=end_s - 1)]), GOOD).errors != ()


def test_a_trolley_may_be_filled_to_the_gram_and_the_crate() -> None:
    assert check_plan(a_street(crews=[a_crew("c0", cap_g=15_000, cap_crates=3)]), GOOD).errors == ()


def test_a_partial_plan_may_leave_orders_out_but_break_nothing_else() -> None:
    plan = a_plan([[("clean", ["o0", "o0"])]])
    assert check_plan(a_street(), plan, partial=True).errors == ("order o0 is delivered 2 times",)


def test_lateness_is_the_excess_over_the_promise_counted_from_time_0() -> None:
    orders = [an_order("o0", "e0", floor=1, due_s=900)]
    street = a_street(orders=orders, entrances=[an_entrance("e0", x=0.0)], crews=[a_crew("c0", start_s=1_000)])
    score = check_plan(street, a_plan([[("e0", ["o0"])]]))
    visited_at_s = 1_000 + 150 + 3 + 30 + 25 + 20
    assert (score.late_s, score.crew_s) == (visited_at_s - 900, visited_at_s - 1_000)
    assert score.cost == score.crew_s + score.late_s


def test_a_second_round_begins_where_the_first_one_ends() -> None:
    one = check_plan(a_street(), a_plan([[("clean", ["o0", "o1"])]]), partial=True)
    other = check_plan(a_street(), a_plan([[("sealed", ["o2"])]]), partial=True)
    both = check_plan(a_street(), a_plan([[("clean", ["o0", "o1"])], [("sealed", ["o2"])]]))
    assert both.crew_s == one.crew_s + other.crew_s
