"""Owns the smallest readings: text as it is compared, emptiness, and whole numbers in any spelling."""

import re
import unicodedata

NUMERAL = "零〇一二三四五六七八九十百两俩仨"
_EMPTY = re.compile(r"[-—–−―/]*|无|没有")
_DIGITS = {
    **{char: value for value, char in enumerate("零一二三四五六七八九")},
    "〇": 0,
    "两": 2,
    "俩": 2,
    "仨": 3,
}
_ARABIC = re.compile(r"\d{1,9}(?:\.0+)?")
_CHINESE = re.compile(
    r"(?:(?P<hundreds>[一二三四五六七八九两])百)?(?:零|〇)?"
    r"(?P<tens>[一二三四五六七八九]?十)?(?P<ones>[零〇一二三四五六七八九两俩仨])?"
)


def plain(text: str) -> str:
    """Bring a cell's text into the form in which values are read; a dash, 无 or 没有 alone is empty."""
    read = unicodedata.normalize("NFKC", text).strip()
    return "" if _EMPTY.fullmatch(read) else read


def whole_number(text: str) -> int | None:
    """Read `3`, `3.0`, `三` or `十二`; None for anything else. Zero or more."""
    if _ARABIC.fullmatch(text):
        return int(text.partition(".")[0])
    match = _CHINESE.fullmatch(text)
    if not text or match is None:
        return None
    hundreds, tens, ones = match["hundreds"], match["tens"], match["ones"]
    number = _DIGITS[hundreds] * 100 if hundreds else 0
    if tens:
        number += (_DIGITS[tens[0]] if len(tens) == 2 else 1) * 10
    return number + (_DIGITS[ones] if ones else 0)
