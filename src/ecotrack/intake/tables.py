"""Spreadsheets as people send them: CSV and XLSX files read into tables of exact cells.

The header row is found under title rows, numbers are exact decimals, no formula is evaluated, and
each cell keeps its address, so that a message can say where it is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from ecotrack.errors import EmptyFile, MissingFile, Text, UnreadableFile
from ecotrack.intake.tables_cells import Cell, Grid, Row, Table, column_letter, fold, unescaped
from ecotrack.intake.tables_files import read_csv_grid, read_xlsx_grids, sniff

MAX_BYTES = 50_000_000
"""Largest spreadsheet that is read."""

HEADER_SEARCH_ROWS = 30
"""How far down the header row is looked for."""

_TITLE_COLUMNS = 3
"""How far to the right the titles stand of a sheet that has them down a column."""

_TITLE_ROWS = 2000
"""Rows that such a sheet has at most."""

ABOUT_SHEET = "说明"
"""Name of the sheet with which the form explains itself."""

_TOTALS = ("合计", "总计", "共计", "小计")
_FOOTNOTE = re.compile(
    r"^(注[:：\d]?|备注|坐标系|说明|填表|制表|审核|复核|联系|负责人|填报|数据来源|资料来源|note|source:|\*)", re.I
)


class Sheets(NamedTuple):
    """The sheets of a file that have column titles, and the names of those that hold something else."""

    tables: list[Table]
    unread: tuple[str, ...]


def read_tables(path: Path, *, knows: Callable[[str], bool], wants: Callable[[Table], bool] | None = None) -> Sheets:
    """Read every sheet of a CSV or XLSX file that has a recognisable header row.

    Parameters
    ----------
    path
        The file; its kind is told from its content, not from its name.
    knows
        Whether a header text is one that the caller has a use for; the row with the most of them
        (two at least) is the header row.
    wants
        Whether a table has what the caller needs: then one known header is enough. Where it has not, and the sheet has
        it with its titles down the first column, the sheet is turned.

    Raises
    ------
    MissingFile, EmptyFile, UnreadableFile
        There is no such file, nothing in it, or nothing that can be read as a table.
    """
    grids = _grids(path, knows)
    if not any(_filled(grid) for grid in grids):
        raise EmptyFile(path)
    read = [(grid, _tables(path, grid, knows, wants)) for grid in grids]
    tables = [table for _, found in read for table in found]
    if not tables:
        seen = "、".join(cell.text for row in grids[0].rows[:3] for cell in row if not cell.blank)[:80]
        hint = Text(
            "表头应有 单位、任务(亩)、完成(亩) 之类的列名，或用 ecotrack records template 导出的模板",
            "give column titles such as unit, task_mu, done_mu, or use the form of ecotrack records template",
        )
        raise UnreadableFile(path, detail=Text(f"没有认出表头：{seen}", f"no header row: {seen}"), hint=hint)
    unread = (grid.sheet for grid, found in read if not found and grid.sheet != ABOUT_SHEET and _filled(grid))
    return Sheets(tables, tuple(unread))


def _filled(grid: Grid) -> bool:
    return any(not cell.blank for row in grid.rows for cell in row)


def _grids(path: Path, knows: Callable[[str], bool]) -> list[Grid]:
    data = read_bytes(path)
    if sniff(path, data) == "xlsx":
        return read_xlsx_grids(path, data)
    choices = [Grid("", _cells(rows)) for rows in read_csv_grid(path, data)]
    return [max(choices, key=lambda grid: _best_header(grid, knows)[1])]


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a spreadsheet.

    Raises
    ------
    MissingFile, EmptyFile, UnreadableFile
        There is no such file, nothing in it, or far too much.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            hint = Text("请把文件拆小", "split the file")
            raise UnreadableFile(path, detail=f"{size} > {MAX_BYTES} bytes", hint=hint)
        data = path.read_bytes()
    except FileNotFoundError:
        raise MissingFile(path) from None
    except OSError as error:
        raise UnreadableFile(path, detail=error.strerror or error) from error
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        raise EmptyFile(path)
    return data


def _cells(rows: Sequence[Sequence[str]]) -> list[tuple[Cell, ...]]:
    return [
        tuple(Cell(f"{column_letter(c)}{r}", unescaped(text)) for c, text in enumerate(texts))
        for r, texts in enumerate(rows, 1)
    ]


def _best_header(grid: Grid, knows: Callable[[str], bool]) -> tuple[int, int]:
    best, most = -1, 0
    for index, row in enumerate(grid.rows[:HEADER_SEARCH_ROWS]):
        count = sum(1 for cell in row if isinstance(cell.value, str) and knows(cell.value))
        # A row of keys right below a row of titles counts as well as the titles and is the better header.
        if count > most or (count == most and count and index == best + 1):
            best, most = index, count
    return best, most


def _tables(path: Path, grid: Grid, knows: Callable[[str], bool], wants: Callable[[Table], bool] | None) -> list[Table]:
    """Return the table of a sheet, or those that it holds one below the other with their titles down a column."""
    upright = _table(path, grid, knows, wants)
    if wants is None or (upright is not None and wants(upright)) or len(grid.rows) > _TITLE_ROWS:
        return [upright] if upright is not None else []
    turned = [_table(path, part, knows, None) for part in _turned_parts(grid, knows)]
    good = [replace(table, turned=True) for table in turned if table is not None and wants(table)]
    return good or ([upright] if upright is not None else [])


def _turned_parts(grid: Grid, knows: Callable[[str], bool]) -> Iterator[Grid]:
    """Yield the columns of a sheet as rows; a title that comes again down the column begins another part."""
    titles = [_known_title(row, knows) for row in grid.rows]
    begin, seen = 0, set[str]()
    for number, title in enumerate(titles):
        if title in seen:
            while _is_heading(grid.rows[number - 1], titles[number - 1]):
                number -= 1
            yield _turned(grid, begin, number)
            begin, seen = number, set()
        seen |= {title} - {""}
    yield _turned(grid, begin, len(titles))


def _known_title(row: Sequence[Cell], knows: Callable[[str], bool]) -> str:
    texts = (fold(cell.text) for cell in row[:_TITLE_COLUMNS] if isinstance(cell.value, str) and knows(cell.value))
    return next(texts, "")


def _is_heading(row: Sequence[Cell], title: str) -> bool:
    return not title and sum(not cell.blank for cell in row) == 1


def _turned(grid: Grid, begin: int, end: int) -> Grid:
    rows = grid.rows[begin:end]
    width = max((len(row) for row in rows), default=0)
    full = ((*row, *(Cell(f"{column_letter(c)}{n}") for c in range(len(row), width))) for n, row in enumerate(rows, 1))
    return Grid(grid.sheet, [*zip(*full, strict=True)])


def _table(path: Path, grid: Grid, knows: Callable[[str], bool], wants: Callable[[Table], bool] | None) -> Table | None:
    index, count = _best_header(grid, knows)
    if not count or (count < 2 and wants is None):
        return None
    headers, last = _headers(grid, index)
    body = [Row(n, row) for n, row in enumerate(grid.rows[last + 1 :], last + 2) if any(not c.blank for c in row)]
    totals = [row for row in body if is_total(row)]
    notes = [row for row in body if _is_footnote(row)]
    data = [row for row in body if not is_total(row) and not _is_footnote(row)]
    titles = tuple(cell.text for row in grid.rows[:index] for cell in row if not cell.blank)
    said = tuple(cell.text for row in notes for cell in row.cells if not cell.blank)
    table = Table(path, grid.sheet, titles, headers, last + 1, tuple(data), tuple(totals), said)
    return table if count > 1 or (wants is not None and wants(table)) else None


def _headers(grid: Grid, index: int) -> tuple[tuple[str, ...], int]:
    """Join a header of two rows: blanks are taken from the row above, parts from the row below."""
    width = max(len(row) for row in grid.rows)
    texts = [_text_at(grid, index, c) or _header_above(grid, index, c) for c in range(width)]
    if not _is_sub_header(grid, index):
        return tuple(texts), index
    group = ""
    for c in range(width):
        group = _text_at(grid, index, c) or group
        part = _text_at(grid, index + 1, c)
        texts[c] = group + part if part else texts[c]
    return tuple(texts), index + 1


def _text_at(grid: Grid, index: int, column: int) -> str:
    row = grid.rows[index] if 0 <= index < len(grid.rows) else ()
    return row[column].text if column < len(row) else ""


def _header_above(grid: Grid, index: int, column: int) -> str:
    above = grid.rows[index - 1] if index else ()
    return _text_at(grid, index - 1, column) if sum(not cell.blank for cell in above) > 1 else ""


def _is_sub_header(grid: Grid, index: int) -> bool:
    # Below a merged header cell the first column is blank, and the parts are words, never numbers.
    row = grid.rows[index + 1] if index + 1 < len(grid.rows) else ()
    filled = [cell for cell in row if not cell.blank]
    if not filled or not row[0].blank or len(filled) < 2:
        return False
    return all(isinstance(cell.value, str) and not re.search(r"\d", cell.value) for cell in filled)


def is_total(row: Row) -> bool:
    """Return whether the first words of a row say that it is a total.

    Examples
    --------
    >>> is_total(Row(9, (Cell("A9"), Cell("B9", "合 计"), Cell("C9", Decimal(7)))))
    True
    """
    first = next(_words(row), "")
    return first.endswith(_TOTALS) or first in ("total", "sum", "totals", "grandtotal")


def _words(row: Row) -> Iterator[str]:
    for cell in row.cells:
        if isinstance(cell.value, str) and not re.fullmatch(r"[\d.,%\-—/]+", cell.value):
            yield fold(cell.value)


def _is_footnote(row: Row) -> bool:
    first = next(_words(row), "")
    numbers = any(isinstance(cell.value, Decimal) for cell in row.cells)
    return bool(_FOOTNOTE.match(first)) and not numbers
