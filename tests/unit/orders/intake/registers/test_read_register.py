"""Proves that whole registers are read as the intake contract says: tables found, rows taken, cells reported."""

from datetime import date, datetime, time

import pytest
import xlsxwriter

from services.orders.intake.registers.read_register import read_register
from services.orders.intake.registers.reading import Contact, RegisterReading, RegisterRow
from tests.unit.orders.intake.registers.files import (
    FIRST_SHEET,
    GOOD,
    HEADINGS,
    changed_part,
    fill,
    read_csv,
    read_rows,
    row_with,
    workbook,
    workbook_of,
)

GOOD_ROW = RegisterRow(
    compound="梅香苑",
    building="3号楼",
    entrance="2单元",
    floor=15,
    room="1501",
    residents=3,
    contacts=(Contact("王建国", "13800001234"),),
    needs=("infant", "pet_dog"),
    language="yue",
    pets=1,
    sheet="Sheet1",
    row=2,
)


def findings(reading: RegisterReading) -> list[tuple[int, str, str]]:
    return [(rejection.row, rejection.column, rejection.reason) for rejection in reading.rejected]


def remarks(reading: RegisterReading) -> list[tuple[int, str]]:
    return [(remark.row, remark.reason) for remark in reading.warnings]


def test_a_good_row_is_taken_whole() -> None:
    reading = read_rows(GOOD)
    assert reading.accepted == (GOOD_ROW,)
    assert (reading.rejected, reading.warnings, reading.sheets_read) == ((), (), ("Sheet1",))


def test_numbers_stored_as_numbers_read_like_text() -> None:
    reading = read_rows(row_with(楼栋=3, 单元=2, 房号=1501.0, 人口=3.0, 联系电话=13800001234))
    assert reading.accepted == (GOOD_ROW,)


@pytest.mark.parametrize(
    ("heading", "value", "reason"),
    [
        ("房号", None, "door_missing"),
        ("房号", "/", "door_missing"),
        ("楼栋", None, "building_missing"),
        ("楼栋", "综合楼", "building_missing"),
        ("联系电话", "1380000", "phone_invalid"),
        ("人口", "两大一小", "residents_not_a_number"),
        ("人口", 2.5, "residents_not_a_number"),
        ("人口", 31, "residents_out_of_range"),
        ("人口", -1, "residents_out_of_range"),
        ("户主姓名", "=HYPERLINK(1)", "unsafe_text"),
        ("户主姓名", "@SUM(1)", "unsafe_text"),
        ("特殊需求", "+cmd|' /C calc'!A0", "unsafe_text"),
        ("特殊需求", "-2+3", "unsafe_text"),
        ("语言", "\t粤语", "unsafe_text"),
        ("宠物", "\r狗", "unsafe_text"),
        ("户主姓名", "#N/A", "error_cell"),
        ("房号", date(2022, 3, 2), "date_cell"),
        ("联系电话", datetime.combine(date(2022, 3, 2), time(12, 30)), "date_cell"),
        ("楼栋", "3月2日", "date_cell"),
    ],
)
def test_one_bad_cell_keeps_the_row_out_and_is_named(heading: str, value: object, reason: str) -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        book.default_date_format = book.add_format({"num_format": "m-d"})
        sheet = book.add_worksheet("Sheet1")
        fill(sheet, [HEADINGS])
        for column, cell in enumerate(row_with(**{heading: value})):
            if isinstance(cell, date):
                sheet.write_datetime(1, column, cell, book.default_date_format)
            elif cell is not None:
                sheet.write(1, column, cell)

    reading = read_register(workbook_of(write))
    assert findings(reading) == [(2, heading, reason)]
    assert reading.accepted == ()


def test_a_dash_alone_is_empty_and_a_country_prefix_is_no_formula() -> None:
    reading = read_rows(row_with(特殊需求="-", 联系电话="+86 13800001234、+852 91234567"))
    assert [contact.phone for contact in reading.accepted[0].contacts] == ["13800001234", "+85291234567"]


def test_every_bad_cell_of_a_row_is_reported() -> None:
    reading = read_rows(row_with(人口="很多", 联系电话="110", 户主姓名="=1"))
    assert sorted(reason for _, _, reason in findings(reading)) == [
        "phone_invalid",
        "residents_not_a_number",
        "unsafe_text",
    ]


