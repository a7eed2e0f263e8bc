"""Reads what a browser sent, in the words of the actions."""

from collections.abc import Mapping
from datetime import date, datetime, time
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.datastructures import UploadFile

from services.orders.actions.office import Office
from shared.basics.errors import BaimiError
from shared.web.error_responses import Malformed, error_text
from shared.web.parts import ServiceParts

Choice = TypeVar("Choice", bound=StrEnum)
Entries = Mapping[str, str]

# Where the reader is led when a refusal's code speaks of one field.
_FIELDS: Mapping[str, str] = {
    "wave_date_past": "wave_date",
    "wave_date_too_far": "wave_date",
    "zone_not_sealed": "wave_date",
    "date_unreadable": "wave_date",
    "time_unreadable": "valid_from",
    "packs_out_of_range": "packs",
    "order_empty": "pack",
    "note_too_long": "note",
    "quick_entry_unknown": "quick",
    "order_same_date": "duplicate",
    "residents_unreadable": "residents",
    "residents_out_of_range": "residents",
    "phone_malformed": "phone_1",
    "compound_unknown": "compound",
    "compound_ambiguous": "compound",
    "door_missing": "building",
    "login_malformed": "login",
    "name_missing": "display_name",
    "roles_missing": "roles",
    "role_unknown": "roles",
    "scope_missing": "communities",
    "password_missing": "password",
    "password_too_short": "password",
    "password_too_common": "password",
    "file_missing": "file",
}


def office_of(parts: ServiceParts) -> Office:
    """What actions work with, from what the service is made of."""
    return Office(parts.clock, parts.randomness, parts.keys, parts.settings.zone())


async def read_entries(request: Request) -> dict[str, str]:
    """The text fields of a form, the last of each name; a checked group is joined by commas."""
    form = await request.form()
    entries: dict[str, str] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            continue
        entries[name] = f"{entries[name]},{value}" if name == "roles" and name in entries else value
    return entries


def read_day(text: str) -> date:
    """A local day.

    Errors: Malformed("date_unreadable").
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Malformed("date_unreadable") from None


def read_moment(text: str, local_zone: ZoneInfo) -> datetime:
    """A moment; a day alone means its local midnight, a time without a zone is local.

    Errors: Malformed("time_unreadable").
    """
    try:
        if len(text.strip()) == 10:
            return datetime.combine(date.fromisoformat(text.strip()), time.min, local_zone)
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Malformed("time_unreadable") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=local_zone)


def read_choice(kind: type[Choice], text: str) -> Choice:
    """One of the fixed words.

    Errors: Malformed("choice_unknown").
    """
    try:
        return kind(text.strip())
    except ValueError:
        raise Malformed("choice_unknown") from None


def read_number(text: str, code: str = "quantity_unreadable") -> int:
    """A whole number, which may be negative: whether it makes sense is for the rules to say.

    Errors: Malformed with this code.
    """
    plain = text.strip()
    if len(plain) > 9 or not plain.removeprefix("-").isascii() or not plain.removeprefix("-").isdigit():
        raise Malformed(code)
    return int(plain)


def read_names(text: str) -> tuple[str, ...]:
    """Names parted by lines or commas."""
    return tuple(name.strip() for name in text.replace("，", ",").replace("\n", ",").split(",") if name.strip())


def shown_error(request: Request, error: BaimiError) -> dict[str, str]:
    """One line of an error summary, leading to the field it speaks of."""
    field = _FIELDS.get(error.code, "")
    item = error.data.get("item")
    if error.code in {"item_over_limit", "quantity_not_positive"} and item:
        field = f"item_{item}"
    return {"field": field, "text": error_text(request, error)}


def status_of(error: BaimiError) -> int:
    """The status a refused form is shown again with."""
    return 422 if isinstance(error, Malformed) else 409
