"""The byte form of stored geometry: little-endian 2D WKB of normalised geometry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

STORED_CRS = "EPSG:4490"
"""CRS of every stored geometry: CGCS2000 geographic, used in longitude/latitude order."""

GRID_DEG = 1e-9
"""Stored coordinates are snapped to this grid once (0.1 mm)."""


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
    """Return the geometries of WKB blobs, shape (n,)."""
    return np.asarray(shapely.from_wkb(np.asarray(blobs, dtype=object)), dtype=object)


def snap(geometry: Any) -> Any:
    """Snap coordinates to the 1e-9 degree grid, keeping every vertex and the topology as drawn.

    Works on one geometry or on an array of them.
    """
    return shapely.transform(geometry, lambda xy: np.round(xy, 9))
