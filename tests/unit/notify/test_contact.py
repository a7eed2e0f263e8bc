"""Whom to tell, and in which language."""

import pytest

from services.notify.domain.contact import Contact, Language, Person, language_of, whom_to_tell


def _contact(*people: Person) -> Contact:
    return Contact("h-1", "zh", "5栋1802", people)


def test_the_first_person_with_a_phone_who_wants_messages_is_told() -> None:
    people = (Person("甲", None, True), Person("乙", "1", False), Person("丙", "2", True), Person("丁", "3", True))
    assert whom_to_tell(_contact(*people)) == people[2]


@pytest.mark.parametrize(
    "people", [(), (Person("甲", None, True),), (Person("甲", "", True),), (Person("甲", "1", False),)]
)
def test_sometimes_nobody_can_be_told(people: tuple[Person, ...]) -> None:
    assert whom_to_tell(_contact(*people)) is None


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("zh", Language.CHINESE),
        ("zh-Hans", Language.CHINESE),
        ("zh_CN", Language.CHINESE),
        ("ZH-hans-CN", Language.CHINESE),
        ("", Language.CHINESE),
        ("en", Language.ENGLISH),
        ("en-GB", Language.ENGLISH),
        ("ja", Language.ENGLISH),
    ],
)
def test_a_language_we_do_not_write_is_told_in_english(said: str, told: Language) -> None:
    assert language_of(said) is told
