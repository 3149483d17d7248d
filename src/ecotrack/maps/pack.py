"""Packing of layers for the page: integer coordinates and columns with dictionaries, as plain JSON values.

The unpacking counterpart is ``web/unpack.js``. Coordinates are whole millionths of a degree (0.11 m),
each the difference to the point before it in the layer. Nothing here is HTML: the values reach the
page only through `ecotrack.maps.inert.inert_json`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecotrack.maps.definition import MapDef, Paint
from ecotrack.maps.model import MapModel
from ecotrack.maps.plot_rows import PlotsView
from ecotrack.maps.plot_view import FILTERS, record_titles
from ecotrack.maps.shown import COMPUTED, shown, unit_name
from ecotrack.maps.timeline import LayerMoment
from ecotrack.model.entries import ProgressRecord
from ecotrack.model.layers import FieldDef, LayerDef, Style

if TYPE_CHECKING:
    from ecotrack.workspace import FeatureView, LayerView

SCALE = 1_000_000
"""Units of packed coordinates per degree."""

OBSERVATION, ADOPTED = "observation", "采用"
"""Kind and state of the records whose value is written beside a feature's name."""

Column = dict[str, Any]


def pack_column(values: Sequence[Any]) -> Column:
    """Pack one column: a constant, a dictionary with indices, or the values as they are.

    Parameters
    ----------
    values
        JSON values, one per row; ``None`` where there is none.

    Examples
    --------
    >>> pack_column(["杨", "柳", "杨", "杨", "杨"])
    {'d': ['杨', '柳'], 'i': [0, 1, 0, 0, 0]}
    >>> pack_column([None, None])
    {'c': None}
    """
    distinct = list(dict.fromkeys(values))
    if len(distinct) <= 1:
        return {"c": distinct[0] if distinct else None}
    if len(distinct) * 2 > len(values):
        return {"v": list(values)}
    place = {value: index for index, value in enumerate(distinct)}
    return {"d": distinct, "i": [place[value] for value in values]}


def pack_geometries(geometries: Iterable[Any]) -> list[list[list[list[int]]]]:
    """Pack geometries as nested lists: feature, part, ring, then x and y differences in turn.

    Parameters
    ----------
    geometries
        shapely geometries in EPSG:4490, degrees, longitude first. Rings are sent without the point that
        closes them; points and lines are parts of one "ring".

    Examples
    --------
    >>> pack_geometries([shapely.Point(115.5, 37.6), shapely.Point(115.500001, 37.6)])
    [[[[115500000, 37600000]]], [[[1, 0]]]]
    """
    cursor = np.zeros(2, dtype=np.int64)
    packed = []
    for geometry in geometries:
        parts = []
        for part in _parts(geometry):
            rings = []
            for points in _rings(part):
                steps = np.diff(points, axis=0, prepend=cursor[None, :])
                cursor = points[-1]
                rings.append(steps.ravel().tolist())
            parts.append(rings)
        packed.append(parts)
    return packed


def _parts(geometry: Any) -> list[Any]:
    if geometry is None or geometry.is_empty:
        return []
    parts: list[Any] = []
    for part in shapely.get_parts(geometry):
        parts += _parts(part) if part.geom_type.startswith(("Multi", "Geometry")) else [part]
    return parts


def _rings(part: Any) -> list[NDArray[np.int64]]:
    polygon = part.geom_type == "Polygon"
    lines = [part.exterior, *part.interiors] if polygon else [part]
    whole = [np.rint(shapely.get_coordinates(line) * SCALE).astype(np.int64) for line in lines]
    return [points[:-1] if polygon else points for points in whole]


def pack_layers(model: MapModel) -> list[dict[str, Any]]:
    """Return one packed layer per view of the model, in the order of its layer control."""
    return [pack_layer(view, model) for view in model.views]


def pack_layer(view: LayerView, model: MapModel) -> dict[str, Any]:
    """Pack one layer: definition, features, fields and latest records.

    Features come out in the order of the view; a feature's records newest first.
    """
    layer, features = view.layer, list(view.features)
    paint = model.definition.paint_of(layer.id)
    described = {
        **_describe(layer, paint),
        "total": view.total,
        "with_record": view.with_record,
        "newest": _text(view.newest),
        "oldest": _text(view.oldest),
    }
    if isinstance(view, PlotsView):
        return {**described, "record_fields": record_titles(view), "filters": list(FILTERS)}
    return {
        **described,
        "ids": [feature.feature_id for feature in features],
        "names": pack_column([feature.name for feature in features]),
        "samples": pack_column([bool(feature.sample) for feature in features]),
        "geometries": pack_geometries(feature.geometry for feature in features),
        "fields": _pack_fields(layer, features, model),
        "records": _pack_records(view, model),
        "labels": _label_points(features) if layer.id in model.definition.labels else None,
        **_now(features, paint),
        "periods": _pack_periods(view, model, paint),
    }


def _now(features: Sequence[FeatureView], paint: Paint | None) -> dict[str, Any]:
    """State of each feature on one day: what colours it, whether anything is recorded, the last reading."""
    readings = [_reading(feature) for feature in features]
    return {
        "states": pack_column([painted(feature, paint) for feature in features]),
        "has": pack_column([bool(feature.records) for feature in features]),
        "readings": readings if any(readings) else None,
    }


def _pack_periods(view: LayerView, model: MapModel, paint: Paint | None) -> list[dict[str, Any] | None]:
    """Return the layer on every day of the slider but the last; ``None`` where it is as on the day before."""
    packed: list[dict[str, Any] | None] = []
    before: dict[str, Any] | None = None
    for one in model.timeline[:-1]:
        there = one.layers.get(view.layer.id)
        now = None if there is None else _period(there, view, paint)
        packed.append(None if now == before else now)
        before = now
    return packed if before else []


