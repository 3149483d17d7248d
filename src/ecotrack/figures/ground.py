"""The ground of feature versions: areas, overlaps and border pieces, worked out once for each version.

What belongs to a version never changes, so it is kept and carried on: a new version is measured, and compared with
those before it, and nothing else is done again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely

from ecotrack.geometry.area import Floats, Geometries, area_m2
from ecotrack.geometry.features import Feature, geometries_of
from ecotrack.geometry.overlap import Ints, OverlapPairs, shared_ground
from ecotrack.geometry.split import split

KERNEL = "2"
"""Version of what is computed here; kept pieces of another kernel are thrown away."""

ReadShapes = Callable[[Ints], Geometries]


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
    read
        Gives the geometry of some versions, EPSG:4490.
    """

    area_m2: Floats
    bounds: Floats
    left: Ints
    right: Ints
    shared_m2: Floats
    pieces: dict[str, ZonePieces]
    read: ReadShapes

    def __len__(self) -> int:
        return len(self.area_m2)


def no_ground(read: ReadShapes) -> Ground:
    """Return the ground of no versions at all."""
    nothing = np.zeros(0, dtype=np.int64)
    return Ground(np.zeros(0), np.zeros((0, 4)), nothing, nothing, np.zeros(0), {}, read)


def carry_on(before: Ground, count: int, read: ReadShapes, zones: dict[str, Sequence[Feature]]) -> Ground:
    """Return the ground of ``count`` versions, of which ``before`` holds the first ones.

    Parameters
    ----------
    read
        Gives the geometry of versions by row.
    zones
        Cells of the layers at whose borders versions are cut, by layer.
    """
    fresh = np.arange(len(before), count)
    shapes = read(fresh) if len(fresh) else np.zeros(0, dtype=object)
    areas, bounds = area_m2(shapes), shapely.bounds(shapes).reshape(-1, 4)
    pairs = _new_pairs(before, fresh, shapes, bounds, read)
    every = np.concatenate([before.area_m2, areas])
    return Ground(
        area_m2=every,
        bounds=np.concatenate([before.bounds, bounds]),
        left=np.concatenate([before.left, pairs.left]),
        right=np.concatenate([before.right, pairs.right]),
        shared_m2=np.concatenate([before.shared_m2, pairs.shared_m2]),
        pieces=_pieces(before, fresh, shapes, every, read, zones),
        read=read,
    )


class _Pairs(NamedTuple):
    left: Ints
    right: Ints
    shared_m2: Floats


def _new_pairs(before: Ground, fresh: Ints, shapes: Geometries, bounds: Floats, read: ReadShapes) -> _Pairs:
    """Return the pairs of which at least one is new."""
    if len(fresh) == 0:
        return _Pairs(fresh, fresh, np.zeros(0))
    tree = shapely.STRtree(shapes)
    i, j = tree.query(shapes, predicate="intersects")
    keep = i < j
    among = shared_ground(shapes, *_sorted(i[keep], j[keep]))
    found = [_Pairs(fresh[among.left], fresh[among.right], among.shared_m2)]
    near = _neighbours(before.bounds, bounds)
    if len(near):
        old = read(near)
        new, past = shapely.STRtree(old).query(shapes, predicate="intersects")
        past, new = _sorted(past, new)
        both = shared_ground(np.concatenate([old, shapes]), past, new + len(near))
        found.append(_Pairs(near[both.left], fresh[both.right - len(near)], both.shared_m2))
    return _Pairs(*(np.concatenate(columns) for columns in zip(*found, strict=True)))


def _neighbours(old: Floats, new: Floats) -> Ints:
    """Return the rows of ``old`` whose bounds meet any of the ``new`` ones: only these need to be read."""
    if len(old) == 0:
        return np.zeros(0, dtype=np.int64)
    tree = shapely.STRtree(shapely.box(*old.T))
    return np.unique(tree.query(shapely.box(*new.T), predicate="intersects")[1])


def _sorted(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    order = np.lexsort((right, left))
    return left[order], right[order]


def zone_key(layer: str, cells: Sequence[Feature]) -> str:
    """Return the name under which pieces of a layer are kept: the layer and the hash of its cells."""
    digest = hashlib.sha256()
    for cell in cells:
        digest.update(cell.feature_id.encode())
        digest.update(shapely.to_wkb(cell.geometry, byte_order=1))
    return f"{layer}-{digest.hexdigest()[:16]}"


def _pieces(
    before: Ground,
    fresh: Ints,
    shapes: Geometries,
    areas: Floats,
    read: ReadShapes,
    zones: dict[str, Sequence[Feature]],
) -> dict[str, ZonePieces]:
    result = {}
    for layer, cells in zones.items():
        key = zone_key(layer, cells)
        known = before.pieces.get(key)
        if known is None and len(before):
            everything = np.arange(len(before) + len(fresh))
            result[key] = _cut(everything, read(everything), cells, areas)
        else:
            cut = _cut(fresh, shapes, cells, areas[fresh])
            result[key] = cut if known is None else _joined(known, cut)
    return result


def _joined(known: ZonePieces, cut: ZonePieces) -> ZonePieces:
    return ZonePieces(
        row=np.concatenate([known.row, cut.row]),
        cell=np.concatenate([known.cell, cut.cell]),
        area_m2=np.concatenate([known.area_m2, cut.area_m2]),
        whole=np.concatenate([known.whole, cut.whole]),
    )


def _cut(rows: Ints, shapes: Geometries, cells: Sequence[Feature], areas: Floats) -> ZonePieces:
    found = split(shapes, geometries_of(cells), areas=areas)
    whole = found.whole.astype(np.int64)
    return ZonePieces(rows[found.polygon], found.cell, found.area_m2, whole)


def pairs_of(ground: Ground, rows: Ints) -> OverlapPairs:
    """Return the overlaps among some versions, by their positions in ``rows``."""
    position = np.full(len(ground), -1)
    position[rows] = np.arange(len(rows))
    left, right = position[ground.left], position[ground.right]
    both = np.flatnonzero((left >= 0) & (right >= 0))
    left, right = left[both], right[both]

    known = np.empty(len(left), dtype=object)

    def shapes(some: Ints) -> Geometries:
        # Asked for at every step of the funnel; each pair is read and cut once.
        missing = np.unique([row for row in some.tolist() if known[row] is None]).astype(np.int64)
        if len(missing):
            needed, where = np.unique(np.concatenate([left[missing], right[missing]]), return_inverse=True)
            geometry = ground.read(rows[needed])
            half = len(missing)
            shared = shapely.intersection(geometry[where[:half]], geometry[where[half:]])
            known[missing] = shapely.normalize(shared)
        return known[some]

    turned = left > right
    return OverlapPairs(
        left=np.where(turned, right, left),
        right=np.where(turned, left, right),
        shared_m2=ground.shared_m2[both],
        ground=shapes,
    )
