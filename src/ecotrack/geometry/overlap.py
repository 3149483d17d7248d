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
    lost_overlap, lost_all = _lost(pairs, loser, contested, len(areas))
    held = _held(pairs, winner, loser, contested, len(areas))
    return Credit(
        credited_m2=np.maximum(areas - lost_all - held, 0.0),
        disputed_m2=held,
        lost_overlap_m2=lost_overlap,
        lost_dispute_m2=np.maximum(lost_all - lost_overlap, 0.0),
    )


def _lost(pairs: OverlapPairs, loser: Ints, contested: npt.NDArray[np.bool_], count: int) -> tuple[Floats, Floats]:
    """Return the ground that each polygon loses to older claims, and to older claims and disputes together."""
    return (
        _union_area(pairs, _group(np.where(contested, -1, loser), count)),
        _union_area(pairs, _group(loser, count)),
    )


def _held(pairs: OverlapPairs, winner: Ints, loser: Ints, contested: npt.NDArray[np.bool_], count: int) -> Floats:
    """Return the ground that each polygon has prior claim to but that a rival disputes, m2.

    Ground that the polygon itself loses to somebody else is not its own to hold.
    """
    as_winner, as_loser = _group(np.where(contested, winner, -1), count), _group(loser, count)
    result = np.zeros(count)
    holders = [i for i, rows in enumerate(as_winner) if len(rows)]
    ground = np.array([_ground(pairs, as_winner[i], less=as_loser[i]) for i in holders], dtype=object)
    result[holders] = area_m2(ground)
    return result


def _ground(pairs: OverlapPairs, rows: Ints, *, less: Ints) -> shapely.Geometry:
    ground = shapely.union_all(pairs.shared[rows])
    return shapely.difference(ground, shapely.union_all(pairs.shared[less])) if len(less) else ground


def _union_area(pairs: OverlapPairs, groups: list[Ints]) -> Floats:
    """Return, for each group of pairs, the area of the ground that they share, counted once."""
    result = np.zeros(len(groups))
    single = [i for i, rows in enumerate(groups) if len(rows) == 1]
    several = [i for i, rows in enumerate(groups) if len(rows) > 1]
    result[single] = pairs.shared_m2[[groups[i][0] for i in single]]
    result[several] = area_m2([shapely.union_all(pairs.shared[groups[i]]) for i in several])
    return result


def _group(keys: Ints, count: int) -> list[Ints]:
    """Return, for each of ``count`` keys, the rows that hold it; rows with a key of -1 belong to nobody."""
    order = np.argsort(keys, kind="stable")
    bounds = np.searchsorted(keys[order], np.arange(count + 1))
    return [order[bounds[i] : bounds[i + 1]] for i in range(count)]


def net_area_m2(geometries: Geometries) -> float:
    """Return the area of the union of polygons, m2: ground counts once.

    Only ground inside overlaps is ever unioned; equal to the area of the full union to 1e-9.
    """
    return credit(geometries, claim=np.arange(len(geometries)), pairs=overlap_pairs(geometries)).net_m2
