"""Contacts at rest: sealed under each household's data key, gone for good with it."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from services.notify.domain.contact import Contact, Person
from services.notify.storage.tables import contacts
from shared.basics.errors import NotFound
from shared.database.session import Transaction
from shared.security.data_keys import load_data_keys
from shared.security.key_file import ServiceKeys
from shared.security.sealed_columns import ColumnPlace, SealBroken, open_json_column, seal_json_column

_KEPT_KEYS = 4096


class OpenedKeys:
    """Households' data keys opened lately, so that each message does not open its key anew."""

    def __init__(self, keys: ServiceKeys) -> None:
        self._service_keys = keys
        self._opened: OrderedDict[str, bytes] = OrderedDict()

    async def load(self, tx: Transaction, household_ids: Sequence[str]) -> dict[str, bytes]:
        """The keys of these households; one that was removed, or whose key does not open, is left out."""
        missing = sorted({household_id for household_id in household_ids if household_id not in self._opened})
        self._opened.update(await self._open(tx, missing))
        found = {one: self._opened[one] for one in household_ids if one in self._opened}
        for household_id in found:
            self._opened.move_to_end(household_id)
        while len(self._opened) > _KEPT_KEYS:
            self._opened.popitem(last=False)
        return found

    def forget(self, household_id: str) -> None:
        """Forget a household's key here and now."""
        self._opened.pop(household_id, None)

    async def _open(self, tx: Transaction, household_ids: Sequence[str]) -> dict[str, bytes]:
        if not household_ids:
            return {}
        try:
            loaded = await load_data_keys(tx, self._service_keys, household_ids)
        except (NotFound, SealBroken):
            # One key that is gone must not hide the others: halve until it stands alone.
            if len(household_ids) == 1:
                return {}
            middle = len(household_ids) // 2
            return {
                **await self._open(tx, household_ids[:middle]),
                **await self._open(tx, household_ids[middle:]),
            }
        return {household_id: data_key.key for household_id, data_key in loaded.items()}


@dataclass(frozen=True, slots=True)
class SealedContact:
    """A contact as its row has it."""

    household_id: str
    language: str
    sealed: bytes

    def open(self, key: bytes) -> Contact:
        """Open it with the household's data key.

        Errors: SealBroken.
        """
        inner = open_json_column(key, self.sealed, _place(self.household_id))
        people = tuple(Person(one["name"], one["phone"], one["wants_messages"]) for one in inner["people"])
        return Contact(self.household_id, self.language, inner["door"], people)


async def save(tx: Transaction, contact: Contact, building_id: str, key: bytes) -> None:
    """Write a contact, sealed; a newer one replaces it."""
    people = [{"name": p.name, "phone": p.phone, "wants_messages": p.wants_messages} for p in contact.people]
    values = {
        "building_id": building_id,
        "language": contact.language,
        "sealed": seal_json_column(key, {"door": contact.door, "people": people}, _place(contact.household_id)),
    }
    await tx.execute(
        insert(contacts)
        .values(household_id=contact.household_id, **values)
        .on_conflict_do_update(index_elements=[contacts.c.household_id], set_=values)
    )


async def is_known(tx: Transaction, household_id: str) -> bool:
    """Whether there is a contact of this household."""
    found = await tx.first(select(contacts.c.household_id).where(contacts.c.household_id == household_id))
    return found is not None


async def language_of(tx: Transaction, household_id: str) -> str:
    """The language a household wants; empty if it said nothing."""
    found: str | None = await tx.scalar(select(contacts.c.language).where(contacts.c.household_id == household_id))
    return found or ""


async def remove(tx: Transaction, household_id: str) -> None:
    """Forget a contact. The second time there is nothing to forget."""
    await tx.execute(delete(contacts).where(contacts.c.household_id == household_id))


def _place(household_id: str) -> ColumnPlace:
    return ColumnPlace("contacts", "sealed", household_id)
