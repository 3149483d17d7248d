"""Overlaps, net area and credited area: ground counts once, and every loss has a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.geometry.area import Floats, Geometries, area_m2
from ecotrack.geometry.boxes import Boxes, Ints, Mask
from ecotrack.geometry.codec import ReadShapes
from ecotrack.geometry.distinct import distinct
from ecotrack.geometry.matches import matches
from ecotrack.geometry.sums import exact_sum, exact_sums

_BLOCK = 50_000
"""Pairs whose shapes are held in memory at a time."""

_NEIGHBOURHOOD_DEG = 0.02
"""Side of the squares by which pairs are ordered, so that a block reads few shapes that another one reads too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapPairs:
    """Pairs of geometries that share ground.

    Attributes
    ----------
    left, right
        Positions of the two, ``left < right``; shape (k,).
    shared_m2
        Area of the shared ground.
    ground
        Gives the shared ground of some pairs, EPSG:4490; asked only where three overlap one another.
    """

    left: Ints
    right: Ints
    shared_m2: Floats
    ground: ReadShapes

    def take(self, rows: Ints) -> OverlapPairs:
        """Return some of the pairs."""
        return OverlapPairs(
            left=self.left[rows],
            right=self.right[rows],
            shared_m2=self.shared_m2[rows],
            ground=lambda some: self.ground(rows[some]),
        )


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
        return exact_sum(self.credited_m2, self.disputed_m2)


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
    boxes = Boxes(shapely.bounds(geometries).reshape(-1, 4))
    return shared_ground(geometries, *boxes.meetings())


def shared_ground(geometries: Geometries, left: Ints, right: Ints) -> OverlapPairs:
    """Measure the ground that given pairs share; pairs that are apart or only touch are left out.

    Parameters
    ----------
    geometries
        Shape (n,), valid polygons or multipolygons in EPSG:4490 longitude/latitude.
    left, right
        Pairs to look at, by position; shape (k,).

    Examples
    --------
    >>> boxes = np.array([shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1), shapely.box(2, 0, 4, 1)])
    >>> shared = shared_ground(boxes, np.array([0, 0]), np.array([1, 2]))
    >>> shared.right.tolist(), shared.ground(np.array([0]))[0].bounds
    ([1], (1.0, 0.0, 2.0, 1.0))
    """
    meet = shapely.intersects(geometries[left], geometries[right])
    left, right = left[meet], right[meet]
    # Normalised, so that a ring is added up from one and the same corner whichever plot was asked first.
    shared = shapely.normalize(shapely.intersection(geometries[left], geometries[right]))
    shared_m2 = area_m2(shared)
    real = shared_m2 > 0
    shared = shared[real]
    return OverlapPairs(left=left[real], right=right[real], shared_m2=shared_m2[real], ground=lambda rows: shared[rows])


class Shares(NamedTuple):
    """Pairs that share ground by the rows of their polygons, ``left < right``, sorted; shape (k,)."""

    left: Ints
    right: Ints
    shared_m2: Floats


def shares(bounds: Floats, left: Ints, right: Ints, *, read: ReadShapes) -> Shares:
    """Measure what polygons share whose boxes meet; some are read at a time, neighbours together.

    Parameters
    ----------
    bounds
        West, south, east, north of every polygon, shape (n, 4), EPSG:4490 degrees.
    left, right
        Pairs whose boxes meet (`Boxes.meetings`), ``left < right``.
    read
        Gives the polygons of some rows, EPSG:4490.

    Examples
    --------
    >>> boxes = np.array([shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1), shapely.box(2, 0, 4, 1)])
    >>> near = Boxes(shapely.bounds(boxes))
    >>> shares(near.bounds, *near.meetings(), read=lambda rows: boxes[rows]).right.tolist()
    [1, 2]
    """
    place = np.round(bounds[left, :2] / _NEIGHBOURHOOD_DEG)
    order = np.lexsort((right, left, place[:, 0], place[:, 1]))
    found = [Shares(left[:0], right[:0], np.zeros(0))]
    for start in range(0, len(order), _BLOCK):
        some = order[start : start + _BLOCK]
        rows, where = np.unique(np.concatenate([left[some], right[some]]), return_inverse=True)
        pairs = shared_ground(read(rows), where[: len(some)], where[len(some) :])
        found.append(Shares(rows[pairs.left], rows[pairs.right], pairs.shared_m2))
    lefts, rights, shared = (np.concatenate(columns) for columns in zip(*found, strict=True))
    order = np.lexsort((rights, lefts))
    return Shares(lefts[order], rights[order], shared[order])


