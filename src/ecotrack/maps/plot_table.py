"""Many plots as columns, and the pack that carries them into a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ecotrack.errors import Text
from ecotrack.maps.base91 import to_text
from ecotrack.maps.columns import ColumnPacker, pack_json, pack_states
from ecotrack.maps.rings import Geometries, Grid, RingPacker, neighbours_first
from ecotrack.maps.streams import Bytes, Streams

OTHER_COLOR = "#8d8d8d"
"""Of a state that the palette does not name."""

MOST_STATES = 120
ACCURACY_M = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotField:
    """One attribute of the plots.

    Attributes
    ----------
    values
        Texts, numbers or booleans, ``None`` where there is none; one per plot.
    filters
        Whether people can filter by it; its values should be few then.
    """

    title: Text
    values: Sequence[Any]
    unit: str | None = None
    filters: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRows:
    """Latest records of the plots: rows of plain values, those of one plot together.

    Attributes
    ----------
    shown, total
        Number of rows that each plot has here, and how many records there are of it.
    columns
        Values by key of the page, shape (sum of ``shown``,) each.
    """

    shown: Sequence[int]
    total: Sequence[int]
    columns: Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotTable:
    """Plots with their attributes, and their state in each period.

    Attributes
    ----------
    geometries
        Polygons and multipolygons of any size, EPSG:4490 longitude/latitude, shape (n,).
    ids, names
        One per plot; a name may be ``None``.
    periods
        Labels, oldest first.
    states
        Codes, shape (n, len(periods)): 0 where the plot is not there yet, else the place in ``palette`` from 1.
    palette
        State to colour, lowest first: plots of a later state are drawn above those of an earlier one.
    alpha, width
        Opacity of the ground, and width of the outline in pixels.
    """

    geometries: Geometries
    ids: Sequence[str]
    names: Sequence[str | None]
    fields: Sequence[PlotField]
    periods: Sequence[str]
    states: Bytes
    palette: Mapping[str, str]
    samples: Sequence[bool] | None = None
    records: RecordRows | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    alpha: float = 0.75
    width: float = 0.8


@dataclass(frozen=True, slots=True)
class PackedPlots:
    """A table of plots as the page reads it: a heading of JSON values, and printable text."""

    header: dict[str, Any]
    text: str


def encode_states(states: Sequence[Sequence[str | None]], palette: Mapping[str, str]) -> tuple[Bytes, dict[str, str]]:
    """Return states as codes, and the palette with a colour for each of them.

    Parameters
    ----------
    states
        One sequence of n states per period; ``None`` where a plot is not there yet.
    palette
        State to ``#rrggbb``; states that it lacks are added behind, all in one grey.

    Raises
    ------
    ValueError
        There are more than 120 states.

    Examples
    --------
    >>> codes, colors = encode_states([[None, "a"], ["a", "b"]], {"a": "#112233"})
    >>> codes.tolist(), list(colors)
    ([[0, 1], [1, 2]], ['a', 'b'])
    """
    known = dict.fromkeys(palette)
    for column in states:
        known |= dict.fromkeys(state for state in column if state is not None)
    if len(known) > MOST_STATES:
        raise ValueError(f"{len(known)} states; at most {MOST_STATES} can be told apart")
    place: dict[str | None, int] = {None: 0} | {state: code for code, state in enumerate(known, start=1)}
    columns = [np.array([place[state] for state in column], dtype=np.uint8) for column in states]
    return np.column_stack(columns), {state: palette.get(state, OTHER_COLOR) for state in known}


def pack_table(table: PlotTable, *, accuracy_m: float = ACCURACY_M) -> PackedPlots:
    """Pack a table for the page.

    Parameters
    ----------
    accuracy_m
        How far a corner may move on the ground, metres. Attributes and states come back exactly.

    Raises
    ------
    ValueError
        A geometry is neither a polygon nor a multipolygon, or columns differ in length.
    """
    _refuse_ragged(table)
    order = neighbours_first(table.geometries)
    streams = Streams()
    header = {
        "count": len(order),
        "periods": list(table.periods),
        "palette": [{"state": state, "color": color} for state, color in table.palette.items()],
        "style": {"alpha": table.alpha, "width": table.width},
        "rings": RingPacker(Grid.of(table.geometries, accuracy_m=accuracy_m)).pack(table.geometries[order], streams),
        "states": pack_states(table.states[order], streams),
        "columns": _pack_columns(table, order, streams),
        "fields": [
            {"key": f"c{place}", "title": {"zh": one.title.zh, "en": one.title.en}, "unit": one.unit, "filters": one.filters}
            for place, one in enumerate(table.fields)
        ],
        **_pack_records(table.records, streams),
        "extra": {key: pack_json(value, streams) for key, value in table.extra.items()},
    }
    header["streams"] = streams.table()
    return PackedPlots(header, to_text(streams.data()))


def _refuse_ragged(table: PlotTable) -> None:
    count = len(table.geometries)
    columns = [table.ids, table.names, table.states, *(one.values for one in table.fields)]
    if any(len(column) != count for column in columns):
        raise ValueError(f"columns of {sorted({len(column) for column in columns})} rows for {count} plots")


def _pack_columns(table: PlotTable, order: npt.NDArray[np.intp], streams: Streams) -> list[dict[str, Any]]:
    packer = ColumnPacker(streams)
    places = order.tolist()
    named: dict[str, Sequence[Any]] = {"#id": table.ids, "#name": table.names}
    if table.samples is not None:
        named["#sample"] = table.samples
    if table.records is not None:
        begins = np.cumsum(table.records.shown) - np.asarray(table.records.shown)
        named |= {"#first": begins.tolist(), "#shown": table.records.shown, "#all": table.records.total}
    named |= {f"c{place}": one.values for place, one in enumerate(table.fields)}
    return [{"name": name, "packed": packer.pack([values[row] for row in places])} for name, values in named.items()]


def _pack_records(records: RecordRows | None, streams: Streams) -> dict[str, Any]:
    if records is None:
        return {"records": [], "recordCount": 0}
    packer = ColumnPacker(streams)
    packed = [{"name": name, "packed": packer.pack(values)} for name, values in records.columns.items()]
    return {"records": packed, "recordCount": sum(records.shown)}
