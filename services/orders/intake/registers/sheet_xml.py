"""Owns the inside of an XLSX file: its parts, read as a stream, never as a whole, and without any entity."""

import lzma
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO
from xml.etree import ElementTree
from xml.parsers import expat

from services.orders.intake.registers.cells import MOST_COLUMNS, MOST_ROWS, Cell, Kind, Merge
from services.orders.intake.registers.reading import RegisterRefused

MOST_UNPACKED_BYTES = 200_000_000
MOST_CELLS_OF_A_ROW = 16_384
# Twelve columns of the longest register, each text different from all others, would need 1.2 million.
MOST_TEXTS = 1_500_000
# A date may hide behind these built-in number formats; 27-36 and 50-58 are the East Asian ones.
DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  (a spreadsheet's day count has no zone)

# What the libraries raise over bytes that are not what they claim to be.
BROKEN = (
    ElementTree.ParseError,
    expat.ExpatError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)

_ROW_END = re.compile(rb"</(?:\w+:)?row\s*>")
_TEXT_END = re.compile(rb"</(?:\w+:)?si\s*>")
_CONTENT = re.compile(rb"<(?:\w+:)?(?:v|t)[\s>]")
_NOT_IN_FORMAT = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h|m|s)[^\]]*\]', re.IGNORECASE)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class SheetPart:
    """One sheet as the workbook lists it."""

    name: str
    hidden: bool
    path: str
    is_table: bool


