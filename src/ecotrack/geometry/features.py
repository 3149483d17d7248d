"""Features of reference layers: a geometry with its CRS, id, name and properties."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.errors import CRSMismatch, EmptyFile, MissingFile, UnreadableFile
from ecotrack.geometry.codec import STORED_CRS


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One feature of a layer.

    Attributes
    ----------
    geometry
        In ``crs``, longitude/latitude order, 2D.
    properties
        The attributes of its source, as they stand there.
    """

    feature_id: str
    name: str | None
    geometry: shapely.Geometry
    properties: dict[str, Any] = field(default_factory=dict)
    crs: str = STORED_CRS


def geometries_of(features: Sequence[Feature]) -> npt.NDArray[np.object_]:
    """Return the geometries of features as an array, refusing any other CRS than EPSG:4490.

    Raises
    ------
    CRSMismatch
        A feature is in another CRS.

    Examples
    --------
    >>> lake = Feature(feature_id="lake-east", name="衡水湖东湖", geometry=shapely.box(115.6, 37.6, 115.7, 37.7))
    >>> geometries_of([lake])[0].bounds
    (115.6, 37.6, 115.7, 37.7)
    """
    for feature in features:
        if feature.crs != STORED_CRS:
            raise CRSMismatch(feature.feature_id, expected=STORED_CRS, found=feature.crs)
    result = np.empty(len(features), dtype=object)
    result[:] = [feature.geometry for feature in features]
    return result


def read_geojson(path: Path, *, key: str, name_field: str) -> list[Feature]:
    """Read a reference layer kept as GeoJSON in EPSG:4490 longitude/latitude.

    Parameters
    ----------
    key, name_field
        Properties that hold the id and the name.

    Raises
    ------
    MissingFile, EmptyFile, UnreadableFile
        The file is not there, has no features, or is no such GeoJSON; the message names the feature.

    Examples
    --------
    The reference layers of the workspace that a bureau starts from:

    >>> from ecotrack.template import template_folder
    >>> counties = read_geojson(template_folder() / "geo" / "counties.geojson", key="code", name_field="name")
    >>> len(counties), counties[0].crs
    (11, 'EPSG:4490')
    """
    try:
        rows = msgspec.json.decode(path.read_text(encoding="utf-8-sig"), type=_Collection).features
    except FileNotFoundError:
        raise MissingFile(path) from None
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise UnreadableFile(path, detail=error) from error
    if not rows:
        raise EmptyFile(path)
    return [_feature(path, number, row, key, name_field) for number, row in enumerate(rows, start=1)]


class _Row(msgspec.Struct):
    properties: dict[str, Any]
    geometry: msgspec.Raw
    """As it stands in the file: GEOS reads it, nothing else needs to."""


class _Collection(msgspec.Struct):
    features: list[_Row]


def _feature(path: Path, number: int, row: _Row, key: str, name_field: str) -> Feature:
    properties = row.properties
    try:
        geometry = shapely.from_geojson(bytes(row.geometry))
        feature_id = str(properties[key])
    except (KeyError, TypeError, shapely.errors.GEOSException) as error:
        raise UnreadableFile(f"{path}: feature {number}", detail=repr(error)) from error
    name = properties.get(name_field)
    return Feature(
        feature_id=feature_id,
        name=None if name is None else str(name),
        geometry=shapely.force_2d(geometry),
        properties=properties,
    )


def write_geojson(path: Path, features: Sequence[Feature]) -> None:
    """Write features as GeoJSON in EPSG:4490, one a line, whole or not at all.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> zone = Feature(feature_id="z-1", name=None, geometry=shapely.box(0, 0, 1, 1), properties={"id": "z-1"})
    >>> with TemporaryDirectory() as folder:
    ...     write_geojson(Path(folder) / "zones.geojson", [zone])
    ...     read_geojson(Path(folder) / "zones.geojson", key="id", name_field="name")[0].geometry.equals(zone.geometry)
    True
    """
    lines = [
        json.dumps(
            {
                "type": "Feature",
                "properties": feature.properties,
                "geometry": json.loads(shapely.to_geojson(feature.geometry)),
            },
            ensure_ascii=False,
            sort_keys=True,
        )
        for feature in features
    ]
    crs = '{"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}'
    text = f'{{"type": "FeatureCollection", "crs": {crs},' + ' "features": [\n' + ",\n".join(lines) + "\n]}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
