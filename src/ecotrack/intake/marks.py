"""The columns of a file that was given back: the findings, and what its coordinates are where no CRS can say so.

GeoJSON without ``crs`` is CRS84, and a program that saves a file again may add a CRS of its own. Coordinates that
nobody has settled, or that are shifted, therefore bear a column whose very name says so: it outlives a change of
format, and its word stands above whatever CRS the file has been given.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ecotrack.errors import Text

VERDICT = (Text("检查结论", "verdict"), Text("检查问题", "findings"), Text("改法", "mend"))
"""The columns of the findings."""

SHP_VERDICT = ("JC_JL", "JC_WT", "JC_GF")
"""The same columns where a name has ten bytes: 检查结论, 检查问题, 改法 by their initials."""

SHP_PARTS = 3
"""Columns over which a long text goes on in a shapefile."""


class Mark(NamedTuple):
    """What a column says of the coordinates.

    Attributes
    ----------
    system
        ``GCJ-02`` or ``BD-09``; ``None`` where nobody has settled how they are read.
    title
        The name of the column.
    short
        Its name where a name has ten bytes.
    value
        What stands in its rows.
    """

    system: str | None
    title: Text
    short: str
    value: Text

    @property
    def names(self) -> tuple[str, str, str]:
        """Every name that the column may bear."""
        return self.title.zh, self.title.en, self.short


UNSETTLED = Mark(
    None,
    Text("坐标未定", "coordinates_unsettled"),
    "JC_ZBWD",
    Text("原样坐标，还没有定是哪种坐标系", "as it came; nobody has settled how it is read"),
)
MARKS = (
    UNSETTLED,
    Mark("GCJ-02", Text("坐标是GCJ02", "coordinates_are_GCJ02"), "JC_GCJ02", Text("原样坐标", "as it came")),
    Mark("BD-09", Text("坐标是BD09", "coordinates_are_BD09"), "JC_BD09", Text("原样坐标", "as it came")),
)


def mark_for(system: str | None) -> Mark:
    """Return the mark of coordinates in a system; of an unknown one, that nothing is settled.

    Examples
    --------
    >>> mark_for("GCJ-02").short, mark_for(None).title.zh
    ('JC_GCJ02', '坐标未定')
    """
    return next((mark for mark in MARKS if mark.system == system), UNSETTLED)


def mark_in(fields: Iterable[str]) -> Mark | None:
    """Return the mark that a file given back bears, ``None`` where it bears none; of several the most careful one.

    Examples
    --------
    >>> mark_in(["小班号", "JC_BD09"]).system, mark_in(["小班号"])
    ('BD-09', None)
    >>> mark_in(["JC_BD09", "坐标是GCJ02"]) is UNSETTLED
    True
    """
    names = {name.strip().casefold() for name in fields}
    found = [mark for mark in MARKS if any(name.casefold() in names for name in mark.names)]
    return None if not found else found[0] if len(found) == 1 else UNSETTLED


def own_columns() -> frozenset[str]:
    """Return the names of all columns that giving back adds: given back again, a file bears them once."""
    cut = {f"{name}{part + 1}" for name in SHP_VERDICT[1:] for part in range(SHP_PARTS)}
    marks = {name for mark in MARKS for name in mark.names}
    return frozenset({name for text in VERDICT for name in (text.zh, text.en)} | cut | marks | {SHP_VERDICT[0]})
