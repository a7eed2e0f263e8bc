"""Any spelling of a door leads to the same keys; what is no door leads nowhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.domain.door import (
    Door,
    DoorQuery,
    building_key,
    compound_key,
    entrance_key,
    read_door,
    room_key,
)


@pytest.mark.parametrize(
    "typed",
    [
        "5-1-1802",
        "5 1 1802",
        "5号楼1单元1802",
        "五号楼一单元1802室",
        "5栋1单元1802",
        "5#1单元1802房",
        "５－１－１８０２",
    ],
)
def test_every_spelling_of_building_entrance_and_room_is_one_reading_first(typed: str) -> None:
    assert read_door(typed)[0] == DoorQuery("5", "1", "1802")


def test_two_parts_may_be_building_or_entrance() -> None:
    assert read_door("5 1802") == (DoorQuery("5", None, "1802"), DoorQuery(None, "5", "1802"))


def test_a_named_building_leaves_no_doubt() -> None:
    assert read_door("5号楼1802") == (DoorQuery("5", None, "1802"),)
    assert read_door("2单元1802") == (DoorQuery(None, "2", "1802"),)


def test_a_room_alone_may_be_anywhere() -> None:
    assert read_door("1802") == (DoorQuery(None, None, "1802"),)
    assert read_door("12a05") == (DoorQuery(None, None, "12A05"),)


def test_a_lane_is_a_building() -> None:
    assert read_door("8巷11号602") == (DoorQuery("8巷11", None, "602"),)
    assert DoorQuery("8巷11", None, "602") in read_door("8-11-602")


def test_a_building_alone_lists_its_homes() -> None:
    assert read_door("5号楼 ") == read_door("5栋") == (DoorQuery("5", None, None),)


def test_the_longest_compound_name_before_a_door_is_taken() -> None:
    names = ["梅香花园", "梅香花园二期"]
    assert read_door("梅香花园二期 5-1-1802", names)[0] == DoorQuery("5", "1", "1802", "梅香花园二期")
    assert read_door("梅香花园5号楼1单元1802", names)[0] == DoorQuery("5", "1", "1802", "梅香花园")


def test_a_shop_is_a_room() -> None:
    assert read_door("5-1-商铺2")[0] == DoorQuery("5", "1", "商铺2")


@pytest.mark.parametrize("typed", ["", "   ", "?!", "1-2-3-4-5", "=1+1", "5号楼6号楼1802"])
def test_what_is_no_door_has_no_reading(typed: str) -> None:
    assert read_door(typed) == ()


@given(st.text(max_size=40))
def test_nothing_anybody_types_breaks_the_reading(typed: str) -> None:
    read_door(typed, ["梅香花园"])


@given(st.integers(1, 99), st.integers(1, 9), st.integers(101, 3999))
def test_a_door_is_found_by_its_spoken_form(building: int, entrance: int, room: int) -> None:
    door = Door("梅香花园", f"{building}号楼", f"{entrance}单元", str(room))
    wanted = (building_key(door.building), entrance_key(door.entrance), room_key(door.room))
    first = read_door(door.spoken())[0]
    assert (first.building, first.entrance, first.room) == wanted


def test_keys_forget_spelling_and_nothing_else() -> None:
    assert {building_key(text) for text in ("5号楼", "5栋", "5幢", "5#", "5号", "五号楼", "５号楼")} == {"5"}
    assert building_key("十二号楼") == "12"
    assert building_key("二十号楼") == "20"
    assert building_key("A座") == "A"
    assert building_key("8巷11号") == "8巷11"
    assert entrance_key(None) == ""
    assert entrance_key("二单元") == "2"
    assert room_key("1802室") == "1802"
    assert compound_key(" 梅香 花园 ") == "梅香花园"
    assert Door("梅香花园", "A座", None, "602").full() == "梅香花园 A座602"
