"""Bounds of many polygons: what can be told from them alone, before any shape is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.geometry.area import Floats

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_FEW = 256
"""Boxes up to which each is compared with all the others; from there on a tree is worth its building."""

_NOBODY = np.zeros(0, dtype=np.int64)
_RUN = 2
_EDGE_DEG = 0.002
"""Edges of a border under one box, and their length at most: narrow boxes let few polygons come near by mistake."""

_PAD_DEG = 1e-11
"""What boxes of a border are widened by, for the rounding of points put on its long edges."""


@dataclass(frozen=True, eq=False)
class Boxes:
    """Bounds of polygons and the tree that finds them.

    Attributes
    ----------
    bounds
        West, south, east, north in EPSG:4490 degrees; shape (n, 4). An empty polygon has NaN and meets nothing.

    Examples
    --------
    >>> boxes = Boxes(np.array([[0, 0, 2, 1], [1, 0, 3, 1], [5, 5, 6, 6]], dtype=float))
    >>> [ends.tolist() for ends in boxes.meetings()]
    [[0], [1]]
    """

    bounds: Floats

    def __len__(self) -> int:
        return len(self.bounds)

    @cached_property
    def _shapes(self) -> npt.NDArray[np.object_]:
        shapes = np.full(len(self), None, dtype=object)
        real = np.flatnonzero(~np.isnan(self.bounds[:, 0]))
        # A diagonal has the bounds of its box, which is all that a tree looks at, and is smaller.
        shapes[real] = shapely.linestrings(self.bounds[real].reshape(-1, 2, 2))
        return shapes

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._shapes)

    def meetings(self) -> tuple[Ints, Ints]:
        """Return every pair of boxes that meet, ``left < right``, sorted."""
        left, right = self._tree.query(self._shapes)
        keep = left < right
        return in_order(left[keep], right[keep])

    def met_by(self, others: Floats) -> tuple[Ints, Ints]:
        """Return which boxes meet which of ``others`` (bounds, shape (m, 4)), sorted: rows here, rows there."""
        if len(self) == 0:
            return _NOBODY, _NOBODY
        if len(others) > _FEW:
            there, here = self._tree.query(Boxes(others)._shapes)
            return in_order(here, there)
        west, south, east, north = np.ascontiguousarray(self.bounds.T)
        found = []
        for x0, y0, x1, y1 in others.tolist():
            near = np.flatnonzero((west <= x1) & (east >= x0))
            found.append(near[(south[near] <= y1) & (north[near] >= y0)])
        there = np.repeat(np.arange(len(others)), [len(near) for near in found])
        return in_order(np.concatenate([_NOBODY, *found]), there)

    def near(self, borders: npt.NDArray[np.object_]) -> Mask:
        """Return which boxes come near the boundary of any polygon: all others lie wholly inside or outside each."""
        runs = [run for border in borders for run in _runs(border)]
        result = np.zeros(len(self), dtype=bool)
        if runs:
            result[self._tree.query(Boxes(np.concatenate(runs))._shapes)[1]] = True
        return result


def in_order(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Return pairs sorted by their first, then by their second member.

    Examples
    --------
    >>> [ends.tolist() for ends in in_order(np.array([2, 0, 0]), np.array([3, 4, 1]))]
    [[0, 0, 2], [1, 4, 3]]
    """
    order = np.lexsort((right, left))
    return left[order].astype(np.int64, copy=False), right[order].astype(np.int64, copy=False)


def _runs(polygon: Any) -> Sequence[Floats]:
    """Return the bounds of the boundary's runs of `_RUN` edges, ring by ring."""
    result = []
    for ring in shapely.get_rings(shapely.segmentize(polygon, _EDGE_DEG)):
        xy = shapely.get_coordinates(ring)
        starts = np.arange(0, len(xy) - 1, _RUN)
        # A run ends at the vertex where the next one begins.
        ends = np.minimum(starts + _RUN, len(xy) - 1)
        low, high = np.minimum.reduceat(xy, starts), np.maximum.reduceat(xy, starts)
        result.append(np.hstack([np.minimum(low, xy[ends]) - _PAD_DEG, np.maximum(high, xy[ends]) + _PAD_DEG]))
    return result
