"""Proves that files which are no register are refused with the right code, and that none of them hurts us."""

import io
import subprocess
import zipfile
from datetime import date

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from services.orders.intake.registers.cells import Kind
from services.orders.intake.registers.read_register import MOST_FILE_BYTES, read_register
from services.orders.intake.registers.reading import RegisterRefused
from services.orders.intake.registers.sheet_xml import is_date_format, place
from services.orders.intake.registers.workbook import open_workbook
from tests.unit.orders.intake.registers.files import (
    FIRST_SHEET,
    GOOD,
    HEADINGS,
    changed_part,
    fill,
    workbook,
    workbook_of,
)

BOOK = workbook(HEADINGS, GOOD)
END = b"</sheetData>"


def refusal(data: bytes) -> str:
    with pytest.raises(RegisterRefused) as refused:
        read_register(data)
    return refused.value.code


def with_rows(rows: bytes) -> bytes:
    return changed_part(BOOK, FIRST_SHEET, lambda xml: xml.replace(END, rows + END))


def zip_of(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return file.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"%PDF-1.4\n", "unsupported_type"),
        (b"\x89PNG\r\n\x1a\n", "unsupported_type"),
        (b"<html><table><tr><td>", "unsupported_type"),
        (bytes(range(256)) * 8, "unsupported_type"),
        (OLE, "unsupported_type"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "password_protected"),
        (zip_of(readme=b"hello"), "unsupported_type"),
        (BOOK[: len(BOOK) // 2], "corrupt"),
        (BOOK[:-200], "corrupt"),
        (changed_part(BOOK, FIRST_SHEET, lambda xml: xml[:-30]), "corrupt"),
        (changed_part(BOOK, "xl/workbook.xml", lambda _: b""), "corrupt"),
        ("房号,楼栋".encode("utf-16"), "encoding_unknown"),
        ("Straße,é,à".encode("latin-1"), "encoding_unknown"),
        (b"", "no_header"),
        ("你好\n再见\n".encode(), "no_header"),
        (workbook(("只有", "别的")), "no_header"),
        ('楼栋,房号\n3,"502\n4,503\n'.encode(), "corrupt"),
        (b"a" * (MOST_FILE_BYTES + 1), "file_too_large"),
    ],
)
def test_a_file_that_is_no_register_is_refused(data: bytes, code: str) -> None:
    assert refusal(data) == code


def test_a_document_of_another_kind_in_the_same_package_is_refused() -> None:
    data = changed_part(
        BOOK,
        "[Content_Types].xml",
        lambda xml: xml.replace(b"spreadsheetml.sheet.main", b"wordprocessingml.document.main"),
    )
    assert refusal(data) == "unsupported_type"


def test_a_doctype_is_refused_before_any_entity_is_read() -> None:
    bomb = b'<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><worksheet'
    assert refusal(changed_part(BOOK, FIRST_SHEET, lambda xml: xml.replace(b"<worksheet", bomb, 1))) == "corrupt"


def test_a_package_that_unpacks_too_far_is_refused() -> None:
    row = b'<row r="9"><c r="A9" t="inlineStr"><is><t>' + b"a" * 205_000_000 + b"</t></is></c></row>"
    assert refusal(with_rows(row)) == "file_too_large"


def test_more_rows_than_a_register_has_are_refused() -> None:
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (i, i) for i in range(10, 100_011))
    assert refusal(with_rows(rows)) == "file_too_large"


def test_more_columns_than_a_register_has_are_refused() -> None:
    assert refusal(workbook(("房号", "楼栋", *["x"] * 199))) == "file_too_large"
    assert refusal((",".join(["房号", "楼栋", *["x"] * 199]) + "\n").encode()) == "file_too_large"


def test_a_row_of_endless_empty_cells_is_refused() -> None:
    assert refusal(with_rows(b'<row r="9">' + b'<c r="A9"/>' * 200_000 + b"</row>")) == "file_too_large"