def pairs_among(pairs: OverlapPairs, rows: Ints, count: int) -> tuple[OverlapPairs, Ints]:
    """Return the pairs whose polygons are both among some rows, by their places there, and which pairs they are.

    Parameters
    ----------
    rows
        Positions of polygons, each once; shape (k,).
    count
        How many polygons the pairs speak of.

    Examples
    --------
    >>> boxes = np.array([shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1), shapely.box(2, 0, 4, 1)])
    >>> some, which = pairs_among(overlap_pairs(boxes), np.array([1, 2]), 3)
    >>> some.left.tolist(), some.right.tolist(), which.tolist()
    ([0], [1], [1])
    """
    place = np.full(count, -1)
    place[rows] = np.arange(len(rows))
    left, right = place[pairs.left], place[pairs.right]
    which = np.flatnonzero((left >= 0) & (right >= 0))
    return replace(pairs.take(which), left=left[which], right=right[which]), which


def pairs_inside(
    pairs: OverlapPairs,
    whole: Mask,
    cut: Callable[[Geometries], Geometries],
    *,
    cut_m2: Callable[[Ints], Floats] | None = None,
) -> OverlapPairs:
    """Return pairs as they overlap inside some place: a cell, or what lies beyond all cells.

    Parameters
    ----------
    pairs
        Pairs of polygons that each have some ground there.
    whole
        Whether all of a polygon lies there; shape (n,).
    cut
        Gives the part of some shapes that lies there. Only pairs of which neither polygon lies there with all it has
        are cut.
    cut_m2
        Gives what some of the pairs share there, where that is known; they are cut otherwise.

    Examples
    --------
    Both plots cross a border at 1.5 degrees; half of what they share lies west of it:

    >>> pairs = overlap_pairs(np.array([shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)]))
    >>> west = pairs_inside(pairs, np.array([False, False]), lambda shapes: shapely.clip_by_rect(shapes, 0, 0, 1.5, 1))
    >>> round(float(west.shared_m2[0] / pairs.shared_m2[0]), 9)
    0.5
    """
    crossing = ~(whole[pairs.left] | whole[pairs.right])

    def ground(some: Ints) -> Geometries:
        shapes, crossed = pairs.ground(some), crossing[some]
        shapes[crossed] = cut(shapes[crossed])
        return shapes

    shared, rows = pairs.shared_m2.copy(), np.flatnonzero(crossing)
    shared[rows] = area_m2(ground(rows)) if cut_m2 is None else cut_m2(rows)
    return replace(pairs, shared_m2=shared, ground=ground)


def credit(areas: Floats, *, claim: npt.ArrayLike, pairs: OverlapPairs, disputed: Mask | None = None) -> Credit:
    """Share the net area of polygons out among them.

    Overlapping ground goes to the polygon with the smaller ``claim``. Where a pair is disputed, the ground
    that they share (and that nobody with an older claim holds) is credited to neither.

    Parameters
    ----------
    areas
        Shape (n,), area of each polygon in m2.
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
    >>> shared = credit(area_m2(boxes), claim=[1, 0], pairs=overlap_pairs(boxes))
    >>> bool(shared.credited_m2[0] < shared.credited_m2[1])
    True
    """
    order = np.asarray(claim)
    contested = np.zeros(len(pairs.left), dtype=bool) if disputed is None else disputed
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


Groups = dict[int, Ints]


def _lost(pairs: OverlapPairs, loser: Ints, contested: Mask, count: int) -> tuple[Floats, Floats]:
    """Return the ground that each polygon loses to older claims, and to older claims and disputes together."""
    every = np.arange(len(loser))
    lost_all = _union_area(pairs, loser, every, count)
    return (_union_area(pairs, loser, every[~contested], count) if contested.any() else lost_all), lost_all


def _held(pairs: OverlapPairs, winner: Ints, loser: Ints, contested: Mask, count: int) -> Floats:
    """Return the ground that each polygon has prior claim to but that a rival disputes, m2.

    Ground that the polygon itself loses to somebody else is not its own to hold.
    """
    rows, result = np.flatnonzero(contested), np.zeros(count)
    if len(rows) == 0:
        return result
    won, lost = np.bincount(winner[rows], minlength=count), np.bincount(loser, minlength=count)
    simple = (won[winner[rows]] == 1) & (lost[winner[rows]] == 0)
    result[winner[rows[simple]]] = pairs.shared_m2[rows[simple]]
    as_winner = _group(winner, rows[~simple])
    as_loser = _group(loser, np.flatnonzero(np.isin(loser, [*as_winner])))
    nothing, holders = np.zeros(0, dtype=np.int64), [*as_winner]
    ground = _ground_of(pairs, [*as_winner.values(), *as_loser.values()])
    heaps = [(ground[as_winner[i]], ground[as_loser.get(i, nothing)]) for i in holders]
    result[holders] = area_m2([_net(frozenset(whole), frozenset(taken)) for whole, taken in heaps])
    return result


