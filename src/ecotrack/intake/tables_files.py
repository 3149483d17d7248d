"""Bytes of CSV and XLSX files to grids of cells; nothing is evaluated and nothing is guessed twice."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from ecotrack.errors import Text, UnreadableFile
from ecotrack.intake.plain_words import plain_words
from ecotrack.intake.tables_cells import Cell, Grid, column_letter, unescaped

MAX_UNPACKED_BYTES = 400_000_000
"""Largest unpacked size of an XLSX file: what is above is no spreadsheet of records."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DELIMITERS = (",", "\t", ";", "，", "|")
_QUOTES = Text("请检查引号", "check the quotes")
_SPLIT = Text("请把文件拆小", "split the file")
_XLSX_HINT = Text("请用 Excel 或 WPS 另存为 .xlsx 或 UTF-8 的 .csv", "save it as .xlsx or as .csv in UTF-8")


def sniff(path: Path, data: bytes) -> Literal["xlsx", "csv"]:
    """Tell from the content which kind of file it is.

    Raises
    ------
    UnreadableFile
        It is of another kind: an old .xls, a file with a password, a web page, an ODS file.
    """
    if data.startswith(_OLE):
        locked = "EncryptedPackage".encode("utf-16-le") in data
        detail = Text("文件有密码", "password-protected") if locked else Text("旧版 .xls 格式", "old .xls format")
        hint = Text("请去掉密码后另存", "save it without a password") if locked else _XLSX_HINT
        raise UnreadableFile(path, detail=detail, hint=hint)
    if data.startswith(b"PK"):
        _check_zip(path, data)
        return "xlsx"
    if data.lstrip()[:200].lower().startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"%pdf", b"{\\rtf")):
        raise UnreadableFile(path, detail=Text("不是电子表格", "not a spreadsheet"), hint=_XLSX_HINT)
    return "csv"


def _check_zip(path: Path, data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            unpacked = sum(info.file_size for info in archive.infolist())
    except (zipfile.BadZipFile, ValueError) as error:
        raise UnreadableFile(path, detail=Text(f"文件不完整（{error}）", f"damaged ({error})")) from error
    if "xl/workbook.xml" not in names:
        raise UnreadableFile(path, detail=Text("不是 XLSX", "not an XLSX file"), hint=_XLSX_HINT)
    if unpacked > MAX_UNPACKED_BYTES:
        raise UnreadableFile(
            path, detail=Text("解开后太大", f"{unpacked} bytes unpacked"), hint=Text("请把文件拆小", "split the file")
        )


def decode(path: Path, data: bytes) -> str:
    """Return the text of a CSV file: UTF-8 with or without BOM, UTF-16 with BOM, else GB18030, all strict.

    Raises
    ------
    UnreadableFile
        It is in none of them.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings, data = ("utf-8-sig", "gb18030"), data.rstrip(b"\0")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not any(ord(char) < 32 and char not in "\t\r\n" for char in text):
            return text.removeprefix("\ufeff")  # in GB18030 it has four bytes
    raise UnreadableFile(path, detail=Text("不是文字表格", "no text in UTF-8 or GB18030"), hint=_XLSX_HINT)


def read_csv_grid(path: Path, data: bytes) -> Iterator[list[list[str]]]:
    """Yield the rows of a CSV file as each delimiter would cut them; the caller keeps the best.

    Raises
    ------
    UnreadableFile
        The text is not in a known encoding, or a quoted field never ends.
    """
    text = decode(path, data)
    for delimiter in _DELIMITERS:
        if delimiter != "," and delimiter not in text:
            continue
        try:
            yield list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=delimiter == ","))
        except csv.Error as error:
            raise UnreadableFile(
                path, detail=plain_words(error), hint=Text("请检查引号", "check the quotes")
            ) from error


def best_csv_grid(path: Path, data: bytes) -> list[list[str]]:
    """Return the rows of a CSV file by the delimiter that cuts it into the most cells.

    Raises
    ------
    UnreadableFile
        As `read_csv_grid` says.
    """
    return max(read_csv_grid(path, data), key=lambda rows: sum(len(row) for row in rows))


def read_xlsx_grids(path: Path, data: bytes) -> list[Grid]:
    """Return the visible sheets of an XLSX file with the values that the file carries.

    Raises
    ------
    UnreadableFile
        The workbook is damaged.
    """
    try:
        return _visible_sheets(data)
    except Exception as error:  # openpyxl lets whatever its parts raise through for a damaged workbook
        try:
            return _visible_sheets(_without_looks(data))
        except Exception:
            raise UnreadableFile(path, detail=plain_words(error), hint=_XLSX_HINT) from error


def _visible_sheets(data: bytes) -> list[Grid]:
    import openpyxl

    values = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    formulas = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False)
    return [
        Grid(sheet.title, _sheet_rows(sheet, formulas[sheet.title]))
        for sheet in values.worksheets
        if sheet.sheet_state == "visible"
    ]


_LOOKS = re.compile(
    rb"<(fonts|fills|borders|dxfs|cellStyles|dataValidations|conditionalFormatting)\b.*?</\1>", re.DOTALL
)


def _without_looks(data: bytes) -> bytes:
    """Return a workbook without fonts, colours, rules for typing and the record of its author.

    Programs write these in ways that openpyxl refuses, and nothing of them is a value. Number formats stay: they tell
    days from numbers.
    """
    memory = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(memory, "w") as sink:
        for name in source.namelist():
            inner = source.read(name)
            if name.startswith("xl/") and name.endswith(".xml"):
                inner = _LOOKS.sub(b"", inner)
            if not name.startswith("docProps/"):
                sink.writestr(name, inner)
    return memory.getvalue()


def _sheet_rows(values: Any, formulas: Any) -> list[tuple[Cell, ...]]:
    # Sheets written by other programs may state a wrong size; the rows themselves tell it.
    values.reset_dimensions()
    formulas.reset_dimensions()
    rows: list[tuple[Cell, ...]] = []
    last = 0
    for number, (row, sources) in enumerate(zip(values.iter_rows(), formulas.iter_rows(), strict=True), 1):
        if not row:
            # A cell touched by mistake in the last row of all makes a million empty ones.
            rows.append(row)
            continue
        width = next((n for n in range(len(row), 0, -1) if row[n - 1].value is not None or sources[n - 1].value), 0)
        pairs = enumerate(zip(row[:width], sources[:width], strict=True))
        rows.append(tuple([_xlsx_cell(column, number, cell, source) for column, (cell, source) in pairs]))
        last = number if width else last
    return rows[:last]


def _xlsx_cell(column: int, row: int, cell: Any, source: Any) -> Cell:
    ref = f"{column_letter(column)}{row}"
    if cell.value is None:
        return Cell(ref, None, source.value is not None)
    return Cell(ref, _exact(cell.value, str(cell.number_format or "")))


def _exact(value: object, number_format: str) -> str | Decimal | dt.date | None:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, (int, float)):
        # A spreadsheet shows 15 significant digits; more are artefacts of binary floating point.
        number = Decimal(f"{value:.15g}") if isinstance(value, float) else Decimal(value)
        return f"{(number * 100).normalize():f}%" if "%" in number_format else number
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    return unescaped(str(value))
