"""People behind one door: needs, language, phones; and what of it a crew may know."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from services.orders.domain.door import Door
from shared.basics.errors import NotFound, Refused

MAX_RESIDENTS = 30
_PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}|\+\d{7,15}")
_LONG_SURNAMES = frozenset(["欧阳", "司马", "上官", "诸葛", "司徒", "皇甫", "尉迟", "公孙", "慕容", "令狐"])
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")


class Need(StrEnum):
    """What must be thought of when something is packed, or somebody knocks."""

    ELDERLY_ALONE = "elderly_alone"
    INFANT = "infant"
    PREGNANT = "pregnant"
    DISABLED = "disabled"
    HEARING = "hearing"
    VISION = "vision"
    CHRONIC_MEDICATION = "chronic_medication"
    DIALYSIS = "dialysis"
    DIABETIC_DIET = "diabetic_diet"
    LOW_SALT = "low_salt"
    HALAL = "halal"
    VEGETARIAN = "vegetarian"
    PET_DOG = "pet_dog"
    PET_CAT = "pet_cat"


# What a crew must do otherwise at the door; crews read Chinese, some English.
_CREW_NOTES: dict[Need, str] = {
    Need.HEARING: "听障,敲门后多等 hard of hearing: knock, wait",
    Need.VISION: "视障,请出声说明 low vision: say who you are",
    Need.DISABLED: "行动不便,多等一会 slow to the door: wait",
    Need.ELDERLY_ALONE: "独居老人,请问候 elderly, alone: greet",
    Need.PET_DOG: "有狗 dog",
}


class HouseholdNotFound(NotFound):
    """No such household, or none that this person may see."""


class HouseholdRefused(Refused):
    """A household cannot be what was asked for."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody behind the door whom we may tell things."""

    name: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class HouseholdFacts:
    """What is known of a household; the whole of what a register row or a change says.

    `residents` and `pets` are None where nobody counted.
    """

    floor: int | None
    residents: int | None
    pets: int | None
    language: str
    needs: frozenset[Need]
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a household's door belongs: ids for the other services, names for scope."""

    building_id: str
    entrance_id: str
    zone_id: str
    community: str
    grid: str


@dataclass(frozen=True, slots=True)
class Household:
    """The people behind one door."""

    household_id: str
    place: Place
    door: Door
    facts: HouseholdFacts

    def with_facts(self, facts: HouseholdFacts) -> "Household":
        """The same household, known better."""
        return replace(self, facts=facts)

    @property
    def masked_name(self) -> str:
        """Enough of a name to ask for it at the door, too little to look somebody up."""
        return masked_name(self.facts.people)

    @property
    def crew_note(self) -> str:
        """What a crew must do otherwise at this door."""
        return "; ".join(note for need, note in _CREW_NOTES.items() if need in self.facts.needs)


@dataclass(frozen=True, slots=True)
class HouseholdWasRegistered:
    """A household is known behind a door."""

    household: Household


@dataclass(frozen=True, slots=True)
class HouseholdWasChanged:
    """A household's facts are other than before."""

    household: Household


@dataclass(frozen=True, slots=True)
class HouseholdWasRemoved:
    """A household is to be forgotten."""

    household_id: str


def check_facts(facts: HouseholdFacts) -> None:
    """Refuse facts that cannot be.

    Errors: HouseholdRefused("residents_out_of_range" | "phone_malformed" | "person_without_phone_or_name").
    """
    if facts.residents is not None and not 0 <= facts.residents <= MAX_RESIDENTS:
        raise HouseholdRefused("residents_out_of_range", residents=facts.residents, max_residents=MAX_RESIDENTS)
    for number, person in enumerate(facts.people, start=1):
        if not person.name and not person.phone:
            raise HouseholdRefused("person_without_phone_or_name", number=number)
        if person.phone is not None and not _PHONE.fullmatch(person.phone):
            raise HouseholdRefused("phone_malformed", number=number)


def masked_name(people: tuple[Person, ...]) -> str:
    """The first named person's surname or first letter, and a star."""
    name = next((person.name.strip() for person in people if person.name and person.name.strip()), "")
    if not name:
        return ""
    if _LATIN.match(name):
        return f"{name[0].upper()}*"
    # Two-character surnames that are common enough to mislead when cut in half.
    if name[:2] in _LONG_SURNAMES and len(name) > 2:
        return f"{name[:2]}*"
    return f"{name[0]}*"


def masked_phone(phone: str | None) -> str:
    """The first three and last four digits."""
    if not phone:
        return ""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else "****"
