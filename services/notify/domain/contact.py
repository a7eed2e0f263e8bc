"""Who is told what happens at a door, and in which language."""

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """The languages we can write messages in; the values are those of the catalogues."""

    CHINESE = "zh_Hans"
    ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody behind the door."""

    name: str
    phone: str | None
    wants_messages: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """How a household can be reached. `door` is what people call the door; it never leaves in a message."""

    household_id: str
    language: str
    door: str
    people: tuple[Person, ...]


def whom_to_tell(contact: Contact) -> Person | None:
    """The first person who wants messages and has a phone; nobody is a possible answer."""
    return next((person for person in contact.people if person.wants_messages and person.phone), None)


def language_of(household_language: str) -> Language:
    """The language a household is told in: its own if we write it, Chinese unsaid, else English."""
    first_part = household_language.strip().lower().replace("_", "-").partition("-")[0]
    return Language.CHINESE if first_part in {"", "zh"} else Language.ENGLISH
