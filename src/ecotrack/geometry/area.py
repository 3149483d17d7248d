r"""Ellipsoidal area of polygons whose edges are straight in longitude/latitude.

The area of a ring on the ellipsoid is the line integral of ``A(lat) d(lon)`` around it, where ``A(lat)``
is the area per radian of longitude between the equator and ``lat``:

.. math:: A(\varphi) = b^2 \int_0^\varphi \frac{\cos t}{(1 - e^2 \sin^2 t)^2}\,dt

Expanded in sines of odd multiples, ``A = b^2 \sum_n c_n \sin n\varphi`` (n = 1, 3, 5 ...), its mean along a
straight edge is known in closed form: the mean of ``sin n lat`` from ``lat1`` to ``lat2`` is
``sin(n m) sinc(n d / 2)`` with the middle ``m`` and the difference ``d``. So every edge is integrated exactly,
and cutting an edge changes nothing but rounding.

Constants: CGCS2000 (GB/T 22482-2008 parameters; a = 6378137 m, 1/f = 298.257222101). The expansion of the
integrand is the one behind the area formula of TD/T 1055 (annex on map-sheet areas).
"""

from __future__ import annotations

from math import comb, factorial
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

SEMI_MAJOR_M = 6378137.0
FLATTENING = 1 / 298.257222101
_E2 = FLATTENING * (2 - FLATTENING)
_B2 = (SEMI_MAJOR_M * (1 - FLATTENING)) ** 2
_TERMS = 7
_BLOCK = 1 << 14
_BLOCK_SHAPES = 1 << 12
"""Geometries whose coordinates are taken out at a time: all of a city's at once would take a gigabyte."""
_BLOCK_RINGS = 1 << 10
"""Rings that are measured at a time: their columns stay in the processor's cache."""
_LOW_DEG = 0.057
"""Rise (1e-3 radians, 6 km) up to which a ring is measured by a polynomial in latitude."""
_SHORT_RAD = 0.01
"""Half an edge's difference of latitude below which three terms of sinc are exact (the rest is 0.01^8 / 9!)."""

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]


def _sine_coefficients() -> tuple[float, ...]:
    """Return c_1, c_3, ... of A(lat) / b^2: the first one left out is below 1e-17."""
    coefficients = [0.0] * _TERMS
    for j in range(_TERMS):
        power = (j + 1) / (2 * j + 1) * _E2**j / 4**j
        for k in range(j + 1):
            coefficients[k] += power * (-1) ** k * comb(2 * j + 1, j - k)
    return tuple(coefficients)


_C = _sine_coefficients()


def _edge_means(lat1: Floats, lat2: Floats, lat0: Floats) -> Floats:
    """Return mean(A) along each edge minus A(lat0), in m2 per radian of longitude.

    The reference latitude is one of the ring itself: differences of sines are taken as products, so that
    small plots keep all their digits. Multiples of an angle come from recurrences; the work goes block by block,
    so that it stays in the processor's cache.
    """
    result = np.empty(len(lat1))
    for start in range(0, len(lat1), _BLOCK):
        block = slice(start, start + _BLOCK)
        middle, half = (lat1[block] + lat2[block]) / 2, (lat2[block] - lat1[block]) / 2
        short = np.abs(half).max(initial=0.0) < _SHORT_RAD
        curvature = _curvature_short(middle, half) if short else _curvature(middle, half)
        result[block] = _rise(middle, lat0[block]) + curvature
    return np.asarray(_B2 * result)


def _rise(lat: Floats, lat0: Floats) -> Floats:
    """Return (A(lat) - A(lat0)) / b2: sin na - sin nb = 2 cos n(a + b)/2 sin n(a - b)/2."""
    alpha, beta = (lat + lat0) / 2, (lat - lat0) / 2
    total = np.zeros_like(lat)
    sin_b, two_cos_2b = np.sin(beta), 2 * np.cos(2 * beta)
    cos_a, two_cos_2a = np.cos(alpha), 2 * np.cos(2 * alpha)
    sin_before, cos_before = -sin_b, cos_a
    for c in _C:
        total += 2 * c * cos_a * sin_b
        sin_b, sin_before = two_cos_2b * sin_b - sin_before, sin_b
        cos_a, cos_before = two_cos_2a * cos_a - cos_before, cos_a
    return total


