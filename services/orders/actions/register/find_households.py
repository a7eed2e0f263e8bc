"""Somebody types a door or a phone; every household shown is written into the audit trail."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.orders.actions.office import Asker, Office
from services.orders.domain.door import read_door, room_key
from services.orders.domain.household import Household, HouseholdNotFound
from services.orders.domain.zone import is_seen
from services.orders.storage import estate, households
from services.orders.storage.household_keys import open_keys
from services.orders.storage.households import SealedHousehold, open_household
from shared.database.session import Transaction
from shared.security.audit_trail import AuditEntry, write_audits
from shared.security.blind_index import phone_query

MOST_SHOWN: Final = 20
_PHONE_MATCHES: Final = {"full": "phone", "first_7": "phone_begins", "last_4": "phone_tail"}


class Match(StrEnum):
    """Why a household is in the list."""

    DOOR = "door"
    DOOR_BEGINS = "door_begins"
    PHONE = "phone"
    PHONE_BEGINS = "phone_begins"
    PHONE_TAIL = "phone_tail"


@dataclass(frozen=True, slots=True)
class FoundHousehold:
    """A household and why it was found."""

    household: Household
    match: Match


async def find_households(tx: Transaction, office: Office, asker: Asker, typed: str) -> list[FoundHousehold]:
    """Find households by any spelling of a door, or by a phone: whole, first seven or last four digits.

    Shape: doors first, then phones, each household once; four digits may be a room and a phone's tail.
    """
    found = [*await _by_door(tx, asker, typed), *await _by_phone(tx, office, asker, typed)]
    first_match = {sealed.household_id: (sealed, match) for sealed, match in reversed(found)}
    ordered = [first_match[id_] for id_ in dict.fromkeys(sealed.household_id for sealed, _ in found)]
    shown = await _open(tx, office, [sealed for sealed, _ in ordered])
    await _audit(tx, office, asker, "search", shown)
    return [FoundHousehold(household, match) for household, (_, match) in zip(shown, ordered, strict=True)]


async def show_household(
    tx: Transaction, office: Office, asker: Asker, household_id: str, *, action: str = "show"
) -> Household:
    """Open one household for somebody to look at, and write down that it was looked at.

    Errors: HouseholdNotFound, also outside the asker's sight.
    """
    sealed = await households.find(tx, household_id)
    if sealed is None or not is_seen(asker.sight, sealed.place.community, sealed.place.grid):
        raise HouseholdNotFound("not_found")
    household = (await _open(tx, office, [sealed]))[0]
    await _audit(tx, office, asker, action, [household])
    return household


async def _by_door(tx: Transaction, asker: Asker, typed: str) -> list[tuple[SealedHousehold, Match]]:
    names = [compound.name for compound in await estate.list_compounds(tx, asker.sight)]
    queries = read_door(typed, names)
    rooms = {query.room for query in queries}
    found = await households.find_by_door(tx, queries, asker.sight, MOST_SHOWN)
    return [(sealed, Match.DOOR if _is_exact(sealed, rooms) else Match.DOOR_BEGINS) for sealed in found]


async def _by_phone(
    tx: Transaction, office: Office, asker: Asker, typed: str
) -> list[tuple[SealedHousehold, Match]]:
    # A door such as 5-1-1802 has digits enough for a phone; only what is written like one is looked up.
    if not all(sign.isdigit() or sign in "+ -" for sign in typed.strip()) or typed.count("-") > 1:
        return []
    looked_up = phone_query(office.keys.index_key, typed)
    if looked_up is None:
        return []
    found = await households.find_by_phone(tx, looked_up, asker.sight, MOST_SHOWN)
    return [(sealed, Match(_PHONE_MATCHES[looked_up[0]])) for sealed in found]


async def _open(tx: Transaction, office: Office, sealed: Sequence[SealedHousehold]) -> list[Household]:
    keys = await open_keys(tx, office.keys, [one.household_id for one in sealed])
    return [open_household(one, keys[one.household_id]) for one in sealed]


async def _audit(tx: Transaction, office: Office, asker: Asker, action: str, shown: Iterable[Household]) -> None:
    entries = [AuditEntry(action, "household", household.household_id, "desk") for household in shown]
    await write_audits(tx, asker.actor, entries, office.clock.now())


def _is_exact(sealed: SealedHousehold, rooms: set[str | None]) -> bool:
    return None in rooms or room_key(sealed.door.room) in rooms