def test_the_second_row_of_a_door_is_a_duplicate_even_in_another_sheet() -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        fill(book.add_worksheet("甲"), [HEADINGS, row_with(联系电话="110"), GOOD])
        fill(book.add_worksheet("乙"), [HEADINGS, row_with(楼栋="3栋", 房号="1501室", 户主姓名="李梅")])

    reading = read_register(workbook_of(write))
    assert [(r.sheet, r.row, r.column, r.value, r.reason) for r in reading.rejected] == [
        ("甲", 2, "联系电话", "110", "phone_invalid"),
        ("乙", 2, "房号", "1501室", "duplicate_door"),
    ]
    assert [row.row for row in reading.accepted] == [3]


def test_a_formula_in_a_known_column_is_refused_whatever_it_gives() -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("S")
        fill(sheet, [(*HEADINGS, "合并列"), GOOD, row_with(房号="1502")])
        sheet.write_formula(1, 5, "=1+2", None, 3)
        sheet.write_formula(2, 11, "=1+2", None, 3)

    reading = read_register(workbook_of(write))
    assert findings(reading) == [(2, "人口", "formula_cell")]
    assert [row.room for row in reading.accepted] == ["1502"]


def test_an_error_cell_is_reported() -> None:
    data = changed_part(
        workbook(HEADINGS, GOOD), FIRST_SHEET, lambda xml: xml.replace(b"<v>3</v>", b"<v>#REF!</v>").replace(
            b'<c r="F2">', b'<c r="F2" t="e">'
        )
    )  # fmt: skip
    assert findings(read_register(data)) == [(2, "人口", "error_cell")]


def test_hidden_sheets_are_not_read_and_sheets_without_header_are_skipped() -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        fill(book.add_worksheet("说明"), [("一户一行",)])
        fill(book.add_worksheet("台账"), [HEADINGS, GOOD])
        hidden, very_hidden = book.add_worksheet("旧"), book.add_worksheet("更旧")
        fill(hidden, [HEADINGS, row_with(房号="9")])
        hidden.hide()
        very_hidden.very_hidden()

    reading = read_register(workbook_of(write))
    assert [(remark.sheet, remark.row, remark.reason) for remark in reading.warnings] == [
        ("说明", 0, "no_header"),
        ("旧", 0, "hidden_sheet"),
        ("更旧", 0, "hidden_sheet"),
    ]
    assert (len(reading.accepted), reading.sheets_read) == (1, ("台账",))


def test_headings_may_have_stars_line_breaks_additions_and_any_order() -> None:
    reading = read_register(
        workbook(("序号", "房 号*", "联系电话\n(手机)", "栋号（必填）"), (1, "502", "13800001234", "A"))
    )
    assert [(row.building, row.room, row.contacts) for row in reading.accepted] == [
        ("A座", "502", (Contact(None, "13800001234"),))
    ]


def test_group_headings_stand_over_the_headings() -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("S")
        sheet.merge_range(0, 0, 0, 1, "住址")
        sheet.write(0, 2, "人口")
        sheet.merge_range(0, 3, 0, 4, "户主")
        fill(sheet, [("楼栋", "房号", None, "姓名", "电话"), ("3", "502", 2, "王芳", "13800001234")], first_row=1)

    reading = read_register(workbook_of(write))
    row = reading.accepted[0]
    assert (row.room, row.residents, row.contacts) == ("502", 2, (Contact("王芳", "13800001234"),))
    assert row.row == 3


def test_a_merged_cell_speaks_for_its_rows_and_a_blank_one_for_none() -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("S")
        fill(sheet, [("楼栋", "房号"), (None, "501"), (None, "502"), (None, "503")])
        sheet.merge_range(1, 0, 2, 0, "3栋")

    reading = read_register(workbook_of(write))
    assert [(row.building, row.room) for row in reading.accepted] == [("3号楼", "501"), ("3号楼", "502")]
    assert findings(reading) == [(4, "楼栋", "building_missing")]


def test_totals_repeated_headers_and_blank_rows_are_no_homes() -> None:
    reading = read_rows(GOOD, (), HEADINGS, row_with(房号="1502"), ("合 计", "2户"), ("总计：2",))
    assert remarks(reading) == [(4, "repeated_header"), (6, "total_row"), (7, "total_row")]
    assert [row.row for row in reading.accepted] == [2, 5]


def test_a_row_with_something_only_in_unknown_columns_is_blank() -> None:
    reading = read_register(workbook(("序号", "楼栋", "房号"), (1, "3", "501"), (2, None, None)))
    assert (len(reading.accepted), findings(reading)) == (1, [])