def _curvature(middle: Floats, half: Floats) -> Floats:
    """Return mean(A) along an edge minus A at its middle, over b2: the sum of c_n sin(n m) (sinc(n h) - 1)."""
    total = np.zeros_like(middle)
    for k, c in enumerate(_C):
        n = 2 * k + 1
        total += c * np.sin(n * middle) * _sinc_minus_one(n * half)
    return total


def _curvature_short(middle: Floats, half: Floats) -> Floats:
    """Return the same for edges of less than a degree: sinc(x) - 1 = -x2/6 + x4/120 - x6/5040."""
    h2, sums = half * half, [np.zeros_like(middle) for _ in range(3)]
    sine, two_cos = np.sin(middle), 2 * np.cos(2 * middle)
    before = -sine
    for k, c in enumerate(_C):
        n2 = (2 * k + 1) ** 2
        for power, total in enumerate(sums, start=1):
            total += c * n2**power * sine
        sine, before = two_cos * sine - before, sine
    return np.asarray(-h2 / 6 * (sums[0] - h2 / 20 * (sums[1] - h2 / 42 * sums[2])))


def _sinc_minus_one(x: Floats) -> Floats:
    """Return sin(x)/x - 1 without cancellation for small x."""
    x2 = x * x
    series = -x2 / 6 * (1 - x2 / 20 * (1 - x2 / 42 * (1 - x2 / 72 * (1 - x2 / 110))))
    if np.abs(x).max(initial=0.0) < 0.3:  # always so, but for edges of many degrees
        return np.asarray(series)
    with np.errstate(invalid="ignore", divide="ignore"):
        exact = np.sin(x) / x - 1
    return np.where(np.abs(x) < 0.3, series, exact)


def ring_areas_m2(lonlat: Floats, starts: npt.NDArray[np.int64]) -> Floats:
    """Return the unsigned ellipsoidal areas of closed rings.

    Parameters
    ----------
    lonlat
        Shape (n, 2), EPSG:4490 degrees, the rings one after the other, each closed.
    starts
        First row of each ring.

    Returns
    -------
    ndarray
        One area in m2 for each ring.

    Examples
    --------
    Two cells of 0.01 by 0.01 degrees, one turned the other way; farther north they are smaller:

    >>> south = [[115.60, 37.60], [115.61, 37.60], [115.61, 37.61], [115.60, 37.61], [115.60, 37.60]]
    >>> north = [[115.60, 38.60], [115.60, 38.61], [115.61, 38.61], [115.61, 38.60], [115.60, 38.60]]
    >>> ring_areas_m2(np.array(south + north), np.array([0, 5])).round(2).tolist()
    [980049.39, 966945.69]
    """
    ends = np.append(starts[1:], len(lonlat))
    result = np.zeros(len(starts))
    for start in range(0, len(starts), _BLOCK_RINGS):
        block = slice(start, start + _BLOCK_RINGS)
        first, last = starts[block][0], ends[block][-1]
        result[block] = _block_areas(lonlat[first:last], starts[block] - first, ends[block] - first)
    return result