class Package:
    """An XLSX file, opened.

    Errors: RegisterRefused with `corrupt`, `file_too_large`, `password_protected` or `unsupported_type`.
    """

    def __init__(self, file: IO[bytes]) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise RegisterRefused("corrupt") from error
        entries = self._zip.infolist()
        if any(entry.flag_bits & 1 for entry in entries):
            raise RegisterRefused("password_protected")
        if sum(entry.file_size for entry in entries) > MOST_UNPACKED_BYTES:
            raise RegisterRefused("file_too_large")
        self._names = {entry.filename.lower(): entry.filename for entry in entries}
        self._workbook_path = self._find_workbook()

    def sheets(self) -> list[SheetPart]:
        """List the sheets in the workbook's order."""
        targets = self._relations(self._workbook_path)
        parts = []
        for element in self._elements(self._workbook_path):
            if _local(element.tag) != "sheet":
                continue
            relation = next((v for k, v in element.attrib.items() if _local(k) == "id" and k != "id"), "")
            kind, path = targets.get(relation, ("", ""))
            hidden = element.get("state", "visible") in {"hidden", "veryHidden"}
            parts.append(SheetPart(element.get("name", ""), hidden, path, kind == "worksheet"))
        if not parts:
            raise RegisterRefused("corrupt")
        return parts

    def shared_strings(self) -> list[str]:
        """Read the texts that cells point to by number."""
        path = self._related(self._workbook_path, "sharedStrings")
        if path is None:
            return []
        if self._count(path, _TEXT_END, MOST_TEXTS) > MOST_TEXTS:
            raise RegisterRefused("file_too_large")
        texts: list[str] = []
        whole = ElementTree.Element("none")
        for event, element in self._events(path, ("start", "end")):
            tag = _local(element.tag)
            if event == "start" and tag == "sst":
                whole = element
            elif event == "end" and tag == "si":
                texts.append(_rich_text(element))
                whole.clear()
        return texts

    def date_styles(self) -> set[int]:
        """Find the cell styles that show a number as a date."""
        path = self._related(self._workbook_path, "styles")
        if path is None:
            return set()
        formats: dict[int, bool] = {}
        styles: list[int] = []
        in_use = False
        for event, element in self._events(path, ("start", "end")):
            tag = _local(element.tag)
            if tag == "cellXfs":
                in_use = event == "start"
            elif event == "end" and tag == "numFmt":
                formats[int(element.get("numFmtId", "0"))] = is_date_format(element.get("formatCode", ""))
            elif event == "end" and tag == "xf" and in_use:
                styles.append(int(element.get("numFmtId", "0")))
        return {i for i, style in enumerate(styles) if formats.get(style, style in DATE_FORMATS)}

    def count_rows(self, sheet: SheetPart) -> int:
        """Count the rows with content, fast and roughly: only to turn a far too large sheet down early."""
        return self._count(sheet.path, _ROW_END, MOST_ROWS)

    def rows(
        self, sheet: SheetPart, texts: list[str], dates: set[int]
    ) -> Iterator[tuple[int, dict[int, Cell]] | Merge]:
        """Give the rows with content in order, then the merged ranges."""
        reader = _RowReader(texts, dates)
        whole = ElementTree.Element("none")
        for event, element in self._events(sheet.path, ("start", "end")):
            tag = _local(element.tag)
            if event == "start":
                if tag == "row":
                    reader.begin_row(element.get("r"))
                elif tag in {"sheetData", "mergeCells"}:
                    whole = element
                continue
            if tag == "c":
                reader.take_cell(element)
            elif tag == "row":
                # What is read is let go, so that a long sheet takes no more memory than a short one.
                whole.clear()
                if reader.cells:
                    yield reader.row, reader.cells
            elif tag == "mergeCell":
                whole.clear()
                yield _merge(element.get("ref", ""))

    def commented_rows(self, sheet: SheetPart) -> set[int]:
        """Find the rows with a comment on one of their cells."""
        rows = set()
        for kind, path in self._relations(sheet.path).values():
            if kind == "comments":
                for element in self._elements(path):
                    if _local(element.tag) == "comment":
                        rows.add(place(element.get("ref", "A1"))[0])
        return rows

    def _find_workbook(self) -> str:
        if "_rels/.rels" not in self._names:
            raise RegisterRefused("corrupt" if "xl/workbook.xml" in self._names else "unsupported_type")
        path = self._related("", "officeDocument") or ""
        if not path.endswith(".xml") or "[content_types].xml" not in self._names:
            raise RegisterRefused("unsupported_type")
        if self._content_type(path).endswith("spreadsheetml.sheet.main+xml"):
            return path
        raise RegisterRefused("unsupported_type")

    def _content_type(self, path: str) -> str:
        by_extension = ""
        for element in self._elements("[Content_Types].xml"):
            if (element.get("PartName") or "").lstrip("/").lower() == path.lower():
                return element.get("ContentType", "")
            if (element.get("Extension") or "").lower() == "xml":
                by_extension = element.get("ContentType", "")
        return by_extension

    def _related(self, path: str, kind: str) -> str | None:
        return next((target for k, target in self._relations(path).values() if k == kind), None)

    def _relations(self, path: str) -> dict[str, tuple[str, str]]:
        folder, name = posixpath.split(path)
        relations_path = posixpath.join(folder, "_rels", f"{name}.rels")
        if relations_path.lower() not in self._names:
            return {}
        relations = {}
        for element in self._elements(relations_path):
            if _local(element.tag) == "Relationship" and element.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, element.get("Target", ""))).lstrip("/")
                kind = element.get("Type", "").rpartition("/")[2]
                relations[element.get("Id", "")] = (kind, target)
        return relations

    def _count(self, path: str, end: re.Pattern[bytes], most: int) -> int:
        """Count the elements with content in a part, without reading its XML, until there are too many."""
        count, rest = 0, b""
        try:
            with self._open(path) as part:
                while count <= most and (chunk := part.read(1 << 20)):
                    *pieces, rest = end.split(rest + chunk)
                    count += sum(_CONTENT.search(piece) is not None for piece in pieces)
                    rest = rest[-(1 << 22) :]
        except BROKEN as error:
            raise RegisterRefused("corrupt") from error
        return count

    def _open(self, path: str) -> IO[bytes]:
        name = self._names.get(path.lower())
        if name is None:
            raise RegisterRefused("corrupt")
        return self._zip.open(name)

    def _elements(self, path: str) -> Iterator[ElementTree.Element]:
        return (element for _, element in self._events(path, ("end",)))

    def _events(self, path: str, kinds: tuple[str, ...]) -> Iterator[tuple[str, ElementTree.Element]]:
        try:
            with self._open(path) as part:
                _refuse_doctype(part)
            with self._open(path) as part:
                # Entities need a DOCTYPE, and none came this far.
                yield from ElementTree.iterparse(part, kinds)  # type: ignore[arg-type]  # noqa: S314
        except BROKEN as error:
            raise RegisterRefused("corrupt") from error


