"""What a quick hand types for items: `mi2 jd1 nn2`, or `米2`, with the telephone at the ear."""

import re
import unicodedata

from services.orders.domain.catalogue import ITEMS
from services.orders.domain.pack import PackRefused

_WORD = re.compile(r"([a-z]+|[一-鿿]+)\s*[x×*]?\s*(\d{0,4})")


def read_quick_entry(typed: str) -> dict[str, int]:
    """The items and quantities of a quick entry; a word without a number is one piece.

    Errors: PackRefused("quick_entry_unknown", word=…) for a word that is no item, or begins several.
    """
    text = unicodedata.normalize("NFKC", typed).casefold()
    wanted: dict[str, int] = {}
    end = 0
    for found in _WORD.finditer(text):
        _refuse_rest(text[end : found.start()])
        end = found.end()
        code = _code(found.group(1))
        wanted[code] = wanted.get(code, 0) + (int(found.group(2)) if found.group(2) else 1)
    _refuse_rest(text[end:])
    return wanted


def _code(word: str) -> str:
    fitting = [item.code for item in ITEMS.values() if word in {item.quick, item.code.casefold()}]
    fitting = fitting or [item.code for item in ITEMS.values() if word in item.zh.split()[0]]
    if len(fitting) != 1:
        raise PackRefused("quick_entry_unknown", word=word)
    return fitting[0]


def _refuse_rest(text: str) -> None:
    rest = text.strip(" ,，、;；+")
    if rest:
        raise PackRefused("quick_entry_unknown", word=rest)
