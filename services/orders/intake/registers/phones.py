"""Owns the phone cell: several numbers, names before them, prefixes, landlines, other countries."""

import re
from decimal import Decimal, InvalidOperation

from services.orders.intake.registers.plain_text import plain
from services.orders.intake.registers.reading import Contact

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
# Area codes: 010, 02x, and four digits from 03xx to 09xx.
_LANDLINE = re.compile(r"0?(10|2[0-9]|[3-9][0-9]{2})([2-8][0-9]{6,7})")
_FOREIGN = re.compile(r"[1-9][0-9]{6,14}")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+?\d{1,2}", re.IGNORECASE)
_SEPARATOR = re.compile(r"[/、;,\r\n]+")
_NUMBER_RUN = re.compile(r"\(?\+?\d[\d .\-–—()]*")
_NAME_EDGE = " \t:：()（）-—.。*"
# Words for the line itself, not for a person.
_FIELD_WORDS = {"电话", "手机", "手机号", "联系电话", "座机", "固话", "宅电", "本人", "tel", "phone", "mobile"}


class PhoneUnreadable(Exception):
    """A number in the cell is none; `part` is the piece that cannot be read."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


def read_phone(text: str) -> str | None:
    """Read one number: 11 digits for a mobile, `0755-88886666` for a landline, `+` and digits for abroad."""
    text = re.sub(r"\.0+$", "", text.strip())
    if _SCIENTIFIC.fullmatch(text):
        text = _unfolded(text)
    digits = re.sub(r"[\s.\-–—()]", "", text)
    abroad = digits.startswith(("+", "00")) and not digits.startswith(("+86", "0086"))
    if abroad:
        number = digits.removeprefix("+").removeprefix("00")
        return f"+{number}" if _FOREIGN.fullmatch(number) else None
    had_prefix = digits.startswith(("+86", "0086"))
    digits = digits.removeprefix("+86").removeprefix("0086")
    if len(digits) == 13 and digits.startswith("86"):
        digits = digits.removeprefix("86")
    if _MOBILE.fullmatch(digits):
        return digits
    match = _LANDLINE.fullmatch(digits)
    if match and (digits.startswith("0") or had_prefix) and (len(match[1]) == 3 or len(match[2]) == 8):
        return f"0{match[1]}-{match[2]}"
    return None


def read_contacts(text: str, name: str | None) -> tuple[Contact, ...]:
    """Read everybody a phone cell names; a number without a name of its own belongs to the row's person.

    Errors: PhoneUnreadable as soon as one number in the cell is none, or the cell has text but no number.
    """
    text = plain(text)
    if not text:
        return (Contact(name, None),) if name else ()
    contacts: list[Contact] = []
    waiting_name: str | None = None
    for part in _SEPARATOR.split(text):
        if not part.strip():
            continue
        whole = read_phone(part)
        runs = [] if whole else list(_NUMBER_RUN.finditer(part))
        if whole:
            contacts.append(Contact(waiting_name or name, whole))
            waiting_name = None
            continue
        end = 0
        for run in runs:
            own_name = _name(part[end : run.start()]) or waiting_name
            contacts += [Contact(own_name or name, phone) for phone in _phones_of_run(run[0])]
            waiting_name, end = None, run.end()
        if not runs:
            waiting_name = _name(part) or waiting_name
    if not contacts:
        raise PhoneUnreadable(text)
    return tuple(contacts)


def _unfolded(text: str) -> str:
    """Write a number in scientific notation out, if no digit of it was lost."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    exponent = number.as_tuple().exponent
    complete = isinstance(exponent, int) and exponent <= 0 and number == number.to_integral_value()
    digits = text.upper().partition("E")[0].replace(".", "")
    return str(int(number)) if complete or len(digits) >= 11 else text


def _phones_of_run(run: str) -> list[str]:
    """Cut digits with spaces between them into numbers, from the left, the longest first."""
    run = run.rstrip(" .-–—(")
    whole = read_phone(run)
    if whole:
        return [whole]
    pieces = run.split()
    phones: list[str] = []
    start = 0
    while start < len(pieces):
        for end in range(len(pieces), start, -1):
            phone = read_phone(" ".join(pieces[start:end]))
            if phone:
                phones.append(phone)
                start = end
                break
        else:
            raise PhoneUnreadable(run)
    return phones


def _name(text: str) -> str | None:
    name = text.strip(_NAME_EDGE)
    return None if not name or name.casefold() in _FIELD_WORDS else name
