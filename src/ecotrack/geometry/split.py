"""Cutting polygons at borders and zones, with the ground outside named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.geometry.area import Floats, Geometries, area_m2
from ecotrack.geometry.boxes import Boxes, Ints, Mask, in_order
from ecotrack.geometry.codec import ReadShapes
from ecotrack.geometry.windows import cut_with


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """Polygons cut at the borders of a coverage.

    Attributes
    ----------
    polygon, cell
        Which polygon and which cell of the coverage each piece belongs to; shape (k,), sorted by both.
    area_m2
        Area of the piece.
    whole
        Whether the polygon lies wholly inside the cell.
    outside_m2
        For each polygon, its area outside every cell; shape (n,).
    """

    polygon: Ints
    cell: Ints
    area_m2: Floats
    whole: Mask
    outside_m2: Floats


def split(geometries: Geometries, cells: Geometries, *, areas: Floats | None = None) -> Pieces:
    """Cut polygons at the borders of cells that do not overlap.

    Parameters
    ----------
    geometries
        Shape (n,), valid polygons in EPSG:4490.
    cells
        Shape (m,), polygons without overlaps (counties, zones) in EPSG:4490.
    areas
        Areas of the polygons in m2, where they are known already.

    Returns
    -------
    Pieces
        The pieces of a polygon and its outside add up to its area (1e-9 relative). Most polygons lie wholly
        in one cell; only those on a border are cut.

    Examples
    --------
    >>> halves = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    >>> pieces = split(np.array([shapely.box(0.5, 0, 2.5, 1)]), halves)
    >>> pieces.cell.tolist(), bool(pieces.outside_m2[0] > 0)
    ([0, 1], True)
    """
    total = area_m2(geometries) if areas is None else areas
    boxes = Boxes(shapely.bounds(geometries).reshape(-1, 4))
    return split_boxes(boxes, cells, areas=total, read=lambda rows: geometries[rows])


def split_boxes(boxes: Boxes, cells: Geometries, *, areas: Floats, read: ReadShapes) -> Pieces:
    """Cut polygons that are known by their bounds and areas; only those near a border are read.

    Parameters
    ----------
    boxes, areas
        Bounds and areas (m2) of the polygons.
    cells
        As for `split`.
    read
        Gives the polygons of some rows, EPSG:4490.

    Returns
    -------
    Pieces
        As `split` gives them.

    Examples
    --------
    The plot in the middle of a cell is told from its bounds; only the one on the border is asked for:

    >>> plots = np.array([shapely.box(0.4, 0.4, 0.6, 0.6), shapely.box(0.9, 0.4, 1.1, 0.6)])
    >>> halves, asked = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]), []
    >>> def read(rows):
    ...     asked.extend(rows.tolist())
    ...     return plots[rows]
    >>> pieces = split_boxes(Boxes(shapely.bounds(plots)), halves, areas=area_m2(plots), read=read)
    >>> pieces.polygon.tolist(), pieces.cell.tolist(), pieces.whole.tolist(), asked
    ([0, 1, 1], [0, 0, 1], [True, False, False], [1])
    """
    shapely.prepare(cells)
    near = boxes.near(cells)
    inner, outer = np.flatnonzero(~near), np.flatnonzero(near)
    found = [_settled(boxes.bounds, inner, cells, areas), _cut(outer, cells, areas, read)]
    polygon, cell, sizes, whole = (np.concatenate(columns) for columns in zip(*found, strict=True))
    order = np.lexsort((cell, polygon))
    polygon, cell, sizes, whole = polygon[order], cell[order], sizes[order], whole[order]
    return Pieces(polygon=polygon, cell=cell, area_m2=sizes, whole=whole, outside_m2=left_over(areas, polygon, sizes))


_Columns = tuple[Ints, Ints, Floats, Mask]


def _settled(bounds: Floats, rows: Ints, cells: Geometries, areas: Floats) -> _Columns:
    """Tell the cell of polygons whose box meets no border, from one corner of it."""
    west, south = bounds[rows, 0], bounds[rows, 1]
    hits = [_holding(cell, west, south) for cell in cells]
    cell = np.repeat(np.arange(len(cells)), [len(hit) for hit in hits])
    polygon = rows[np.concatenate([np.zeros(0, dtype=np.int64), *hits])]
    real = areas[polygon] > 0
    return polygon[real], cell[real], areas[polygon[real]], np.ones(int(real.sum()), dtype=bool)


def _holding(cell: shapely.Geometry, lon: Floats, lat: Floats) -> Ints:
    """Return the points that lie in a cell."""
    x0, y0, x1, y1 = cell.bounds
    near = np.flatnonzero((lon >= x0) & (lon <= x1) & (lat >= y0) & (lat <= y1))
    inside: Mask = shapely.contains_xy(cell, lon[near], lat[near])
    return near[inside]


def _cut(rows: Ints, cells: Geometries, areas: Floats, read: ReadShapes) -> _Columns:
    """Cut polygons near a border with every cell that they touch."""
    shapes = read(rows)
    # The many polygons make the tree and the few prepared cells ask it: ten times faster than the other way round.
    cell, place = shapely.STRtree(shapes).query(cells, predicate="intersects")
    place, cell = in_order(place, cell)
    whole: npt.NDArray[np.bool_] = shapely.contains_properly(cells[cell], shapes[place])
    sizes = areas[rows[place]].copy()
    for number in np.unique(cell[~whole]).tolist():
        mine = np.flatnonzero((cell == number) & ~whole)
        sizes[mine] = area_m2(cut_with(shapes[place[mine]], cells[number]))
    real = sizes > 0
    return rows[place[real]], cell[real], sizes[real], whole[real]


def left_over(areas: Floats, row: Ints, inside_m2: Floats) -> Floats:
    """Return what is left of areas when parts of them are taken off; a difference at the level of rounding is zero.

    Parameters
    ----------
    areas
        Shape (n,), m2.
    row, inside_m2
        The parts, and what each is taken off; shape (k,).

    Examples
    --------
    >>> left_over(np.array([5.0, 2.0]), np.array([0, 1, 0]), np.array([1.0, 2.0, 1.5])).tolist()
    [2.5, 0.0]
    """
    rest = areas - np.bincount(row, weights=inside_m2, minlength=len(areas))
    return np.where(rest > areas * 1e-11, rest, 0.0)
