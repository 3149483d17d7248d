"""The plots of a workspace's map as a table: attributes, states by period, latest records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ecotrack.errors import Text
from ecotrack.maps.plot_table import PlotField, PlotTable, RecordRows, encode_states
from ecotrack.maps.shown import COMPUTED, shown, unit_name
from ecotrack.model.layers import FieldDef

if TYPE_CHECKING:
    from ecotrack.maps.model import MapModel
    from ecotrack.model.entries import ProgressRecord
    from ecotrack.workspace import FeatureView, LayerView

FILTERS = ("unit", "programme", "species", "season", "kind")
"""Fields by which the page filters, where they have values."""

_FEW = 400
"""A field of more distinct values than this is searched, not filtered."""


def plot_table(view: LayerView, model: MapModel) -> PlotTable:
    """Return the plots of a layer view as the page packs them.

    Parameters
    ----------
    view
        The layer of plots, polygons in EPSG:4490.
    model
        The map, whose timeline gives the state of each plot in each period.
    """
    features = list(view.features)
    states: list[Sequence[str | None]] = [
        [moment.plot_states.get(feature.feature_id) for feature in features] for moment in model.timeline
    ]
    # Without a slider every plot of the view is there, whether or not anybody knows its state.
    states = states or [[feature.state or "" for feature in features]]
    colors = model.colors(view.layer)
    codes, palette = encode_states(states, colors)
    geometries = np.empty(len(features), dtype=object)
    geometries[:] = [feature.geometry for feature in features]
    return PlotTable(
        geometries=geometries,
        ids=[feature.feature_id for feature in features],
        names=[feature.name for feature in features],
        fields=_fields(view, features, model),
        periods=model.days,
        states=codes,
        palette=palette,
        samples=[bool(feature.sample) for feature in features],
        records=_records(view, features, model),
        width=view.layer.style.width,
    )


def _fields(view: LayerView, features: list[FeatureView], model: MapModel) -> list[PlotField]:
    layer = view.layer
    named = {"feature_id", layer.key, layer.name_field}
    fields = []
    for field in (one for one in (*layer.fields, *COMPUTED) if one.name not in named):
        values = [shown(feature.properties.get(field.name), field, model) for feature in features]
        kinds = set(values)
        if kinds - {None}:
            filters = field.name in FILTERS and len(kinds) <= _FEW
            title = Text(field.title_zh, field.title_en)
            fields.append(PlotField(title=title, values=values, unit=field.unit, filters=filters))
    return fields


def _records(view: LayerView, features: list[FeatureView], model: MapModel) -> RecordRows:
    most = model.definition.records_shown
    kept = [feature.records[:most] for feature in features]
    rows = [record for records in kept for record in records]
    known = {field.name: field for kind in view.layer.records for field in kind.fields}
    columns: dict[str, Sequence[Any]] = {
        "kind": [record.kind for record in rows],
        "day": [record.effective_on.isoformat() for record in rows],
        "state": [record.state for record in rows],
        "value": [None if record.value is None else format(record.value, "f") for record in rows],
        "value_unit": [record.value_unit for record in rows],
        "unit": [unit_name(record.unit, model) for record in rows],
        "document": [record.basis_document or None for record in rows],
        "sample": [record.sample for record in rows],
    }
    columns |= _record_fields(known.values(), rows, model)
    return RecordRows(
        shown=[len(records) for records in kept],
        total=[len(feature.records) for feature in features],
        columns=columns,
    )


def _record_fields(known: Any, rows: list[ProgressRecord], model: MapModel) -> dict[str, Sequence[Any]]:
    columns: dict[str, Sequence[Any]] = {}
    for place, field in enumerate(known):
        values = [shown(record.fields.get(field.name), field, model) for record in rows]
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
