"""The product's rules beside carrying and time: each one broken is caught, each adds its very seconds."""

from typing import Any

import pytest

from services.routing.planning.check import check_plan
from tests.unit.routing.planning.streets import a_crew, a_plan, a_street, an_entrance, an_order

GOOD = a_plan([[("clean", ["o0", "o1"]), ("sealed", ["o2"])]])
TWO_ROUNDS = a_plan([[("clean", ["o0", "o1"])], [("sealed", ["o2"])]])


def ruled(**rules: Any) -> dict[str, Any]:
    return a_street(rules=rules)


def with_order(**changes: Any) -> dict[str, Any]:
    orders = [an_order("o0", "clean"), an_order("o1", "clean", floor=4), an_order("o2", "sealed", **changes)]
    return a_street(orders=orders, crews=[a_crew("c0"), a_crew("c1")])


def with_sealed(**changes: Any) -> dict[str, Any]:
    return a_street(
        entrances=[an_entrance("clean", x=50.0), an_entrance("sealed", x=90.0, sealed=True, **changes)]
    )


def times() -> tuple[int, int]:
    """When the sealed entrance is entered and left in `GOOD`, found by moving a quiet minute along."""
    score = check_plan(a_street(), GOOD)
    home_s = round(90 * 1.3 / 1.1)
    left_s = score.makespan_s - home_s
    visit_s = 30 + 25 + 20 + 21 + 1 * 5_000 * 250 // 1_000_000
    return left_s - visit_s, left_s


ENTERED_S, LEFT_S = times()
BROKEN: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("enters clean clean after sealed ones earlier", a_street(crews=[a_crew("c0", was_sealed=True)]), GOOD),
    ("enters clean entrances and others", ruled(own_crews=True), GOOD),
    ("may not enter sealed sealed", a_street(crews=[a_crew("c0", may_enter=0)]), GOOD),
    ("is visited between", ruled(quiet=[[LEFT_S - 1, LEFT_S + 60]]), GOOD),
    ("is visited between", ruled(quiet=[[0, 9_000]]), GOOD),
    (f"is served after {LEFT_S - 1}", with_order(not_after_s=LEFT_S - 1), GOOD),
    (f"is served before {ENTERED_S + 1}", with_order(not_before_s=ENTERED_S + 1), GOOD),
    ("is locked to crew c1", with_order(crew="c1"), GOOD),
    (
        "round 1: is locked and was changed",
        a_street(locked=[{"crew": "c0", "rounds": [{"visits": [{"entrance": "clean", "orders": ["o0"]}]}]}]),
        GOOD,
    ),
    (
        "round 2: is locked and was changed",
        a_street(locked=[{"crew": "c0", "rounds": TWO_ROUNDS["crews"][0]["rounds"]}]),
        a_plan([[("clean", ["o0", "o1"])]]),
    ),
    (
        "enters sealed sealed after class 2 worse",
        a_street(
            entrances=[
                an_entrance("clean", x=50.0),
                an_entrance("sealed", sealed=True),
                an_entrance("worse", sealed=True, handling=2),
            ],
            orders=[an_order("o0", "worse"), an_order("o2", "sealed")],
        ),
        a_plan([[("worse", ["o0"]), ("sealed", ["o2"])]]),
    ),
]


@pytest.mark.parametrize(
    ("error", "street", "plan"), BROKEN, ids=[f"{n}-{row[0]}" for n, row in enumerate(BROKEN)]
)
def test_a_broken_rule_is_caught(error: str, street: dict[str, Any], plan: dict[str, Any]) -> None:
    assert any(error in found for found in check_plan(street, plan).errors)


KEPT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (ruled(quiet=[[LEFT_S, LEFT_S + 60]]), GOOD),
    (with_order(not_after_s=LEFT_S, not_before_s=ENTERED_S), GOOD),
    (with_order(crew="c0"), GOOD),
    (a_street(crews=[a_crew("c0", may_enter=1)]), GOOD),
    (a_street(locked=[{"crew": "c0", "rounds": TWO_ROUNDS["crews"][0]["rounds"]}]), TWO_ROUNDS),
    (ruled(own_crews=True) | {"orders": [an_order("o2", "sealed")]}, a_plan([[("sealed", ["o2"])]])),
]


@pytest.mark.parametrize(("street", "plan"), KEPT)
def test_a_rule_kept_to_the_second_is_no_error(street: dict[str, Any], plan: dict[str, Any]) -> None:
    assert check_plan(street, plan).errors == ()


def test_cold_goods_count_from_the_beginning_of_their_round() -> None:
    for spare_s, errors in ((0, 0), (-1, 1)):
        street = with_order(cold=True) | {"rules": {"cold_limit_s": LEFT_S + spare_s}}
        assert len(check_plan(street, GOOD).errors) == errors
    alone = with_order(cold=True) | {"rules": {"cold_limit_s": LEFT_S - 60}}
    assert check_plan(alone, TWO_ROUNDS).errors == ()


def test_a_crew_disinfects_once_between_two_classes() -> None:
    plain, disinfecting = check_plan(a_street(), GOOD), check_plan(ruled(disinfect_s=90), GOOD)
    assert disinfecting.crew_s - plain.crew_s == 90
    assert check_plan(ruled(disinfect_s=90), TWO_ROUNDS).crew_s - check_plan(a_street(), TWO_ROUNDS).crew_s == 90


def test_a_crew_rests_before_the_next_round_once_it_has_worked_long_enough() -> None:
    first_s = check_plan(a_street(), a_plan([[("clean", ["o0", "o1"])]]), partial=True).crew_s
    for after_s, rest_s in ((first_s, 300), (first_s + 1, 0)):
        rested = check_plan(ruled(rest_after_s=after_s, rest_s=300), TWO_ROUNDS)
        assert rested.crew_s - check_plan(a_street(), TWO_ROUNDS).crew_s == rest_s


def test_handing_over_at_the_foot_takes_its_time_whatever_the_doors() -> None:
    plain, handed = check_plan(a_street(), GOOD), check_plan(with_sealed(hand_over_s=40), GOOD)
    assert plain.crew_s - handed.crew_s == (LEFT_S - ENTERED_S) - (30 + 40)


def test_of_a_pair_of_which_one_guards_one_carries() -> None:
    heavy = [an_order("o0", "clean", floor=7, packages_g=[20_000, 20_000])]
    plan = a_plan([[("clean", ["o0"])]])
    both = check_plan(a_street(orders=heavy), plan)
    one = check_plan(a_street(orders=heavy, crews=[a_crew("c0", climbers=1)]), plan)
    assert one.crew_s - both.crew_s == 20 + 6 * 21