def _period(there: LayerMoment, view: LayerView, paint: Paint | None) -> dict[str, Any]:
    known = {feature.feature_id: feature for feature in there.features}
    features = [known[feature.feature_id] for feature in view.features]
    return {**_now(features, paint), "with_record": there.with_record, "newest": _text(there.newest)}


def _reading(feature: FeatureView) -> dict[str, Any] | None:
    """Return the latest adopted observation that has a value."""
    for record in feature.records:
        if record.kind == OBSERVATION and record.state == ADOPTED and record.value is not None:
            level = record.fields.get("level_m")
            return {
                "value": _value(record),
                "unit": record.value_unit,
                "day": _text(record.effective_on),
                "level_m": None if level is None else str(level),
                "datum": record.fields.get("datum"),
                "sample": record.sample,
            }
    return None


def pack_definition(definition: MapDef) -> dict[str, Any]:
    """Return what the page needs of the map's definition."""
    return {
        "id": definition.id,
        "title": _both(definition.title_zh, definition.title_en),
        "classification": definition.classification,
        "approval_number": definition.approval_number,
        "bounds": list(definition.bounds),
        "panels": list(definition.panels),
        "targets": list(definition.targets),
        "unit": definition.unit,
        "review": definition.review,
        "labels": list(definition.labels),
        "groups": [
            {
                "title": _both(group.title_zh, group.title_en),
                "layers": list(group.layers),
                "hidden": list(group.hidden),
            }
            for group in definition.groups
        ],
    }


def _both(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def _styled(style: Style, paint: Paint | None) -> dict[str, Any]:
    own = {name: getattr(paint, name, None) for name in ("color", "width", "fill", "fill_opacity")}
    drawn = {name: getattr(style, name) for name in (*own, "radius", "dash", "show")}
    return {**drawn, **{name: value for name, value in own.items() if value is not None}}


def _describe(layer: LayerDef, paint: Paint | None) -> dict[str, Any]:
    title = _both(paint.title_zh, paint.title_en) if paint and paint.title_zh else None
    return {
        "id": layer.id,
        "title": _both(layer.title_zh, layer.title_en),
        "note": layer.note_zh,
        "geometry": layer.geometry,
        "order": layer.order,
        "classification": layer.classification,
        "sketch": layer.sketch,
        "recordable": any(kind.feature != "none" for kind in layer.records),
        "style": _styled(layer.style, paint),
        "paint": {"title": title, "colors": paint.colors if paint and paint.colors else layer.style.states},
        "kinds": {kind.kind: _both(kind.title_zh, kind.title_en) for kind in layer.records},
    }


def painted(feature: FeatureView, paint: Paint | None) -> str | None:
    """Return what decides the colour of a feature: its state, or the latest value of the field that is painted."""
    if paint is None or paint.field == "state":
        return feature.state
    values = (record.fields.get(paint.field) for record in feature.records)
    return next((str(value) for value in values if value is not None), None)


def _pack_fields(layer: LayerDef, features: list[FeatureView], model: MapModel) -> list[dict[str, Any]]:
    named = {"feature_id", layer.key, layer.name_field}
    fields = [field for field in (*layer.fields, *COMPUTED) if field.name not in named]
    packed = []
    for field in fields:
        values = [shown(feature.properties.get(field.name), field, model) for feature in features]
        if any(value is not None for value in values):
            packed.append({**_field_title(field), "column": pack_column(values)})
    return packed


def _field_title(field: FieldDef) -> dict[str, Any]:
    return {"title": _both(field.title_zh, field.title_en), "unit": field.unit}


def _pack_records(view: LayerView, model: MapModel) -> dict[str, Any]:
    # After the features' own records come those that name no feature: of the whole lake, say.
    whole = [record for record in view.records if record.feature_id is None]
    of_features = [feature.records for feature in view.features]
    kept = [records[: model.definition.records_shown] for records in (*of_features, whole)]
    rows = [record for records in kept for record in records]
    known = {field.name: field for kind in view.layer.records for field in kind.fields}
    fields = []
    for field in known.values():
        values = [shown(record.fields.get(field.name), field, model) for record in rows]
        if any(value is not None for value in values):
            fields.append({**_field_title(field), "column": pack_column(values)})
    return {
        "shown": [len(records) for records in kept],
        "all": [len(records) for records in (*of_features, whole)],
        "kind": pack_column([record.kind for record in rows]),
        "day": pack_column([_text(record.effective_on) for record in rows]),
        "state": pack_column([record.state for record in rows]),
        "value": pack_column([_value(record) for record in rows]),
        "value_unit": pack_column([record.value_unit for record in rows]),
        "unit": pack_column([unit_name(record.unit, model) for record in rows]),
        "document": pack_column([record.basis_document or None for record in rows]),
        "sample": pack_column([record.sample for record in rows]),
        "fields": fields,
    }


def _value(record: ProgressRecord) -> str | None:
    return None if record.value is None else format(record.value, "f")


def _text(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()


def _label_points(features: list[FeatureView]) -> list[list[float] | None]:
    points: list[list[float] | None] = []
    for feature in features:
        geometry = feature.geometry
        if geometry is None or geometry.is_empty:
            points.append(None)
            continue
        if geometry.geom_type.endswith("LineString"):
            longest = max(shapely.get_parts(geometry), key=lambda line: float(line.length))
            point = longest.interpolate(0.5, normalized=True)
        else:
            point = geometry.representative_point()
        points.append([round(point.x, 5), round(point.y, 5)])
    return points
