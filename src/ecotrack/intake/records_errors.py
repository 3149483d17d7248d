"""A refused sheet comes back: the same sheet with a column that says what is wrong in each row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ecotrack.intake.records_columns import ERROR_TITLE, RowError
from ecotrack.intake.tables import read_bytes
from ecotrack.intake.tables_cells import column_letter, escaped, header_forms
from ecotrack.intake.tables_files import best_csv_grid, sniff
from ecotrack.intake.tables_write import whole_file

_MARK = "FFFFC7CE"


def write_errors(path: Path, errors: Sequence[RowError]) -> Path:
    """Write ``NAME.errors.xlsx`` or ``NAME.errors.csv`` beside a file, with a column 错误 and marked cells.

    Formulas are replaced by the values that the file carries, and text that a spreadsheet would run as
    a formula is escaped. CSV is written as UTF-8 with BOM.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    MissingFile, EmptyFile, UnreadableFile
        ``path`` cannot be read.
    CannotWrite
        The folder of ``path`` is not writable.
    """
    data = read_bytes(path)
    stem = path.stem.removesuffix(".errors")
    kind = sniff(path, data)
    target = path.with_name(f"{stem}.errors.{kind}")
    with whole_file(target) as partial:
        (_write_xlsx if kind == "xlsx" else _write_csv)(path, data, errors, partial)
    return target


def _by_row(errors: Sequence[RowError], sheet: str) -> dict[int, str]:
    texts: dict[int, list[str]] = {}
    for error in errors:
        if error.sheet == sheet:
            title = f"{error.title}：" if error.title else ""
            texts.setdefault(error.row, []).append(title + error.message.zh)
    return {row: "；".join(parts) for row, parts in texts.items()}


def _write_csv(path: Path, data: bytes, errors: Sequence[RowError], target: Path) -> None:
    rows = best_csv_grid(path, data)
    told = _by_row(errors, "")
    width = max(len(row) for row in rows)
    header = errors[0].header_row
    column = next((c for c, text in enumerate(rows[header - 1]) if _is_ours(text)), width)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for number, row in enumerate(rows, 1):
        cells = [*row, *[""] * (column + 1 - len(row))]
        cells[column] = told.get(number, ERROR_TITLE.zh if number == header else "")
        writer.writerow([_kept(cell) for cell in cells])
    target.write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode("utf-8"))


def _kept(text: str) -> str:
    # A plain negative number is what the sender wrote and runs nothing.
    return text if re.fullmatch(r"[+-]?[\d,]+(\.\d+)?%?", text) else escaped(text)


def _is_ours(text: object) -> bool:
    return isinstance(text, str) and header_forms(text)[0] == ERROR_TITLE.zh


def _write_xlsx(path: Path, data: bytes, errors: Sequence[RowError], target: Path) -> None:
    import openpyxl

    # data_only: the copy goes from hand to hand and must run nothing that the sender's file would run.
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    for sheet in book.worksheets:
        told = _by_row(errors, sheet.title)
        _escape_sheet(sheet)
        if told:
            _mark_sheet(sheet, told, [error for error in errors if error.sheet == sheet.title])
    book.save(target)


def _escape_sheet(sheet: Any) -> None:
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell.value, str):
                cell.value = _kept(cell.value)


def _mark_sheet(sheet: Any, told: dict[int, str], errors: Sequence[RowError]) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    fill = PatternFill("solid", fgColor=_MARK)
    header = errors[0].header_row
    column = next((cell.column for cell in sheet[header] if _is_ours(cell.value)), sheet.max_column + 1)
    for number in range(header + 1, sheet.max_row + 1):
        sheet.cell(number, column).value = None
    sheet.cell(header, column, ERROR_TITLE.zh).font = Font(bold=True, color="FFC00000")
    for number, text in told.items():
        cell = sheet.cell(number, column, text)
        cell.font, cell.alignment = Font(color="FFC00000"), Alignment(wrap_text=True, vertical="top")
    for error in errors:
        if error.column is not None:
            sheet.cell(error.row, error.column + 1).fill = fill
    sheet.column_dimensions[column_letter(column - 1)].width = 60
