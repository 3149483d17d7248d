"""Long edges that were drawn in a projected plane are split there, before they become edges in degrees (TD/T 1055)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.errors import StrayCoordinates

LONG_EDGE_M = 70.0
"""An edge longer than this, drawn in a projected plane, is split there (TD/T 1055)."""

MAX_VERTICES = 1_000_000
"""Vertices that one feature may have after its edges were split."""


def with_long_edges(geometries: npt.NDArray[np.object_], limit: float) -> list[int]:
    """Return the positions of geometries with an edge (or a step from ring to ring) longer than ``limit``.

    Examples
    --------
    >>> with_long_edges(np.array([shapely.box(0, 0, 50, 60), shapely.box(0, 0, 50, 80)]), 70.0)
    [1]
    """
    xy, owner = shapely.get_coordinates(geometries, return_index=True)
    long = np.hypot(*np.diff(xy, axis=0).T) > limit
    return [int(i) for i in np.unique(owner[1:][long & (owner[1:] == owner[:-1])])]


def split_long_edges(geometry: Any, *, limit: float, where: str = "") -> Any:
    """Split every edge longer than ``limit`` into ``int(length / limit) + 1`` equal parts, in the plane.

    Parameters
    ----------
    geometry
        A line or polygon, single or multiple; points come back as they are.
    limit
        In the unit of the coordinates.

    Raises
    ------
    StrayCoordinates
        More than `MAX_VERTICES` vertices would come out.

    Examples
    --------
    >>> split_long_edges(shapely.from_wkt("LINESTRING (0 0, 140 0)"), limit=70).wkt
    'LINESTRING (0 0, 46.666666666666664 0, 93.33333333333333 0, 140 0)'
    """
    steps = np.diff(shapely.get_coordinates(geometry), axis=0)
    # Steps from ring to ring are no edges, but they can only send a geometry the longer way.
    if not (np.hypot(steps[:, 0], steps[:, 1]) > limit).any():
        return geometry
    parts = shapely.get_parts(geometry) if hasattr(geometry, "geoms") else None
    if parts is not None:
        return type(geometry)([split_long_edges(part, limit=limit, where=where) for part in parts])
    if isinstance(geometry, shapely.Polygon):
        rings = [
            _split_ring(np.asarray(ring.coords), limit, where) for ring in (geometry.exterior, *geometry.interiors)
        ]
        return shapely.Polygon(rings[0], rings[1:])
    if isinstance(geometry, shapely.LineString) and not geometry.is_empty:
        return type(geometry)(_split_ring(np.asarray(geometry.coords), limit, where))
    return geometry


def _split_ring(xy: npt.NDArray[np.float64], limit: float, where: str) -> npt.NDArray[np.float64]:
    if len(xy) < 2:
        return xy
    steps = np.diff(xy, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    counts = np.where(lengths > limit, np.floor(lengths / limit) + 1, 1.0)
    if counts.sum() > MAX_VERTICES:
        raise StrayCoordinates(where, vertex=f"{counts.sum():g} vertices")
    parts = counts.astype(np.int64)
    edge = np.repeat(np.arange(len(parts)), parts)
    nth = np.arange(len(edge)) - np.repeat(np.cumsum(parts) - parts, parts)
    inner = xy[edge] + steps[edge] * (nth / parts[edge])[:, None]
    return np.vstack([inner, xy[-1]])
