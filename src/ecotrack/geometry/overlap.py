"""Overlaps, net area and credited area: ground counts once, and every loss has a name."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum

import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.geometry.area import Floats, Geometries, area_m2

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapPairs:
    """Pairs of geometries that share ground.

    Attributes
    ----------
    left, right
        Positions of the two, ``left < right``; shape (k,).
    shared
        The shared ground, EPSG:4490.
    shared_m2
        Its area.
    """

    left: Ints
    right: Ints
    shared: Geometries
    shared_m2: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """How the net area is shared out.

    Attributes
    ----------
    credited_m2
        Ground credited to each geometry; with ``disputed_m2`` it adds up to the net area.
    disputed_m2
        Ground that prior claim would give to the geometry but that a rival disputes.
    lost_overlap_m2
        Ground of the geometry that belongs to one with prior claim.
    lost_dispute_m2
        Ground of the geometry that a rival holds in dispute.
    """

    credited_m2: Floats
    disputed_m2: Floats
    lost_overlap_m2: Floats
    lost_dispute_m2: Floats

    @property
    def net_m2(self) -> float:
        """Area of the union: credited ground plus disputed ground, exact sum."""
        return fsum([*self.credited_m2, *self.disputed_m2])


def overlap_pairs(geometries: Geometries) -> OverlapPairs:
    """Find every pair of polygons that share ground.

    Parameters
    ----------
    geometries
        Shape (n,), valid polygons or multipolygons in EPSG:4490 longitude/latitude.

    Returns
    -------
    OverlapPairs
        Sorted by position; pairs that only touch are left out.

    Examples
    --------
    >>> boxes = np.array([shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1), shapely.box(2, 0, 4, 1)])
    >>> pairs = overlap_pairs(boxes)
    >>> list(zip(pairs.left.tolist(), pairs.right.tolist()))
    [(0, 1), (1, 2)]
    """
    tree = shapely.STRtree(geometries)
    left, right = tree.query(geometries, predicate="intersects")
    keep = left < right
    left, right = left[keep], right[keep]
    order = np.lexsort((right, left))
    left, right = left[order], right[order]
    shared = shapely.intersection(geometries[left], geometries[right])
    shared_m2 = area_m2(shared)
    real = shared_m2 > 0
    return OverlapPairs(left=left[real], right=right[real], shared=shared[real], shared_m2=shared_m2[real])


def credit(
    geometries: Geometries, *, claim: npt.ArrayLike, pairs: OverlapPairs, disputed: npt.NDArray[np.bool_] | None = None
) -> Credit:
    """Share the net area of polygons out among them.

    Overlapping ground goes to the polygon with the smaller ``claim``. Where a pair is disputed, the ground
    that they share (and that nobody with an older claim holds) is credited to neither.

    Parameters
    ----------
    geometries
        Shape (n,), valid polygons in EPSG:4490.
    claim
        Shape (n,), a total order of prior claim: smaller comes first, no ties.
    pairs
        As `overlap_pairs` gives them.
    disputed
        For each pair, whether it is disputed; none by default.

    Returns
    -------
    Credit
        For each polygon, credited + disputed + lost_overlap + lost_dispute = its area (1e-9 relative), and
        credited + disputed over all = area of the union.

    Examples
    --------
    >>> boxes = np.array([shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)])
    >>> shared = credit(boxes, claim=[1, 0], pairs=overlap_pairs(boxes))
    >>> bool(shared.credited_m2[0] < shared.credited_m2[1])
    True
    """
    order = np.asarray(claim)
    contested = np.zeros(len(pairs.left), dtype=bool) if disputed is None else disputed
    areas = area_m2(geometries)
    first_is_left = order[pairs.left] < order[pairs.right]
    winner = np.where(first_is_left, pairs.left, pairs.right)
    loser = np.where(first_is_left, pairs.right, pairs.left)
    pieces = _Pieces(pairs, count=len(areas), winner=winner, loser=loser, contested=contested)
    lost_overlap, lost_dispute, held = (np.zeros(len(areas)) for _ in range(3))
    for i in np.unique(loser):
        lost_overlap[i], lost_dispute[i] = pieces.losses(int(i))
    for i in np.unique(winner[contested]):
        held[i] = pieces.held_in_dispute(int(i))
    credited = np.maximum(areas - lost_overlap - lost_dispute - held, 0.0)
    return Credit(credited_m2=credited, disputed_m2=held, lost_overlap_m2=lost_overlap, lost_dispute_m2=lost_dispute)


class _Pieces:
    """Shared ground of each polygon, looked up by the side on which it stands."""

    def __init__(
        self, pairs: OverlapPairs, *, count: int, winner: Ints, loser: Ints, contested: npt.NDArray[np.bool_]
    ) -> None:
        self._pairs, self._contested = pairs, contested
        self._as_loser = _group(loser, count)
        self._as_winner = _group(winner, count)

    def _ground(self, rows: Ints) -> shapely.Geometry:
        return shapely.union_all(self._pairs.shared[rows])

    def losses(self, i: int) -> tuple[float, float]:
        """Return the ground that polygon ``i`` loses to older claims and to disputes, m2."""
        rows = self._as_loser[i]
        contested = self._contested[rows]
        if len(rows) == 1:
            lost = float(self._pairs.shared_m2[rows[0]])
            return (0.0, lost) if contested[0] else (lost, 0.0)
        older = self._ground(rows[~contested])
        everything = self._ground(rows)
        lost_overlap, lost_all = area_m2([older, everything])
        return float(lost_overlap), max(float(lost_all - lost_overlap), 0.0)

    def held_in_dispute(self, i: int) -> float:
        """Return the ground that ``i`` has prior claim to but a rival of its season disputes, m2."""
        rows = self._as_winner[i]
        rows = rows[self._contested[rows]]
        lost = self._as_loser[i]
        if len(rows) == 1 and len(lost) == 0:
            return float(self._pairs.shared_m2[rows[0]])
        ground = self._ground(rows)
        if len(lost):
            ground = shapely.difference(ground, self._ground(lost))
        return float(area_m2([ground])[0])


def _group(keys: Ints, count: int) -> list[Ints]:
    """Return, for each of ``count`` keys, the rows that hold it."""
    order = np.argsort(keys, kind="stable")
    bounds = np.searchsorted(keys[order], np.arange(count + 1))
    return [order[bounds[i] : bounds[i + 1]] for i in range(count)]


def net_area_m2(geometries: Geometries) -> float:
    """Return the area of the union of polygons, m2: ground counts once.

    Only ground inside overlaps is ever unioned; equal to the area of the full union to 1e-9.
    """
    return credit(geometries, claim=np.arange(len(geometries)), pairs=overlap_pairs(geometries)).net_m2
