"""The plots of a workspace's map as a table: attributes, states by period, latest records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ecotrack.errors import Text
from ecotrack.maps.plot_rows import PlotsView
from ecotrack.maps.plot_table import PlotField, PlotTable, RecordRows, encode_states
from ecotrack.maps.shown import COMPUTED, SATELLITE, all_shown, unit_name
from ecotrack.maps.streams import Bytes
from ecotrack.maps.timeline import PLOT_STATES
from ecotrack.model.layers import FieldDef

if TYPE_CHECKING:
    from ecotrack.maps.model import MapModel
    from ecotrack.workspace import LayerView

FILTERS = ("unit", "programme", "species", "season", "kind", SATELLITE.name)
"""Fields by which the page filters, where they have values."""

_FEW = 400
"""A field of more distinct values than this is searched, not filtered."""


def plot_table(view: PlotsView, model: MapModel) -> PlotTable:
    """Return the plots of a layer view as the page packs them.

    Parameters
    ----------
    view
        The layer of plots.
    model
        The map, whose timeline gives the state of each plot in each period.
    """
    plots = view.plots
    codes, palette = _states(view, model)
    return PlotTable(
        geometries=plots.geometries,
        ids=plots.ids.tolist(),
        names=plots.names.tolist(),
        fields=_fields(view, model),
        periods=model.days,
        states=codes,
        palette=palette,
        samples=plots.samples.tolist(),
        records=_records(view, model),
        width=view.layer.style.width,
    )


def _states(view: PlotsView, model: MapModel) -> tuple[Bytes, dict[str, str]]:
    """Return the state of each plot in each period, and the colours."""
    plots, colors = view.plots, model.colors(view.layer)
    moments = [one.plots for one in model.timeline if one.plots is not None]
    if not moments:
        # Without a slider every plot of the view is there, whether or not anybody knows its state.
        return encode_states([[state or "" for state in plots.states.tolist()]], colors)
    held = np.unique(np.concatenate([one.state for one in moments]))
    codes, palette = encode_states([[PLOT_STATES[state - 1] for state in held.tolist()]], colors)
    code = np.zeros(len(PLOT_STATES) + 1, dtype=np.uint8)
    code[held] = codes[:, 0]
    place = np.full(1 + max(int(one.feature.max(initial=0)) for one in moments), len(plots))
    known = plots.feature < len(place)
    place[plots.feature[known]] = np.flatnonzero(known)
    # One row more takes the plots of a moment that the map leaves out.
    result = np.zeros((len(plots) + 1, len(moments)), dtype=np.uint8)
    for period, one in enumerate(moments):
        result[place[one.feature], period] = code[one.state]
    return result[:-1], palette


def _fields(view: PlotsView, model: MapModel) -> list[PlotField]:
    layer = view.layer
    named = {"feature_id", layer.key, layer.name_field}
    fields = []
    for field in (one for one in (*layer.fields, *COMPUTED) if one.name not in named and one.name in view.plots.values):
        values = all_shown(view.plots.values[field.name], field, model)
        kinds = set(values)
        if kinds - {None}:
            filters = field.name in FILTERS and len(kinds) <= _FEW
            title = Text(field.title_zh, field.title_en)
            fields.append(PlotField(title=title, values=values, unit=field.unit, filters=filters))
    return fields


def _records(view: PlotsView, model: MapModel) -> RecordRows:
    plots = view.plots
    columns: dict[str, Sequence[Any]] = {
        "kind": plots.records["kind"].tolist(),
        "day": plots.records["effective_on"].tolist(),
        "state": plots.records["state"].tolist(),
        "value": plots.records["value"].tolist(),
        "value_unit": plots.records["value_unit"].tolist(),
        "unit": [unit_name(code, model) for code in plots.records["unit"].tolist()],
        "document": plots.records["basis_document"].tolist(),
        "sample": plots.records["sample"].tolist(),
    }
    columns |= _record_fields(view, model)
    return RecordRows(shown=plots.shown.tolist(), total=plots.total.tolist(), columns=columns)


def _record_fields(view: PlotsView, model: MapModel) -> dict[str, Sequence[Any]]:
    rows = view.plots.records["fields"].tolist()
    known = {field.name: field for kind in view.layer.records for field in kind.fields}
    columns: dict[str, Sequence[Any]] = {}
    for place, field in enumerate(known.values()):
        values = all_shown([fields.get(field.name) for fields in rows], field, model)
        if any(value is not None for value in values):
            columns[f"f{place}"] = values
    return columns


def record_titles(view: LayerView) -> list[dict[str, Any]]:
    """Return key, title and unit of every field that a record of the layer can have, in order."""
    known: dict[str, FieldDef] = {field.name: field for kind in view.layer.records for field in kind.fields}
    return [
        {"key": f"f{place}", "title": {"zh": field.title_zh, "en": field.title_en}, "unit": field.unit}
        for place, field in enumerate(known.values())
    ]