def test_a_comment_is_remarked() -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("S")
        fill(sheet, [HEADINGS, GOOD])
        sheet.write_comment("H2", "已核实")
        sheet.write_comment("A1", "标题")

    assert remarks(read_register(workbook_of(write))) == [(2, "cell_comment")]


def test_what_is_unclear_is_remarked_and_the_row_taken() -> None:
    reading = read_rows(row_with(楼层=14, 人口=None, 联系电话=None, 特殊需求="打过疫苗", 语言="四川话", 宠物="有"))
    assert sorted(reason for _, reason in remarks(reading)) == [
        "floor_mismatch",
        "language_unrecognized",
        "need_unrecognized",
        "pets_unclear",
        "phone_missing",
        "residents_missing",
    ]
    row = reading.accepted[0]
    assert (row.floor, row.residents, row.pets, row.language) == (14, None, None, None)
    assert row.contacts == (Contact("王建国", None),)


def test_the_compound_comes_from_the_title_and_the_building_from_the_sheet() -> None:
    data = workbook(("梅香苑住户台账",), ("房号", "人口"), ("502", 2), sheet="3栋")
    row = read_register(data).accepted[0]
    assert (row.compound, row.building) == ("梅香苑", "3号楼")


def test_an_address_column_alone_says_where_the_door_is() -> None:
    reading = read_register(
        workbook(
            ("地址", "姓名"), ("榕树新村8巷11号602", "王芳"), ("31501", "李梅"), (None, "赵敏"), ("3栋", "周杰")
        )
    )
    assert [(row.compound, row.building, row.room) for row in reading.accepted] == [("榕树新村", "8巷11号", "602")]
    assert findings(reading) == [
        (3, "地址", "address_unreadable"),
        (4, "地址", "door_missing"),
        (5, "地址", "address_unreadable"),
    ]


def test_an_address_may_leave_the_room_to_its_own_column() -> None:
    reading = read_register(workbook(("住址", "房号"), ("梅香苑3栋2单元", "502")))
    row = reading.accepted[0]
    assert (row.compound, row.building, row.entrance, row.room) == ("梅香苑", "3号楼", "2单元", "502")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_read_in_its_encodings_and_delimiters(encoding: str, delimiter: str) -> None:
    lines = [delimiter.join(["楼栋", "房号", "姓名"]), delimiter.join(["3", "502", "王芳"])]
    reading = read_csv(*lines, encoding=encoding)
    assert [(row.building, row.room, row.sheet, row.row) for row in reading.accepted] == [
        ("3号楼", "502", None, 2)
    ]
    assert reading.sheets_read == ()


def test_csv_records_are_counted_with_blank_lines_and_not_by_line_breaks_in_quotes() -> None:
    reading = read_csv("楼栋,房号,备注", '3,501,"孕妇\n素食"', "", "3,,无")
    assert [row.row for row in reading.accepted] == [2]
    assert findings(reading) == [(4, "房号", "door_missing")]


def test_the_needs_columns_are_read_together() -> None:
    reading = read_register(workbook(("楼栋", "房号", "特殊情况", "备注"), ("3", "501", "孕妇", "吃素，打过疫苗")))
    assert reading.accepted[0].needs == ("pregnant", "vegetarian")
    assert "need_unrecognized" not in [reason for _, reason in remarks(reading)]


def test_a_date_in_another_column_is_only_text() -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("S")
        fill(sheet, [HEADINGS, GOOD])
        sheet.write_datetime(1, 8, date(2022, 3, 2), book.add_format({"num_format": "yyyy-mm-dd"}))

    assert len(read_register(workbook_of(write)).accepted) == 1


def test_headings_merged_over_both_rows_belong_to_a_pair_of_rows() -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("S")
        sheet.merge_range(0, 0, 1, 0, "楼栋")
        sheet.merge_range(0, 1, 1, 1, "房号")
        sheet.merge_range(0, 2, 0, 3, "联系方式")
        fill(sheet, [(None, None, "微信", "手机"), ("3", "502", "wx_1", "13800001234")], first_row=1)

    reading = read_register(workbook_of(write))
    assert [(row.row, row.room, row.contacts) for row in reading.accepted] == [
        (3, "502", (Contact(None, "13800001234"),))
    ]
    assert findings(reading) == []


def test_a_title_that_begins_with_its_word_names_no_compound() -> None:
    data = workbook(("住户信息登记表",), ("楼栋", "房号"), ("3", "502"))
    assert read_register(data).accepted[0].compound is None
