"""Tables that hold several plots side by side, each with its own columns, and those that give coordinates twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from ecotrack.intake.tables_cells import Row, Table, fold


def sides_of(table: Table, *, first: Callable[[str], bool], own: Callable[[str], bool]) -> tuple[list[Table], int]:
    """Return the tables that stand side by side in one, and how many pairs of coordinates beyond the first are left.

    A pair that stands again belongs to another plot where the columns that name a corner or a plot stand again with
    it. Else it gives the same corners in another system, and only the first pair is taken.

    Parameters
    ----------
    first
        Whether a header is that of a first coordinate.
    own
        Whether a header is that of a corner's or a plot's number.
    """
    titles = [fold(title) for title in table.headers]
    places = [place for place, title in enumerate(titles) if title and first(title)]
    again = [place for place in places if titles[place] == titles[places[0]]] if places else []
    if len(again) < 2:
        return [table], 0
    starts = [0, *(_start(titles, before, place, own) for before, place in pairwise(again))]
    if any(start is None for start in starts):
        return [table], len(again) - 1
    begins = [start for start in starts if start is not None]
    ends = [*begins[1:], len(titles)]
    return [_side(table, begin, end) for begin, end in zip(begins, ends, strict=True)], 0


def _start(titles: list[str], before: int, place: int, own: Callable[[str], bool]) -> int | None:
    """Return the first column of a plot's own between two first coordinates; ``None`` where it has none."""
    known = {title for title in titles[:before] if title and own(title)}
    return next((n for n in range(before + 1, place) if titles[n] in known), None)


def _side(table: Table, begin: int, end: int) -> Table:
    rows = tuple(Row(row.number, tuple(row.cell(n) for n in range(begin, end))) for row in table.rows)
    filled = tuple(row for row in rows if any(not cell.blank for cell in row.cells))
    return replace(table, headers=table.headers[begin:end], rows=filled)
