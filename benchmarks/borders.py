"""County borders as fine as official ones: the sketch coverage with noise on its edges, still a coverage."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np
import shapely

from benchmarks.plots import Floats, Geometries

_STEP_DEG = 0.0007
"""Length of the new edges: about 2,000 vertices on a county."""

_NOISE = 0.0004  # of an edge's length, each step: a border that wanders but never crosses itself


def densified(cells: Geometries) -> Geometries:
    """Return the coverage with about 2,000 vertices on each cell and rough edges that neighbours share.

    Every edge is roughened by dice of its own end points, so the cells on both sides get the same line.

    Parameters
    ----------
    cells
        Valid coverage of polygons without holes, EPSG:4490.

    Raises
    ------
    ValueError
        The result is no coverage.
    """
    rough = np.array([_rough(cell) for cell in cells], dtype=object)
    if not (shapely.is_valid(rough).all() and shapely.coverage_is_valid(rough)):
        raise ValueError("the roughened borders do not close")
    return rough


def _rough(cell: shapely.Polygon) -> shapely.Polygon:
    ring = shapely.get_coordinates(cell.exterior)
    return shapely.Polygon(np.concatenate([_edge(a, b) for a, b in itertools.pairwise(ring)]))


def _edge(start: Floats, end: Floats) -> Floats:
    """Return the points of one edge from ``start`` up to but without ``end``."""
    if tuple(end) < tuple(start):
        return np.concatenate([start[None], _edge(end, start)[:0:-1]])
    digest = hashlib.sha256(np.concatenate([start, end]).tobytes()).digest()
    dice = np.random.default_rng(list(digest[:8]))
    way = end - start
    count = max(int(np.hypot(*way) / _STEP_DEG), 1)
    along = np.arange(count)[:, None] / count
    steps = dice.normal(0, 1, count)
    wander = np.cumsum(steps) - steps - along[:, 0] * steps.sum()
    normal = np.array([-way[1], way[0]])
    aside = (wander * _NOISE / np.sqrt(count))[:, None] * normal
    return np.asarray(np.round(start + along * way + aside, 9))
