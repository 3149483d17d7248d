"""Shapes of sample plots: rectangles of a wanted size, alone or sharing strips of a chosen width."""

from __future__ import annotations

from math import cos, radians, sqrt

from ecotrack.demo.sample_dice import Dice
from ecotrack.demo.sample_plan import Rect

MEAN_M2 = 13.7 * 10000 / 15
"""Mean size of a plot: 13.7 mu."""

_LEAST_M2, _MOST_M2 = 700.0, 28000.0
_M_PER_DEG_LAT = 111000.0
_SPARE_DEG = 1e-4


def _lon_deg(metres: float, lat: float) -> float:
    return metres / (111320.0 * cos(radians(lat)))


def _lat_deg(metres: float) -> float:
    return metres / _M_PER_DEG_LAT


def _size_m2(dice: Dice) -> float:
    return min(max(dice.lognormal(MEAN_M2 * 1.02, 0.55), _LEAST_M2), _MOST_M2)


def block(ground: Rect, dice: Dice, *, places: int = 1) -> Rect:
    """Return a rectangle at the south-west of ``ground`` that leaves room for ``places`` of its width."""
    size, aspect = _size_m2(dice), dice.between(0.6, 1.6)
    room_lon = (ground.east - ground.west - 2 * _SPARE_DEG) / places
    room_lat = (ground.north - ground.south - 2 * _SPARE_DEG) * (0.75 if places > 1 else 1.0)
    width = min(_lon_deg(sqrt(size * aspect), ground.south), room_lon)
    height = min(_lat_deg(size / (width / _lon_deg(1.0, ground.south))), room_lat)
    west = ground.west + _SPARE_DEG + dice.between(0, max(room_lon - width, 0.0))
    south = ground.south + _SPARE_DEG + dice.between(0, max(room_lat - height, 0.0))
    return Rect(west, south, west + width, south + height).snapped()


def belt(ground: Rect, dice: Dice) -> Rect:
    """Return a long thin rectangle (林带), 20 to 40 m wide, lying east-west or north-south."""
    thin = dice.between(20.0, 40.0)
    long_lon, long_lat = (
        (ground.east - ground.west) * dice.between(0.7, 0.92),
        (ground.north - ground.south) * dice.between(0.7, 0.92),
    )
    level = dice.share(0.5)
    width = long_lon if level else _lon_deg(thin, ground.south)
    height = _lat_deg(thin) if level else long_lat
    west = ground.west + _SPARE_DEG + dice.between(0, ground.east - ground.west - width - 2 * _SPARE_DEG)
    south = ground.south + _SPARE_DEG + dice.between(0, ground.north - ground.south - height - 2 * _SPARE_DEG)
    return Rect(west, south, west + width, south + height).snapped()


def across(ground: Rect, lon: float, dice: Dice) -> Rect:
    """Return a rectangle of ``ground`` that the meridian ``lon`` passes through."""
    found = block(ground, dice)
    width = found.east - found.west
    left = min(max(lon - width * dice.between(0.3, 0.7), ground.west), ground.east - width)
    return Rect(left, found.south, left + width, found.north).snapped()


def neighbour(first: Rect, dice: Dice, *, strip_m: float, width_share: float = 1.0) -> Rect:
    """Return the rectangle to the east whose west strip of ``strip_m`` lies on ``first``; 0 touches it."""
    strip = _lon_deg(strip_m, first.south)
    width = (first.east - first.west) * width_share
    drop = 0.0 if strip_m < 1.0 else (first.north - first.south) * dice.between(0.0, 0.05)
    west = first.east - strip if strip_m else first.east
    return Rect(west, first.south + drop, west + width, first.north + drop).snapped()


def on_both(first: Rect, second: Rect, dice: Dice) -> Rect:
    """Return a third rectangle over the seam of two, so that all three share a patch of ground."""
    seam = (first.east + second.west) / 2
    half = (first.east - first.west) * dice.between(0.2, 0.35)
    height = (first.north - first.south) * 0.3
    top = min(first.north, second.north)
    overlap = _lat_deg(dice.between(4.0, 15.0))
    return Rect(seam - half, top - overlap, seam + half, top - overlap + height).snapped()


def middle(ground: Rect, dice: Dice) -> Rect:
    """Return a rectangle around the middle of ``ground``, for a plot that a border cuts."""
    lon, lat = (ground.west + ground.east) / 2, (ground.south + ground.north) / 2
    half_lon = (ground.east - ground.west) / 2 * dice.between(0.6, 0.95)
    half_lat = (ground.north - ground.south) / 2 * dice.between(0.6, 0.95)
    shift = half_lon * dice.between(-0.4, 0.4)
    return Rect(lon - half_lon + shift, lat - half_lat, lon + half_lon + shift, lat + half_lat).snapped()


def shrunk(rect: Rect, dice: Dice) -> Rect:
    """Return the rectangle as a second survey draws it: a little smaller on the north side."""
    north = rect.north - (rect.north - rect.south) * dice.between(0.03, 0.1)
    return Rect(rect.west, rect.south, rect.east, north).snapped()
