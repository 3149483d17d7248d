"""Reaches: rivers and canals cut where they pass from one report unit to the next.

Chainage (桩号) is measured along the drawn line from its first point, in whole metres. It is not calibrated to the
published length: a sketch leaves out most bends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from ecotrack.demo.geography_features import FeatureCollection, sketch_feature
from ecotrack.geometry.features import Feature

Floats = npt.NDArray[np.float64]

STEP_M = 100.0
"""Pieces in which a line is judged: a cut stands within this distance of the border that it crosses."""
BORDER_M = 300.0
"""A line this near to two units runs on their border."""
SHORTEST_SHARED_M = 3000.0
"""A line that stays near a border for less than this crosses it."""
SHORTEST_REACH_M = 1000.0
"""Shorter pieces go to the reach before them."""

_GEOD = pyproj.Geod(ellps="GRS80")
_DEGREE_M = np.array([111_195.0 * np.cos(np.radians(37.7)), 111_195.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Consecutive pieces of a line in the same unit, or on the same border.

    Attributes
    ----------
    start, stop
        Positions in the densified line.
    units
        Position of the unit; several for a shared border.
    """

    start: int
    stop: int
    units: tuple[int, ...]


class MeasuredLine:
    """A line with chainage.

    Parameters
    ----------
    line
        EPSG:4490 longitude/latitude; edges are straight there.

    Attributes
    ----------
    points
        The line's vertices and points between them, at most ``STEP_M`` apart, shape (n, 2).
    chainage_m
        Length along the line on the ellipsoid, shape (n,).

    Examples
    --------
    >>> line = MeasuredLine(shapely.LineString([(115.0, 37.0), (115.0, 37.1)]))
    >>> round(line.chainage_m[-1]), len(line.points)
    (11098, 112)
    >>> line.part(0, 111).wkt
    'LINESTRING (115 37, 115 37.1)'
    """

    def __init__(self, line: shapely.LineString) -> None:
        vertices = shapely.get_coordinates(line)
        points = [vertices[:1]]
        self._is_vertex = [True]
        for start, stop in pairwise(vertices):
            count = int(np.ceil(_GEOD.line_length(*np.array([start, stop]).T) / STEP_M))
            points.append(start + (stop - start) * (np.arange(1, count + 1) / count)[:, None])
            self._is_vertex.extend([False] * (count - 1) + [True])
        self.points: Floats = np.concatenate(points)
        steps = _GEOD.line_lengths(self.points[:, 0], self.points[:, 1])
        self.chainage_m: Floats = np.concatenate([[0.0], np.cumsum(steps)])

    def length_m(self, run: Run) -> float:
        """Return the length of a run in metres."""
        return float(self.chainage_m[run.stop] - self.chainage_m[run.start])

    def part(self, start: int, stop: int) -> shapely.LineString:
        """Return the line between two of its points, with the vertices of the original between them."""
        kept = [i for i in range(start, stop + 1) if i in (start, stop) or self._is_vertex[i]]
        return shapely.LineString(self.points[kept])


def cut(line: MeasuredLine, *, units: Sequence[shapely.Polygon]) -> list[Run]:
    """Cut a line where it passes from one unit to the next.

    Pieces outside every unit go to the nearest one.

    Examples
    --------
    >>> west, east = shapely.box(115.0, 37.0, 115.1, 37.1), shapely.box(115.1, 37.0, 115.2, 37.1)
    >>> across = MeasuredLine(shapely.LineString([(115.0, 37.05), (115.2, 37.05)]))
    >>> [run.units for run in cut(across, units=[west, east])]
    [(0,), (1,)]
    >>> along = MeasuredLine(shapely.LineString([(115.1, 37.0), (115.1, 37.1)]))
    >>> [run.units for run in cut(along, units=[west, east])]
    [(0, 1)]
    """
    middles = shapely.points((line.points[:-1] + line.points[1:]) / 2 * _DEGREE_M)
    plane = [shapely.transform(unit, lambda lonlat: lonlat * _DEGREE_M) for unit in units]
    # Whole metres: a line drawn exactly on a border is then equally near to both sides on any machine.
    distance_m = np.column_stack([shapely.distance(middles, unit) for unit in plane]).round()
    labels: list[tuple[int, ...]] = [(int(unit),) for unit in distance_m.argmin(axis=1)]
    near = [_near(row) for row in distance_m]
    for run in _runs(near):
        if len(run.units) > 1 and line.length_m(run) >= SHORTEST_SHARED_M:
            labels[run.start : run.stop] = [run.units] * (run.stop - run.start)
    return _without_short(_runs(labels), line=line)


def _near(distance_m: Floats) -> tuple[int, ...]:
    """Return the one or two units within ``BORDER_M``: where three meet, the line borders the two nearest."""
    nearest = distance_m.argsort(kind="stable")[:2]
    return tuple(sorted(int(unit) for unit in nearest if distance_m[unit] < BORDER_M))


def _runs(labels: Sequence[tuple[int, ...]]) -> list[Run]:
    found, start = [], 0
    for units, same in groupby(labels):
        stop = start + len(list(same))
        found.append(Run(start=start, stop=stop, units=units))
        start = stop
    return found


def _without_short(runs: Sequence[Run], *, line: MeasuredLine) -> list[Run]:
    kept: list[Run] = []
    for run in runs:
        before = kept[-1] if kept else None
        if before and (run.units == before.units or line.length_m(run) < SHORTEST_REACH_M):
            kept[-1] = Run(start=before.start, stop=run.stop, units=before.units)
        elif before and len(kept) == 1 and line.length_m(before) < SHORTEST_REACH_M:
            kept[-1] = Run(start=before.start, stop=run.stop, units=run.units)
        else:
            kept.append(run)
    return kept


def build_reaches(*, courses: FeatureCollection, units: FeatureCollection) -> FeatureCollection:
    """Return the layer ``reaches``: every river and canal cut at the borders of the report units.

    A reach on a border between units belongs to the unit with the lowest code and names the others in
    ``shared_with`` (text, parted by semicolons); who treats it is for the bureau to say.
    """
    return tuple(reach for course in courses for reach in _reaches_of(course, units=units))


def _reaches_of(course: Feature, *, units: FeatureCollection) -> list[Feature]:
    line = MeasuredLine(course.geometry)
    runs = cut(line, units=[unit.geometry for unit in units])
    return [_reach(course, number, run, line=line, units=units) for number, run in enumerate(runs, start=1)]


def _reach(course: Feature, number: int, run: Run, *, line: MeasuredLine, units: FeatureCollection) -> Feature:
    sides = sorted((units[position] for position in run.units), key=lambda unit: unit.feature_id)
    return sketch_feature(
        line.part(run.start, run.stop),
        code=f"{course.feature_id}-{number:02d}",
        name=f"{course.name}{'、'.join(str(unit.name) for unit in sides)}段" if course.name else None,
        source="sketched course cut at the sketched borders of the report units",
        confidence="low",
        river=course.feature_id,
        river_name=course.name,
        from_m=round(line.chainage_m[run.start]),
        to_m=round(line.chainage_m[run.stop]),
        bank="双",
        unit=sides[0].feature_id,
        shared_border=len(sides) > 1,
        shared_with=";".join(unit.feature_id for unit in sides[1:]) or None,
        calibrated=False,
    )