@lru_cache(maxsize=1 << 13)
def _net(whole: frozenset[shapely.Geometry], taken: frozenset[shapely.Geometry] = frozenset()) -> shapely.Geometry:
    """Return the union of some ground less other ground.

    The same few heaps come up again at every step of the funnel and in every county. Normalised, since the area of a
    ring must not depend on the corner at which an overlay begins it.
    """
    ground = _united(whole)
    return shapely.normalize(shapely.difference(ground, _united(taken)) if taken else ground)


def _united(ground: frozenset[shapely.Geometry]) -> shapely.Geometry:
    """Return the union; its last digits depend on the order, so that is one of content."""
    return shapely.union_all(sorted(ground, key=shapely.to_wkb))


def _union_area(pairs: OverlapPairs, key: Ints, rows: Ints, count: int) -> Floats:
    """Return, for each polygon, the area of the ground that it shares in some pairs, counted once.

    Where the polygon's rivals do not overlap one another, their shares lie apart and simply add up; only where
    three polygons overlap one another is the ground itself needed.

    Parameters
    ----------
    key
        Which polygon each pair speaks of.
    """
    result = np.zeros(count)
    single = np.bincount(key[rows], minlength=count)[key[rows]] == 1
    result[key[rows[single]]] = pairs.shared_m2[rows[single]]
    rows = rows[~single]
    tangled = _tangled(pairs, key, rows, count)[key[rows]]
    polygons, number = np.unique(key[rows[~tangled]], return_inverse=True)
    result[polygons] = exact_sums(number, len(polygons), pairs.shared_m2[rows[~tangled]])
    groups = _group(key, rows[tangled])
    ground = _ground_of(pairs, [*groups.values()])
    result[[*groups]] = area_m2([_net(frozenset(ground[mine])) for mine in groups.values()])
    return result


def _tangled(pairs: OverlapPairs, key: Ints, rows: Ints, count: int) -> Mask:
    """Return which polygons have two rivals, in some pairs of theirs, that overlap each other.

    Every pair of all is set beside those pairs of the polygons whose rival is its left end; the polygon is found
    when its right end is a rival too.
    """
    rival = pairs.left[rows] + pairs.right[rows] - key[rows]
    order = np.argsort(rival, kind="stable")
    beside, place = matches(pairs.left, rival[order])
    polygon = key[rows[order[place]]]
    wanted, held = polygon * count + pairs.right[beside], np.sort(key[rows] * count + rival)
    at = np.searchsorted(held, wanted)
    result = np.zeros(count, dtype=bool)
    result[polygon[held[np.minimum(at, len(held) - 1)] == wanted]] = True
    return result


def _ground_of(pairs: OverlapPairs, groups: list[Ints]) -> Geometries:
    """Return shared ground by pair, filled in for the pairs of some groups: they are asked for in one call."""
    result = np.empty(len(pairs.left), dtype=object)
    if groups:
        rows = distinct(np.concatenate(groups))
        result[rows] = pairs.ground(rows)
    return result


def _group(key: Ints, rows: Ints) -> Groups:
    """Return the rows that hold each key, among some rows."""
    if len(rows) == 0:
        return {}
    rows = rows[np.argsort(key[rows], kind="stable")]
    held, starts = np.unique(key[rows], return_index=True)
    return dict(zip(held.tolist(), np.split(rows, starts[1:]), strict=True))


def union_area_m2(areas: Floats, pairs: OverlapPairs) -> float:
    """Return the area of the union of polygons from their areas and overlaps, m2: ground counts once.

    Examples
    --------
    >>> boxes = np.array([shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)])
    >>> areas = area_m2(boxes)
    >>> round(float(union_area_m2(areas, overlap_pairs(boxes)) / areas.sum()), 9)
    0.75
    """
    return credit(areas, claim=np.arange(len(areas)), pairs=pairs).net_m2


def net_area_m2(geometries: Geometries) -> float:
    """Return the area of the union of polygons, m2: ground counts once.

    Only ground inside overlaps is ever unioned; equal to the area of the full union to 1e-9.

    Examples
    --------
    >>> boxes = np.array([shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1), shapely.box(2, 0, 4, 1)])
    >>> round(net_area_m2(boxes) / float(area_m2([shapely.union_all(boxes)])[0]), 9)
    1.0
    """
    return union_area_m2(area_m2(geometries), overlap_pairs(geometries))
