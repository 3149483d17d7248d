"""How degrees of unknown origin are to be read: as they stand, as GCJ-02 or as BD-09, or nobody can tell.

The geometry of a plot alone says nothing: shifted by half a kilometre it is as good a plot. What tells is a fit to
lines whose place is known (accepted plots beside it, official borders), or the very plot that came in before. Where
neither speaks clearly the answer is *ambiguous*; a false certainty is the worse mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely

from ecotrack.coordinates.shifted import SHIFTED, unshifted
from ecotrack.errors import Text
from ecotrack.geometry.area import Floats, Geometries
from ecotrack.geometry.boxes import Ints
from ecotrack.geometry.width import local_metres

AS_IS = "WGS84"
READINGS = (AS_IS, *SHIFTED)
"""Ways in which degrees can be read; WGS84 and CGCS2000 are one here."""

TITLES = {
    "WGS84": Text("国家2000/WGS84（手持GPS、GIS导出）", "CGCS2000/WGS84 as it stands"),
    "GCJ-02": Text("火星坐标GCJ-02（高德、腾讯、奥维等手机地图）", "GCJ-02 (Amap, Tencent, Ovital)"),
    "BD-09": Text("百度坐标BD-09", "BD-09 (Baidu)"),
}

FIT_M = 1.0
"""A corner this near to a known line lies on it."""

MIN_HITS, MIN_SHARE, MIN_LEAD = 8, 0.25, 3.0
"""Corners that must lie on known lines, their least share, and by how many times the best reading must lead."""

PIN_M, PIN_WAYS = 4.0, 8
"""How far, and in how many directions, the corners are pushed to see whether the lines hold them in place."""

MIN_PINNED, PINNED_SHARE = 4, 0.1
"""Corners, and their share of the hits, that every such push must carry off the known lines."""

REPEATS_SHARE, EXACT_M, EXACT_SHARE = 0.5, 0.3, 0.8
"""Lines repeat themselves where so many hits stay hits when all corners are pushed by the side of a plot; then so many
of the corners must lie so near.
"""

SAME_IOU, OTHER_IOU = 0.8, 0.5
"""A known plot is met again above the first, under one reading alone: every other stays below the second."""

_SAMPLE = 2000


class Score(NamedTuple):
    """How well one reading fits.

    Attributes
    ----------
    hits
        Corners that lie on known lines, of ``corners`` looked at.
    met
        Known plots that are met again, of those whose ids the file gives.
    """

    system: str
    hits: int
    corners: int
    met: int


class Detected(NamedTuple):
    """The reading that the evidence speaks for; ``None`` is ambiguous."""

    system: str | None
    evidence: Text
    scores: tuple[Score, ...]


def read_as(lonlat: Floats, system: str) -> Floats:
    """Return degrees read in one of `READINGS`, as CGCS2000; shape (n, 2).

    Examples
    --------
    >>> (read_as(np.array([[115.6062, 37.6005]]), "GCJ-02") - [115.6062, 37.6005]).round(4).tolist()
    [[-0.0058, -0.0006]]
    """
    return lonlat if system == AS_IS else unshifted(lonlat, system)


def detect(
    shapes: Geometries, *, lines: Geometries, known: Sequence[tuple[shapely.Geometry, shapely.Geometry]]
) -> Detected:
    """Weigh the readings of degrees against what is known.

    Parameters
    ----------
    shapes
        Polygons of the file, degrees as they stand in it.
    lines
        Lines whose place is known, EPSG:4490: the borders of accepted plots near any reading, official borders.
    known
        Pairs of a polygon of the file and the plot of the same id in the register (EPSG:4490).

    Examples
    --------
    Far from any known line nothing can be told:

    >>> detect(np.array([shapely.box(115.6, 37.6, 115.61, 37.61)]), lines=np.zeros(0, dtype=object), known=[]).system

    A plot that came in before is met again half a kilometre to the west:

    >>> before = shapely.box(115.6, 37.6, 115.61, 37.61)
    >>> again = shapely.box(115.605784, 37.600552, 115.615784, 37.610552)
    >>> detect(np.array([again]), lines=np.zeros(0, dtype=object), known=[(again, before)]).system
    'GCJ-02'
    """
    corners = _sample(shapes)
    met = {system: _met(known, system) for system in READINGS}
    hits = {system: _hits(read_as(corners, system), lines) for system in READINGS}
    scores = tuple(Score(system, hits[system], len(corners), len(met[system])) for system in READINGS)
    by_plots, by_lines = _by_plots(met, known), _by_lines(scores)
    if by_lines is not None and not _is_held(shapes, corners, lines, system=by_lines):
        by_lines = None
    if by_plots is not None and by_lines in (None, by_plots):
        count = len(met[by_plots])
        return Detected(by_plots, Text(f"{count}个已登记地块重新对上", f"{count} known plots are met again"), scores)
    if by_lines is not None and by_plots is None:
        score = next(score for score in scores if score.system == by_lines)
        zh = f"{score.corners}个拐点中有{score.hits}个落在已认定地块或正式界线的边线上"
        return Detected(by_lines, Text(zh, f"{score.hits} of {score.corners} corners lie on known lines"), scores)
    return Detected(None, Text("附近没有足够的已知边线可以比对", "no known lines nearby tell them apart"), scores)


def apart_m(lonlat: Floats) -> float:
    """Return how far apart the outermost two readings of a point lie, in metres (largest over the points).

    Examples
    --------
    >>> 500 < apart_m(np.array([[115.6, 37.6]])) < 2000
    True
    """
    places = [local_metres(read_as(lonlat, system), lonlat[:, 1]) for system in READINGS]
    return max(float(np.hypot(*(a - b).T).max()) for a in places for b in places)


def _sample(shapes: Geometries) -> Floats:
    # The vertex that closes a ring repeats its first and would count twice.
    rings = shapely.get_rings(shapes)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    corners = xy[np.append(False, ring[1:] == ring[:-1])] if len(xy) else xy
    step = max(1, -(-len(corners) // _SAMPLE))
    return np.asarray(corners[::step])


def _hits(corners: Floats, lines: Geometries) -> int:
    if len(corners) == 0 or len(lines) == 0:
        return 0
    tree, points = _in_metres(corners, lines)
    return len(_hit(tree, points))


def _in_metres(corners: Floats, lines: Geometries) -> tuple[shapely.STRtree, Floats]:
    lat0 = float(corners[:, 1].mean())
    plane = shapely.transform(lines, lambda xy: local_metres(xy, lat0))
    return shapely.STRtree(plane), local_metres(corners, lat0)


def _hit(tree: shapely.STRtree, points: Floats, distance: float = FIT_M) -> Ints:
    found, _ = tree.query(shapely.points(points), predicate="dwithin", distance=distance)
    return np.unique(found)


def _is_held(shapes: Geometries, corners: Floats, lines: Geometries, *, system: str) -> bool:
    """Tell whether the fit of a reading proves its place: pinned, and exact where the lines repeat themselves."""
    tree, points = _in_metres(read_as(corners, system), lines)
    points = points[_hit(tree, points)]
    if not _is_pinned(tree, points):
        return False
    exact = len(_hit(tree, points, EXACT_M)) >= EXACT_SHARE * len(points)
    return exact or not _repeats(tree, points, _sides(shapes))


def _sides(shapes: Geometries) -> Floats:
    """Return the sides of the largest shape's narrowest rectangle, there and back, in metres."""
    largest = shapes[int(np.argmax(shapely.area(shapes)))]
    lonlat = shapely.get_coordinates(shapely.oriented_envelope(largest))
    corners = local_metres(lonlat, lonlat[:, 1])[:3]
    sides = np.diff(corners, axis=0)
    return np.concatenate([sides, -sides])


