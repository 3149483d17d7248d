"""Many small polygons against few large ones: each meets only the part of a border that lies around it.

To cut a plot with a county of 2,000 vertices costs 110 microseconds, nearly all of it for vertices far away; with the
part of the county in a window around the plot it costs a tenth. The windows stand on a fixed grid, so what comes out
for a plot depends on that plot and that border alone, and not on what else is cut in the same run.
"""

from __future__ import annotations

import numpy as np
import shapely

from ecotrack.geometry.area import Floats, Geometries

_STEP_DEG = 0.04
_REACH_DEG = 0.02
"""Side of a cell of the grid, and how far a window reaches beyond its cell: no plot of less than 2 km is cut off."""

_SURFACE = 2
_WORTH_POINTS = 128
"""Vertices from which on a polygon is worth taking apart."""


def local_parts(polygon: shapely.Geometry, bounds: Floats) -> Geometries:
    """Return, for each of some bounds, a part of a polygon that equals it inside those bounds and around them.

    Parameters
    ----------
    polygon
        Polygon or multipolygon, EPSG:4490 degrees.
    bounds
        West, south, east, north of what is to be cut with it; shape (n, 4).

    Returns
    -------
    ndarray
        Shape (n,): the part inside a window, the same object for all bounds of one window; the whole polygon where
        the bounds are too wide for a window, or the polygon has few vertices.

    Examples
    --------
    >>> county = shapely.Point(115.6, 37.7).buffer(0.5, quad_segs=500)
    >>> plot = shapely.box(115.105, 37.70, 115.115, 37.71)
    >>> part = local_parts(county, np.array([plot.bounds]))[0]
    >>> int(shapely.get_num_coordinates(part)) < 100, bool(plot.intersection(part).equals(plot))
    (True, True)
    """
    parts = np.full(len(bounds), polygon, dtype=object)
    if shapely.get_num_coordinates(polygon) < _WORTH_POINTS or len(bounds) == 0:
        return parts
    with np.errstate(invalid="ignore"):  # an empty shape has no bounds, and meets the whole
        corner = np.floor(bounds[:, :2] / _STEP_DEG)
        fits = (bounds[:, 2:] <= (corner + 1) * _STEP_DEG + _REACH_DEG / 2).all(axis=1)
    rows = np.flatnonzero(fits)
    cells, place = np.unique(corner[rows], axis=0, return_inverse=True)
    low, high = cells * _STEP_DEG - _REACH_DEG, (cells + 1) * _STEP_DEG + _REACH_DEG
    windows = shapely.intersection(polygon, shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))
    parts[rows] = _polygons(windows)[place.reshape(-1)]
    return parts


def _polygons(windows: Geometries) -> Geometries:
    """Return windows without the lines and points that remain where a border runs along a window's own edge."""
    for i in np.flatnonzero(shapely.get_type_id(windows) == shapely.GeometryType.GEOMETRYCOLLECTION).tolist():
        kept = [part for part in windows[i].geoms if shapely.get_dimensions(part) == _SURFACE]
        windows[i] = shapely.multipolygons(kept)
    return windows


def cut_with(shapes: Geometries, polygon: shapely.Geometry) -> Geometries:
    """Return the intersection of some shapes with a large polygon, shape (n,); all in EPSG:4490 degrees.

    Examples
    --------
    >>> county = shapely.Point(115.6, 37.7).buffer(0.5, quad_segs=500)
    >>> plot = shapely.box(115.095, 37.70, 115.105, 37.71)
    >>> bool(shapely.equals(cut_with(np.array([plot]), county)[0], plot.intersection(county)))
    True
    """
    return np.asarray(shapely.intersection(shapes, local_parts(polygon, _bounds(shapes))), dtype=object)


def cut_off(shapes: Geometries, polygons: Geometries) -> Geometries:
    """Return what of some shapes lies outside all of some large polygons, shape (n,); all in EPSG:4490 degrees.

    Examples
    --------
    >>> county = shapely.Point(115.6, 37.7).buffer(0.5, quad_segs=500)
    >>> plot = shapely.box(115.095, 37.70, 115.105, 37.71)
    >>> bool(shapely.equals(cut_off(np.array([plot]), np.array([county]))[0], plot.difference(county)))
    True
    """
    near = local_parts(shapely.union_all(polygons), _bounds(shapes))
    return np.asarray(shapely.difference(shapes, near), dtype=object)


def _bounds(shapes: Geometries) -> Floats:
    return np.asarray(shapely.bounds(shapes)).reshape(-1, 4)
