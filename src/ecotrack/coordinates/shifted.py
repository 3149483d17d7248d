r"""GCJ-02 and BD-09: the shifted coordinates of Chinese web maps, and the way back from them.

GCJ-02 moves a WGS84 point by sums of sines of its place (over Hengshui 499 to 564 m, towards the east); BD-09 moves
GCJ-02 once more (1282 to 1376 m in all). The formulas are public and exact only as far as the public knows them; the
way back has no closed form and is iterated until it no longer changes.

The constants of the shift are those of the formula as it has circulated since 2013: Krassowsky's ellipsoid
(a = 6378245 m, e2 = 0.00669342162296594323), and the angle pi * 3000 / 180 of BD-09.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ecotrack.geometry.area import Floats

_A, _E2 = 6378245.0, 0.00669342162296594323
_BD_ANGLE = np.pi * 3000 / 180
_STEPS = 12


def _waves(value: Floats, *, amplitudes: tuple[float, float], periods: tuple[float, float]) -> Floats:
    first, second = (a * np.sin(value * p * np.pi) for a, p in zip(amplitudes, periods, strict=True))
    return np.asarray((first + second) * 2 / 3)


def _shift(lonlat: Floats) -> Floats:
    """Return the shift of GCJ-02 at WGS84 points, degrees of longitude and latitude."""
    x, y = lonlat[:, 0] - 105.0, lonlat[:, 1] - 35.0
    root = np.sqrt(np.abs(x))
    common = _waves(x, amplitudes=(20.0, 20.0), periods=(6.0, 2.0))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
    north += _waves(y, amplitudes=(20.0, 40.0), periods=(1.0, 1 / 3))
    north += _waves(y, amplitudes=(160.0, 320.0), periods=(1 / 12, 1 / 30))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
    east += _waves(x, amplitudes=(20.0, 40.0), periods=(1.0, 1 / 3))
    east += _waves(x, amplitudes=(150.0, 300.0), periods=(1 / 12, 1 / 30))
    lat = np.radians(lonlat[:, 1])
    magic = 1 - _E2 * np.sin(lat) ** 2
    d_lat = np.degrees(north / (_A * (1 - _E2) / (magic * np.sqrt(magic))))
    d_lon = np.degrees(east / (_A / np.sqrt(magic) * np.cos(lat)))
    return np.column_stack([d_lon, d_lat])


def to_gcj02(lonlat: Floats) -> Floats:
    """Return WGS84 points as GCJ-02 would show them; shape (n, 2), degrees.

    Examples
    --------
    >>> to_gcj02(np.array([[115.6, 37.6]])).round(6).tolist()
    [[115.605784, 37.600552]]
    """
    return np.asarray(lonlat + _shift(lonlat))


def to_bd09(lonlat: Floats) -> Floats:
    """Return WGS84 points as BD-09 would show them; shape (n, 2), degrees.

    Examples
    --------
    >>> (to_bd09(np.array([[115.6, 37.6]])) - [115.6, 37.6]).round(3).tolist()
    [[0.012, 0.006]]
    """
    shown = to_gcj02(lonlat)
    x, y = shown.T
    radius = np.hypot(x, y) + 2e-5 * np.sin(y * _BD_ANGLE)
    angle = np.arctan2(y, x) + 3e-6 * np.cos(x * _BD_ANGLE)
    return np.column_stack([radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006])


SHIFTED: dict[str, Callable[[Floats], Floats]] = {"GCJ-02": to_gcj02, "BD-09": to_bd09}
"""Shifted systems by the name that a reading bears, with the way from WGS84 to them."""


def unshifted(lonlat: Floats, system: str) -> Floats:
    """Return points of a shifted system as WGS84, which is taken as CGCS2000; shape (n, 2), degrees.

    Iterated: the point is moved back by the shift at the last guess, to far below 1e-9 degrees.

    Examples
    --------
    >>> back = unshifted(to_bd09(np.array([[115.6, 37.6]])), "BD-09")
    >>> back.round(9).tolist()
    [[115.6, 37.6]]
    """
    shift, guess = SHIFTED[system], lonlat
    for _ in range(_STEPS):
        guess = guess - (shift(guess) - lonlat)
    return np.asarray(guess)
