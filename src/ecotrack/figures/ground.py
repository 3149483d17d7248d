"""The ground of feature versions: areas, overlaps and border pieces, worked out once for each version.

What belongs to a version never changes, so it is kept and carried on: a new version is measured, and compared with
those before it, and nothing else is done again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import shapely

from ecotrack.geometry.area import Floats, Geometries, area_m2
from ecotrack.geometry.boxes import Boxes, Ints
from ecotrack.geometry.codec import ReadWkb, from_wkb
from ecotrack.geometry.distinct import distinct
from ecotrack.geometry.features import Feature, geometries_of
from ecotrack.geometry.matches import matches
from ecotrack.geometry.measure import measure
from ecotrack.geometry.overlap import OverlapPairs, shares
from ecotrack.geometry.split import left_over, split_boxes
from ecotrack.geometry.windows import cut_off, cut_with

KERNEL = "3"
"""Version of what is computed here; kept pieces of another kernel are thrown away."""


class ZonePieces(NamedTuple):
    """Where versions lie among the cells of a layer.

    Attributes
    ----------
    row, cell
        Version and cell of each piece; shape (k,).
    area_m2
        Area of the piece.
    whole
        Whether the version lies wholly inside the cell.
    """

    row: Ints
    cell: Ints
    area_m2: Floats
    whole: Ints

    def take(self, rows: Ints) -> ZonePieces:
        """Return some of the pieces."""
        return ZonePieces(self.row[rows], self.cell[rows], self.area_m2[rows], self.whole[rows])

    def with_more(self, more: ZonePieces) -> ZonePieces:
        """Return these pieces and more of them."""
        row, cell, area_m2, whole = (np.concatenate(columns) for columns in zip(self, more, strict=True))
        return ZonePieces(row, cell, area_m2, whole)


class ZoneShares(NamedTuple):
    """What pairs of versions share in each cell of a layer, for those pairs that a border may cross.

    Attributes
    ----------
    pair, cell
        Pair of versions, by its place in `Ground`, and the cell; `BEYOND` is the ground outside all of them. A pair
        that shares nothing in a cell is left out. Shape (k,).
    shared_m2
        Area of the shared ground in the cell.
    """

    pair: Ints
    cell: Ints
    shared_m2: Floats

    def with_more(self, more: ZoneShares) -> ZoneShares:
        """Return these overlaps and more of them."""
        pair, cell, shared_m2 = (np.concatenate(columns) for columns in zip(self, more, strict=True))
        return ZoneShares(pair, cell, shared_m2)


BEYOND = -1


@dataclass(frozen=True, eq=False)
class Ground:
    """Areas, overlaps and pieces of feature versions.

    Attributes
    ----------
    area_m2
        Ellipsoidal area of each version; shape (n,).
    bounds
        West, south, east, north of each version; shape (n, 4).
    left, right, shared_m2
        Pairs of versions that share ground, ``left < right``; shape (k,).
    pieces
        Pieces by layer, the layer named with the hash of its cells.
    cut_shares
        Overlaps at the borders of the same layers.
    read_wkb
        Gives the stored bytes of some versions.
    """

    area_m2: Floats
    bounds: Floats
    left: Ints
    right: Ints
    shared_m2: Floats
    pieces: dict[str, ZonePieces]
    cut_shares: dict[str, ZoneShares]
    read_wkb: ReadWkb

    def __len__(self) -> int:
        return len(self.area_m2)

    def read(self, rows: Ints) -> Geometries:
        """Return the geometry of some versions, EPSG:4490."""
        return from_wkb(self.read_wkb(rows))


def no_ground(read: ReadWkb) -> Ground:
    """Return the ground of no versions at all.

    Examples
    --------
    >>> len(no_ground(lambda rows: []))
    0
    """
    nothing = np.zeros(0, dtype=np.int64)
    return Ground(np.zeros(0), np.zeros((0, 4)), nothing, nothing, np.zeros(0), {}, {}, read)


def carry_on(before: Ground, count: int, read: ReadWkb, zones: dict[str, Sequence[Feature]]) -> Ground:
    """Return the ground of ``count`` versions, of which ``before`` holds the first ones.

    Parameters
    ----------
    read
        Gives the WKB of versions by row.
    zones
        Cells of the layers at whose borders versions are cut, by layer.

    Examples
    --------
    The third plot comes a day later: it alone is measured, and held against the two that were there.

    >>> from ecotrack.geometry.codec import to_wkb
    >>> shapes = [to_wkb(shapely.box(west, 37.60, west + 0.01, 37.61)) for west in (115.600, 115.605, 115.612)]
    >>> asked = []
    >>> def read(rows):
    ...     asked.append(rows.tolist())
    ...     return [shapes[row] for row in rows.tolist()]
    >>> yesterday = carry_on(no_ground(read), 2, read, {})
    >>> asked.clear()
    >>> today = carry_on(yesterday, 3, read, {})
    >>> asked[0], list(zip(today.left.tolist(), today.right.tolist()))
    ([2], [(0, 1), (1, 2)])
    """
    fresh = np.arange(len(before), count)
    areas, bounds = measure(fresh, read)
    result = replace(
        before,
        area_m2=np.concatenate([before.area_m2, areas]),
        bounds=np.concatenate([before.bounds, bounds]),
        read_wkb=read,
    )
    boxes = Boxes(bounds)
    left, right = boxes.meetings()
    past, new = Boxes(before.bounds).met_by(bounds)
    first, second = np.concatenate([fresh[left], past]), np.concatenate([fresh[right], fresh[new]])
    pairs = shares(result.bounds, first, second, read=result.read)
    result = replace(
        result,
        left=np.concatenate([before.left, pairs.left]),
        right=np.concatenate([before.right, pairs.right]),
        shared_m2=np.concatenate([before.shared_m2, pairs.shared_m2]),
    )
    result = replace(result, pieces=_pieces(before, result, fresh, boxes, zones))
    return replace(result, cut_shares=_cut_shares(before, result, zones))


def zone_key(layer: str, cells: Sequence[Feature]) -> str:
    """Return the name under which pieces of a layer are kept: the layer and the hash of its cells.

    Examples
    --------
    >>> cell = Feature(feature_id="131102", name=None, geometry=shapely.box(0, 0, 1, 1))
    >>> zone_key("counties", [cell])
    'counties-04adcb0f1f5a419e'
    """
    digest = hashlib.sha256()
    for cell in cells:
        digest.update(cell.feature_id.encode())
        digest.update(shapely.to_wkb(cell.geometry, byte_order=1))
    return f"{layer}-{digest.hexdigest()[:16]}"


def _pieces(
    before: Ground, ground: Ground, fresh: Ints, boxes: Boxes, zones: dict[str, Sequence[Feature]]
) -> dict[str, ZonePieces]:
    result = {}
    for layer, cells in zones.items():
        key = zone_key(layer, cells)
        known = before.pieces.get(key)
        if known is None and len(before):
            result[key] = _cut(ground, np.arange(len(ground)), Boxes(ground.bounds), cells)
        else:
            cut = _cut(ground, fresh, boxes, cells)
            result[key] = cut if known is None else known.with_more(cut)
    return result


def _cut(ground: Ground, rows: Ints, boxes: Boxes, cells: Sequence[Feature]) -> ZonePieces:
    found = split_boxes(
        boxes, geometries_of(cells), areas=ground.area_m2[rows], read=lambda some: ground.read(rows[some])
    )
    return ZonePieces(rows[found.polygon], found.cell, found.area_m2, found.whole.astype(np.int64))


def _cut_shares(before: Ground, ground: Ground, zones: dict[str, Sequence[Feature]]) -> dict[str, ZoneShares]:
    result = {}
    for layer, cells in zones.items():
        key = zone_key(layer, cells)
        known = before.cut_shares.get(key)
        fresh = np.arange(0 if known is None else len(before.left), len(ground.left))
        cut = _shares_in(ground, fresh, ground.pieces[key], geometries_of(cells))
        result[key] = cut if known is None else known.with_more(cut)
    return result


def _shares_in(ground: Ground, fresh: Ints, pieces: ZonePieces, cells: Geometries) -> ZoneShares:
    """Cut the shared ground of some pairs with each cell whose border may cross it, and with what lies beyond all."""
    concerned = np.zeros(len(ground), dtype=bool)
    concerned[ground.left[fresh]] = concerned[ground.right[fresh]] = True
    pieces = pieces.take(np.flatnonzero(concerned[pieces.row]))
    pair, cell = _crossed(ground, fresh, pieces)
    crossing = left_over(ground.area_m2, pieces.row, pieces.area_m2) > 0
    crossing &= np.bincount(pieces.row, minlength=len(ground)) > 0
    beyond = fresh[crossing[ground.left[fresh]] & crossing[ground.right[fresh]]]
    pair, cell = np.concatenate([pair, beyond]), np.concatenate([cell, np.full(len(beyond), BEYOND)])
    held, place = np.unique(pair, return_inverse=True)
    shapes = shared_shapes(ground, ground.left[held], ground.right[held])[place]
    shared_m2 = np.zeros(len(pair))
    for number in distinct(cell).tolist():
        mine = np.flatnonzero(cell == number)
        some = shapes[mine]
        shared_m2[mine] = area_m2(cut_off(some, cells) if number == BEYOND else cut_with(some, cells[number]))
    real = np.flatnonzero(shared_m2 > 0)
    return ZoneShares(pair[real], cell[real], shared_m2[real])


def _crossed(ground: Ground, fresh: Ints, pieces: ZonePieces) -> tuple[Ints, Ints]:
    """Return the pairs, and the cells, in which both versions have ground and neither of them all that it has."""
    order = np.lexsort((pieces.cell, pieces.row))
    row, cell, _, whole = pieces.take(order)
    if len(row) == 0:
        return row, cell
    count = int(cell.max()) + 1
    pair, place = matches(ground.left[fresh], row)
    held, wanted = row.astype(np.int64) * count + cell, ground.right[fresh][pair].astype(np.int64) * count + cell[place]
    at = np.minimum(np.searchsorted(held, wanted), len(held) - 1)
    crossed = np.flatnonzero((held[at] == wanted) & ~((whole[place] == 1) | (whole[at] == 1)))
    return fresh[pair[crossed]], cell[place[crossed]]


def shared_shapes(ground: Ground, left: Ints, right: Ints) -> Geometries:
    """Return the ground that pairs of versions share; normalised, so that an area is added up from one corner.

    Examples
    --------
    >>> from ecotrack.geometry.codec import to_wkb
    >>> shapes = [to_wkb(shapely.box(0, 0, 2, 1)), to_wkb(shapely.box(1, 0, 3, 1))]
    >>> ground = no_ground(lambda rows: [shapes[row] for row in rows.tolist()])
    >>> shared_shapes(ground, np.array([0]), np.array([1]))[0].bounds
    (1.0, 0.0, 2.0, 1.0)
    """
    needed, where = np.unique(np.concatenate([left, right]), return_inverse=True)
    shapes, half = ground.read(needed), len(left)
    shared = shapely.intersection(shapes[where[:half]], shapes[where[half:]])
    return np.asarray(shapely.normalize(shared), dtype=object)


def pairs_of(ground: Ground, rows: Ints) -> tuple[OverlapPairs, Ints]:
    """Return the overlaps among some versions by their positions in ``rows``, and their places in the ground.

    Examples
    --------
    >>> from ecotrack.geometry.codec import to_wkb
    >>> shapes = [to_wkb(shapely.box(west, 0, west + 2, 1)) for west in (0, 1, 2)]
    >>> read = lambda rows: [shapes[row] for row in rows.tolist()]
    >>> pairs, places = pairs_of(carry_on(no_ground(read), 3, read, {}), np.array([1, 2]))
    >>> pairs.left.tolist(), pairs.right.tolist(), places.tolist()
    ([0], [1], [1])
    """
    position = np.full(len(ground), -1)
    position[rows] = np.arange(len(rows))
    left, right = position[ground.left], position[ground.right]
    both = np.flatnonzero((left >= 0) & (right >= 0))
    left, right = left[both], right[both]

    known = np.empty(len(left), dtype=object)

    def shapes(some: Ints) -> Geometries:
        # Asked for at every step of the funnel; each pair is read and cut once.
        missing = distinct(np.array([row for row in some.tolist() if known[row] is None], dtype=np.int64))
        if len(missing):
            known[missing] = shared_shapes(ground, rows[left[missing]], rows[right[missing]])
        return known[some]

    turned = left > right
    pairs = OverlapPairs(
        left=np.where(turned, right, left),
        right=np.where(turned, left, right),
        shared_m2=ground.shared_m2[both],
        ground=shapes,
    )
    return pairs, both
