"""Areas of rectangles on the ellipsoid, by a way of their own: nothing here calls ecotrack's geometry.

A cell between two meridians and two parallels has the area ``dlon * integral of M N cos(lat)``, with the radii
of curvature M and N of CGCS2000. The integral is taken by Gauss-Legendre quadrature over the narrow belt of
latitude, which keeps every digit where the difference of two large closed forms would lose six.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import cos, radians, sin

from ecotrack.demo.sample_plan import Cut, Rect

_A_M = 6378137.0
_E2 = (2 - 1 / 298.257222101) / 298.257222101

# Nodes and weights of the eight-point rule on [-1, 1] (Abramowitz and Stegun, table 25.4).
_GAUSS = (
    (0.1834346424956498, 0.3626837833783620),
    (0.5255324099163290, 0.3137066458778873),
    (0.7966664774136267, 0.2223810344533745),
    (0.9602898564975363, 0.1012285362903763),
)


def _integral(f: Callable[[float], float], low: float, high: float) -> float:
    middle, half = (low + high) / 2, (high - low) / 2
    return half * sum(weight * (f(middle - half * x) + f(middle + half * x)) for x, weight in _GAUSS)


def _density_m2(lat: float) -> float:
    """Return M N cos(lat), m2 per radian of latitude and radian of longitude."""
    return _A_M**2 * (1 - _E2) * cos(lat) / (1 - _E2 * sin(lat) ** 2) ** 2


def cell_m2(rect: Rect) -> float:
    """Return the area of a rectangle along meridians and parallels, m2.

    Examples
    --------
    >>> round(cell_m2(Rect(115.60, 37.60, 115.61, 37.61)), 2)
    980049.39
    """
    if rect.east <= rect.west or rect.north <= rect.south:
        return 0.0
    belt = _integral(_density_m2, radians(rect.south), radians(rect.north))
    return radians(rect.east - rect.west) * belt


def west_of_m2(rect: Rect, cut: Cut) -> float:
    """Return the area of the part of a rectangle that lies west of a straight line in longitude/latitude, m2."""
    slope = (cut.lon2 - cut.lon1) / (cut.lat2 - cut.lat1)
    width = rect.east - rect.west

    def reach(lat: float) -> float:
        """Return how far the part reaches east from the west side, degrees."""
        return min(max(cut.lon1 - rect.west + slope * (lat - cut.lat1), 0.0), width)

    corners = [cut.lat1 + (lon - cut.lon1) / slope for lon in (rect.west, rect.east)] if slope else []
    inside = sorted(lat for lat in corners if rect.south < lat < rect.north)
    bounds = [rect.south, *inside, rect.north]
    pieces = (
        _integral(lambda lat: _density_m2(radians(lat)) * radians(reach(lat)), low, high)
        for low, high in pairwise(bounds)
    )
    return sum(pieces) * radians(1.0)