@pytest.mark.parametrize(
    "data",
    [
        changed_part(BOOK, FIRST_SHEET, lambda xml: xml.replace(b'ref="A1:K2"', b'ref="A1:XFD1048576"')),
        with_rows(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        with_rows(b"".join(b'<row r="%d"><c r="A%d" s="0"/></row>' % (i, i) for i in range(10, 20_000))),
    ],
    ids=["declared dimension", "one far cell", "formatted empty rows"],
)
def test_much_space_over_little_content_is_no_reason_to_refuse(data: bytes) -> None:
    assert len(read_register(data).accepted) == 1


def test_prefixed_names_and_missing_references_are_read_all_the_same() -> None:
    def rewrite(xml: bytes) -> bytes:
        for tag in (b"worksheet", b"sheetData", b"row", b"c", b"v"):
            xml = xml.replace(b"<" + tag + b" ", b"<x:" + tag + b" ").replace(
                b"<" + tag + b">", b"<x:" + tag + b">"
            )
            xml = xml.replace(b"</" + tag + b">", b"</x:" + tag + b">")
        xml = xml.replace(b"<x:worksheet xmlns=", b"<x:worksheet xmlns:x=")
        for column in b"ABCDEFGHIJK":
            for row in b"12":
                xml = xml.replace(b' r="%c%c"' % (column, row), b"")
        start, end = xml.index(b"<sheetViews"), xml.index(b"<x:sheetData")
        return xml[:start] + xml[end : xml.index(b"</x:sheetData>")] + b"</x:sheetData></x:worksheet>"

    reading = read_register(changed_part(BOOK, FIRST_SHEET, rewrite))
    assert [row.room for row in reading.accepted] == ["1501"]


def test_our_reader_and_calamine_see_the_same_values() -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("值")
        fill(sheet, [("文字", 3, 2.5, 13800001234, 1e-7, -4, True, "  空格 ", "两\n行", "<&>\"'", "", "=1")])
        sheet.write_rich_string(1, 0, "一", book.add_format({"bold": True}), "二", "三")
        sheet.write_datetime(1, 1, date(2022, 3, 2), book.add_format({"num_format": "m月d日"}))

    data = workbook_of(write)
    theirs = (
        CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    )
    ours = open_workbook(data)[0].rows
    for number, cells in ours.items():
        for column, cell in cells.items():
            peer = theirs[number - 1][column]
            if cell.kind is Kind.NUMBER:
                assert float(cell.text) == peer
            elif cell.kind is Kind.DATE:
                assert cell.text == str(peer)[:10]
            else:
                assert cell.text == (str(peer).upper() if isinstance(peer, bool) else peer)
    assert ours[1].keys() == {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11}


@pytest.mark.parametrize(
    ("code", "is_date"),
    [
        ("General", False), ("0.00", False), ("0.00E+00", False), ("@", False), ("[Red]0", False),
        ('0"人"', False),
        ("m-d", True), ("yyyy/m/d h:mm", True), ('m"月"d"日"', True), ("[h]:mm", True),
        ("[$-804]yyyy年m月d日", True),
    ],
)  # fmt: skip
def test_a_number_format_shows_whether_it_is_a_date(code: str, is_date: bool) -> None:
    assert is_date_format(code) is is_date


@pytest.mark.parametrize(
    ("reference", "found"), [("A1", (1, 0)), ("B7", (7, 1)), ("AA10", (10, 26)), ("XFD1048576", (1048576, 16383))]
)
def test_a_cell_reference_is_read(reference: str, found: tuple[int, int]) -> None:
    assert place(reference) == found


def test_the_child_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, object] = {}
    real = subprocess.Popen

    def watched(*arguments: object, **options: object) -> object:
        seen.update(options)
        return real(*arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    monkeypatch.setattr(subprocess, "Popen", watched)
    open_workbook(BOOK)
    assert set(seen["env"]) == {"PYTHONPATH", "PYTHONIOENCODING", "PATH"}  # type: ignore[call-overload]


def test_bytes_changed_anywhere_in_the_file_never_end_in_anything_but_an_answer() -> None:
    codes = set()
    for position in range(40, len(BOOK), len(BOOK) // 12):
        damaged = bytearray(BOOK)
        damaged[position] ^= 0x5A
        try:
            read_register(bytes(damaged))
        except RegisterRefused as refused:
            codes.add(refused.code)
    assert codes <= {"corrupt", "unsupported_type", "password_protected", "no_header", "file_too_large"}


def test_a_damaged_sheet_is_corrupt_and_not_too_large() -> None:
    name = FIRST_SHEET.encode()
    start = BOOK.index(name) + len(name)
    assert refusal(BOOK[: start + 40] + bytes(60) + BOOK[start + 100 :]) == "corrupt"
