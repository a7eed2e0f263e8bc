"""Facts that can be, names that are masked, notes a crew may read."""

import pytest

from services.orders.domain.household import (
    MAX_RESIDENTS,
    HouseholdRefused,
    Need,
    Person,
    check_facts,
    masked_name,
    masked_phone,
)
from tests.unit.orders.homes import a_home, some_facts


@pytest.mark.parametrize("residents", [0, 1, MAX_RESIDENTS, None])
def test_a_home_may_have_these_people(residents: int | None) -> None:
    check_facts(some_facts(residents=residents))


@pytest.mark.parametrize("residents", [-1, MAX_RESIDENTS + 1])
def test_a_home_may_not_have_these_people(residents: int) -> None:
    with pytest.raises(HouseholdRefused, match="residents_out_of_range"):
        check_facts(some_facts(residents=residents))


@pytest.mark.parametrize("phone", ["13800001802", "0755-88886666", "075588886666", "+447700900123"])
def test_these_are_phones(phone: str) -> None:
    check_facts(some_facts(people=(Person(None, phone),)))


@pytest.mark.parametrize("phone", ["1380000180", "138000018022", "23800001802", "12800001802", "call me", "+12"])
def test_these_are_no_phones(phone: str) -> None:
    with pytest.raises(HouseholdRefused, match="phone_malformed"):
        check_facts(some_facts(people=(Person("王建国", phone),)))


def test_a_person_is_a_name_or_a_phone() -> None:
    with pytest.raises(HouseholdRefused, match="person_without_phone_or_name"):
        check_facts(some_facts(people=(Person(None, None),)))


@pytest.mark.parametrize(
    ("name", "masked"), [("王建国", "王*"), ("欧阳修", "欧阳*"), ("欧阳", "欧*"), ("Anna B", "A*"), ("  ", "")]
)
def test_a_masked_name_is_a_surname_or_a_letter(name: str, masked: str) -> None:
    assert masked_name((Person(name, None),)) == masked


def test_the_first_person_with_a_name_is_asked_for() -> None:
    assert masked_name((Person(None, "13800001802"), Person("李敏", None))) == "李*"
    assert masked_name(()) == ""


def test_a_masked_phone_shows_three_and_four_digits() -> None:
    assert masked_phone("13800001802") == "138****1802"
    assert masked_phone("1234567") == "****"
    assert masked_phone(None) == ""


def test_a_crew_reads_how_to_knock_and_no_diagnosis() -> None:
    home = a_home(some_facts(needs=frozenset({Need.HEARING, Need.DIALYSIS, Need.CHRONIC_MEDICATION})))
    assert "听障" in home.crew_note
    assert "透析" not in home.crew_note
    assert a_home().crew_note == ""
