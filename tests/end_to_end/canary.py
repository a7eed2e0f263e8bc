"""Looks for what must never stand in the clear: names, phones and rooms, in every disguise a log may wear."""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

LEAST_SECRET = 2


@dataclass(frozen=True, slots=True)
class Leak:
    """A secret that stands somewhere it should not; `form` is the disguise it wore."""

    secret: str
    form: str
    place: str


def disguises(secret: str) -> dict[str, list[bytes]]:
    """A text as it stands raw, as JSON escapes it, percent-encoded, and inside base64 at each of three offsets."""
    raw = secret.encode()
    escaped = "".join(sign if sign.isascii() else f"\\u{ord(sign):04x}" for sign in secret)
    found = {
        "raw": [raw],
        "escaped": [escaped.encode(), escaped.replace("\\u", "\\\\u").encode(), escaped.upper().encode()],
        "percent": [quote(secret, safe="").encode(), quote(secret, safe="").lower().encode()],
        "base64": [part for shift in range(3) for part in _inside_base64(raw, shift)],
    }
    return {form: [each for each in texts if form == "raw" or each != raw] for form, texts in found.items()}


def _inside_base64(raw: bytes, shift: int) -> list[bytes]:
    """The part of the encoding that does not depend on what stands before and after."""
    encoded = base64.b64encode(b"\0" * shift + raw)
    first = -(-shift * 4 // 3) if shift else 0
    last = (shift + len(raw)) * 4 // 3 if (shift + len(raw)) % 3 else len(encoded)
    core = encoded[first:last]
    return [core, core.replace(b"+", b"-").replace(b"/", b"_")] if len(core) >= 6 else []


def find_leaks(secrets: Iterable[str], places: Mapping[str, Sequence[bytes]]) -> list[Leak]:
    """Every secret in every place, in whatever disguise."""
    worn: dict[bytes, tuple[str, str]] = {}
    for secret in secrets:
        for form, texts in disguises(secret).items():
            for text in texts:
                worn.setdefault(text, (secret, form))
    pattern = re.compile(b"|".join(re.escape(text) for text in sorted(worn, key=len, reverse=True)))
    return [
        Leak(*worn[found.group()], place)
        for place, texts in places.items()
        for text in texts
        for found in pattern.finditer(text)
    ]
