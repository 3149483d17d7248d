"""Cutting polygons at borders and zones, with the ground outside named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from ecotrack.geometry.area import Floats, Geometries, area_m2
from ecotrack.geometry.overlap import Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """Polygons cut at the borders of a coverage.

    Attributes
    ----------
    polygon, cell
        Which polygon and which cell of the coverage each piece belongs to; shape (k,).
    geometry
        The piece, EPSG:4490.
    area_m2
        Its area.
    whole
        Whether the polygon lies wholly inside the cell.
    outside_m2
        For each polygon, its area outside every cell; shape (n,).
    """

    polygon: Ints
    cell: Ints
    geometry: Geometries
    area_m2: Floats
    whole: npt.NDArray[np.bool_]
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
    shapely.prepare(cells)
    total = area_m2(geometries) if areas is None else areas
    # The many polygons make the tree and the few prepared cells ask it: ten times faster than the other way round.
    cell, polygon = shapely.STRtree(geometries).query(cells, predicate="intersects")
    order = np.lexsort((cell, polygon))
    cell, polygon = cell[order], polygon[order]
    whole = shapely.contains_properly(cells[cell], geometries[polygon])
    pieces, sizes = geometries[polygon].copy(), total[polygon]
    pieces[~whole] = shapely.intersection(geometries[polygon[~whole]], cells[cell[~whole]])
    sizes[~whole] = area_m2(pieces[~whole])
    real = sizes > 0
    polygon, cell, pieces, sizes, whole = polygon[real], cell[real], pieces[real], sizes[real], whole[real]
    inside = np.bincount(polygon, weights=sizes, minlength=len(geometries)).astype(np.float64)
    return Pieces(
        polygon=polygon,
        cell=cell,
        geometry=pieces,
        area_m2=sizes,
        whole=whole,
        outside_m2=_remainder(total, inside),
    )


def _remainder(total: Floats, inside: Floats) -> Floats:
    """Return total - inside, where a difference at the level of rounding is zero."""
    rest = total - inside
    return np.where(rest > total * 1e-11, rest, 0.0)
