"""Lengths and mean widths of small polygons in metres, in the plane that touches the ellipsoid at each of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.geometry.area import FLATTENING, SEMI_MAJOR_M, Floats, Geometries

_E2 = FLATTENING * (2 - FLATTENING)


def metres_per_degree(lat_deg: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return the metres in one degree of longitude and of latitude at some latitudes (CGCS2000 ellipsoid).

    The radii of curvature of the prime vertical and of the meridian (any textbook of geodesy).

    Examples
    --------
    >>> [round(float(value)) for value in metres_per_degree(37.6)]
    [88307, 110989]
    """
    lat = np.radians(np.asarray(lat_deg, dtype=np.float64))
    w2 = 1 - _E2 * np.sin(lat) ** 2
    prime_m = SEMI_MAJOR_M / np.sqrt(w2)
    return np.radians(prime_m * np.cos(lat)), np.radians(prime_m * (1 - _E2) / w2)


def local_metres(lonlat: Floats, lat0: npt.ArrayLike) -> Floats:
    """Return longitude/latitude degrees as metres east and north, with the scale at ``lat0``; shape (n, 2).

    Good to 1e-4 over a few kilometres: for lengths and angles, never for areas.

    Examples
    --------
    >>> ends = local_metres(np.array([[115.60, 37.60], [115.61, 37.60]]), 37.6)
    >>> (ends[1] - ends[0]).round(1).tolist()
    [883.1, 0.0]
    """
    east, north = metres_per_degree(lat0)
    return np.asarray(lonlat * np.stack(np.broadcast_arrays(east, north), axis=-1))


def perimeters_m(geometries: Geometries) -> Floats:
    """Return the length of all rings of each geometry in metres; EPSG:4490 degrees, shape (n,).

    Examples
    --------
    >>> perimeters_m(np.array([shapely.box(115.60, 37.60, 115.61, 37.61)])).round().tolist()
    [3986.0]
    """
    xy, owner = shapely.get_coordinates(geometries, return_index=True)
    if len(xy) == 0:
        return np.zeros(len(geometries))
    middle = np.nan_to_num(shapely.bounds(geometries)[:, [1, 3]].mean(axis=1))
    plane = shapely.set_coordinates(geometries.copy(), local_metres(xy, middle[owner]))
    return np.asarray(shapely.length(plane))


def mean_widths_m(areas_m2: Floats, lengths_m: Floats) -> Floats:
    """Return the short side of the rectangle that has the same area and perimeter; the side of a square if none has.

    For a belt that winds it is the mean width.

    Examples
    --------
    >>> mean_widths_m(np.array([200.0, 100.0]), np.array([204.0, 40.0])).tolist()
    [2.0, 10.0]
    """
    half = lengths_m / 2
    root = np.sqrt(np.maximum(half * half - 4 * areas_m2, 0.0))
    wide = half * half < 4 * areas_m2
    return np.asarray(np.where(wide, np.sqrt(areas_m2), (half - root) / 2))
