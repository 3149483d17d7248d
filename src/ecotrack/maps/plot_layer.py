"""`PlotLayer`: very many polygons on any `folium.Map`, in a notebook or in a file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from branca.element import Element, Figure
from folium.map import Layer
from folium.template import Template

from ecotrack.errors import Text
from ecotrack.maps.assets import web_text
from ecotrack.maps.inert import InertData, InertText, Verbatim
from ecotrack.maps.plot_table import ACCURACY_M, PackedPlots, PlotField, PlotTable, encode_states, pack_table

if TYPE_CHECKING:
    import geopandas as gpd

ENGINE = ("engine/inflate.js", "engine/table.js", "engine/paint.js", "engine/engine.js")
"""What runs in the worker, in the order in which it is read."""

COLORS = ("#3d8a84", "#b9b4a6", "#eab54b", "#8c3b12", "#4f86b8", "#7a5c99", "#2e2e2e", "#a3b86c")
"""Colours of states that were given none; people with red-green blindness can tell them apart."""


class PlotLayer(Layer):
    """Polygons by the hundred thousand, drawn from packed columns; a layer of any `folium.Map`.

    Data reach the page as inert text: no name, attribute or label can run. Plots are decoded and painted in a
    worker where the browser has one. A click names the topmost plot under it.

    Parameters
    ----------
    plots
        Polygons and multipolygons with or without holes, in any CRS that the frame names (brought to EPSG:4490
        longitude/latitude; a frame without a CRS is taken to be that).
    key, label
        Columns with the plots' ids (the index, if ``None``) and names.
    fields
        Columns that a click shows, as names or as name to title; all others, if ``None``.
    state
        Column that colours the plots; not with ``states``.
    states
        Period to the states of all plots, oldest period first; ``None`` where a plot is not there yet. The
        layer then brings a time slider.
    colors
        State to ``#rrggbb``, lowest first: plots of a later state are drawn above.
    accuracy_m
        How far a corner may be moved, metres on the ground.
    name
        Title of the legend.
    lang
        ``zh`` or ``en``.

    Raises
    ------
    ValueError
        A geometry is no polygon, a column is missing, or both ``state`` and ``states`` were given.

    Examples
    --------
    >>> import folium, geopandas
    >>> from shapely.geometry import box
    >>> frame = geopandas.GeoDataFrame(
    ...     {"id": ["a1", "a2"], "species": ["杨", "柳"], "state": ["合格", "待查"]},
    ...     geometry=[box(115.5, 37.5, 115.51, 37.51), box(115.52, 37.5, 115.53, 37.51)], crs=4490)
    >>> shown = folium.Map([37.5, 115.5], tiles=None)
    >>> layer = PlotLayer(frame, key="id", state="state").add_to(shown)
    >>> layer.packed.header["count"]
    2
    """

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "var {{ this.get_name() }} = ecotrackPlots.alone({{ this._parent.get_name() }}, '{{ this.get_name() }}');"
        "{% endmacro %}"
    )

    def __init__(
        self,
        plots: gpd.GeoDataFrame,
        *,
        key: str | None = None,
        label: str | None = None,
        fields: Sequence[str] | Mapping[str, str] | None = None,
        state: str | None = None,
        states: Mapping[str, Sequence[str | None]] | None = None,
        colors: Mapping[str, str] | None = None,
        accuracy_m: float = ACCURACY_M,
        name: str = "",
        lang: str = "zh",
    ) -> None:
        # folium would write a layer's name into code: the control never hears of ours.
        super().__init__(name=None, overlay=True, control=False, show=True)
        self._name = "PlotLayer"
        table = _table_of(plots, key=key, label=label, fields=fields, state=state, states=states, colors=colors)
        self.packed: PackedPlots = pack_table(table, accuracy_m=accuracy_m)
        bounds = [] if plots.empty else [float(edge) for edge in _lonlat(plots).total_bounds]
        self._look = {"title": name, "lang": lang, "bounds": bounds}

    def render(self, **kwargs: Any) -> None:  # type: ignore[override]
        """Put the engine once, and the data of this layer, into the page."""
        figure = cast(Figure, self.get_root())
        figure.header.add_child(Verbatim(f"<style>{web_text('plots.css')}</style>"), name="ecotrack_plots_css")
        add_engine(figure)
        add_plots(figure, self.get_name(), self.packed)
        figure.html.add_child(InertData(f"{self.get_name()}-look", self._look), name=f"{self.get_name()}_look")
        figure.html.add_child(Verbatim(f"<script>{web_text('plots-alone.js')}</script>"), name="ecotrack_plots_alone")
        super().render(**kwargs)  # type: ignore[no-untyped-call]


def add_plots(figure: Figure, key: str, packed: PackedPlots) -> None:
    """Put one table of plots under ``key`` into a page; data come before what reads them."""
    parts: dict[str, Element] = {
        f"{key}_header": InertData(f"{key}-header", packed.header),
        f"{key}_data": InertText(f"{key}-data", packed.text),
        f"{key}_rest": InertText(f"{key}-rest", packed.rest, late=True),
    }
    for name, part in parts.items():
        figure.html.add_child(part, name=name)


def add_engine(figure: Figure) -> None:
    """Put the engine into a page: it reads packed data, in the page and in the worker."""
    code = "\n".join(web_text(name) for name in ENGINE)
    engine = Verbatim(f'<script id="ecotrack-plots-engine">{code}</script>')
    figure.html.add_child(engine, name="ecotrack_plots_engine")
    figure.html.add_child(Verbatim(f"<script>{web_text('plots.js')}</script>"), name="ecotrack_plots_js")


def _lonlat(plots: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return plots if plots.crs is None or plots.crs.equals(4490) else plots.to_crs(4490)


def _table_of(
    plots: gpd.GeoDataFrame,
    *,
    key: str | None,
    label: str | None,
    fields: Sequence[str] | Mapping[str, str] | None,
    state: str | None,
    states: Mapping[str, Sequence[str | None]] | None,
    colors: Mapping[str, str] | None,
) -> PlotTable:
    if state is not None and states is not None:
        raise ValueError("give either state or states")
    geometry = plots.geometry.name
    taken = {geometry, key, label, state}
    titles = dict(fields) if isinstance(fields, Mapping) else {name: name for name in fields or ()}
    if fields is None:
        titles = {str(name): str(name) for name in plots.columns if name not in taken}
    missing = [name for name in (key, label, state, *titles) if name is not None and name not in plots.columns]
    if missing:
        raise ValueError(f"no column {missing[0]!r}; there are {', '.join(map(str, plots.columns))}")
    by_period = states or {"": plain_values(plots[state]) if state else [""] * len(plots)}
    codes, palette = encode_states(list(by_period.values()), colors or {})
    return PlotTable(
        geometries=np.asarray(_lonlat(plots).geometry.array, dtype=object),
        ids=[str(value) for value in (plots[key] if key else plots.index).tolist()],
        names=plain_values(plots[label]) if label else [None] * len(plots),
        fields=[
            PlotField(title=Text(title, title), values=plain_values(plots[name])) for name, title in titles.items()
        ],
        periods=list(by_period),
        states=codes,
        palette=palette if colors else _colored(palette),
    )


def _colored(palette: Mapping[str, str]) -> dict[str, str]:
    return {state: COLORS[place % len(COLORS)] for place, state in enumerate(palette)}


def plain_values(column: Any) -> list[Any]:
    """Return a column as texts, numbers, booleans and ``None``, which is what a page can hold.

    Examples
    --------
    >>> import pandas
    >>> plain_values(pandas.Series([1.5, float("nan"), 2.0]))
    [1.5, None, 2.0]
    """
    values = column.tolist()
    # Looking once at the types is much cheaper than looking at each value.
    kinds = set(map(type, values))
    if kinds <= {str, int, bool} or (kinds == {float} and all(map(math.isfinite, values))):
        return list(values)
    return [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, (bool, int, float, str)):
        return value
    text = str(value)
    return None if text in ("NaT", "<NA>") else text.removesuffix(" 00:00:00")
