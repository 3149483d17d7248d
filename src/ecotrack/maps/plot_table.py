"""Many plots as columns, and the pack that carries them into a page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ecotrack.errors import Text
from ecotrack.maps.base91 import to_text
from ecotrack.maps.columns import ColumnPacker, pack_json, pack_states
from ecotrack.maps.rings import Geometries, Grid, RingPacker, neighbours_first
from ecotrack.maps.streams import Bytes, Streams, smallest

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
    """A table of plots as the page reads it: a heading of JSON values, and printable text in two parts.

    Attributes
    ----------
    text
        What a first view needs: where the plots are, about how large, and in which state; a twelfth of the whole.
    rest
        Outlines, attributes and records; it may stand at the end of the page.
    """

    header: dict[str, Any]
    text: str
    rest: str


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
    known: dict[str | None, None] = dict.fromkeys(palette)
    for column in states:
        known |= dict.fromkeys(column)
    known.pop(None, None)
    if len(known) > MOST_STATES:
        raise ValueError(f"{len(known)} states; at most {MOST_STATES} can be told apart")
    place: dict[str | None, int] = {None: 0}
    place.update((state, code) for code, state in enumerate(known, start=1))
    columns = [np.fromiter(map(place.__getitem__, column), dtype=np.uint8, count=len(column)) for column in states]
    colors = {state: palette.get(state, OTHER_COLOR) for state in known if state is not None}
    return np.column_stack(columns), colors


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
    # A first view reads the streams before the steps of the outlines: these two come first.
    states = pack_states(table.states[order], streams)
    rings = RingPacker(Grid.of(table.geometries, accuracy_m=accuracy_m)).pack(table.geometries[order], streams)
    header = {
        "count": len(order),
        "periods": list(table.periods),
        "palette": [{"state": state, "color": color} for state, color in table.palette.items()],
        "style": {"alpha": table.alpha, "width": table.width},
        "rings": rings,
        "states": states,
        "early": rings["dx"][0],
        "columns": _pack_columns(table, order, streams),
        "fields": [
            {
                "key": f"c{place}",
                "title": {"zh": one.title.zh, "en": one.title.en},
                "unit": one.unit,
                "filters": one.filters,
            }
            for place, one in enumerate(table.fields)
        ],
        **_pack_records(table.records, streams),
        "extra": {key: pack_json(value, streams) for key, value in table.extra.items()},
    }
    header["streams"] = streams.table()
    early = int(rings["dx"][0])
    return PackedPlots(header, to_text(streams.data(stop=early)), to_text(streams.data(early)))


def _refuse_ragged(table: PlotTable) -> None:
    count = len(table.geometries)
    lengths = {len(table.ids), len(table.names), len(table.states), *(len(one.values) for one in table.fields)}
    if lengths != {count}:
        raise ValueError(f"columns of {sorted(lengths)} rows for {count} plots")


def _pack_columns(table: PlotTable, order: npt.NDArray[np.intp], streams: Streams) -> list[dict[str, Any]]:
    packer = ColumnPacker(streams)
    named: dict[str, Sequence[Any]] = {"#id": table.ids, "#name": table.names}
    if table.samples is not None:
        named["#sample"] = table.samples
    if table.records is not None:
        begins = np.cumsum(table.records.shown) - np.asarray(table.records.shown)
        named |= {"#first": begins.tolist(), "#shown": table.records.shown, "#all": table.records.total}
    named |= {f"c{place}": one.values for place, one in enumerate(table.fields)}
    return [{"name": name, "packed": packer.pack(_taken(values, order))} for name, values in named.items()]


def _taken(values: Sequence[Any], order: npt.NDArray[np.intp]) -> list[Any]:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column[order].tolist()  # type: ignore[no-any-return]


def _pack_records(records: RecordRows | None, streams: Streams) -> dict[str, Any]:
    if records is None:
        return {"records": [], "recordCount": 0}
    packer = ColumnPacker(streams)
    packed = [{"name": name, "packed": packer.pack(values)} for name, values in records.columns.items()]
    return {"records": packed, "recordCount": sum(records.shown)}


def pack_boards(boards: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Pack the figures of the slider's earlier days: equal rows of one day and the next are sent once.

    Parameters
    ----------
    boards
        Scoreboards, oldest first.

    Returns
    -------
    dict or None
        ``size`` and ``packed`` bytes and the ``text``; ``None`` without boards.
    """
    if not boards:
        return None
    sent: list[dict[str, Any]] = []
    before: Mapping[str, Any] = {}
    for board in boards:
        sent.append({key: _changed(value, before.get(key)) for key, value in board.items()})
        before = board
    plain = json.dumps(sent, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")
    packed = smallest([plain])
    return {"size": len(plain), "packed": len(packed), "text": to_text(packed)}


def _changed(value: Any, before: Any) -> Any:
    """Return a list with ``None`` for each element that stands at the same place in the list before."""
    if not isinstance(value, list) or not isinstance(before, list):
        return value
    return [None if place < len(before) and one == before[place] else one for place, one in enumerate(value)]
