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

from ecotrack.geometry.area import Floats, Geometries
from ecotrack.geometry.boxes import Boxes, Ints
from ecotrack.geometry.codec import ReadWkb, from_wkb
from ecotrack.geometry.distinct import distinct
from ecotrack.geometry.features import Feature, geometries_of
from ecotrack.geometry.measure import measure
from ecotrack.geometry.overlap import OverlapPairs, shares
from ecotrack.geometry.split import split_boxes

KERNEL = "2"
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
    read_wkb
        Gives the stored bytes of some versions.
    """

    area_m2: Floats
    bounds: Floats
    left: Ints
    right: Ints
    shared_m2: Floats
    pieces: dict[str, ZonePieces]
    read_wkb: ReadWkb

    def __len__(self) -> int:
        return len(self.area_m2)

    def read(self, rows: Ints) -> Geometries:
        """Return the geometry of some versions, EPSG:4490."""
        return from_wkb(self.read_wkb(rows))


def no_ground(read: ReadWkb) -> Ground:
    """Return the ground of no versions at all."""
    nothing = np.zeros(0, dtype=np.int64)
    return Ground(np.zeros(0), np.zeros((0, 4)), nothing, nothing, np.zeros(0), {}, read)


def carry_on(before: Ground, count: int, read: ReadWkb, zones: dict[str, Sequence[Feature]]) -> Ground:
    """Return the ground of ``count`` versions, of which ``before`` holds the first ones.

    Parameters
    ----------
    read
        Gives the WKB of versions by row.
    zones
        Cells of the layers at whose borders versions are cut, by layer.
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
    return replace(
        result,
        left=np.concatenate([before.left, pairs.left]),
        right=np.concatenate([before.right, pairs.right]),
        shared_m2=np.concatenate([before.shared_m2, pairs.shared_m2]),
        pieces=_pieces(before, result, fresh, boxes, zones),
    )


def zone_key(layer: str, cells: Sequence[Feature]) -> str:
    """Return the name under which pieces of a layer are kept: the layer and the hash of its cells."""
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
            result[key] = cut if known is None else _joined(known, cut)
    return result


def _joined(known: ZonePieces, cut: ZonePieces) -> ZonePieces:
    return ZonePieces(
        row=np.concatenate([known.row, cut.row]),
        cell=np.concatenate([known.cell, cut.cell]),
        area_m2=np.concatenate([known.area_m2, cut.area_m2]),
        whole=np.concatenate([known.whole, cut.whole]),
    )


def _cut(ground: Ground, rows: Ints, boxes: Boxes, cells: Sequence[Feature]) -> ZonePieces:
    found = split_boxes(
        boxes, geometries_of(cells), areas=ground.area_m2[rows], read=lambda some: ground.read(rows[some])
    )
    return ZonePieces(rows[found.polygon], found.cell, found.area_m2, found.whole.astype(np.int64))


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
        missing = distinct(np.array([row for row in some.tolist() if known[row] is None], dtype=np.int64))
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
