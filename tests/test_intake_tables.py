"""Tables are read exactly: the header under titles, numbers as written, no formula run, nothing guessed."""

import datetime as dt
import io
import zipfile
from decimal import Decimal

import openpyxl
import pytest

from ecotrack.errors import EmptyFile, MissingFile, UnreadableFile
from ecotrack.intake.tables import read_tables
from ecotrack.intake.tables_cells import escaped, fold, unescaped

TITLES = {"名次", "单位", "任务(亩)", "完成(亩)", "完成率(%)", "日期"}
CSV = """全市春季造林进度,,
截至3月16日,,单位：亩
名次,单位,任务（亩）
1,景县,"8,000"
,,
合 计,,"8,000"
注：含补植,,
"""


def knows(text):
    return fold(text) in TITLES


def read(path):
    return read_tables(path, knows=knows).tables


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_csv_is_read_the_same_in_every_encoding_and_with_every_delimiter(tmp_path, encoding, delimiter):
    path = tmp_path / "进度.csv"
    text = CSV if delimiter == "," else CSV.replace('"8,000"', "8000").replace(",", delimiter)
    path.write_bytes(text.encode(encoding))
    [table] = read(path)
    assert table.headers[:3] == ("名次", "单位", "任务（亩）")
    assert table.titles == ("全市春季造林进度", "截至3月16日", "单位：亩")
    assert [(row.number, row.cell(1).value) for row in table.rows] == [(4, "景县")]
    assert [row.number for row in table.totals] == [6]


def test_blank_rows_totals_and_footnotes_are_no_data(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(CSV, encoding="utf-8")
    [table] = read(path)
    assert len(table.rows) == 1


def book_bytes(*rows, **formats):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for ref, number_format in formats.items():
        book.active[ref].number_format = number_format
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_numbers_of_a_workbook_come_out_as_shown_not_as_binary_fractions(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(book_bytes(["单位", "任务(亩)", "完成率(%)"], ["景县", 0.1 + 0.2, 1.064], C2="0.0%"))
    [table] = read(path)
    assert table.rows[0].cell(1).value == Decimal("0.3")
    assert table.rows[0].cell(2).text == "106.4%"


def test_days_of_a_workbook_are_days(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(book_bytes(["单位", "日期"], ["景县", dt.datetime(2017, 3, 16)]))
    assert read(path)[0].rows[0].cell(1).value == dt.date(2017, 3, 16)


def test_a_formula_is_never_evaluated_and_its_cell_is_named(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(book_bytes(["单位", "任务(亩)"], ["景县", "=4000*2"]))
    cell = read(path)[0].rows[0].cell(1)
    assert (cell.ref, cell.value, cell.uncomputed) == ("B2", None, True)


def test_a_header_of_two_rows_under_merged_cells_is_joined(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["单位", "任务(亩)", "完成情况", None], [None, None, "亩数", "占任务%"], ["景县", 8000, 5465, 68.3]):
        sheet.append(row)
    for merged in ("A1:A2", "B1:B2", "C1:D1"):
        sheet.merge_cells(merged)
    book.save(tmp_path / "a.xlsx")
    [table] = read(tmp_path / "a.xlsx")
    assert table.headers == ("单位", "任务(亩)", "完成情况亩数", "完成情况占任务%")
    assert [row.number for row in table.rows] == [3]


def test_a_sheet_without_known_titles_is_told_and_not_dropped_in_silence(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["单位", "任务(亩)"])
    book.active.append(["景县", 1])
    book.create_sheet("附表").append(["甲", "乙"])
    book.save(tmp_path / "a.xlsx")
    assert read_tables(tmp_path / "a.xlsx", knows=knows).unread == ("附表",)


def test_a_missing_and_an_empty_file_say_so(tmp_path):
    with pytest.raises(MissingFile, match="does not exist"):
        read(tmp_path / "none.csv")
    (tmp_path / "empty.csv").write_bytes(b"\xef\xbb\xbf\n")
    with pytest.raises(EmptyFile, match="empty"):
        read(tmp_path / "empty.csv")
    (tmp_path / "empty.xlsx").write_bytes(book_bytes([]))
    with pytest.raises(EmptyFile):
        read(tmp_path / "empty.xlsx")


def zip_bytes(name):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, "x")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, ".xls"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "密码"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "电子表格"),
        (b"PK\x03\x04 cut off", "不完整"),
        (zip_bytes("content.xml"), "XLSX"),
        (zip_bytes("xl/workbook.xml"), "无法读取"),
        (b"\x00\x01\x02\x03" * 40, "UTF-8"),
        ("甲,乙\n1,2\n".encode(), "表头"),
        ('单位,任务(亩)\n"景县,1\n'.encode(), "引号"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason_and_a_way_out(tmp_path, data, told):
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    with pytest.raises(UnreadableFile) as caught:
        read(path)
    assert told in caught.value.message("zh")
    assert str(path) in caught.value.message("zh")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-cmd", "@SUM(A1)", "\t=1", "＝1"])
def test_text_that_a_spreadsheet_would_run_is_escaped_and_comes_back(text):
    assert escaped(text)[0] == "'"
    assert unescaped(escaped(text)) == text.strip()


def test_other_text_is_left_as_it_is():
    assert escaped("景县") == "景县"
    assert unescaped("'70s") == "'70s"
