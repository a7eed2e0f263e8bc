"""What is sealed inside an event, and for whom; everything outside these parts is readable by any reader.

A sealed part is written by orders with the household's data key and opened by the one reader it names.
"""

from pydantic import BaseModel, ConfigDict


class Sealed(BaseModel):
    """A part only its reader can open."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reader: str
    wrapped_key: str
    sealed: str


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class HouseholdForRouting(_Part):
    """What a crew must know to find the door and hand over; no phone number."""

    room: str
    masked_name: str
    crew_note: str = ""


class PersonForNotify(_Part):
    """One person behind the door who wants to be told."""

    name: str
    phone: str | None
    wants_messages: bool = True


class HouseholdForNotify(_Part):
    """Whom to tell, and how the door is called in a message."""

    door: str
    people: tuple[PersonForNotify, ...]


class OrderForRouting(_Part):
    """What a crew must know about this order alone."""

    crew_note: str = ""


class StaffSecrets(_Part):
    """What a service needs to let a member of staff in."""

    login: str
    display_name: str
    verifier: str
