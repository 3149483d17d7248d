"""Reading through fiona: one driver at a time, features iterated, every failure caught in one place."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape

from ecotrack.coordinates import SHIFTED, crs_name, parse_crs
from ecotrack.errors import UnknownCRS, UnreadableFile
from ecotrack.intake.apps import Origin
from ecotrack.intake.candidates import Place, Value
from ecotrack.intake.formats import Format
from ecotrack.intake.garbled import drawing_text
from ecotrack.intake.plain_words import plain_words
from ecotrack.intake.read_encoding import EncodingReading, dbf_encoding
from ecotrack.intake.read_fiona import skipped_fields, values_as_written
from ecotrack.intake.read_shapefile import keep_odd_days, refuse_without_index, row_findings
from ecotrack.model.findings import Finding

MAX_LAYERS = 100
_GDAL = {
    # Nothing that a file says may make GDAL look elsewhere.
    "GML_DOWNLOAD_SCHEMA": "NO",
    "GML_SKIP_RESOLVE_ELEMS": "ALL",
    "GML_GFS_TEMPLATE": "",
    "CPL_CURL_ENABLE_VSIMEM": "NO",
    "GDAL_HTTP_TIMEOUT": "1",
    "OGR_SQLITE_LOAD_EXTENSIONS": "NO",
    "SHAPE_RESTORE_SHX": "NO",
    "OGR_GEOJSON_MAX_OBJ_SIZE": "200",
}
_SKIPPED_LAYERS = {"gpx": ("route_points", "track_points"), "gpkg": ("layer_styles", "qgis_projects")}
_OPTIONS = {"geojson": {"ARRAY_AS_STRING": "YES"}, "geojsonseq": {"ARRAY_AS_STRING": "YES"}}
"""What a driver is asked for beside: fiona has no way to hand over a list of numbers."""


@dataclass(slots=True, kw_only=True)
class RawFeature:
    """One row as it came."""

    where: str
    geometry: shapely.Geometry | None
    attributes: dict[str, Value]
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class RawLayer:
    """One layer as it came: its declared CRS, and the features, read as they are asked for."""

    name: str
    driver: str
    declared_crs: str | None
    fields: list[str]
    features: Iterator[RawFeature]
    encoding: EncodingReading | None = None
    has_geometry: bool = True
    findings: list[Finding] = field(default_factory=list)
    assumed_crs: bool = False
    """Whether the CRS is the format's default and not the file's own word."""
    words: str = ""
    """What is written around the features (titles, notes): it may name their coordinate system."""
    origin: Origin = field(default_factory=Origin)
    walks: bool = False
    """Whether its lines are walks round a plot, to be closed by rule."""
    loops: bool = False
    """Whether a line that comes back to its start is such a walk, and any other line is none."""
    beside: bool = False
    """Whether it is a by-catch of the format (the waypoints of a walk) that no layer of polygons asks for."""
    empty_is_told: bool = True
    """Whether having no feature is worth a finding."""
    marked: bool = False
    """Whether it was given back with a mark on its coordinates (`ecotrack.intake.marks`)."""


def read_vector(path: Path, kind: Format, *, name: str, encoding: str | None = None) -> Iterator[RawLayer]:
    """Yield the layers of a file; each must be used up before the next is asked for.

    Raises
    ------
    UnreadableFile
        The driver cannot open it.
    """
    about: list[Finding] = []
    if kind.id == "shp":
        refuse_without_index(path, name)
        about = row_findings(path, name)
        keep_odd_days(path.with_suffix(".dbf"))
    text = dbf_encoding(path.with_suffix(".dbf"), asked=encoding) if kind.id == "shp" else None
    with fiona.Env(**_GDAL, **_text_options(path, kind)), values_as_written(), skipped_fields() as skipped:
        for number in range(MAX_LAYERS):
            try:
                source = _open(path, kind, number or None, text.encoding if text else encoding)
            except Exception as error:
                if number:
                    return
                raise UnreadableFile(name, detail=plain_words(_short(error, path))) from None
            with source:
                if source.name in _SKIPPED_LAYERS.get(kind.id, ()):
                    continue
                try:
                    layer = _layer(source, kind, name, text, path)
                except Exception as error:  # a damaged header may break the reading of the field names only
                    raise UnreadableFile(name, detail=plain_words(_short(error, path))) from None
                layer.findings += about
                if skipped:
                    names = "、".join(dict.fromkeys(skipped))
                    layer.findings.append(Place(layer.name).finding("unread_fields", found=names))
                    skipped.clear()
                yield layer


def _text_options(path: Path, kind: Format) -> dict[str, str]:
    """Return the encoding of a drawing that is UTF-8.

    GDAL believes the code page in its head, which AutoCAD 2007 and later write and no longer use.
    """
    if kind.id != "dxf":
        return {}
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                decoder.decode(block)
    except UnicodeDecodeError:
        return {}
    return {"DXF_ENCODING": "UTF-8"}


def _open(path: Path, kind: Format, layer: int | None, encoding: str | None) -> Any:
    return fiona.open(
        str(path),
        layer=layer,
        enabled_drivers=[kind.driver],
        allow_unsupported_drivers=True,
        encoding=encoding,
        **_OPTIONS.get(kind.id, {}),
    )


def _short(error: Exception, path: Path) -> str:
    # The path of our own copy says nothing to the sender.
    return str(error).replace(str(path), path.suffix).split("\n", 1)[0][:300] or type(error).__name__


def _layer(source: Any, kind: Format, name: str, text: EncodingReading | None, path: Path) -> RawLayer:
    # Our copy is called "data" or "upload"; the sender knows the file by its own name.
    title = name if source.name in (path.stem, "OGRGeoJSON", "") else f"{name}:{source.name}"
    bare = kind.id == "shp" and not path.with_suffix(".dbf").is_file()
    said = _said_crs(path) if kind.id in ("geojson", "geojsonseq", "topojson") else ""
    assumed = kind.id in ("gpx", "kml") or said is None
    return RawLayer(
        name=title,
        driver=kind.driver,
        declared_crs=said or source.crs_wkt or None,
        fields=list(source.schema["properties"]),
        features=_features(source, title, path),
        encoding=text,
        has_geometry=source.schema["geometry"] != "None",
        findings=[Place(title).finding("missing_sibling", found=".dbf")] if bare else [],
        assumed_crs=assumed,
        beside=kind.id == "gpx" and source.name == "waypoints",
        empty_is_told=kind.id != "gpx",
        walks=kind.id == "gpx" and source.name in ("tracks", "routes"),
    )


_CRS_NAME = re.compile(rb'"crs"\s*:\s*\{[^{}]*"properties"\s*:\s*\{[^{}]*"(?:name|code)"\s*:\s*"?([^",{}]{1,80})')


def _said_crs(path: Path) -> str | None:
    """Return the CRS that a GeoJSON names, ``None`` where it names none that is known.

    GDAL takes WGS84 for a name that it does not understand, and for ``"crs": null``; neither is the file's word, so
    that names are read here.
    """
    with path.open("rb") as stream:
        found = _CRS_NAME.search(stream.read(1 << 20))
    if found is None:
        return None
    name = crs_name(found[1].decode("utf-8", "replace"))
    if name in SHIFTED:
        return name
    if set(name) & set("+=[{"):
        # A definition, and no name: it could point at files of grids.
        return None
    name = f"EPSG:{name}" if name.isdigit() else name
    try:
        parse_crs(name)
    except UnknownCRS:
        return None
    return "EPSG:4326" if name.upper().endswith("CRS84") else name


def _features(source: Any, where: str, path: Path) -> Iterator[RawFeature]:
    number = 0
    rows = iter(source)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except Exception as error:
            finding = Place(where).cut_short(number, _short(error, path))
            yield RawFeature(where=where, geometry=None, attributes={}, findings=[finding])
            return
        number += 1
        yield _feature(row, f"{where} #{number}", drawn=path.suffix == ".dxf")


def _feature(row: Any, where: str, *, drawn: bool = False) -> RawFeature:
    attributes = {str(key): plain_value(value) for key, value in row.properties.items()}
    if drawn:
        attributes = {
            key: drawing_text(value) if isinstance(value, str) else value for key, value in attributes.items()
        }
    if row.geometry is None:
        return RawFeature(where=where, geometry=None, attributes=attributes)
    if ring := _open_ring(row.geometry):
        finding = Place(where).finding("open_ring", found=str(ring))
        return RawFeature(where=where, geometry=None, attributes=attributes, findings=[finding])
    try:
        geometry = _shape(row.geometry)
    except (ShapelyError, ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        finding = Place(where).bad_geometry(error)
        return RawFeature(where=where, geometry=None, attributes=attributes, findings=[finding])
    return RawFeature(where=where, geometry=geometry, attributes=attributes)


def _shape(geometry: Any) -> shapely.Geometry:
    rings: Any = geometry.coordinates if geometry.type == "Polygon" else ()
    if len(rings) == 1 and rings[0] and len({*map(len, rings[0])}) == 1:
        # What most plots are; the general way takes four times as long.
        return shapely.polygons(np.array(rings[0], dtype=np.float64))
    return shape(geometry)


def _open_ring(geometry: Any) -> int:
    """Return the place (from 1) of the first ring that is not closed or too short; 0 where all are sound.

    OGR lets such rings through and shapely would close them without a word.
    """
    polygons = {"Polygon": [geometry.coordinates], "MultiPolygon": geometry.coordinates}.get(geometry.type, ())
    rings = [ring for polygon in polygons for ring in polygon]
    return next((n for n, ring in enumerate(rings, 1) if ring and (len(ring) < 4 or ring[0] != ring[-1])), 0)


def plain_value(value: Any) -> Value:
    """Return an attribute as text, number or nothing.

    Examples
    --------
    >>> plain_value([1, 2]), plain_value(bytes([1, 255]))
    ('[1, 2]', '01ff')
    >>> plain_value({"树种": "杨树"})
    '{"树种": "杨树"}'
    """
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, bytes):
        return value.hex()[:2000]
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
