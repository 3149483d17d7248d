"""What every sketch feature carries, and the rounding that keeps shared vertices identical."""

from __future__ import annotations

from typing import Any

import shapely

from ecotrack.geometry.features import Feature

DIGITS = 7
"""Decimals of a degree in the sketches: about a centimetre, far below what a sketch can say."""

FeatureCollection = tuple[Feature, ...]
"""The features of one layer, EPSG:4490 longitude/latitude, in file order."""


def rounded(geometry: shapely.Geometry) -> shapely.Geometry:
    """Return a geometry with its coordinates rounded to ``DIGITS`` decimals of a degree.

    Examples
    --------
    >>> rounded(shapely.Point(115.123456789, 37.5)).wkt
    'POINT (115.1234568 37.5)'
    """
    return shapely.transform(geometry, lambda lonlat: lonlat.round(DIGITS))


def sketch_feature(
    geometry: shapely.Geometry, *, code: str, name: str | None, source: str, confidence: str, **more: Any
) -> Feature:
    """Return a feature marked as a sketch, with the properties that every sketch layer has.

    Examples
    --------
    >>> point = sketch_feature(shapely.Point(115.6, 37.6), code="p", name=None, source="text", confidence="low")
    >>> point.properties["sketch"], point.properties["confidence"], point.name
    (True, 'low', None)
    """
    properties = {"code": code, "name": name, "sketch": True, "source": source, "confidence": confidence, **more}
    return Feature(feature_id=code, name=name, geometry=rounded(geometry), properties=properties)