def _repeats(tree: shapely.STRtree, points: Floats, sides: Floats) -> bool:
    """Tell whether lines look the same a plot further on, as those of equal fields do.

    Then a wrong reading too may bring a plot from somewhere between them onto the lines of another field.
    """
    kept = max((len(_hit(tree, points + side)) for side in sides), default=0)
    return kept >= REPEATS_SHARE * len(points)


def _is_pinned(tree: shapely.STRtree, points: Floats) -> bool:
    """Tell whether known lines hold corners in place in every direction.

    Fields lie in rows: under a wrong reading too, all corners of a side may come to lie on the lines of one row by
    chance. Pushed along these lines they would stay there, whereas a plot that was snapped to its neighbours on
    several sides leaves some of them whichever way it is pushed.
    """
    angles = np.arange(PIN_WAYS) * 2 * np.pi / PIN_WAYS
    pushes = PIN_M * np.column_stack([np.cos(angles), np.sin(angles)])
    lost = min(len(points) - len(_hit(tree, points + push)) for push in pushes)
    return lost >= max(MIN_PINNED, PINNED_SHARE * len(points))


def _met(known: Sequence[tuple[shapely.Geometry, shapely.Geometry]], system: str) -> dict[int, float]:
    """Return the intersection over union of the pairs that are the same plot under a reading."""
    result = {}
    for i, (shape, before) in enumerate(known):
        iou = _iou(shapely.transform(shape, lambda xy: read_as(xy, system)), before)
        if iou >= SAME_IOU:
            result[i] = iou
    return result


def _iou(one: shapely.Geometry, other: shapely.Geometry) -> float:
    try:
        shared = shapely.intersection(one, other).area
    except shapely.errors.GEOSException:
        return 0.0
    return float(shared / (one.area + other.area - shared)) if one.area + other.area > shared else 0.0


def _by_plots(
    met: dict[str, dict[int, float]], known: Sequence[tuple[shapely.Geometry, shapely.Geometry]]
) -> str | None:
    speaking = [system for system in READINGS if met[system]]
    if len(speaking) != 1 or (2 * len(met[speaking[0]]) <= len(known) and len(known) > 3):
        return None
    best = speaking[0]
    for i in met[best]:
        shape, before = known[i]
        for system in READINGS:
            moved = shapely.transform(shape, lambda xy, system=system: read_as(xy, system))
            if system != best and _iou(moved, before) > OTHER_IOU:
                return None
    return best


def _by_lines(scores: Sequence[Score]) -> str | None:
    ranked = sorted(scores, key=lambda score: -score.hits)
    best, second = ranked[0], ranked[1]
    clear = best.hits >= MIN_HITS and best.hits >= MIN_SHARE * best.corners and best.hits >= MIN_LEAD * second.hits
    return best.system if clear else None
