"""Walks round a plot: when a GPX track or route is closed to a polygon, and when it is not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely

from ecotrack.geometry.width import local_metres
from ecotrack.intake.checks import check_table

FLOOR_M = 20.0
"""Ends nearer than this are joined however short the walk; a handheld is a few metres off."""


class Walk(NamedTuple):
    """What becomes of a walk: its polygon, or ``None``; the check that says so, and its facts."""

    polygon: shapely.Geometry | None
    check: str
    facts: dict[str, str]


def close_walk(line: shapely.Geometry) -> Walk:
    """Close a walk whose ends lie within 5 % of its length, or 20 m, of each other.

    The segments of a track (the receiver lost its satellites, or was paused) are one walk, in their order.

    Parameters
    ----------
    line
        A line or lines in longitude/latitude degrees.

    Examples
    --------
    >>> almost = shapely.LineString([(115.6, 37.6), (115.61, 37.6), (115.61, 37.61), (115.6, 37.61), (115.6, 37.6002)])
    >>> close_walk(almost).check, close_walk(shapely.LineString([(115.6, 37.6), (115.61, 37.6), (115.7, 37.7)])).check
    ('closed_walk', 'open_walk')
    """
    xy = shapely.get_coordinates(line)
    plane = local_metres(xy, xy[:, 1])
    length = float(np.hypot(*np.diff(plane, axis=0).T).sum())
    gap = float(np.hypot(*(plane[-1] - plane[0])))
    near = gap <= max(length * check_table()["open_walk"].limit / 100, FLOOR_M)
    facts = {"gap_m": f"{gap:.0f}", "length_m": f"{length:.0f}", "floor_m": f"{FLOOR_M:.0f}"}
    if near and len(np.unique(xy, axis=0)) >= 3 and length > 2 * gap:
        return Walk(shapely.Polygon(xy), "closed_walk", facts)
    return Walk(None, "open_walk", facts)
