"""Proves the reading of single cells by the vectors of the intake contract; nothing makes it fall over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.intake.registers.addresses import Address, read_address
from services.orders.intake.registers.needs import read_language, read_needs, read_pets
from services.orders.intake.registers.phones import PhoneUnreadable, read_contacts, read_phone
from services.orders.intake.registers.plain_text import plain, whole_number
from services.orders.intake.registers.values import (
    ResidentsUnreadable,
    floor_of_room,
    read_building,
    read_entrance,
    read_floor,
    read_residents,
    read_room,
)


@pytest.mark.parametrize("text", ["", " ", "-", "—", "——", "/", "无", "没有", "　", "－", "／"])
def test_a_dash_or_a_word_for_nothing_is_empty(text: str) -> None:
    assert plain(text) == ""


@pytest.mark.parametrize(
    ("text", "building"),
    [
        ("3", "3号楼"), ("3.0", "3号楼"), ("3栋", "3号楼"), ("3幢", "3号楼"), ("3#", "3号楼"), ("3号", "3号楼"),
        ("3号楼", "3号楼"), ("三号楼", "3号楼"), ("３栋", "3号楼"), ("十二栋", "12号楼"), ("03栋", "3号楼"),
        ("A", "A座"), ("A栋", "A座"), ("A座", "A座"), ("a座", "A座"), ("8巷11号", "8巷11号"),
        ("", None), ("综合楼", None), ("0", None), ("3.5", None), ("无", None), ("3-2", None), ("Sheet1", None),
    ],
)  # fmt: skip
def test_a_building_is_read(text: str, building: str | None) -> None:
    assert read_building(text) == building


@pytest.mark.parametrize(
    ("text", "entrance"),
    [
        ("2", "2单元"),
        ("2单元", "2单元"),
        ("二单元", "2单元"),
        ("2梯", "2单元"),
        ("2.0", "2单元"),
        ("", None),
        ("东", "东"),
    ],
)
def test_an_entrance_is_read(text: str, entrance: str | None) -> None:
    assert read_entrance(text) == entrance


@pytest.mark.parametrize(
    ("text", "room"),
    [
        ("502", "502"), ("502.0", "502"), ("５０２", "502"), ("502室", "502"), ("502房", "502"),
        ("12a05", "12A05"), ("0502", "0502"), ("", None), ("/", None),
    ],
)  # fmt: skip
def test_a_room_is_read(text: str, room: str | None) -> None:
    assert read_room(text) == room


@pytest.mark.parametrize(("text", "floor"), [("3", 3), ("3楼", 3), ("3F", 3), ("三层", 3), ("3.0", 3), ("", None)])
def test_a_floor_is_read(text: str, floor: int | None) -> None:
    assert read_floor(text) == floor


@pytest.mark.parametrize(
    ("room", "floor"), [("502", 5), ("1501", 15), ("12A05", None), ("12", None), ("11501", None)]
)
def test_a_floor_follows_from_a_room_of_three_or_four_digits(room: str, floor: int | None) -> None:
    assert floor_of_room(room) == floor


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("榕树新村8巷11号602", Address("榕树新村", "8巷11号", None, "602")),
        ("3栋2单元1501", Address(None, "3号楼", "2单元", "1501")),
        ("3-2-1501", Address(None, "3号楼", "2单元", "1501")),
        ("3-1501", Address(None, "3号楼", None, "1501")),
        ("梅香苑3号楼2单元1501室", Address("梅香苑", "3号楼", "2单元", "1501")),
        ("梅香苑 三栋 1501", Address("梅香苑", "3号楼", None, "1501")),
        ("梅香苑3-2-1501", Address("梅香苑", "3号楼", "2单元", "1501")),
        ("南坑2村3栋501", Address("南坑2村", "3号楼", None, "501")),
        ("A座12a05", Address(None, "A座", None, "12A05")),
        ("3号楼15楼1501", Address(None, "3号楼", None, "1501")),
    ],
)
def test_an_address_is_read(text: str, address: Address) -> None:
    assert read_address(text) == address


@pytest.mark.parametrize(
    "text", ["31501", "3栋", "梅香苑", "3号楼14楼1501", "福田路12号1501", "2022-3-2", "1501", "", "三楼左手"]
)
def test_an_address_that_could_mean_anything_is_not_read(text: str) -> None:
    assert read_address(text) is None


@pytest.mark.parametrize(
    ("text", "residents"),
    [
        ("3", 3), ("3.0", 3), ("3人", 3), ("三", 3), ("３", 3), ("三口", 3), ("空置", 0), ("无人", 0), ("0", 0),
        ("30", 30), ("十二", 12), ("", None), ("无", None),
    ],
)  # fmt: skip
def test_residents_are_read(text: str, residents: int | None) -> None:
    assert read_residents(text) == residents


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("31", "residents_out_of_range"), ("-1", "residents_out_of_range"), ("300人", "residents_out_of_range"),
        ("两大一小", "residents_not_a_number"), ("3+1", "residents_not_a_number"),
        ("2.5", "residents_not_a_number"),
        ("很多", "residents_not_a_number"),
    ],
)  # fmt: skip
def test_residents_that_are_no_whole_number_up_to_thirty_are_refused(text: str, code: str) -> None:
    with pytest.raises(ResidentsUnreadable, match=code):
        read_residents(text)


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("13800001234", "13800001234"), ("138 0000 1234", "13800001234"), ("138-0000-1234", "13800001234"),
        ("138.0000.1234", "13800001234"), ("+8613800001234", "13800001234"), ("0086 13800001234", "13800001234"),
        ("86 13800001234", "13800001234"), ("13800001234.0", "13800001234"), ("1.3800001234E+10", "13800001234"),
        ("0755-88886666", "0755-88886666"), ("075588886666", "0755-88886666"),
        ("(0755) 88886666", "0755-88886666"),
        ("010-66668888", "010-66668888"), ("+852 9123 4567", "+85291234567"), ("0085291234567", "+85291234567"),
        ("1.38E+10", None), ("1380000", None), ("23800001234", None), ("12800001234", None), ("88886666", None),
        ("138000012345", None), ("+1", None), ("", None),
    ],
)  # fmt: skip
def test_a_phone_number_is_read(text: str, phone: str | None) -> None:
    assert read_phone(text) == phone


@pytest.mark.parametrize(
    ("text", "contacts"),
    [
        ("13800001234/13800001235", [("户主", "13800001234"), ("户主", "13800001235")]),
        ("13800001234、13800001235", [("户主", "13800001234"), ("户主", "13800001235")]),
        ("13800001234 13800001235", [("户主", "13800001234"), ("户主", "13800001235")]),
        ("138 0000 1234 138 0000 1235", [("户主", "13800001234"), ("户主", "13800001235")]),
        ("王建国13800001234，李梅 13800001235", [("王建国", "13800001234"), ("李梅", "13800001235")]),
        ("女儿：13800001234\n0755-88886666", [("女儿", "13800001234"), ("户主", "0755-88886666")]),
        ("电话：13800001234", [("户主", "13800001234")]),
        ("", [("户主", None)]),
    ],
)
def test_everybody_in_a_phone_cell_is_a_contact(text: str, contacts: list[tuple[str, str | None]]) -> None:
    assert [(contact.name, contact.phone) for contact in read_contacts(text, "户主")] == contacts


@pytest.mark.parametrize("text", ["保密", "1380000", "13800001234、1380000", "13800001234 138"])
def test_one_bad_number_makes_the_phone_cell_invalid(text: str) -> None:
    with pytest.raises(PhoneUnreadable):
        read_contacts(text, None)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("独居老人，高血压药", {"elderly_alone", "chronic_medication"}), ("婴幼儿狗", {"infant", "pet_dog"}),
        ("孤寡老人", {"elderly_alone"}), ("糖尿病/低盐", {"diabetic_diet", "low_salt"}),
        ("无糖饮食", {"diabetic_diet"}),
        ("无慢性病", set()), ("已不透析", set()), ("不是孕妇", set()), ("没有残疾", set()), ("无糖尿病", set()),
        ("无独居老人", set()), ("行动不便、轮椅", {"disabled"}), ("耳聋", {"hearing"}),
        ("无狗，有猫", {"pet_cat"}),
    ],
)  # fmt: skip
def test_needs_are_found_and_negated_ones_do_not_count(text: str, codes: set[str]) -> None:
    found = read_needs((text,))
    assert (found.codes, found.unrecognized) == (frozenset(codes), False)


@pytest.mark.parametrize(
    ("texts", "unrecognized"), [(("打过疫苗",), True), (("无", "-"), False), (("打过疫苗", "孕妇"), False)]
)
def test_text_without_a_known_word_is_unrecognized(texts: tuple[str, ...], unrecognized: bool) -> None:
    assert read_needs(texts).unrecognized is unrecognized


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("普通话", ("zh", False)), ("白话", ("yue", False)), ("客家话", ("hak", False)),
        ("潮州话", ("nan", False)),
        ("English", ("en", False)), ("韩语", ("ko", False)), ("", (None, False)), ("四川话", (None, True)),
    ],
)  # fmt: skip
def test_a_language_is_read(text: str, language: tuple[str | None, bool]) -> None:
    assert read_language(text) == language


@pytest.mark.parametrize(
    ("text", "count", "codes", "unclear"),
    [
        ("狗1猫2", 3, {"pet_dog", "pet_cat"}, False), ("一只狗", 1, {"pet_dog"}, False),
        ("狗", 1, {"pet_dog"}, False),
        ("2猫1狗", 3, {"pet_dog", "pet_cat"}, False), ("小狗一只", 1, {"pet_dog"}, False),
        ("猫狗各两只", 4, {"pet_dog", "pet_cat"}, False), ("养狗 2只", 2, {"pet_dog"}, False),
        ("狗3岁", 1, {"pet_dog"}, False), ("无", 0, set(), False), ("没有", 0, set(), False),
        ("", None, set(), False),
        ("-", None, set(), False), ("有", None, set(), True), ("几只猫", None, {"pet_cat"}, True),
        ("无狗", 0, set(), False),
    ],
)  # fmt: skip
def test_dogs_and_cats_are_counted(text: str, count: int | None, codes: set[str], unclear: bool) -> None:
    pets = read_pets(text)
    assert (pets.count, pets.codes, pets.unclear) == (count, frozenset(codes), unclear)


@pytest.mark.parametrize(
    ("text", "number"),
    [("〇", 0), ("两", 2), ("十", 10), ("十五", 15), ("二十", 20), ("二十三", 23), ("一百零二", 102)],
)
def test_chinese_numerals_are_numbers(text: str, number: int) -> None:
    assert whole_number(text) == number


MESSY = st.text(
    alphabet="0123456789.+-—/ 、;,E()一二三十百两栋单元室号楼座巷AaBb狗犬猫只各无不是人口空置＋３\n\t王",
    max_size=24,
)


@given(MESSY)
def test_no_text_makes_a_reader_fall_over(text: str) -> None:
    read_building(text)
    read_entrance(text)
    read_room(text)
    read_floor(text)
    read_address(text)
    read_needs((text,))
    read_language(text)
    read_pets(text)
    for read in (read_residents, lambda value: read_contacts(value, None)):
        try:
            read(text)
        except (ResidentsUnreadable, PhoneUnreadable):
            continue


@given(st.text(max_size=40))
def test_any_unicode_can_be_met(text: str) -> None:
    read_address(text)
    read_phone(text)
    assert plain(plain(text)) == plain(text)


@given(MESSY)
def test_what_was_read_reads_the_same_again(text: str) -> None:
    for read in (read_building, read_entrance, read_room):
        once = read(text)
        assert once is None or read(once) == once


@given(st.integers(13_000_000_000, 19_999_999_999), st.sampled_from(["", "+86", "0086", "86", "+86 "]))
def test_every_mobile_number_survives_prefix_and_spaces(number: int, prefix: str) -> None:
    digits = str(number)
    assert read_phone(f"{prefix}{digits[:3]} {digits[3:7]}-{digits[7:]}") == digits
    assert read_phone(f"{number}.0") == digits


@given(st.integers(0, 30))
def test_every_number_of_residents_is_read_in_each_spelling(residents: int) -> None:
    for text in (f"{residents}", f"{residents}.0", f"{residents}人", f" {residents} 口"):
        assert read_residents(text) == residents


@given(
    st.integers(1, 99),
    st.integers(1, 9),
    st.integers(1, 40),
    st.integers(1, 12),
    st.sampled_from(["", "梅香苑", "南坑2村"]),
)
def test_an_address_put_together_comes_apart_again(
    building: int, entrance: int, floor: int, door: int, compound: str
) -> None:
    room = f"{floor}{door:02d}"
    expected = Address(compound or None, f"{building}号楼", f"{entrance}单元", room)
    assert read_address(f"{compound}{building}栋{entrance}单元{room}室") == expected
    assert read_address(f"{compound}{building}-{entrance}-{room}") == expected