def _block_areas(lonlat: Floats, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> Floats:
    first = lonlat[starts, 1]
    rise = lonlat[:, 1] - np.repeat(first, ends - starts)
    low, high = np.minimum.reduceat(rise, starts), np.maximum.reduceat(rise, starts)
    low_rings = np.maximum(-low, high) <= _LOW_DEG
    result = _low_ring_areas(np.ascontiguousarray(lonlat[:, 0]), rise, starts, first)
    for ring in np.flatnonzero(~low_rings).tolist():
        result[ring] = _high_ring_area(np.radians(lonlat[starts[ring] : ends[ring]]))
    return np.abs(result)


def _low_ring_areas(lon: Floats, rise: Floats, starts: npt.NDArray[np.int64], first: Floats) -> Floats:
    r"""Return the signed areas of rings that rise less than `_LOW_DEG` above or below their first vertex.

    A(lat) is a polynomial there, :math:`\sum_k a_k t^k` with t the rise: four terms leave out less than 4e-14
    of the area. The mean of t^k along an edge is the mean of its k + 1 products, so a ring comes down to four sums.
    """
    step = np.zeros_like(lon)
    step[:-1] = lon[1:] - lon[:-1]
    after = np.empty_like(rise)
    after[:-1], after[-1] = rise[1:], 0.0
    last = np.append(starts[1:], len(lon)) - 1
    step[last], after[last] = 0.0, rise[last]  # the step from one ring to the next is no edge
    both, product = rise + after, rise * after
    squares = rise * rise + after * after
    second = squares + product
    means = (both / 2, second / 3, both * squares / 4, (second * squares - product * product) / 5)
    degree, result = np.pi / 180, np.zeros(len(starts))
    for k, (coefficient, mean) in enumerate(zip(_taylor(np.radians(first)), means, strict=True), start=1):
        result += coefficient * degree ** (k + 1) * np.add.reduceat(step * mean, starts)
    return result


def _taylor(lat0: Floats) -> list[Floats]:
    """Return the first four Taylor coefficients of A at some latitudes, m2 a radian to the k-th power."""
    result = []
    for k in range(1, 5):
        sign = 1.0 if k in (1, 4) else -1.0
        wave = np.cos if k % 2 else np.sin
        total = sum(c * n**k * wave(n * lat0) for c, n in zip(_C, range(1, 2 * _TERMS, 2), strict=True))
        result.append(np.asarray(sign * _B2 / factorial(k) * total))
    return result


def _high_ring_area(rad: Floats) -> float:
    """Return the signed area of one ring of any height, from the sine series; ``rad`` is in radians."""
    steps, lat = np.diff(rad[:, 0]), rad[:, 1]
    return float((steps * _edge_means(lat[:-1], lat[1:], np.full(len(steps), lat[0]))).sum())


def area_m2(geometries: Geometries | list[Any]) -> Floats:
    """Return the ellipsoidal area of polygons and multipolygons on CGCS2000.

    Edges are straight in longitude/latitude. Against `pyproj.Geod` on the ring densified in
    longitude/latitude the difference is below max(1e-8 relative, 1e-3 m2) for plots and 1e-6 for county
    rings (tests/test_geometry_area.py).

    Parameters
    ----------
    geometries
        Shape (n,), shapely geometries in EPSG:4490 longitude/latitude degrees. Rings may turn either way;
        points and lines have no area; ``None`` and empty geometries give 0.

    Returns
    -------
    ndarray
        Shape (n,), m2.

    Examples
    --------
    A cell of 0.01 by 0.01 degrees at the lake:

    >>> cell = shapely.box(115.60, 37.60, 115.61, 37.61)
    >>> round(float(area_m2([cell])[0]), 2)
    980049.39
    """
    array = np.asarray(geometries, dtype=object)
    blocks = [_areas(array[start : start + _BLOCK_SHAPES]) for start in range(0, len(array), _BLOCK_SHAPES)]
    return np.concatenate([np.zeros(0), *blocks])


def _areas(array: Geometries) -> Floats:
    parts, of_geometry = shapely.get_parts(array, return_index=True)
    is_polygon = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    parts, of_geometry = parts[is_polygon], of_geometry[is_polygon]
    rings, of_part = shapely.get_rings(parts, return_index=True)
    total = np.zeros(len(array))
    if len(rings) == 0:
        return total
    coordinates, of_ring = shapely.get_coordinates(rings, return_index=True)
    starts = np.flatnonzero(np.diff(of_ring, prepend=-1))
    areas = ring_areas_m2(coordinates, starts)
    first = np.diff(of_part, prepend=-1) != 0
    np.add.at(total, of_geometry[of_part], np.where(first, areas, -areas))
    return total
