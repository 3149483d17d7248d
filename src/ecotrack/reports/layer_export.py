"""A layer joined to its progress, written to a file that other programs read."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import shapely

from ecotrack.errors import AboveClassification, UnknownFormat
from ecotrack.intake.tables_cells import escaped
from ecotrack.model.layers import CLASSIFICATIONS, Classification, LayerDef
from ecotrack.workspace import FeatureView, LayerView

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


def export_layer(view: LayerView, path: Path, *, ceiling: Classification) -> int:
    """Write a layer to ``.geojson``, ``.csv``, ``.xlsx`` or ``.gpkg``, whole or not at all.

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
    AboveClassification, UnknownFormat
        Nothing was written.
    """
    refuse_above(view.layer, ceiling)
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise UnknownFormat(path, known="、".join(_WRITERS))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        write(view, partial, ceiling)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return view.total


def _row(view: LayerView, feature: FeatureView, ceiling: Classification) -> Row:
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
        "sketch": bool(feature.properties.get("sketch", view.layer.sketch)),
        "classification": ceiling,
    }


def _geojson(view: LayerView, path: Path, ceiling: Classification) -> None:
    lines = [
        json.dumps(
            {
                "type": "Feature",
                "id": feature.feature_id,
                "properties": _row(view, feature, ceiling),
                "geometry": json.loads(shapely.to_geojson(feature.geometry)),
            },
            ensure_ascii=False,
        )
        for feature in view.features
    ]
    crs = '{"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}'
    body = ",\n".join(lines)
    path.write_text(f'{{"type": "FeatureCollection", "crs": {crs}, "features": [\n{body}\n]}}\n', encoding="utf-8")


def _table(view: LayerView, ceiling: Classification) -> tuple[list[str], list[list[Any]]]:
    rows = [_row(view, feature, ceiling) for feature in view.features]
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[escaped(v) if isinstance(v := row.get(name), str) else v for name in names] for row in rows]
    return names, cells


def _csv(view: LayerView, path: Path, ceiling: Classification) -> None:
    names, rows = _table(view, ceiling)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*names, "wkt"])
        writer.writerows(
            [*row, shapely.to_wkt(feature.geometry, rounding_precision=9)]
            for row, feature in zip(rows, view.features, strict=True)
        )


def _xlsx(view: LayerView, path: Path, ceiling: Classification) -> None:
    from openpyxl import Workbook

    names, rows = _table(view, ceiling)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(view.layer.title_zh[:31])
    sheet.append(names)
    for row in rows:
        sheet.append(row)
    book.save(path)


def _geopackage(view: LayerView, path: Path, ceiling: Classification) -> None:
    import geopandas

    rows = [_row(view, feature, ceiling) for feature in view.features]
    frame = geopandas.GeoDataFrame(rows, geometry=[f.geometry for f in view.features], crs="EPSG:4490")
    frame.to_file(path, layer=view.layer.id, driver="GPKG")


_WRITERS: dict[str, Callable[[LayerView, Path, Classification], None]] = {
    ".geojson": _geojson,
    ".csv": _csv,
    ".xlsx": _xlsx,
    ".gpkg": _geopackage,
}
