"""Packing: everything in as few rounds as its load asks for, each one that a crew may walk."""

from math import ceil
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.planning.instance_files import problem_from
from services.routing.planning.packing import packed, packed_days
from services.routing.planning.parts import Trolley
from services.routing.planning.problem import DropProblem, drop_problems, screen
from tests.unit.routing.planning.ruled_streets import ruled_streets
from tests.unit.routing.planning.streets import a_street, an_entrance, an_order, streets

TROLLEYS = st.builds(Trolley, st.integers(20_000, 150_000), st.integers(4, 40), st.just(2))


def parts_of_street(street: dict[str, Any]) -> list[DropProblem]:
    servable, _ = screen(problem_from(street))
    return drop_problems(servable)


def least_rounds(part: DropProblem, trolley: Trolley, orders: list[int]) -> int:
    grams, crates = sum(part.grams[order] for order in orders), sum(part.crates[order] for order in orders)
    return max(ceil(grams / trolley.cap_g), ceil(crates / trolley.cap_crates))


@given(st.one_of(streets(most_orders=60), ruled_streets(most_orders=40)), TROLLEYS)
@settings(max_examples=120)
def test_every_order_is_in_one_round_that_may_be_walked_and_few_rounds_are_more_than_the_load_asks_for(
    street: dict[str, Any], trolley: Trolley
) -> None:
    for part in parts_of_street(street):
        rounds = packed(part, trolley)
        if rounds is None:
            continue
        held = [order for each in rounds for _, orders in each for order in orders]
        assert sorted(held) == list(range(len(part.order_ids)))
        kinds: dict[tuple[int, str | None], list[int]] = {}
        for order in held:
            kinds.setdefault(kind_of(part, order), []).append(order)
        assert len(rounds) <= sum(1 + least_rounds(part, trolley, orders) for orders in kinds.values())
        for each in rounds:
            inside = [order for _, orders in each for order in orders]
            assert least_rounds(part, trolley, inside) <= 1
            assert all(part.entrance_of[order] == entrance for entrance, orders in each for order in orders)
        mixed = [each for each in rounds if len({part.sealed[entrance] for entrance, _ in each}) > 1]
        assert not mixed or not part.rules.own_crews
        for each in rounds:
            classes = [kind_of(part, orders[0])[0] for _, orders in each]
            assert classes == sorted(classes)
            assert set(classes) <= {0, 1} or len(set(classes)) == 1
            assert len({kind_of(part, order)[1] for _, orders in each for order in orders}) == 1
        assert len(mixed) <= len({lock for _, lock in kinds})


def kind_of(part: DropProblem, order: int) -> tuple[int, str | None]:
    return part.entrances[part.entrance_of[order]].handling_class, part.orders[order].crew


@given(streets(most_orders=40))
@settings(max_examples=60)
def test_a_crew_is_dealt_only_what_it_can_push_and_clean_rounds_first(street: dict[str, Any]) -> None:
    for part in parts_of_street(street):
        days = packed_days(part)
        for crew, day in zip(part.crews, days or [], strict=False):
            for each in day:
                grams, crates = part.load_of(order for _, orders in each for order in orders)
                assert (grams <= crew.cap_g, crates <= crew.cap_crates) == (True, True)
            sealed = [any(part.sealed[entrance] for entrance, _ in each) for each in day]
            assert sealed == sorted(sealed)


def test_sealed_orders_fill_the_last_clean_round() -> None:
    # Nine clean crates and three sealed ones: two trolleys of six take them if one of them takes both kinds.
    entrances = [an_entrance("clean"), an_entrance("sealed", sealed=True)]
    orders = [an_order(f"o{n}", "clean" if n < 3 else "sealed", crates=3) for n in range(4)]
    [part] = parts_of_street(a_street(entrances=entrances, orders=orders))
    assert [len(each) for each in packed(part, Trolley(150_000, 6, 2)) or []] == [1, 2]


def test_what_one_round_more_than_the_load_asks_for_cannot_carry_is_not_packed() -> None:
    # Five orders of 60 kg weigh what three trolleys of 100 kg carry, and no two of them go together.
    orders = [an_order(f"o{n}", "e0", packages_g=[60_000]) for n in range(5)]
    [part] = parts_of_street(a_street(entrances=[an_entrance("e0")], orders=orders))
    assert packed(part, Trolley(100_000, 40, 2)) is None
    assert len(packed(part, Trolley(120_000, 40, 2)) or []) == 3


def test_a_trolley_that_takes_no_crates_is_packed_by_weight_alone() -> None:
    orders = [an_order(f"o{n}", "e0", packages_g=[40_000], crates=0) for n in range(5)]
    [part] = parts_of_street(a_street(entrances=[an_entrance("e0")], orders=orders))
    assert len(packed(part, Trolley(100_000, 0, 2)) or []) == 3
