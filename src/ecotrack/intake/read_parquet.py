"""Reading of GeoParquet with pyarrow: the GDAL in fiona's wheel has no driver for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from shapely.geometry import shape

from ecotrack.errors import Text, UnreadableFile
from ecotrack.intake.candidates import Place
from ecotrack.intake.plain_words import plain_words
from ecotrack.intake.read_vector import RawFeature, RawLayer, plain_value

_BATCH_ROWS = 10_000
_DEFAULT_CRS = "OGC:CRS84"


_NESTED = ("point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon")
"""Encodings of GeoParquet 1.1 that are lists of coordinates, as GeoArrow has them."""

_BOXES = ({"xmin", "xmax", "ymin", "ymax"}, {"minx", "maxx", "miny", "maxy"})

_GEOJSON = dict(zip(_NESTED, ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"),
                    strict=True))  # fmt: skip


class _Column(NamedTuple):
    name: str
    crs: str | None
    encoding: str = "wkb"
    assumed: bool = False


def read_parquet(path: Path, *, name: str) -> Iterator[RawLayer]:
    """Yield the one layer of a GeoParquet file.

    The geometry column is the one of the ``geo`` metadata, or one of Parquet's own GEOMETRY type, or
    a binary column called ``geometry``. Its CRS is then unknown, but where a column ``bbox`` stands beside it, as
    Overture Maps has it: those are degrees, though the file does not say so.

    Raises
    ------
    UnreadableFile
        It is no whole Parquet file, or its geometry is in another form than WKB.
    """
    try:
        source = pq.ParquetFile(path, memory_map=False, pre_buffer=False)
        column = _geometry_column(source, name)
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableFile(name, detail=plain_words(error)) from None
    with source:
        yield RawLayer(
            name=name,
            driver="GeoParquet",
            declared_crs=column.crs if column else None,
            fields=[field for field in source.schema_arrow.names if column is None or field != column.name],
            features=_features(source, column, name),
            has_geometry=column is not None,
            assumed_crs=column is not None and column.assumed,
        )


def _geometry_column(source: Any, name: str) -> _Column | None:
    metadata = json.loads((source.metadata.metadata or {}).get(b"geo", b"{}"))
    if metadata:
        primary = metadata["primary_column"]
        about = metadata["columns"][primary]
        encoding = str(about.get("encoding", "WKB")).lower()
        if encoding not in ("wkb", *_NESTED):
            detail = Text(f"图形的存法“{encoding}”不认识", f"geometry encoding {encoding}")
            raise UnreadableFile(name, detail=detail)
        crs = about.get("crs", _DEFAULT_CRS)
        return _Column(primary, json.dumps(crs) if isinstance(crs, dict) else crs, encoding)
    return _native_column(source) or _plain_column(source)


def _native_column(source: Any) -> _Column | None:
    for number in range(len(source.schema)):
        column = source.schema.column(number)
        about = json.loads(column.logical_type.to_json())
        if about.get("Type") in ("Geometry", "Geography"):
            return _Column(column.path, _native_crs(about.get("crs"), source))
    return None


def _native_crs(crs: Any, source: Any) -> str:
    text = crs if isinstance(crs, str) and crs else _DEFAULT_CRS
    if found := re.fullmatch(r"srid:(\d+)", text):
        return f"EPSG:{found[1]}"
    if found := re.fullmatch(r"projjson:(.+)", text):
        return str((source.metadata.metadata or {})[found[1].encode()].decode())
    return text


def _plain_column(source: Any) -> _Column | None:
    schema = source.schema_arrow
    for name in ("geometry", "geom", "wkb_geometry"):
        if name in schema.names and pa.types.is_binary(schema.field(name).type):
            box = schema.field("bbox").type if "bbox" in schema.names else None
            overture = box is not None and pa.types.is_struct(box) and {field.name for field in box} in _BOXES
            return _Column(name, _DEFAULT_CRS if overture else None, assumed=overture)
    return None


def _features(source: Any, column: _Column | None, where: str) -> Iterator[RawFeature]:
    number = 0
    try:
        for batch in source.iter_batches(batch_size=_BATCH_ROWS, use_threads=False):
            for row in batch.to_pylist():
                number += 1
                yield _feature(row, column, f"{where} #{number}")
    except (pa.ArrowException, OSError, ValueError) as error:
        finding = Place(where).cut_short(number, error)
        yield RawFeature(where=where, geometry=None, attributes={}, findings=[finding])


def _feature(row: dict[str, Any], column: _Column | None, where: str) -> RawFeature:
    blob = row.pop(column.name, None) if column else None
    attributes = {key: plain_value(value) for key, value in row.items()}
    try:
        geometry = _geometry(blob, column.encoding) if column is not None and blob is not None else None
    except (shapely.errors.ShapelyError, NotImplementedError, ValueError, TypeError, KeyError) as error:
        finding = Place(where).bad_geometry(error)
        return RawFeature(where=where, geometry=None, attributes=attributes, findings=[finding])
    return RawFeature(where=where, geometry=geometry, attributes=attributes)


def _geometry(value: Any, encoding: str) -> shapely.Geometry:
    if encoding == "wkb":
        return shapely.from_wkb(value)
    return shape({"type": _GEOJSON[encoding], "coordinates": _coordinates(value)})


def _coordinates(value: Any) -> Any:
    """Return nested coordinates as GeoJSON has them; their innermost are ``{x, y}`` or pairs."""
    if isinstance(value, dict):
        return [value["x"], value["y"]]
    return [_coordinates(inner) for inner in value] if isinstance(value, list) else value
