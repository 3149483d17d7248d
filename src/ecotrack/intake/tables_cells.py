"""Cells, rows and tables as values, and how their texts are compared and written."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

_ACTIVE = "=+-@\t\r\n＝＋－＠"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its address and its value.

    Attributes
    ----------
    ref
        Address as a spreadsheet shows it (``C7``).
    value
        Text without blanks around it, exact number, day, or ``None`` where the cell is empty.
    uncomputed
        Whether it holds a formula whose result the file does not carry.
    """

    ref: str
    value: str | Decimal | dt.date | None = None
    uncomputed: bool = False

    @property
    def text(self) -> str:
        """The value as a person reads it; empty text for an empty cell."""
        if self.value is None:
            return ""
        if isinstance(self.value, Decimal):
            return plain(self.value)
        return self.value.isoformat() if isinstance(self.value, dt.date) else self.value

    @property
    def blank(self) -> bool:
        """Whether nothing stands in the cell."""
        return self.value is None and not self.uncomputed


@dataclass(frozen=True, slots=True)
class Row:
    """One row of data: its number in the sheet, counted from 1, and its cells."""

    number: int
    cells: tuple[Cell, ...]

    def cell(self, column: int) -> Cell:
        """Return the cell of a column (counted from 0); an empty one past the row's end."""
        return self.cells[column] if column < len(self.cells) else Cell(f"{column_letter(column)}{self.number}")


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet with a header row.

    Attributes
    ----------
    sheet
        Name of the sheet; empty for CSV.
    titles
        Texts that stand above the header row.
    headers
        Header texts by column; empty text where a column has none.
    header_row
        Number of the (last) header row, counted from 1.
    rows
        Rows of data, blank rows, totals and footnotes left out.
    totals
        Rows labelled 合计, 总计, 共计, 小计 or total.
    notes
        Texts of the rows below the data that explain it.
    turned
        Whether the sheet has its titles down the first column: its columns are the rows here.
    """

    path: Path
    sheet: str
    titles: tuple[str, ...]
    headers: tuple[str, ...]
    header_row: int
    rows: tuple[Row, ...]
    totals: tuple[Row, ...] = field(default=())
    notes: tuple[str, ...] = ()
    turned: bool = False

    def place(self, ref: str = "") -> str:
        """Return ``file: sheet cell`` for a message."""
        return " ".join(part for part in (f"{self.path.name}:", self.sheet, ref) if part).rstrip(":")


@dataclass(frozen=True, slots=True)
class Grid:
    """All cells of one sheet, row by row, the first row of the sheet first."""

    sheet: str
    rows: list[tuple[Cell, ...]]


def plain(number: Decimal) -> str:
    """Return a decimal as text without exponent or idle zeros.

    Examples
    --------
    >>> plain(Decimal("1059.0")), plain(Decimal("1E+3"))
    ('1059', '1000')
    """
    text = format(number.normalize(), "f")
    return "0" if text == "-0" else text


def column_letter(column: int) -> str:
    """Return the letters of a column counted from 0.

    Examples
    --------
    >>> column_letter(0), column_letter(27)
    ('A', 'AB')
    """
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def fold(text: str) -> str:
    """Return text as it is compared: full-width forms made narrow, no blanks, lower case.

    Examples
    --------
    >>> fold("任务（亩） "), fold("Ⅲ类")
    ('任务(亩)', 'iii类')
    """
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()


def header_forms(text: str) -> tuple[str, str]:
    """Return a header as compared: whole without punctuation, and without what stands in brackets.

    Examples
    --------
    >>> header_forms("县（市、区）"), header_forms("完成率（%）*")
    (('县市区', '县'), ('完成率%', '完成率'))
    """
    folded = fold(text)
    bare = re.sub(r"[\(\[【][^)\]】]*[\)\]】]", "", folded)
    return tuple(re.sub(r"[\(\)\[\]【】、,,/·*:;。\"']", "", form) for form in (folded, bare))  # type: ignore[return-value]


def header_unit(text: str) -> str:
    """Return the unit of measurement that a header names in brackets, or empty text.

    Examples
    --------
    >>> header_unit("任务（万亩）"), header_unit("单位")
    ('万亩', '')
    """
    found = re.findall(r"\(([^)]*)\)", fold(text))
    return found[-1] if found else ""


def escaped(text: str) -> str:
    """Return text so that no spreadsheet runs it as a formula: an apostrophe goes before it.

    Examples
    --------
    >>> escaped("=1+1"), escaped("景县")
    ("'=1+1", '景县')
    """
    return f"'{text}" if text[:1] in _ACTIVE and text[:1] else text


def unescaped(text: str) -> str | None:
    """Undo `escaped`, and return ``None`` for empty text."""
    kept = text[1:] if text[:1] == "'" and text[1:2] and text[1] in _ACTIVE else text
    return kept.strip() or None
