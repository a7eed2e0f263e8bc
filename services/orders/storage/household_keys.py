"""The opened data keys of households and accounts, a bounded number of them kept in memory.

A removed household is refused by its row before anybody asks for its key, so a copy that outlives the removal
here opens nothing that is still stored.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from shared.database.session import Transaction
from shared.security.data_keys import DataKey, load_data_keys
from shared.security.key_file import ServiceKeys

_MOST_KEPT: Final = 8192
_opened: OrderedDict[str, DataKey] = OrderedDict()


async def open_keys(tx: Transaction, keys: ServiceKeys, subjects: Sequence[str]) -> dict[str, DataKey]:
    """The keys of these subjects, by subject.

    Errors: NotFound for one that is missing or destroyed.
    """
    found = {subject: _opened[subject] for subject in subjects if subject in _opened}
    for subject in found:
        _opened.move_to_end(subject)
    missing = [subject for subject in subjects if subject not in found]
    if missing:
        loaded = await load_data_keys(tx, keys, missing)
        found |= loaded
        for subject, key in loaded.items():
            _keep(subject, key)
    return found


def forget_key(subject: str) -> None:
    """Drop a destroyed key from memory."""
    _opened.pop(subject, None)


def _keep(subject: str, key: DataKey) -> None:
    _opened[subject] = key
    while len(_opened) > _MOST_KEPT:
        _opened.popitem(last=False)
