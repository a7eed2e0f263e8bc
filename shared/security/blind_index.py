"""Finding a phone without storing it: keyed hashes of the whole number, its first 7 and its last 4 digits."""

import hashlib
import hmac
import re
from dataclasses import dataclass

_INDEX_BYTES = 16
_NOT_A_DIGIT = re.compile(r"\D")


@dataclass(frozen=True, slots=True)
class PhoneIndex:
    """Three keyed hashes under which one number can be found."""

    full: bytes
    first_7: bytes
    last_4: bytes


def national_digits(phone: str) -> str:
    """Digits of a number as people in the street say it: without +86, 0086, blanks and dashes.

    A number of another country keeps its country code.
    """
    digits = _NOT_A_DIGIT.sub("", phone)
    if phone.strip().startswith("+86") or digits.startswith("0086"):
        return digits.removeprefix("00").removeprefix("86")
    # 8613800000000 as typed without a plus: a Chinese mobile number is 11 digits and begins with 1.
    if len(digits) == 13 and digits.startswith("861"):
        return digits[2:]
    return digits


def phone_index(index_key: bytes, phone: str) -> PhoneIndex:
    """The hashes to store beside a sealed phone number."""
    digits = national_digits(phone)
    return PhoneIndex(
        full=_hash(index_key, "full", digits),
        first_7=_hash(index_key, "first_7", digits[:7]),
        last_4=_hash(index_key, "last_4", digits[-4:]),
    )


def phone_query(index_key: bytes, typed: str) -> tuple[str, bytes] | None:
    """Which column to look in, and for what, for digits somebody typed.

    Shape: ("full" | "first_7" | "last_4", hash); None when 4, 7 or 11 and more digits were not typed.
    """
    digits = national_digits(typed)
    if len(digits) == 4:
        return "last_4", _hash(index_key, "last_4", digits)
    if len(digits) == 7:
        return "first_7", _hash(index_key, "first_7", digits)
    if len(digits) >= 10:
        return "full", _hash(index_key, "full", digits)
    return None


def link_hash(link_key: bytes, token: str) -> bytes:
    """What is stored of an unguessable link: enough to recognise it, useless to open it.

    Source: security.md 4.
    """
    return hmac.new(link_key, token.encode(), hashlib.sha256).digest()


def _hash(index_key: bytes, kind: str, digits: str) -> bytes:
    return hmac.new(index_key, f"{kind}|{digits}".encode(), hashlib.sha256).digest()[:_INDEX_BYTES]
