"""What a home gets, and what is refused before it is packed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.domain.catalogue import ITEMS
from services.orders.domain.household import Need
from services.orders.domain.pack import (
    BAG_LIMIT_G,
    EXTRAS_LIMIT_G,
    MAX_PACKS,
    BagPlan,
    Line,
    PackRefused,
    check_quantities,
    plan_bags,
    standard_pack,
)
from tests.unit.orders.homes import some_facts


def codes(bags: tuple[BagPlan, ...]) -> set[str]:
    return {line.code for bag in bags for line in bag.lines}


def quantity(bags: tuple[BagPlan, ...], code: str) -> int:
    return sum(line.quantity for bag in bags for line in bag.lines if line.code == code)


@pytest.mark.parametrize(("residents", "labels"), [(1, ["dry"]), (2, ["dry", "cold"]), (6, ["dry", "cold"])])
def test_one_person_gets_one_bag_and_more_get_a_cold_one_too(residents: int, labels: list[str]) -> None:
    assert [bag.label for bag in standard_pack(some_facts(residents=residents))] == labels


def test_only_the_bag_with_cold_things_is_cold() -> None:
    assert [bag.cold for bag in standard_pack(some_facts(residents=4))] == [False, True]


def test_an_infant_or_a_pet_has_a_bag_of_its_own() -> None:
    infant = standard_pack(some_facts(needs=frozenset({Need.INFANT})))
    assert [bag.label for bag in infant] == ["dry", "cold", "infant"]
    assert {"FORMULA", "NAPPIES"} <= codes(infant)
    assert "PETFOOD" in codes(standard_pack(some_facts(pets=1)))
    assert "PETFOOD" in codes(standard_pack(some_facts(needs=frozenset({Need.PET_CAT}))))
    assert "PETFOOD" not in codes(standard_pack(some_facts(pets=0)))


def test_rice_is_for_three_and_more() -> None:
    assert "RICE" not in codes(standard_pack(some_facts(residents=2)))
    assert "RICE" in codes(standard_pack(some_facts(residents=3)))


def test_four_people_get_more_than_three() -> None:
    three, four = (standard_pack(some_facts(residents=n)) for n in (3, 4))
    assert (quantity(three, "VEGETABLES"), quantity(four, "VEGETABLES")) == (1, 2)
    assert (quantity(three, "MILK"), quantity(four, "MILK")) == (2, 3)
    assert (quantity(three, "PORK"), quantity(four, "PORK")) == (1, 2)


def test_what_people_may_not_eat_is_not_packed() -> None:
    assert "FRUIT" not in codes(standard_pack(some_facts(needs=frozenset({Need.DIABETIC_DIET}))))
    halal = codes(standard_pack(some_facts(needs=frozenset({Need.HALAL}))))
    assert "PORK" not in halal
    assert "CHICKEN" in halal
    vegetarian = codes(standard_pack(some_facts(needs=frozenset({Need.VEGETARIAN}))))
    assert not {"PORK", "CHICKEN"} & vegetarian


def test_where_nobody_counted_two_are_assumed() -> None:
    assert standard_pack(some_facts(residents=None)) == standard_pack(some_facts(residents=2))


def test_two_packs_are_twice_the_bags() -> None:
    assert len(plan_bags(some_facts(), 2, {})) == 2 * len(plan_bags(some_facts(), 1, {}))


def test_extras_ride_in_a_bag_of_their_kind() -> None:
    bags = plan_bags(some_facts(), 1, {"MILK": 1, "MASKS": 1})
    assert len(bags) == 2
    assert "MASKS" in {line.code for line in bags[0].lines}
    assert quantity(bags, "MILK") == 3


def test_extras_alone_make_their_own_bags() -> None:
    assert [bag.label for bag in plan_bags(some_facts(), 0, {"MASKS": 2, "MILK": 1})] == ["extra", "extra"]


def test_a_bag_that_would_be_too_heavy_is_two() -> None:
    bags = plan_bags(some_facts(), 0, {"RICE": 2, "WATER": 2})
    assert [bag.grams for bag in bags] == [10_000, 10_200]


@given(
    st.integers(0, 12),
    st.frozensets(st.sampled_from(Need)),
    st.integers(0, 2),
    st.dictionaries(st.sampled_from(sorted(ITEMS)), st.integers(1, 4)),
)
def test_no_piece_is_lost_or_invented_and_no_bag_too_heavy(
    residents: int, needs: frozenset[Need], packs: int, extras: dict[str, int]
) -> None:
    facts = some_facts(residents=residents, needs=needs)
    bags = plan_bags(facts, packs, extras)
    pack = standard_pack(facts)
    for code in ITEMS:
        assert quantity(bags, code) == packs * quantity(pack, code) + extras.get(code, 0)
    assert all(0 < bag.grams <= BAG_LIMIT_G and bag.crates >= 1 for bag in bags)
    assert 1 <= len(pack) <= 3


@pytest.mark.parametrize("packs", [0, -1, MAX_PACKS + 1, 500])
def test_packs_out_of_range_are_refused_with_the_range(packs: int) -> None:
    with pytest.raises(PackRefused) as refusal:
        check_quantities(packs, True, {})
    assert refusal.value.code == "packs_out_of_range"
    assert refusal.value.data == {"packs": packs, "min_packs": 1, "max_packs": MAX_PACKS}


@pytest.mark.parametrize("packs", [1, MAX_PACKS])
def test_packs_in_range_pass(packs: int) -> None:
    check_quantities(packs, True, {})


def test_each_item_has_its_limit() -> None:
    limit = ITEMS["EGGS"].limit
    check_quantities(1, True, {"EGGS": limit})
    with pytest.raises(PackRefused) as refusal:
        check_quantities(1, True, {"EGGS": limit + 1})
    assert (refusal.value.code, refusal.value.data["limit"]) == ("item_over_limit", limit)


@pytest.mark.parametrize("wanted", [0, -3])
def test_none_or_less_of_an_item_is_refused(wanted: int) -> None:
    with pytest.raises(PackRefused, match="quantity_not_positive"):
        check_quantities(1, True, {"EGGS": wanted})


def test_an_unknown_item_is_refused_by_name() -> None:
    with pytest.raises(PackRefused) as refusal:
        check_quantities(1, True, {"GOLD": 1})
    assert (refusal.value.code, refusal.value.data) == ("item_unknown", {"item": "GOLD"})


def test_extras_have_a_common_weight_limit() -> None:
    heavy = {"RICE": 2, "WATER": 2, "MILK": 6, "OIL": 2}
    grams = sum(ITEMS[code].grams * n for code, n in heavy.items())
    assert grams <= EXTRAS_LIMIT_G
    check_quantities(1, True, heavy)
    with pytest.raises(PackRefused) as refusal:
        check_quantities(1, True, {**heavy, "VEGETABLES": 2})
    assert (refusal.value.code, refusal.value.data["limit_g"]) == ("extras_over_limit", EXTRAS_LIMIT_G)


def test_an_order_for_nothing_is_refused() -> None:
    with pytest.raises(PackRefused, match="order_empty"):
        check_quantities(1, False, {})


def test_extras_alone_need_no_number_of_packs() -> None:
    check_quantities(0, False, {"EGGS": 1})


def test_a_crate_holds_seven_kilograms() -> None:
    assert BagPlan("dry", (Line("RICE", 1), Line("VEGETABLES", 1))).crates == 1
    assert BagPlan("dry", (Line("RICE", 1), Line("VEGETABLES", 1), Line("MASKS", 1))).crates == 2
