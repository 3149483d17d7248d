"""A second oracle for areas: the series of TD/T 1055 on rings whose edges are straight in the Gauss-Kruger plane.

Written from the published formula (annex of TD/T 1055, first issued as 国土调查办发〔2008〕32号): an edge spans the
trapezoid between its two latitudes and a meridian, ``S = 2 b^2 dL sum(k_n sin(n dB / 2) cos(n Bm))`` with the mean
longitude ``dL`` of its ends, the difference ``dB`` and the mean ``Bm`` of their latitudes; the ring is the signed sum.
It shares nothing with the kernel: it adds up ``L dA`` along latitudes where the kernel adds up ``A dL``.
"""

from __future__ import annotations

from math import fsum

import numpy as np
import shapely
from pyproj import Transformer

from ecotrack.coordinates import LONG_EDGE_M, split_long_edges

_A, _F = 6378137.0, 1 / 298.257222101
_B2 = (_A * (1 - _F)) ** 2
_E2 = _F * (2 - _F)
_SERIES = (
    1 + 3 / 6 * _E2 + 30 / 80 * _E2**2 + 35 / 112 * _E2**3 + 630 / 2304 * _E2**4,
    -(1 / 6 * _E2 + 15 / 80 * _E2**2 + 21 / 112 * _E2**3 + 420 / 2304 * _E2**4),
    3 / 80 * _E2**2 + 7 / 112 * _E2**3 + 180 / 2304 * _E2**4,
    -(1 / 112 * _E2**3 + 45 / 2304 * _E2**4),
    5 / 2304 * _E2**4,
)
"""A, -B, C, -D and E of the annex."""


def series_ring_m2(lonlat: np.ndarray) -> float:
    """Unsigned area of one closed ring, shape (n, 2) in degrees, by the series; edges as short as the rule has them."""
    # Any meridian serves; one of the ring itself keeps the digits of a small plot.
    lon, lat = np.radians(lonlat - [lonlat[:, 0].mean(), 0.0]).T
    mean_lon, half, middle = (lon[1:] + lon[:-1]) / 2, np.diff(lat) / 2, (lat[1:] + lat[:-1]) / 2
    terms = [k * np.sin(n * half) * np.cos(n * middle) for n, k in zip((1, 3, 5, 7, 9), _SERIES, strict=True)]
    return abs(fsum(2 * _B2 * mean_lon * sum(terms)))


def series_m2(lonlat: shapely.Geometry) -> float:
    """Area of a polygon or multipolygon in degrees by the series, vertices taken as they are."""
    parts = [
        sign * series_ring_m2(shapely.get_coordinates(ring))
        for polygon in shapely.get_parts(lonlat)
        for sign, ring in ((1, polygon.exterior), *((-1, hole) for hole in polygon.interiors))
    ]
    return fsum(parts)


def drawn_in_plane(lonlat: shapely.Geometry, epsg: int) -> shapely.Geometry:
    """The same corners, joined by straight lines of a Gauss-Kruger plane and split at 70 m there; back in degrees."""
    there = Transformer.from_crs(4490, epsg, always_xy=True)
    plane = shapely.transform(lonlat, lambda xy: np.column_stack(there.transform(*xy.T)))
    split = split_long_edges(plane, limit=LONG_EDGE_M)
    return shapely.transform(split, lambda xy: np.column_stack(there.transform(*xy.T, direction="INVERSE")))
