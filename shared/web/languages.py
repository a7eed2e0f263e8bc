"""Which language a page speaks, and the gettext catalogues it speaks from.

Catalogues are read from their `.po` files at start: there is no compile step to forget.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po
from starlette.requests import Request

COOKIE: Final = "baimi-lang"
# As people and HTML write them, and as gettext names the folder; the first is what everybody gets by default.
LANGUAGES: Final[Mapping[str, str]] = {"zh-Hans": "zh_Hans", "en": "en"}
LANGUAGE_NAMES: Final[Mapping[str, str]] = {"zh-Hans": "中文", "en": "English"}
DEFAULT: Final = "zh-Hans"
SHARED_LOCALE: Final = Path(__file__).parent / "locale"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All texts of one language; plural forms are lists."""

    language: str
    texts: Mapping[str, str]
    plurals: Mapping[str, tuple[str, ...]]

    def gettext(self, message: str) -> str:
        """The translation; the message itself where there is none."""
        return self.texts.get(message, message)

    def plural(self, singular: str, plural: str, count: int) -> str:
        """The right form for a count; Chinese has one form, English two."""
        forms = self.plurals.get(singular)
        if not forms:
            return singular if count == 1 else plural
        return forms[0] if len(forms) == 1 or count == 1 else forms[1]


def mark(message: str) -> str:
    """Mark a text for the catalogue where it is written down but not yet shown."""
    return message


def read_catalogues(locale_folders: Sequence[Path]) -> dict[str, Catalogue]:
    """Read both languages; later folders win, so a service may word a shared text anew."""
    return {language: _read(language, name, locale_folders) for language, name in LANGUAGES.items()}


def choose_language(request: Request) -> str:
    """`?lang=`, else the cookie, else what the browser prefers, else simplified Chinese."""
    for asked in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if asked in LANGUAGES:
            return str(asked)
    for part in request.headers.get("accept-language", "").lower().split(","):
        wanted = part.split(";")[0].strip()
        if wanted.startswith("zh"):
            return "zh-Hans"
        if wanted.startswith("en"):
            return "en"
    return DEFAULT


def translate(request: Request, message: str) -> str:
    """A catalogue text in the language of this request."""
    catalogues: Mapping[str, Catalogue] = request.app.state.catalogues
    return catalogues[choose_language(request)].gettext(message)


def _read(language: str, name: str, folders: Sequence[Path]) -> Catalogue:
    texts: dict[str, str] = {}
    plurals: dict[str, tuple[str, ...]] = {}
    for folder in folders:
        path = folder / name / "LC_MESSAGES" / "messages.po"
        if not path.exists():
            continue
        with path.open("rb") as file:
            for message in read_po(file, locale=name):
                if not message.id:
                    continue
                if isinstance(message.id, tuple | list):
                    plurals[message.id[0]] = tuple(form for form in message.string or () if form)
                elif message.string:
                    texts[message.id] = str(message.string)
    return Catalogue(language, texts, plurals)
