"""Owns what the columns mean: which row is the header, and which field each heading names."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.orders.intake.registers.cells import Merge, Table, VerticalMerges, cell_at


class Field(StrEnum):
    """What a column can hold."""

    COMPOUND = "compound"
    BUILDING = "building"
    ENTRANCE = "entrance"
    FLOOR = "floor"
    ROOM = "room"
    ADDRESS = "address"
    RESIDENTS = "residents"
    NAME = "name"
    PHONE = "phone"
    NEEDS = "needs"
    LANGUAGE = "language"
    PETS = "pets"


HEADINGS: Mapping[Field, tuple[str, ...]] = {
    Field.COMPOUND: ("小区", "小区名称", "村", "苑区", "楼盘"),
    Field.BUILDING: ("楼栋", "栋", "楼", "栋号", "楼号", "楼栋号", "幢"),
    Field.ENTRANCE: ("单元", "单元号", "梯"),
    Field.FLOOR: ("楼层", "层"),
    Field.ROOM: ("房号", "门牌", "门牌号", "室号", "室", "房间", "房间号", "户号"),
    Field.ADDRESS: ("地址", "详细地址", "住址", "家庭住址"),
    Field.RESIDENTS: ("人口", "人数", "常住人数", "常住人口", "居住人数", "家庭人数"),
    Field.NAME: ("姓名", "户主", "户主姓名", "联系人"),
    Field.PHONE: ("电话", "联系电话", "手机", "手机号", "手机号码", "联系方式"),
    Field.NEEDS: ("特殊需求", "特殊情况", "需求", "备注"),
    Field.LANGUAGE: ("语言", "方言", "使用语言"),
    Field.PETS: ("宠物", "宠物情况"),
}
_FIELD_OF = {heading: found for found, headings in HEADINGS.items() for heading in headings}
LONGEST_HEADING = 60
_ADDITION = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_IGNORED = re.compile(r"[\s*]+")


@dataclass(frozen=True, slots=True)
class Column:
    """A column we read: where it stands, what it holds, and its heading as written."""

    index: int
    field: Field
    heading: str


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a sheet.

    `rows` are its one or two rows; `texts` the compared headings of each of them, to know it again further down.
    """

    rows: tuple[int, ...]
    columns: tuple[Column, ...]
    texts: tuple[Mapping[int, str], ...]
    by_field: Mapping[Field, tuple[Column, ...]]

    def of(self, field: Field) -> tuple[Column, ...]:
        """Give the columns that hold this field, from left to right."""
        return self.by_field.get(field, ())


def plain_heading(text: str) -> str:
    """Bring a heading into the form in which headings are compared."""
    return _IGNORED.sub("", _ADDITION.sub("", unicodedata.normalize("NFKC", text))).casefold()


def find_header(table: Table) -> Header | None:
    """Find the first row, or pair of rows under merged group headings, that names a door and one thing more."""
    merges = VerticalMerges(table)
    groups_of_row: dict[int, list[Merge]] = {}
    for merge in table.merges:
        if merge.first_row == merge.last_row and merge.last_column > merge.first_column:
            groups_of_row.setdefault(merge.first_row, []).append(merge)
    for row in sorted(table.rows):
        texts = _texts(table, merges, row)
        header = None
        if row in groups_of_row:
            header = _two_row_header(table, merges, row, groups_of_row[row])
        header = header or _header(texts, (row,), (texts,))
        if header is not None:
            return header
    return None


def is_repeated(header: Header, texts: Mapping[int, str]) -> bool:
    """Tell whether a row's cells say the same as one of the header's rows."""
    if any(_says_the_same(texts, known) for known in header.texts):
        return True
    own = {column.index: plain_heading(column.heading) for column in header.columns}
    return _says_the_same({index: text for index, text in texts.items() if index in own}, own)


def _says_the_same(texts: Mapping[int, str], known: Mapping[int, str]) -> bool:
    return len(texts) == len(known) and all(known.get(i) == plain_heading(text) for i, text in texts.items())


def _two_row_header(table: Table, merges: VerticalMerges, row: int, groups: list[Merge]) -> Header | None:
    upper, lower = _texts(table, merges, row), _texts(table, merges, row + 1)
    own_lower = {column for column in table.rows.get(row + 1, {}) if column in lower}
    under_groups = {
        column for group in groups for column in own_lower if group.first_column <= column <= group.last_column
    }
    # Headings merged over both rows show a pair of rows, too, even if we know none of the lower ones.
    spans_both = any(merges.origin(row + 1, column) == row for column in upper)
    if not under_groups or not (spans_both or any(_field_of(lower[column]) for column in under_groups)):
        return None
    spread = dict(upper)
    for group in groups:
        for column in range(group.first_column, min(group.last_column, group.first_column + 200) + 1):
            spread.setdefault(column, upper.get(group.first_column, ""))
    return _header({**spread, **lower}, (row, row + 1), (upper, lower))


def _texts(table: Table, merges: VerticalMerges, row: int) -> dict[int, str]:
    texts = {}
    for column in sorted({*table.rows.get(row, {}), *merges.covered_columns(row)}):
        cell = cell_at(table, merges, row, column)
        if cell is not None and cell.text.strip():
            texts[column] = cell.text
    return texts


def _header(
    texts: Mapping[int, str], rows: tuple[int, ...], written: tuple[Mapping[int, str], ...]
) -> Header | None:
    columns = tuple(
        Column(index, found, text)
        for index, text in sorted(texts.items())
        if (found := _field_of(text)) is not None
    )
    fields = {column.field for column in columns}
    if not fields & {Field.ROOM, Field.ADDRESS} or len(fields) < 2:
        return None
    by_field = {name: tuple(column for column in columns if column.field is name) for name in fields}
    known = tuple({column: plain_heading(text) for column, text in row.items()} for row in written)
    return Header(rows, columns, known, by_field)


def _field_of(text: str) -> Field | None:
    # Most cells are met here once while the header is looked for: a quick look first.
    if text.isascii() or len(text) > LONGEST_HEADING:
        return None
    return _FIELD_OF.get(plain_heading(text))
