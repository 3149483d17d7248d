"""Areas and bounds straight from stored bytes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely

from ecotrack.geometry.area import Floats, area_m2, ring_areas_m2
from ecotrack.geometry.codec import Ints, ReadWkb, from_wkb, rings_of

_BLOCK = 1 << 14
"""Blobs at a time, some 10 MB of them: a city's plots are never held at once."""


class Measure(NamedTuple):
    """Area in m2, shape (n,), and west, south, east, north in degrees, shape (n, 4), of stored polygons."""

    area_m2: Floats
    bounds: Floats


def measure(rows: Ints, read: ReadWkb) -> Measure:
    """Measure stored polygons block by block; see `ecotrack.geometry.area.area_m2`.

    Parameters
    ----------
    rows
        Which ones, shape (n,).
    read
        Gives the WKB of some rows, EPSG:4490.

    Examples
    --------
    >>> from ecotrack.geometry.codec import to_wkb
    >>> cell = shapely.box(115.60, 37.60, 115.61, 37.61)
    >>> found = measure(np.array([0]), lambda rows: [to_wkb(cell)])
    >>> round(float(found.area_m2[0]), 2), found.bounds[0].tolist()
    (980049.39, [115.6, 37.6, 115.61, 37.61])
    """
    area, bounds = np.zeros(len(rows)), np.full((len(rows), 4), np.nan)
    for start in range(0, len(rows), _BLOCK):
        block = slice(start, start + _BLOCK)
        blobs = read(rows[block])
        rings = rings_of(blobs)
        if len(rings.single):
            area[start + rings.single] = ring_areas_m2(rings.lonlat, rings.starts)
            bounds[start + rings.single, :2] = np.minimum.reduceat(rings.lonlat, rings.starts)
            bounds[start + rings.single, 2:] = np.maximum.reduceat(rings.lonlat, rings.starts)
        if len(rings.rest):
            shapes = from_wkb([blobs[i] for i in rings.rest.tolist()])
            area[start + rings.rest], bounds[start + rings.rest] = area_m2(shapes), shapely.bounds(shapes)
    return Measure(area, bounds)
