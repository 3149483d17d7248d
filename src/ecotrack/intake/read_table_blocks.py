"""Corners of several plots in one table without a column for the plot: where one ends and the next begins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ecotrack.intake.tables_cells import Row, Table, fold

POINT_TITLES = (
    "点号",
    "拐点号",
    "拐点编号",
    "拐点",
    "界址点号",
    "界址点",
    "点名",
    "点位",
    "序号",
    "顺序号",
    "no",
    "point",
)
"""Headers of the column with a corner's number, folded."""

_SIDE_TITLES = ("边长", "边长(m)", "边长(米)", "距离", "间距")
"""Headers of the column with the length from a corner to the next, folded."""

_NAME_TITLES = ("name", "title", "city", "名称", "地名", "站名", "村名", "姓名", "标题")
"""Headers of the column with the name of what lies at a place, folded."""

_LABEL = re.compile(r"[A-Za-z]{0,3}[-_]?\d+")
_LEAST = 3
"""Corners that a plot has at least."""


def blocks_of(table: Table, taken: set[int]) -> list[tuple[str, list[Row]]]:
    """Return the rows of each plot, with the title that stands over them; empty where there is none.

    A plot ends at a row that is blank, holds words alone (the next plot's title) or the column titles again, where
    its first corner comes again, and where the corners are numbered from the first one again.

    Parameters
    ----------
    taken
        Places of the columns with coordinates.
    """
    runs = [*_runs(table, taken)]
    if all(len(rows) >= _LEAST for _, rows in runs):
        return [(name, part) for name, rows in runs for part in _numbered_parts(rows, table, taken)]
    # Blank lines between any two corners divide nothing, and words among them are corners that cannot be read.
    return [("", [*table.rows])]


def names_places(table: Table, taken: set[int]) -> bool:
    """Tell whether (nearly) every row names something else, so that the rows are places and no corners of one plot.

    ``J1``, ``pt12`` are names of corners.
    """
    for place, header in enumerate(table.headers):
        if fold(header) in _NAME_TITLES and place not in taken:
            names = [row.cell(place).text for row in table.rows]
            return all(names) and len({*names}) > 0.9 * len(names) and not any(map(_LABEL.fullmatch, names))
    return False


def without_sides(table: Table, taken: set[int]) -> Table:
    """Return a table without the rows that hold the length of a side and nothing else: they stand between two corners.

    Parameters
    ----------
    taken
        Places of the columns with coordinates.
    """
    sides = {place for place, header in enumerate(table.headers) if fold(header) in _SIDE_TITLES} - taken
    if not sides:
        return table
    filled = ({place for place, cell in enumerate(row.cells) if not cell.blank} for row in table.rows)
    return replace(table, rows=tuple(row for row, some in zip(table.rows, filled, strict=True) if not some <= sides))


def _runs(table: Table, taken: set[int]) -> Iterator[tuple[str, list[Row]]]:
    name, rows, last = "", list[Row](), 0
    for row in table.rows:
        breaks = _breaks(row, table, taken)
        if rows and (breaks or row.number > last + 1):
            yield name, rows
            name, rows = "", []
        last = row.number
        if not breaks:
            rows.append(row)
        elif title := _title(row, table):
            name = title
    if rows:
        yield name, rows


def _breaks(row: Row, table: Table, taken: set[int]) -> bool:
    """Tell whether a row is no corner: words alone, or the column titles again; a corner without numbers stays one."""
    filled = [place for place in range(len(table.headers)) if row.cell(place).text]
    if all(fold(row.cell(place).text) == fold(table.headers[place]) for place in filled):
        return True
    label = filled == [_point_column(table)] and _LABEL.fullmatch(row.cell(filled[0]).text)
    return not label and not taken.intersection(filled)


def _point_column(table: Table) -> int | None:
    return next((place for place, header in enumerate(table.headers) if fold(header) in POINT_TITLES), None)


def _title(row: Row, table: Table) -> str:
    """Return the first words of a row without a corner; nothing where it is the column titles again."""
    texts = [row.cell(place).text for place in range(len(table.headers))]
    said = [text for text, header in zip(texts, table.headers, strict=True) if text and fold(text) != fold(header)]
    return said[0][:60] if said else ""


def _numbered_parts(rows: Sequence[Row], table: Table, taken: set[int]) -> Iterator[list[Row]]:
    """Yield the rows of a run from each corner on that bears the number of the first, or that follows its return."""
    column, places = _point_column(table), sorted(taken)
    part: list[Row] = []
    for row in rows:
        returns = bool(part) and [row.cell(p).text for p in places] == [part[0].cell(p).text for p in places]
        again = column is not None and len(part) >= _LEAST and row.cell(column).text == part[0].cell(column).text
        if again and not returns:
            yield part
            part = []
        part.append(row)
        if returns and len(part) > _LEAST:
            yield part
            part = []
    if part:
        yield part
