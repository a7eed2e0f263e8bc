"""Which class a zone has on which day, who sees it, and declarations that cannot be."""

from datetime import UTC, date, datetime

import pytest

from services.orders.domain.zone import (
    ClassChange,
    Sight,
    ZoneClass,
    ZoneRefused,
    check_declaration,
    class_on,
    is_seen,
)
from tests.unit.orders.homes import SHANGHAI

SEALED = ClassChange(ZoneClass.SEALED, datetime(2022, 3, 2, 4, tzinfo=UTC))
LIFTED = ClassChange(ZoneClass.LIFTED, datetime(2022, 3, 5, 16, tzinfo=UTC))  # midnight of 6 March in the street


def test_a_zone_has_no_class_before_its_first() -> None:
    assert class_on(date(2022, 3, 1), [SEALED], SHANGHAI) is None
    assert class_on(date(2022, 3, 2), [SEALED], SHANGHAI) is ZoneClass.SEALED


def test_a_class_holds_until_the_next_one_begins() -> None:
    changes = [LIFTED, SEALED]
    assert class_on(date(2022, 3, 5), changes, SHANGHAI) is ZoneClass.SEALED
    assert class_on(date(2022, 3, 6), changes, SHANGHAI) is ZoneClass.LIFTED


def test_sight_is_communities_and_grids_together() -> None:
    lotus = Sight(frozenset({"莲香社区"}), frozenset({"第一网格"}))
    assert is_seen(lotus, "莲香社区", "第一网格")
    assert not is_seen(lotus, "莲香社区", "第二网格")
    assert not is_seen(lotus, "榕荫社区", "第一网格")
    assert is_seen(Sight(frozenset({"莲香社区"}), None), "莲香社区", "第二网格")
    assert is_seen(Sight(None, None), "榕荫社区", "第二网格")


@pytest.mark.parametrize("field", ["community", "grid", "name"])
def test_a_zone_needs_its_words(field: str) -> None:
    words = {"community": "莲香社区", "grid": "第一网格", "name": "一号封控区"} | {field: " "}
    with pytest.raises(ZoneRefused) as refusal:
        check_declaration(words["community"], words["grid"], words["name"], ["梅香花园"])
    assert (refusal.value.code, refusal.value.data) == ("zone_text_missing", {"field": field})


def test_a_compound_is_named_once() -> None:
    check_declaration("莲香社区", "第一网格", "一号封控区", ["梅香花园", "莲塘花园"])
    with pytest.raises(ZoneRefused, match="compound_named_twice"):
        check_declaration("莲香社区", "第一网格", "一号封控区", ["梅香花园", "梅香花园"])
