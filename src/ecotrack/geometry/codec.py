"""The byte form of stored geometry: little-endian 2D WKB of normalised geometry."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

STORED_CRS = "EPSG:4490"
"""CRS of every stored geometry: CGCS2000 geographic, used in longitude/latitude order."""

GRID_DEG = 1e-9
"""Stored coordinates are snapped to this grid once (0.1 mm)."""


Ints = npt.NDArray[np.int64]
ReadWkb = Callable[[Ints], list[bytes]]
"""Gives the WKB of some rows."""
ReadShapes = Callable[[Ints], npt.NDArray[np.object_]]
"""Gives the geometries of some rows, EPSG:4490."""

_ONE_RING = struct.pack("<BIII", 1, 3, 1, 0)[:9]
_HEADER = 13
"""Bytes before the coordinates of a polygon with one ring: byte order, type, number of rings, of points."""


def to_wkb(geometry: shapely.Geometry) -> bytes:
    """Return the canonical bytes of a geometry.

    Rings start and turn as `shapely.normalize` puts them, so equal shapes give equal bytes.

    Examples
    --------
    >>> a = shapely.from_wkt("POLYGON((0 0, 1 0, 1 1, 0 0))")
    >>> b = shapely.from_wkt("POLYGON((1 1, 1 0, 0 0, 1 1))")
    >>> to_wkb(a) == to_wkb(b)
    True
    """
    flat = shapely.force_2d(shapely.normalize(geometry))
    return bytes(shapely.to_wkb(flat, byte_order=1, output_dimension=2))


def from_wkb(blobs: Sequence[bytes]) -> npt.NDArray[np.object_]:
    """Return the geometries of WKB blobs, shape (n,).

    Examples
    --------
    >>> from_wkb([to_wkb(shapely.box(0, 0, 2, 1))])[0].area
    2.0
    """
    return np.asarray(shapely.from_wkb(np.asarray(blobs, dtype=object)), dtype=object)


class Rings(NamedTuple):
    """The rings of those blobs that are polygons with one ring each, and what is left.

    Attributes
    ----------
    lonlat, starts
        Coordinates of the rings one after the other, shape (n, 2), and the first row of each.
    single, rest
        Positions of the blobs that the rings belong to, and of all others.
    """

    lonlat: npt.NDArray[np.float64]
    starts: Ints
    single: Ints
    rest: Ints


def rings_of(blobs: Sequence[bytes]) -> Rings:
    """Take the coordinates out of WKB without making geometries: nearly every plot is one ring.

    Examples
    --------
    >>> rings = rings_of([to_wkb(shapely.box(0, 0, 2, 1)), to_wkb(shapely.MultiPolygon())])
    >>> rings.lonlat.max(axis=0).tolist(), rings.single.tolist(), rings.rest.tolist()
    ([2.0, 1.0], [0], [1])
    """
    simple = np.array([blob[: len(_ONE_RING)] == _ONE_RING for blob in blobs], dtype=np.bool_)
    chosen = blobs if simple.all() else [blob for blob, one in zip(blobs, simple.tolist(), strict=True) if one]
    sizes = (np.fromiter(map(len, chosen), np.int64, len(chosen)) - _HEADER) // 16
    lonlat = np.frombuffer(b"".join([blob[_HEADER:] for blob in chosen]), dtype="<f8").reshape(-1, 2)
    return Rings(lonlat, np.cumsum(sizes) - sizes, np.flatnonzero(simple), np.flatnonzero(~simple))


def snap(geometry: Any) -> Any:
    """Snap coordinates to the 1e-9 degree grid, keeping every vertex and the topology as drawn.

    Works on one geometry or on an array of them.

    Examples
    --------
    >>> snap(shapely.Point(115.1234567894, 37.9)).x
    115.123456789
    """
    return shapely.transform(geometry, lambda xy: np.round(xy, 9))
