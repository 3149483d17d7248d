"""A layer joined to its progress, written to a file that other programs read."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely

from ecotrack.errors import AboveClassification, UnknownFormat
from ecotrack.intake.tables_cells import escaped
from ecotrack.maps.plot_rows import plots_view
from ecotrack.model.layers import CLASSIFICATIONS, REGISTER_SOURCE, Classification, LayerDef
from ecotrack.workspace import FeatureView, View

Row = dict[str, Any]


def refuse_above(layer: LayerDef, ceiling: Classification) -> None:
    """Raise where a layer is classified above what an output may hold.

    Raises
    ------
    AboveClassification
        Names the layer and both levels.
    """
    if CLASSIFICATIONS.index(layer.classification) > CLASSIFICATIONS.index(ceiling):
        raise AboveClassification(layer.id, layer=layer.title_zh, level=layer.classification, ceiling=ceiling)


def export_layer(view: View, layer_id: str, path: Path, *, ceiling: Classification) -> int:
    """Write a layer joined to its progress to ``.geojson``, ``.csv``, ``.xlsx`` or ``.gpkg``, whole or not at all.

    Parameters
    ----------
    ceiling
        Level of the output; it is written into every row.

    Returns
    -------
    int
        Number of features written.

    Raises
    ------
    AboveClassification, UnknownFormat, UnknownLayer
        Nothing was written.
    """
    layer = view.workspace.layer(layer_id)
    refuse_above(layer, ceiling)
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise UnknownFormat(path, known="、".join(_WRITERS))
    joined = _joined(view, layer, ceiling)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        write(joined, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return len(joined.geometries)


class _Joined(NamedTuple):
    """A layer as columns of values, each of them as long as ``geometries``; EPSG:4490."""

    layer: LayerDef
    columns: Mapping[str, Sequence[Any]]
    geometries: Sequence[Any]

    def rows(self) -> Iterator[Row]:
        """Yield the attributes of each feature."""
        for values in zip(*self.columns.values(), strict=True):
            yield dict(zip(self.columns, values, strict=True))


def _joined(view: View, layer: LayerDef, ceiling: Classification) -> _Joined:
    if layer.source == REGISTER_SOURCE:
        return _plots(view, layer, ceiling)
    features = view.layer(layer.id).features
    rows = [_row(layer, feature, ceiling) for feature in features]
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names}
    return _Joined(layer, columns, [feature.geometry for feature in features])


def _row(layer: LayerDef, feature: FeatureView, ceiling: Classification) -> Row:
    """Return the attributes of one feature, with the state of its latest record."""
    latest = feature.records[0] if feature.records else None
    return {
        "feature_id": feature.feature_id,
        "name": feature.name,
        **{key: value for key, value in feature.properties.items() if not isinstance(value, (list, dict))},
        "state": feature.state,
        "record_on": latest.effective_on.isoformat() if latest else None,
        "records": len(feature.records),
        "sample": feature.sample,
        "sketch": bool(feature.properties.get("sketch", layer.sketch)),
        "classification": ceiling,
    }


def _plots(view: View, layer: LayerDef, ceiling: Classification) -> _Joined:
    """Return accepted plots as columns: of 200,000 with a million records no object is made."""
    plots = plots_view(view, layer, most_records=1).plots
    last = np.full(len(plots), None, dtype=object)
    last[plots.shown > 0] = plots.records["effective_on"]
    columns = {
        "feature_id": plots.ids,
        "name": plots.names,
        **plots.values,
        "state": plots.states,
        "record_on": last,
        "records": plots.total,
        "sample": plots.samples,
        "sketch": np.full(len(plots), layer.sketch),
        "classification": np.full(len(plots), ceiling, dtype=object),
    }
    return _Joined(layer, {name: column.tolist() for name, column in columns.items()}, plots.geometries.tolist())


def _geojson(joined: _Joined, path: Path) -> None:
    crs = '{"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}'
    with path.open("w", encoding="utf-8") as file:
        file.write(f'{{"type": "FeatureCollection", "crs": {crs}, "features": [')
        for place, (row, shape) in enumerate(zip(joined.rows(), joined.geometries, strict=True)):
            named, told = (json.dumps(one, ensure_ascii=False) for one in (row["feature_id"], row))
            file.write(f'{"," if place else ""}\n{{"type": "Feature", "id": {named}, "properties": {told}, ')
            file.write(f'"geometry": {shapely.to_geojson(shape)}}}')
        file.write("\n]}\n")


def _cells(joined: _Joined) -> Iterator[list[Any]]:
    for values in zip(*joined.columns.values(), strict=True):
        yield [escaped(value) if isinstance(value, str) else value for value in values]


def _csv(joined: _Joined, path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*joined.columns, "wkt"])
        for cells, shape in zip(_cells(joined), joined.geometries, strict=True):
            writer.writerow([*cells, shapely.to_wkt(shape, rounding_precision=9)])


def _xlsx(joined: _Joined, path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet(joined.layer.title_zh[:31])
    sheet.append([*joined.columns])
    for cells in _cells(joined):
        sheet.append(cells)
    book.save(path)


def _geopackage(joined: _Joined, path: Path) -> None:
    import geopandas

    frame = geopandas.GeoDataFrame(joined.columns, geometry=joined.geometries, crs="EPSG:4490")
    frame.to_file(path, layer=joined.layer.id, driver="GPKG")


_WRITERS: dict[str, Callable[[_Joined, Path], None]] = {
    ".geojson": _geojson,
    ".csv": _csv,
    ".xlsx": _xlsx,
    ".gpkg": _geopackage,
}