class _RowReader:
    """Gathers the cells of one row after another."""

    def __init__(self, texts: list[str], dates: set[int]) -> None:
        self._texts = texts
        self._dates = dates
        self._columns: set[int] = set()
        self._next_column = 0
        self._seen = 0
        self.row = 0
        self.cells: dict[int, Cell] = {}

    def begin_row(self, number: str | None) -> None:
        self.row = int(number) if number else self.row + 1
        self.cells = {}
        self._next_column = 0
        self._seen = 0

    def take_cell(self, element: ElementTree.Element) -> None:
        reference = element.get("r")
        column = place(reference)[1] if reference else self._next_column
        self._next_column = column + 1
        self._seen += 1
        if self._seen > MOST_CELLS_OF_A_ROW:
            raise RegisterRefused("file_too_large")
        cell = self._cell(element)
        if cell is None:
            return
        self.cells[column] = cell
        self._columns.add(column)
        if len(self._columns) > MOST_COLUMNS:
            raise RegisterRefused("file_too_large")

    def _cell(self, element: ElementTree.Element) -> Cell | None:
        value, formula, inline = "", None, None
        for child in element:
            tag = _local(child.tag)
            if tag == "v":
                value = child.text or ""
            elif tag == "f":
                formula = child.text or ""
            elif tag == "is":
                inline = _rich_text(child)
        if formula is not None:
            return Cell(Kind.FORMULA, f"={formula}" if formula else value)
        kind = element.get("t", "n")
        if kind == "s":
            value = self._texts[int(value)] if value.isdigit() and int(value) < len(self._texts) else ""
        elif kind == "inlineStr":
            value = inline or ""
        if not value:
            return None
        return _typed(kind, value, int(element.get("s", "0")) in self._dates)


def _typed(kind: str, value: str, is_date: bool) -> Cell:
    if kind == "e":
        return Cell(Kind.ERROR, value)
    if kind == "d":
        return Cell(Kind.DATE, value)
    if kind == "b":
        return Cell(Kind.TEXT, "TRUE" if value == "1" else "FALSE")
    if kind != "n":
        return Cell(
            Kind.TEXT, _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value) if kind == "str" else value
        )
    try:
        number = float(value)
    except ValueError:
        return Cell(Kind.TEXT, value)
    if is_date:
        return Cell(Kind.DATE, _date_text(number))
    whole = number.is_integer() and abs(number) < 1e15
    return Cell(Kind.NUMBER, str(int(number)) if whole else repr(number))


def _date_text(days: float) -> str:
    try:
        moment = EPOCH + timedelta(days=days)
    except (OverflowError, ValueError):
        return repr(days)
    return moment.date().isoformat() if days == int(days) else moment.isoformat(" ", "seconds")


def is_date_format(code: str) -> bool:
    """Tell whether a number format shows dates or times."""
    first = _NOT_IN_FORMAT.sub("", code).split(";")[0]
    return first.lower() != "general" and any(letter in "ymdhs" for letter in first.lower())


def place(reference: str) -> tuple[int, int]:
    """Read `B7` as row 7 and column 1.

    Errors: RegisterRefused with `corrupt` for anything else.
    """
    letters = reference.rstrip("0123456789")
    digits = reference[len(letters) :]
    letters = letters.strip("$").upper()
    if not digits or not letters or not letters.isascii() or not letters.isalpha() or len(letters) > 3:
        raise RegisterRefused("corrupt")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(digits), column - 1


def _merge(reference: str) -> Merge:
    first, _, last = reference.replace("$", "").partition(":")
    first_row, first_column = place(first)
    last_row, last_column = place(last or first)
    return Merge(first_row, last_row, first_column, last_column)


def _rich_text(element: ElementTree.Element) -> str:
    """Join the runs of a text, without the reading aids (ruby) some programs put beside it."""
    parts = []
    for child in element:
        tag = _local(child.tag)
        if tag == "t":
            parts.append(child.text or "")
        elif tag == "r":
            parts += [grandchild.text or "" for grandchild in child if _local(grandchild.tag) == "t"]
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), "".join(parts))


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _refuse_doctype(part: IO[bytes]) -> None:
    """Read up to the first element, where a DOCTYPE would have to stand."""
    parser = expat.ParserCreate()
    started = False

    def refuse(*_: object) -> None:
        raise RegisterRefused("corrupt")

    def begin(*_: object) -> None:
        nonlocal started
        started = True

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = begin
    while not started and (chunk := part.read(4096)):
        parser.Parse(chunk, False)
