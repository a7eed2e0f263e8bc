"""What quick hands type, and what they may not."""

import pytest

from services.orders.domain.catalogue import ITEMS
from services.orders.domain.pack import PackRefused
from services.orders.domain.quick_entry import read_quick_entry


@pytest.mark.parametrize("typed", ["mi2 jd1 nn2", "米2蛋1 nn2", "MI2,JD,NN2", "mi x2 jd nn*2"])
def test_spellings_of_the_same_wish(typed: str) -> None:
    assert read_quick_entry(typed) == {"RICE": 2, "EGGS": 1, "MILK": 2}


def test_a_word_said_twice_adds_up() -> None:
    assert read_quick_entry("jd1 jd1") == {"EGGS": 2}


def test_nothing_typed_is_nothing_wanted() -> None:
    assert read_quick_entry("  ") == {}


@pytest.mark.parametrize("typed", ["qq2", "奶2", "mi2 ?", "12"])
def test_what_is_no_item_or_several_is_refused(typed: str) -> None:
    with pytest.raises(PackRefused, match="quick_entry_unknown"):
        read_quick_entry(typed)


def test_no_two_items_share_a_quick_word() -> None:
    assert len({item.quick for item in ITEMS.values()}) == len(ITEMS)


def test_every_item_has_both_names_weight_and_limit() -> None:
    assert all(item.zh and item.en and item.grams > 0 and item.limit > 0 for item in ITEMS.values())
