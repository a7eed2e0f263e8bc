"""Keeps catalogues complete: `python -m shared.web.catalogues services/orders` adds what code and pages say.

The English text of a message is its key; the Chinese one is left empty for a person, and the check fails until
it is there.
"""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from shared.web.languages import LANGUAGES, SHARED_LOCALE

_KEYWORDS: Final = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "mark": None,
}
_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)[sd]")
_LINE_WIDTH: Final = 110

MessageId = str | tuple[str, str]


@dataclass(frozen=True, slots=True)
class SaidText:
    """A text that code or a page says, and the file it stands in."""

    message: MessageId
    file: str


def said_texts(folder: Path) -> list[SaidText]:
    """Every text marked in the Python files and templates under a folder, in a steady order."""
    found: dict[MessageId, SaidText] = {}
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.html"), *folder.rglob("*.txt")]):
        method = "python" if path.suffix == ".py" else "jinja2.ext:babel_extract"
        options = {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}
        for _, message, _, _ in extract_from_file(
            method, path, keywords=_KEYWORDS, options=options if path.suffix != ".py" else {}
        ):
            for one in _as_ids(message):
                found.setdefault(one, SaidText(one, path.relative_to(folder).as_posix()))
    return list(found.values())


def check_catalogues(folder: Path) -> list[str]:
    """What is wrong with a folder's catalogues; an empty list when all is well.

    Checked: each text said is in both languages, none is empty, placeholders agree, nothing is left over.
    A service may lean on the shared catalogue for texts it says again.
    """
    said = said_texts(folder)
    problems = []
    for language, name in LANGUAGES.items():
        own = _catalogue(folder / "locale", name)
        shared = _catalogue(SHARED_LOCALE, name)
        problems += [
            f"{language}: {text.file} says {text.message!r}, the catalogue does not"
            for text in said
            if text.message not in own and text.message not in shared
        ]
        problems += [f"{language}: {problem}" for problem in _problems_in(own)]
        said_ids = {text.message for text in said}
        problems += [f"{language}: nobody says {left!r}" for left in own if left not in said_ids]
    return problems


def translations(folder: Path, name: str) -> list[str]:
    """Every text a folder's catalogue of one locale (`zh_Hans`, `en`) holds, plural forms one by one."""
    return [form for translated in _catalogue(folder / "locale", name).values() for form in _forms(translated)]


def update_catalogues(folder: Path) -> int:
    """Add texts that are missing and drop those nobody says; English is filled in, Chinese left empty.

    Returns how many Chinese texts are still empty.
    """
    said = [text.message for text in said_texts(folder)]
    is_shared = folder.resolve() == SHARED_LOCALE.parent.resolve()
    empty = 0
    for language, name in LANGUAGES.items():
        old = _catalogue(folder / "locale", name)
        shared = {} if is_shared else _catalogue(SHARED_LOCALE, name)
        catalogue = Catalog(locale=name, project="Baimi", charset="utf-8")
        for message in said:
            if message in shared and message not in old:
                continue
            filled = old.get(message) or (message if language == "en" else "")
            empty += language != "en" and not _forms(filled)
            catalogue.add(message, filled)
        path = folder / "locale" / name / "LC_MESSAGES" / "messages.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalogue, width=_LINE_WIDTH, omit_header=False, sort_output=False)
        _steady_header(path, name)
    return empty


def _catalogue(locale_folder: Path, name: str) -> dict[MessageId, str | tuple[str, ...]]:
    path = locale_folder / name / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {
            message.id if isinstance(message.id, str) else (message.id[0], message.id[1]): (
                message.string if isinstance(message.string, str) else tuple(message.string or ())
            )
            for message in read_po(file, locale=name)
            if message.id
        }


def _problems_in(catalogue: dict[MessageId, str | tuple[str, ...]]) -> Iterable[str]:
    for message, translated in catalogue.items():
        forms = _forms(translated)
        if not forms:
            yield f"{message!r} is empty"
        wanted = set(_PLACEHOLDER.findall(message if isinstance(message, str) else message[1]))
        for form in forms:
            if set(_PLACEHOLDER.findall(form)) - {"num"} != wanted - {"num"}:
                yield f"{message!r} and its translation have other placeholders"


def _forms(translated: str | tuple[str, ...]) -> list[str]:
    return [form for form in ([translated] if isinstance(translated, str) else translated) if form]


def _as_ids(message: object) -> list[MessageId]:
    if isinstance(message, str):
        return [message] if message else []
    if isinstance(message, tuple | list):
        texts = [part for part in message if isinstance(part, str)]
        if len(texts) >= 2:
            return [(texts[0], texts[1])]
        return list(texts)
    return []


def _steady_header(path: Path, name: str) -> None:
    # A header with dates and addresses would make every update a change.
    body = path.read_text(encoding="utf-8").partition("\n\n")[2]
    plural = "nplurals=1; plural=0;" if name == "zh_Hans" else "nplurals=2; plural=(n != 1);"
    header = (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {name}\\n"\n"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Content-Transfer-Encoding: 8bit\\n"\n"Plural-Forms: {plural}\\n"\n'
    )
    path.write_text(f"{header}\n{body.rstrip()}\n", encoding="utf-8")


def main(folders: list[str]) -> int:
    """Update the catalogues of each folder and list what is still to translate."""
    for folder in folders:
        empty = update_catalogues(Path(folder))
        print(f"{folder}: {empty} texts to translate into Chinese")  # noqa: T201  (a command's answer)
        for problem in check_catalogues(Path(folder)):
            print("  " + problem)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
